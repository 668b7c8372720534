//! From what the metrics want to what is asked of the cluster.
//!
//! Two generations of the algorithm live side by side, as in Kubernetes:
//!
//! * **without `behavior`** (2015): the highest recommendation of the controller's window (300 s), clamped to
//!   `[min, max]` and to `max(2 · current, 4)`;
//! * **with `behavior`** (KEP-853, 2020): stabilise in both directions, *then* limit the rate, *then* clamp. The
//!   order matters: a burst is first believed, then slowed down, and the bounds always win.
//!
//! Each says why in the conditions `AbleToScale` (waiting for history?) and `ScalingLimited` (kept from it?).

use super::behavior::Behavior;
use super::conditions::{ConditionType, Reason};
use super::config::HpaConfig;
use super::rate_limit::ScaleHistory;
use super::ratio::ceil_to_i32;
use super::stabilise::{Recommendation, stabilise, stabilise_down};
use super::state::HpaState;
use super::time::Timestamp;

/// A wanted change of replicas, and its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Replicas now.
    pub current: i32,
    /// Replicas wanted.
    pub desired: i32,
    /// Fewest allowed.
    pub min: i32,
    /// Most allowed.
    pub max: i32,
}

/// Turns what the metrics want into what may be done now, and remembers it.
pub fn normalise(config: &HpaConfig, state: &mut HpaState, current: i32, wanted: i32, now: Timestamp) -> i32 {
    let change = Change { current, desired: wanted, min: config.min_replicas, max: config.max_replicas };
    let newest = Recommendation { replicas: wanted, timestamp: now };
    let (stabilised, (replicas, limit)) = match &config.behavior {
        None => {
            let window = config.controller.downscale_stabilization;
            let stabilised = stabilise_down(&mut state.recommendations, newest, window);
            (stabilised, limit_legacy(Change { desired: stabilised, ..change }))
        }
        Some(behavior) => {
            let (up, down) =
                (behavior.scale_up.stabilization_window, behavior.scale_down.stabilization_window);
            let stabilised = stabilise(&mut state.recommendations, current, newest, up, down);
            let history = ScaleHistory { up: &state.scale_up_events, down: &state.scale_down_events, now };
            (stabilised, limit_with_behavior(Change { desired: stabilised, ..change }, behavior, &history))
        }
    };
    let stabilisation = match &config.behavior {
        _ if stabilised == wanted => Reason::ReadyForNewScale,
        Some(_) if wanted >= current => Reason::ScaleUpStabilized,
        _ => Reason::ScaleDownStabilized,
    };
    state.conditions.set(ConditionType::AbleToScale, true, stabilisation, now);
    state.conditions.set(ConditionType::ScalingLimited, replicas != stabilised, limit, now);
    replicas
}

/// The limits without a `behavior`: the bounds, and at most double (but never fewer than 4).
///
/// ```
/// use karma_baseline::hpa::{Change, Reason, limit_legacy};
///
/// let change = Change { current: 3, desired: 1000, min: 1, max: 2000 };
/// assert_eq!(limit_legacy(change), (6, Reason::ScaleUpLimit));
/// ```
pub fn limit_legacy(change: Change) -> (i32, Reason) {
    let rate_limit = ceil_to_i32((2.0 * f64::from(change.current)).max(4.0));
    let (most, reason) = if change.max > rate_limit {
        (rate_limit, Reason::ScaleUpLimit)
    } else {
        (change.max, Reason::TooManyReplicas)
    };
    if change.desired < change.min {
        (change.min, Reason::TooFewReplicas)
    } else if change.desired > most {
        (most, reason)
    } else {
        (change.desired, Reason::DesiredWithinRange)
    }
}

/// The limits with a `behavior`: the rates of the direction, and its bound. The other bound is not looked at.
pub fn limit_with_behavior(change: Change, behavior: &Behavior, history: &ScaleHistory<'_>) -> (i32, Reason) {
    let current = change.current;
    if change.desired > current {
        let rate_limit = history.scale_up_limit(current, &behavior.scale_up).max(current);
        let too_many = (change.max, Reason::TooManyReplicas);
        let (most, reason) =
            if change.max > rate_limit { (rate_limit, Reason::ScaleUpLimit) } else { too_many };
        if change.desired > most {
            return (most, reason);
        }
    } else if change.desired < current {
        let rate_limit = history.scale_down_limit(current, &behavior.scale_down).min(current);
        let too_few = (change.min, Reason::TooFewReplicas);
        let (fewest, reason) =
            if change.min < rate_limit { (rate_limit, Reason::ScaleDownLimit) } else { too_few };
        if change.desired < fewest {
            return (fewest, reason);
        }
    }
    (change.desired, Reason::DesiredWithinRange)
}
