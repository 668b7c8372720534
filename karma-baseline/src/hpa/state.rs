//! What one autoscaler remembers from tick to tick.

use serde::{Deserialize, Serialize};

use super::conditions::{ConditionType, Conditions, Reason};
use super::config::HpaConfig;
use super::rate_limit::{ScaleEvent, store_event};
use super::stabilise::Recommendation;
use super::time::Timestamp;

/// The memory of one autoscaler: recommendations, scale events, conditions.
///
/// Kubernetes keeps the first two in the controller's memory only, so that a restart forgets why it was holding
/// back. Here it is a plain value that can be saved and loaded. Its size is bounded: entries older than every
/// window are reused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HpaState {
    /// What each past tick wanted before stabilisation, in no particular order.
    pub recommendations: Vec<Recommendation>,
    /// Past rescales upwards.
    pub scale_up_events: Vec<ScaleEvent>,
    /// Past rescales downwards.
    pub scale_down_events: Vec<ScaleEvent>,
    /// What the autoscaler says about itself.
    pub conditions: Conditions,
    /// When it last rescaled.
    pub last_scale_time: Option<Timestamp>,
}

impl HpaState {
    /// Notes that the target was rescaled from `from` to `to`. Call it once the change has been made: events
    /// limit the rate of later changes (only where the specification has a `behavior`).
    pub fn record_rescale(&mut self, config: &HpaConfig, from: i32, to: i32, now: Timestamp) {
        self.conditions.set(ConditionType::AbleToScale, true, Reason::SucceededRescale, now);
        self.last_scale_time = Some(now);
        if let Some(behavior) = &config.behavior {
            let (events, rules) = if to > from {
                (&mut self.scale_up_events, &behavior.scale_up)
            } else {
                (&mut self.scale_down_events, &behavior.scale_down)
            };
            let change = if to > from { to.wrapping_sub(from) } else { from.wrapping_sub(to) };
            store_event(events, change, rules.longest_period(), now);
        }
        self.record_scaled_to_zero(config, to, now);
    }

    /// Notes that the target could not be rescaled.
    pub fn record_rescale_failure(&mut self, cause: &str, now: Timestamp) {
        self.conditions.fail(ConditionType::AbleToScale, Reason::FailedUpdateScale, &cause, now);
    }

    fn record_scaled_to_zero(&mut self, config: &HpaConfig, to: i32, now: Timestamp) {
        if !config.controller.scale_to_zero {
            self.conditions.remove(ConditionType::ScaledToZero);
            return;
        }
        let to_zero = to == 0 && config.min_replicas == 0 && config.can_scale_from_zero();
        let reason = if to_zero { Reason::ScaledToZero } else { Reason::NotScaledToZero };
        self.conditions.set(ConditionType::ScaledToZero, to_zero, reason, now);
    }
}
