//! Rate limits: how far the replicas may move per period.
//!
//! A policy allows a change of some pods, or some percent, per period, counted from the replicas at the *start*
//! of the period. That number is not stored; it is worked out backwards from the rescales since:
//! `start = current - added + removed`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::behavior::{Policy, PolicyKind, ScalingRules, SelectPolicy};
use super::ratio::ceil_to_i32;
use super::time::Timestamp;

/// One rescale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaleEvent {
    /// By how many replicas, not negative.
    pub replica_change: i32,
    /// When.
    pub timestamp: Timestamp,
    /// Whether it was once found older than every period, so that its place may be reused.
    #[serde(default)]
    pub outdated: bool,
}

/// Keeps a rescale of `change` replicas, in the place of the last outdated event if there is one.
pub fn store_event(events: &mut Vec<ScaleEvent>, change: i32, longest_period: Duration, now: Timestamp) {
    let cutoff = now.minus(longest_period);
    for event in events.iter_mut().filter(|event| event.timestamp < cutoff) {
        event.outdated = true;
    }
    let newest = ScaleEvent { replica_change: change, timestamp: now, outdated: false };
    match events.iter_mut().rev().find(|event| event.outdated) {
        Some(slot) => *slot = newest,
        None => events.push(newest),
    }
}

/// The replicas moved by events that are strictly newer than `period` before `now`.
pub fn change_within(events: &[ScaleEvent], period: Duration, now: Timestamp) -> i32 {
    let cutoff = now.minus(period);
    let recent = events.iter().filter(|event| event.timestamp > cutoff);
    recent.fold(0, |sum: i32, event| sum.wrapping_add(event.replica_change))
}

/// The rescales of one autoscaler, seen from one moment.
#[derive(Debug, Clone, Copy)]
pub struct ScaleHistory<'a> {
    /// Upwards.
    pub up: &'a [ScaleEvent],
    /// Downwards.
    pub down: &'a [ScaleEvent],
    /// The moment.
    pub now: Timestamp,
}

impl ScaleHistory<'_> {
    /// The most replicas that `rules` allow now; may be less than `current` after many recent additions.
    pub fn scale_up_limit(&self, current: i32, rules: &ScalingRules) -> i32 {
        let limits = rules.policies.iter().map(|policy| {
            let start = self.replicas_at_start(current, policy.period);
            match policy.kind {
                PolicyKind::Pods => start.wrapping_add(policy.value),
                PolicyKind::Percent => ceil_to_i32(f64::from(start) * (1.0 + fraction(*policy))),
            }
        });
        match rules.select_policy {
            SelectPolicy::Max => limits.fold(i32::MIN, i32::max),
            SelectPolicy::Min => limits.fold(i32::MAX, i32::min),
            SelectPolicy::Disabled => current,
        }
    }

    /// The fewest replicas that `rules` allow now; may be more than `current` after many recent removals.
    pub fn scale_down_limit(&self, current: i32, rules: &ScalingRules) -> i32 {
        let limits = rules.policies.iter().map(|policy| {
            let start = self.replicas_at_start(current, policy.period);
            match policy.kind {
                PolicyKind::Pods => start.wrapping_sub(policy.value),
                PolicyKind::Percent => truncate(f64::from(start) * (1.0 - fraction(*policy))),
            }
        });
        match rules.select_policy {
            SelectPolicy::Max => limits.fold(i32::MAX, i32::min),
            SelectPolicy::Min => limits.fold(i32::MIN, i32::max),
            SelectPolicy::Disabled => current,
        }
    }

    fn replicas_at_start(&self, current: i32, period: Duration) -> i32 {
        let added = change_within(self.up, period, self.now);
        let removed = change_within(self.down, period, self.now);
        current.wrapping_sub(added).wrapping_add(removed)
    }
}

fn fraction(policy: Policy) -> f64 {
    f64::from(policy.value) / 100.0
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "towards zero and saturating, as documented for the module"
)]
fn truncate(value: f64) -> i32 {
    value as i32
}
