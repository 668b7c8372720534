//! What one service sees at a decision, as constants of the model.

use karma_shield::{Cause, Pause};
use karma_shield::{Cluster, Defect, DemandLimits, Growth, Reading, ServiceLimits, ServiceState, Source};

use super::past::Remembered;

/// All that an action of a service depends on, but for the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) limits: &'a ServiceLimits,
    pub(super) remembered: Remembered,
    pub(super) state: &'a ServiceState,
    pub(super) cluster: &'a Cluster<'a>,
    pub(super) proposal: Reading,
}

/// Names and values from one list, so that they cannot part.
macro_rules! constants {
    ($seen:ident, { $($setup:tt)* } $($name:ident: $value:expr,)*) => {
        /// The constants of `service.smt2`, in its order.
        pub(super) const NAMES: &[&str] = &[$(stringify!($name)),*];

        /// Their values.
        pub(super) fn values($seen: &Seen<'_>) -> [i128; NAMES.len()] {
            $($setup)*
            [$(i128::from($value)),*]
        }
    };
}

constants! {
    seen, {
    let ServiceLimits { up, down, .. } = *seen.limits;
    let demand_limits = seen.limits.demand;
    let growth = demand_limits.and_then(|demand| demand.growth);
    let DemandLimits { per_replica, most, .. } =
        demand_limits.unwrap_or(DemandLimits { per_replica: 1, most: 0, growth: None });
    let Growth { per_second, lead_ms, peak } =
        growth.unwrap_or(Growth { per_second: 0, lead_ms: 0, peak: 0 });
    let ready = parts(seen.state.ready);
    let demand = parts(seen.state.demand);
    let usage = parts(seen.state.usage);
    let request = parts(seen.state.request);
    let proposal = parts(seen.proposal);
    let Pause { up: own_up, down: own_down } = seen.state.pause;
    }
    min: seen.limits.min,
    max: seen.limits.max,
    up_pods: up.pods,
    up_percent: up.percent,
    down_pods: down.pods,
    down_percent: down.percent,
    cooldown: seen.limits.cooldown_ms,
    share: seen.limits.share,
    min_available: seen.limits.min_available,
    limits_unavailable: seen.limits.max_unavailable.is_some(),
    max_unavailable: seen.limits.max_unavailable.unwrap_or(0),
    has_demand: demand_limits.is_some(),
    per_replica: per_replica,
    most_demand: most,
    has_growth: growth.is_some(),
    per_second: per_second,
    lead: lead_ms,
    peak: peak,
    stale_after: seen.limits.stale_after_ms,
    reversals: seen.limits.reversals,
    target: seen.limits.target_percent,
    tolerance: seen.limits.tolerance_permille,
    lowest_level: seen.remembered.lowest_level,
    highest_level: seen.remembered.highest_level,
    highest_wish: seen.remembered.highest_wish,
    lowest_wish: seen.remembered.lowest_wish,
    has_added: seen.remembered.since_added.is_some(),
    since_added: seen.remembered.since_added.unwrap_or(0),
    direction: seen.remembered.direction,
    turns: seen.remembered.turns as u64,
    replicas: seen.state.replicas,
    ready_kind: ready[0],
    ready: ready[1],
    ready_age: ready[2],
    demand_kind: demand[0],
    demand: demand[1],
    demand_age: demand[2],
    usage_kind: usage[0],
    usage: usage[1],
    usage_age: usage[2],
    request_kind: request[0],
    request: request[1],
    request_age: request[2],
    own_pause_up: own_up,
    own_pause_down: own_down,
    all_pause_up: seen.cluster.pause.up,
    all_pause_down: seen.cluster.pause.down,
    trusted: seen.cluster.trusted,
    proposal_kind: proposal[0],
    proposal: proposal[1],
    proposal_age: proposal[2],
}

/// Kind, value and age.
fn parts(reading: Reading) -> [u64; 3] {
    match reading {
        Reading::Missing => [0, 0, 0],
        Reading::Invalid => [1, 0, 0],
        Reading::Value { value, age_ms } => [2, value, age_ms],
    }
}

/// The model's numbers of a source and of its cause.
pub(super) fn numbers(source: Source) -> (i128, i128) {
    let defect = |defect| match defect {
        Defect::Missing => 1,
        Defect::Invalid => 2,
        Defect::Stale => 3,
    };
    let number = |cause| match cause {
        Cause::Distrusted => 40,
        Cause::Proposal(of) => 10 + defect(of),
        Cause::Ready(of) => 20 + defect(of),
        Cause::Demand(of) => 30 + defect(of),
    };
    match source {
        Source::Policy => (0, 0),
        Source::Baseline(cause) => (1, number(cause)),
        Source::Hold(cause) => (2, number(cause)),
    }
}
