//! The pre-shield of one service: a chain of clamps, in which the last word is the strongest.
//!
//! A *clamp* moves a number to the nearest of an interval `[lo, hi]`, `lo ≤ hi`. The wish goes through
//!
//! ```text
//! wish → P9 → P3 → P5 → P10 → P2 → P1 → P11 → action
//! ```
//!
//! and each clamp may undo what those before it did, so the order is the order of precedence: a pause beats the bounds,
//! the bounds beat the rate, the rate beats what demand may need, and that beats everything that only holds back. P9, P3
//! and P5 each contain the replicas that are there, so among them the order does not matter.
//!
//! Three properties follow from the form alone. A clamp is a total function: an action always exists (P7). A chain of
//! clamps is itself a clamp onto `[chain(0), chain(max)]`, so a proposal inside of it passes unchanged, one outside goes
//! to its nearest end (P8), and applying it twice is applying it once. This interval is also the mask that agents train
//! under. And what each clamp changed is told, so that the changes of all add up to the difference between wish and
//! action.

use crate::limits::ServiceLimits;
use crate::memory::ServiceMemory;
use crate::reason::{Property, Reason};
use crate::state::{Pause, ServiceState};

/// An interval of replicas; `lo ≤ hi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clamp {
    pub(crate) lo: u32,
    pub(crate) hi: u32,
}

impl Clamp {
    const ANYTHING: Self = Self { lo: 0, hi: u32::MAX };

    const fn at_least(lo: u32) -> Self {
        Self { lo, hi: u32::MAX }
    }

    pub(crate) fn apply(self, replicas: u32) -> u32 {
        replicas.max(self.lo).min(self.hi)
    }
}

/// The clamps of one service at one decision, in the order in which they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) oscillation: Clamp,
    pub(crate) stabilization: Clamp,
    pub(crate) availability: Clamp,
    pub(crate) recoverability: Clamp,
    pub(crate) rate: Clamp,
    pub(crate) bounds: Clamp,
    pub(crate) pause: Clamp,
}

/// What a chain makes of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Before anything was forced by bounds or pause.
    pub(crate) unforced: u32,
    /// In the end.
    pub(crate) replicas: u32,
}

impl Chain {
    /// The clamps of a service that remembers `memory` and is in `state`, `now` ms after the first decision.
    pub(crate) fn new(
        limits: &ServiceLimits,
        memory: &ServiceMemory,
        state: &ServiceState,
        (now, pause): (u64, Pause),
    ) -> Self {
        Self {
            oscillation: oscillation(limits, memory, state.replicas, now),
            stabilization: stabilization(limits, memory, state.replicas, now),
            availability: availability(limits, state),
            recoverability: recoverability(limits, state),
            rate: rate(limits, memory, state.replicas, now),
            bounds: Clamp { lo: limits.min, hi: limits.max },
            pause: hold(state.pause.or(pause), state.replicas),
        }
    }

    /// The action for a wish.
    pub(crate) fn pass(&self, wish: u32) -> Passed {
        let free = self.stabilization.apply(self.oscillation.apply(wish));
        let needed = self.recoverability.apply(self.availability.apply(free));
        let unforced = self.rate.apply(needed);
        Passed { unforced, replicas: self.force(unforced) }
    }

    /// The two clamps that nothing stands above: bounds and pause.
    pub(crate) fn force(&self, replicas: u32) -> u32 {
        self.pause.apply(self.bounds.apply(replicas))
    }

    /// Tells what each clamp changed of `wish`.
    pub(crate) fn explain(&self, wish: u32, reason: &mut Reason) {
        let mut replicas = wish;
        for (property, clamp) in [
            (Property::Oscillation, self.oscillation),
            (Property::Stabilization, self.stabilization),
            (Property::Availability, self.availability),
            (Property::Recoverability, self.recoverability),
            (Property::Rate, self.rate),
            (Property::Bounds, self.bounds),
            (Property::Pause, self.pause),
        ] {
            let clamped = clamp.apply(replicas);
            reason.add(property, replicas, clamped);
            replicas = clamped;
        }
    }
}

/// P9: no way down while the way back up would be one reversal too many.
fn oscillation(limits: &ServiceLimits, memory: &ServiceMemory, replicas: u32, now: u64) -> Clamp {
    if memory.reversals.may_fall(now, limits.reversal_window_ms, limits.reversals) {
        Clamp::ANYTHING
    } else {
        Clamp::at_least(replicas)
    }
}

/// P3: not below the highest recent wish nor at all while cooling down; not above the lowest recent wish.
fn stabilization(limits: &ServiceLimits, memory: &ServiceMemory, replicas: u32, now: u64) -> Clamp {
    let cooling = memory.last_up.is_some_and(|up| now.saturating_sub(up) < limits.cooldown_ms);
    let highest = memory.wishes_high.extreme(now, limits.stabilize_down_ms);
    let lowest = memory.wishes_low.extreme(now, limits.stabilize_up_ms);
    Clamp { lo: if cooling { replicas } else { highest.min(replicas) }, hi: lowest.max(replicas) }
}

/// P5: a scale-down leaves the ready pods that demand and disruption budget need. Kubernetes removes pods that are not
/// ready first, so of `replicas` after it at least `min(ready, replicas)` are ready.
fn availability(limits: &ServiceLimits, state: &ServiceState) -> Clamp {
    let replicas = state.replicas;
    let Ok((ready, _)) = state.ready.fresh(limits.stale_after_ms, u64::from(u32::MAX)) else {
        return Clamp::at_least(replicas);
    };
    let needed = match &limits.demand {
        None => 0,
        Some(demand) => match state.demand.fresh(limits.stale_after_ms, demand.most) {
            Ok((value, age)) => demand.needs(value, age, 0),
            Err(_) => return Clamp::at_least(replicas),
        },
    };
    let floor = needed.max(limits.min_available);
    if ready < u64::from(floor) {
        return Clamp::at_least(replicas);
    }
    let ready = u32::try_from(ready).unwrap_or(u32::MAX);
    let undisturbed = limits.max_unavailable.map_or(0, |most| {
        let unavailable = replicas.saturating_sub(ready);
        replicas.saturating_sub(most.saturating_sub(unavailable))
    });
    Clamp::at_least(floor.min(replicas).max(undisturbed))
}

/// P10: as many replicas as demand needs once pods that are asked for now are ready, but no more than its peak needs.
fn recoverability(limits: &ServiceLimits, state: &ServiceState) -> Clamp {
    let needed = limits.demand.and_then(|demand| {
        let growth = demand.growth?;
        let (value, age) = state.demand.fresh(limits.stale_after_ms, demand.most).ok()?;
        Some(demand.needs(value, age, growth.lead_ms).min(limits.peak_need()))
    });
    Clamp::at_least(needed.unwrap_or(0))
}

/// P2: not above the lowest level of the window by more than the rate, nor below the highest.
fn rate(limits: &ServiceLimits, memory: &ServiceMemory, replicas: u32, now: u64) -> Clamp {
    let lowest = memory.levels_low.extreme(now, limits.up.window_ms).min(replicas);
    let highest = memory.levels_high.extreme(now, limits.down.window_ms).max(replicas);
    let hi = lowest.saturating_add(limits.up.allowance(lowest));
    let lo = highest.saturating_sub(limits.down.allowance(highest));
    // What others did to the replicas is not undone at once.
    Clamp { lo: lo.min(replicas), hi: hi.max(replicas) }
}

/// P11.
fn hold(pause: Pause, replicas: u32) -> Clamp {
    Clamp { lo: if pause.down { replicas } else { 0 }, hi: if pause.up { replicas } else { u32::MAX } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{DemandLimits, Growth, Rate};
    use crate::memory::Memory;
    use crate::reading::Reading;

    #[test]
    fn what_demand_makes_necessary_is_held_by_rate_bounds_and_pause() {
        let growth = Some(Growth { per_second: 1, lead_ms: 20_000, peak: 200 });
        let demand = Some(DemandLimits { per_replica: 10, most: 1_000, growth });
        let up = Rate { pods: 4, percent: 0, window_ms: 1 };
        let limits = ServiceLimits { max: 9, up, demand, ..ServiceLimits::DEFAULT };
        let lowest = |replicas, demand, pause| {
            let state = ServiceState { replicas, demand: Reading::now(demand), ..ServiceState::default() };
            Chain::new(&limits, &Memory::new(1).services[0], &state, (0, pause)).pass(0).replicas
        };
        assert_eq!(lowest(5, 31, Pause::default()), 6, "31 now and 20 more in a lead");
        assert_eq!(lowest(5, 100, Pause::default()), 9, "more than the bounds allow");
        assert_eq!(lowest(1, 100, Pause::default()), 5, "more than the rate allows");
        assert_eq!(lowest(5, 31, Pause::ALL), 5);
    }
}
