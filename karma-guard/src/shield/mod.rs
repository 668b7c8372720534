//! The shield: the kernel with its memory, behind the seam of a safeguard.

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use karma_core::{
    Decision, Id as _, MetricRow, PerService, Replicas, Reviewed, Safeguard, ServiceId, State, Target,
};
use karma_shield::{
    Cleared, Cluster, Memory, MemoryError, Pause, Property, Reading, ServiceState, ShapeError, admitted,
    decide,
};
use thiserror::Error;

use crate::{SafetyConfig, StateError, now_ms, service_states};

/// The name of what changes a decision where the state cannot be read at all, and everything stays.
const UNREADABLE: &str = "unreadable state";

/// A safety shield over a topology. Every property of `docs/safety.md` holds of what leaves [`Shield::review`].
///
/// It takes each review as carried out, remembers it, and starts from what the next state says the Deployments ask for.
#[derive(Clone, Debug)]
pub struct Shield {
    config: SafetyConfig,
    memory: Memory,
    trusted: bool,
    pauses: PerService<Pause>,
    /// Room for the kernel's arguments and its answer, used again.
    services: Vec<ServiceState>,
    proposals: Vec<Reading>,
    answer: karma_shield::Decision,
}

/// Bytes that are no memory of this shield.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// They are no memory at all.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// They are the memory of other services.
    #[error("this memory of a shield has {got} services, the topology has {expected}")]
    Services {
        /// Services of the memory.
        got: usize,
        /// Services of the topology.
        expected: usize,
    },
}

impl Shield {
    /// A shield to which nothing has happened.
    pub fn new(config: SafetyConfig) -> Self {
        let services = config.limits().services().len();
        Self {
            config,
            memory: Memory::new(services),
            trusted: true,
            pauses: PerService::filled(Pause::default(), services),
            services: Vec::new(),
            proposals: Vec::new(),
            answer: karma_shield::Decision::default(),
        }
    }

    /// Its limits.
    pub const fn config(&self) -> &SafetyConfig {
        &self.config
    }

    /// Whether the policy may be listened to from now on (P6): `false` once an alarm has found the situation unlike those
    /// that it was trained in. It stays so over a reset.
    pub const fn trust(&mut self, trusted: bool) {
        self.trusted = trusted;
    }

    /// What an operator forbids for a service from now on (P11); nothing for one that is not there. It stays so over a
    /// reset.
    pub fn pause(&mut self, service: ServiceId, pause: Pause) {
        if let Some(paused) = self.pauses.as_mut_slice().get_mut(service.index()) {
            *paused = pause;
        }
    }

    /// Its memory, for a restart.
    pub fn memory_bytes(&self) -> Vec<u8> {
        self.memory.to_bytes()
    }

    /// Goes on with the memory of [`Shield::memory_bytes`].
    ///
    /// # Errors
    /// If they are something else, or of another topology; the shield is unchanged. [`Shield::restore_cautiously`] then
    /// goes on without.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), RestoreError> {
        let memory = Memory::from_bytes(bytes)?;
        let (got, expected) = (memory.len(), self.memory.len());
        if got != expected {
            return Err(RestoreError::Services { got, expected });
        }
        self.memory = memory;
        Ok(())
    }

    /// Goes on in `state` where the memory is lost while pods are running: as if all of them had just been added, so that
    /// nothing is removed before every window has passed.
    ///
    /// # Errors
    /// If the state cannot be read; the shield is unchanged.
    pub fn restore_cautiously(&mut self, state: &State) -> Result<(), StateError> {
        let (got, expected) = (state.services.len(), self.memory.len());
        if got != expected {
            return Err(ShapeError { what: "services", got, expected }.into());
        }
        let replicas: Vec<u32> = state.services.iter().map(|row| row.desired().0).collect();
        self.memory = Memory::cautious(&replicas, now_ms(state)?);
        Ok(())
    }

    /// What the kernel is told of `state`, over what stands in `services`.
    fn observe(&self, state: &State, services: &mut Vec<ServiceState>) {
        service_states(state, services);
        services.iter_mut().zip(&self.pauses).for_each(|(service, pause)| service.pause = *pause);
    }

    fn cluster<'a>(&self, now_ms: u64, services: &'a [ServiceState]) -> Cluster<'a> {
        Cluster { now_ms, services, nodes: None, trusted: self.trusted, pause: Pause::default() }
    }

    /// The intervals that the kernel admits.
    fn intervals(&self, state: &State) -> Result<Vec<Option<RangeInclusive<u32>>>, StateError> {
        let (mut services, mut intervals) = (Vec::new(), Vec::new());
        self.observe(state, &mut services);
        let cluster = self.cluster(now_ms(state)?, &services);
        admitted(self.config.asking(), &self.memory, &cluster, &mut intervals)?;
        Ok(intervals)
    }

    /// Lets the kernel decide, and remember.
    fn decide(&mut self, state: &State, decision: &Decision) -> Result<(), StateError> {
        let now_ms = now_ms(state)?;
        let mut services = std::mem::take(&mut self.services);
        self.observe(state, &mut services);
        let asked = |id| decision.targets.get(id).map(|target| Reading::now(u64::from(target.replicas.0)));
        self.proposals.clear();
        self.proposals.extend(state.services.ids().map(|id| asked(id).unwrap_or_default()));
        let cluster = self.cluster(now_ms, &services);
        let limits = self.config.limits();
        let decided = decide(limits, &mut self.memory, &cluster, &self.proposals, &mut self.answer);
        self.services = services;
        Ok(decided?)
    }
}

impl Safeguard for Shield {
    fn reset(&mut self) {
        self.memory = Memory::new(self.memory.len());
    }

    /// Where the policy is not listened to, only the replicas that are there. Elsewhere what passes unchanged if this
    /// service is the only one to reach beyond its share of the budget, but for stabilisation (P3): a wish may have to be
    /// repeated until its window has passed.
    fn admit(&self, state: &State) -> PerService<RangeInclusive<Replicas>> {
        let intervals = self.intervals(state).unwrap_or_default();
        let interval = |(service, row): (ServiceId, &MetricRow)| {
            let here = row.desired();
            let admitted = intervals.get(service.index()).cloned().flatten();
            admitted.map_or(here..=here, |admitted| {
                Replicas(*admitted.start()).min(here)..=Replicas(*admitted.end()).max(here)
            })
        };
        state.services.iter_enumerated().map(interval).collect()
    }

    /// A state that cannot be read changes nothing, and is not remembered.
    fn review(&mut self, state: &State, decision: Decision) -> Reviewed {
        if let Err(error) = self.decide(state, &decision) {
            return stay(state, &decision, &error);
        }
        let mut changed_by = Vec::new();
        let mut asked = decision.targets.into_vec().into_iter();
        let targets =
            self.answer.cleared().iter().map(|cleared| target(cleared, asked.next(), &mut changed_by));
        Reviewed { decision: Decision { targets: targets.collect() }, changed_by }
    }

    fn fork(&self) -> Box<dyn Safeguard> {
        Box::new(self.clone())
    }
}

/// What may be carried out of what was asked, and by what it was changed.
fn target(cleared: &Cleared, asked: Option<Target>, changed_by: &mut Vec<&'static str>) -> Target {
    let (replicas, reason) = (Replicas(cleared.replicas()), cleared.reason());
    if asked.as_ref().is_none_or(|asked| asked.replicas != replicas) {
        changed_by.extend(reason.changes().map(|(property, _)| property_code(property)));
    }
    let said = asked.map_or("no target".into(), |asked| asked.reason);
    let reason = if reason.intervened() { format!("{said}; shield: {reason}").into() } else { said };
    Target { replicas, reason }
}

/// Every service stays as it is.
fn stay(state: &State, decision: &Decision, error: &StateError) -> Reviewed {
    let mut changed_by = Vec::new();
    let targets = state.services.iter_enumerated().map(|(id, row)| {
        let (replicas, asked) = (row.desired(), decision.targets.get(id));
        if asked.is_none_or(|asked| asked.replicas != replicas) {
            changed_by.push(UNREADABLE);
        }
        let said = asked.map_or("no target", |asked| &asked.reason);
        Target { replicas, reason: format!("{said}; shield: held, because {error}").into() }
    });
    Reviewed { decision: Decision { targets: targets.collect() }, changed_by }
}

/// A property as [`Reviewed::changed_by`] names it.
pub const fn property_code(property: Property) -> &'static str {
    match property {
        Property::Bounds => "P1 bounds",
        Property::Rate => "P2 rate",
        Property::Stabilization => "P3 stabilization",
        Property::Budget => "P4 budget",
        Property::Availability => "P5 availability",
        Property::Freshness => "P6 freshness",
        Property::NonBlocking => "P7 non-blocking",
        Property::MinimalIntervention => "P8 minimal-intervention",
        Property::Oscillation => "P9 oscillation",
        Property::Recoverability => "P10 recoverability",
        Property::Pause => "P11 pause",
    }
}
