//! The real kernel in the quantised cluster.

use karma_shield::{
    Budget, Cluster, Decision, DemandLimits, Growth, LimitError, LimitParams, Limits, Memory, Pause, Rate,
    Reading, ServiceLimits, ServiceState, decide,
};

use super::model::{Model, State};

/// Length of a tick, ms: growth for each second is growth for each tick.
const TICK_MS: u64 = 1_000;

/// Limits that say what the model says.
pub(super) fn service_limits(model: &Model) -> ServiceLimits {
    let growth = Growth {
        per_second: model.growth.into(),
        lead_ms: (u64::from(model.delay) + 1) * TICK_MS,
        peak: model.peak.into(),
    };
    ServiceLimits {
        min: 0,
        max: model.max.into(),
        share: u32::from(model.peak.div_ceil(model.per_replica)),
        up: Rate { pods: model.up.into(), percent: 0, window_ms: TICK_MS },
        down: Rate::UNLIMITED,
        cooldown_ms: u64::from(model.cooldown) * TICK_MS,
        stabilize_down_ms: 0,
        reversal_window_ms: 0,
        demand: Some(DemandLimits {
            per_replica: model.per_replica.into(),
            most: 1_000,
            growth: Some(growth),
        }),
        stale_after_ms: TICK_MS,
        ..ServiceLimits::DEFAULT
    }
}

/// Everything that the adversary may deliver as the demand: no lower than demand was as long ago as the reading is old.
pub(super) fn readings(model: &Model, demand: u8) -> impl Iterator<Item = Reading> {
    let growth = model.growth;
    let aged = [(0, demand), (0, demand.saturating_add(1)), (TICK_MS, demand.saturating_sub(growth))];
    aged.into_iter().map(|(age_ms, value)| Reading::Value { value: value.into(), age_ms })
}

/// Everything that a policy may propose.
pub(super) fn proposals(model: &Model) -> impl Iterator<Item = Reading> + Clone {
    let numbers = (0..=u64::from(model.max) + 1).map(Reading::now);
    let odd = [Reading::Missing, Reading::Invalid, Reading::Value { value: 0, age_ms: 2 * TICK_MS }];
    numbers.chain(odd).chain([Reading::now(u64::from(u32::MAX))])
}

/// What the kernel is told of a state.
pub(super) fn told(state: &State, demand: Reading) -> ServiceState {
    ServiceState {
        replicas: state.replicas().into(),
        ready: Reading::now(state.pods[0].into()),
        demand,
        ..ServiceState::default()
    }
}

/// The kernel with a memory for every number of ticks since the last scale-up.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    limits: Limits,
    memories: Vec<Memory>,
    decision: Decision,
}

impl Seat {
    pub(super) fn new(model: &Model) -> Result<Self, LimitError> {
        let services = vec![service_limits(model)];
        let limits = LimitParams { services, budget: Budget::UNLIMITED }.check()?;
        let mut decision = Decision::default();
        let mut added = Memory::new(1);
        let idle =
            ServiceState { ready: Reading::now(0), demand: Reading::now(0), ..ServiceState::default() };
        let cluster =
            Cluster { now_ms: 0, services: &[idle], nodes: None, trusted: true, pause: Pause::default() };
        // Shapes fit: one service, one of everything.
        let shaped = decide(&limits, &mut added, &cluster, &[Reading::now(1)], &mut decision);
        debug_assert!(shaped.is_ok() && decision.cleared()[0].replicas() > 0, "the memory of a scale-up");
        Ok(Self { limits, memories: vec![added; 1 + usize::from(model.cooldown)], decision })
    }

    /// The kernel's action.
    pub(super) fn act(&mut self, state: &State, demand: Reading, proposal: Reading) -> u8 {
        let mut memory = self.memories[usize::from(state.since_up)].clone();
        let cluster = Cluster {
            now_ms: u64::from(state.since_up.max(1)) * TICK_MS,
            services: &[told(state, demand)],
            nodes: None,
            trusted: true,
            pause: Pause::default(),
        };
        let _ = decide(&self.limits, &mut memory, &cluster, &[proposal], &mut self.decision);
        let action = self.decision.cleared().first().map_or(0, karma_shield::Cleared::replicas);
        u8::try_from(action).unwrap_or(u8::MAX)
    }
}
