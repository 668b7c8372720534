//! One decision after the other.

#[cfg(test)]
mod tests;

use k8s_openapi::ByteString;
use karma_core::{
    Autoscaler, Decision, Id as _, Metric, MetricRow, PerService, Replicas, Safeguard as _, SeedTree,
    ServiceId, Snapshot, State, Target,
};
use karma_guard::Shield;
use serde::{Deserialize, Serialize};

use super::canary::{Canary, CanaryPhase, Health};
use super::memory::{Memory, MemoryError};
use super::trust::Trust;
use crate::resource::{Mode, Settings};

/// The autoscaler that decides while the agents are not listened to. It remembers, and a restart must not make it forget.
pub trait Fallback: Autoscaler {
    /// What it remembers.
    fn memory(&self) -> serde_json::Value;

    /// Goes on with it.
    ///
    /// # Errors
    /// Why it cannot, in words; nothing is changed.
    fn recall(&mut self, memory: serde_json::Value) -> Result<(), String>;
}

/// Tells situations that the agents do not know.
pub trait Alarm: Send {
    /// Why the agents cannot be expected to know this situation; `None` if they can.
    fn rings(&mut self, snapshot: &Snapshot) -> Option<String>;
}

/// Everything that wishes something.
pub struct Minds {
    /// The trained team.
    pub agents: Box<dyn Autoscaler>,
    /// What decides while the team is not listened to.
    pub fallback: Box<dyn Fallback>,
    /// What tells that the team does not know a situation.
    pub alarm: Option<Box<dyn Alarm>>,
}

impl std::fmt::Debug for Minds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = (self.agents.name(), self.fallback.name());
        f.debug_tuple("Minds").field(&names).finish()
    }
}

/// Who was listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Listened {
    /// The agents.
    Agents,
    /// The fallback.
    Fallback,
}

/// What was decided for one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceDecision {
    /// Replicas that the Deployment asks for.
    pub current: Replicas,
    /// What the agents wished, and why.
    pub agents: Target,
    /// What the fallback wished, and why.
    pub fallback: Target,
    /// What may be done, and why.
    pub target: Target,
    /// Whether it is to be done: the mode and the canary allow it.
    pub act: bool,
}

/// One decision, with everything that it was taken on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// Counted from 1, also over restarts.
    pub sequence: u64,
    /// The moment, seconds since 1970.
    pub time: f64,
    /// Age of the oldest sample in seconds, if there is any.
    pub age: Option<f64>,
    /// What is done with decisions.
    pub mode: Mode,
    /// How far the canary is, where the mode is `Canary`.
    pub canary: Option<CanaryPhase>,
    /// The canary's phase, if this decision changed it.
    pub canary_changed: Option<CanaryPhase>,
    /// What was bad about the services that are scaled.
    pub bad: Option<String>,
    /// Who was listened to.
    pub listened: Listened,
    /// Why the situation is unknown to the agents.
    pub alarm: Option<String>,
    /// What changed the proposal: the guard, and properties of the shield.
    pub changed_by: Vec<String>,
    /// One entry for each service, in the topology's order.
    pub services: PerService<ServiceDecision>,
}

impl ServiceDecision {
    /// The replicas that are to be set, if that changes anything.
    pub fn change(&self) -> Option<Replicas> {
        (self.act && self.target.replicas != self.current).then_some(self.target.replicas)
    }
}

/// The guard, where properties of the shield are told that changed a proposal.
const GUARD: &str = "attack guard";

/// Takes decisions for the Deployments of one custom resource.
pub struct Round {
    settings: Settings,
    minds: Minds,
    policy: String,
    shield: Shield,
    trust: Trust,
    canary: Canary,
    sequence: u64,
    /// Services of which nothing is to be done, whatever the mode.
    stands_down: PerService<bool>,
    /// Requests per second that are known to be none of a client.
    junk: PerService<Option<f32>>,
    /// Whether anything is known of what was done before.
    remembers: bool,
    seeds: SeedTree,
}

impl std::fmt::Debug for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Round")
            .field("policy", &self.policy)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

impl Round {
    /// A round to which nothing has happened. `policy` is the digest of what `minds` were made of; it also seeds their
    /// randomness, so that the same course of snapshots gives the same decisions.
    pub fn new(settings: Settings, minds: Minds, policy: impl Into<String>) -> Self {
        let (policy, mut shield) = (policy.into(), Shield::new(settings.safety.clone()));
        for (service, pause) in settings.pauses.iter_enumerated() {
            shield.pause(service, *pause);
        }
        let seeds = SeedTree::new(0).child(&policy);
        let (trust, canary) = (Trust::default(), Canary::default());
        Self {
            settings,
            minds,
            policy,
            shield,
            trust,
            canary,
            sequence: 0,
            stands_down: PerService::default(),
            junk: PerService::default(),
            remembers: false,
            seeds,
        }
    }

    /// The settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// From now on nothing is to be done for these services, whatever the mode, because somebody else scales them. Decisions are
    /// taken and told all the same.
    pub fn stand_down(&mut self, services: PerService<bool>) {
        self.stands_down = services;
    }

    /// How many requests per second of each service are known to be junk, at the next decision.
    pub fn told_of_junk(&mut self, junk: PerService<Option<f32>>) {
        self.junk = junk;
    }

    /// Goes on where a round with this memory left off. What is of another policy or another canary begins anew.
    ///
    /// # Errors
    /// The first part that is of no use. The others are gone on with; the round is usable.
    pub fn restore(&mut self, memory: Memory) -> Result<(), MemoryError> {
        self.sequence = memory.sequence;
        if memory.policy == self.policy {
            self.trust = memory.trust;
            if memory.canary_of == self.settings.canary_of() {
                self.canary = memory.canary;
            }
        }
        let fallback = self.minds.fallback.recall(memory.fallback).map_err(MemoryError::Fallback);
        self.shield.restore(&memory.shield.0)?;
        self.remembers = true;
        fallback
    }

    /// What a restart must know.
    pub fn memory(&self) -> Memory {
        Memory {
            sequence: self.sequence,
            policy: self.policy.clone(),
            canary_of: self.settings.canary_of(),
            shield: ByteString(self.shield.memory_bytes()),
            trust: self.trust,
            canary: self.canary,
            fallback: self.minds.fallback.memory(),
        }
    }

    /// Decides on what was observed.
    pub fn decide(&mut self, snapshot: &Snapshot) -> Decided {
        self.sequence += 1;
        let state = State::from(snapshot);
        if !self.remembers {
            // As if every pod had just been added. A state that cannot be read is caught by the shield below.
            self.remembers = self.shield.restore_cautiously(&state).is_ok();
        }
        let alarm = self.minds.alarm.as_mut().and_then(|alarm| alarm.rings(snapshot));
        self.trust.note(alarm.is_some(), self.settings.trust);
        let mut rng = self.seeds.index(self.sequence).rng();
        let agents = self.minds.agents.decide(snapshot, &mut rng);
        let fallback = self.minds.fallback.decide(snapshot, &mut rng);
        let listened = if self.trust.is_given() { Listened::Agents } else { Listened::Fallback };
        let (bad, canary_changed) = self.watch(snapshot, listened);
        let proposal = match listened {
            Listened::Agents => said(&agents, ""),
            Listened::Fallback => said(&fallback, "fallback: "),
        };
        let (proposal, held) = self.hold_back(snapshot, proposal);
        let (decision, mut changed_by) = self.review(&state, proposal);
        if held {
            changed_by.insert(0, GUARD.to_owned());
        }
        let service = |(id, target): (ServiceId, Target)| {
            let current = snapshot.services.get(id).map_or(Replicas(0), |service| service.desired);
            let wish =
                |of: &Decision| of.targets.get(id).cloned().unwrap_or(Target::new(current, "no target"));
            let (agents, fallback) = (wish(&agents), wish(&fallback));
            ServiceDecision { current, agents, fallback, target, act: self.acts_on(id) }
        };
        let targets = decision.targets.into_vec().into_iter().enumerate();
        let services = targets.map(|(index, target)| service((ServiceId::from_index(index), target)));
        Decided {
            sequence: self.sequence,
            time: snapshot.time.0,
            age: snapshot.age().map(|age| age.0),
            mode: self.settings.mode,
            canary: self.in_canary().then(|| self.canary.phase()),
            canary_changed,
            bad,
            listened,
            alarm,
            changed_by,
            services: services.collect(),
        }
    }

    /// The proposal without what only junk would need, and whether that changed it.
    fn hold_back(&self, snapshot: &Snapshot, mut proposal: Decision) -> (Decision, bool) {
        let mut held = false;
        let services = self.settings.topology.services.iter_enumerated();
        for ((id, service), target) in services.zip(proposal.targets.as_mut_slice()) {
            let (Some(seen), junk) = (snapshot.services.get(id), self.junk.get(id).copied().flatten()) else {
                continue;
            };
            let requests = seen.metrics.get(Metric::RequestRate);
            let Some(most) = self.settings.guard.most(service, requests, junk) else { continue };
            let most = most.max(seen.desired);
            if target.replicas > most {
                let junk = junk.unwrap_or_default();
                target.reason =
                    format!("{} (held back: {junk:.1} requests/s are junk)", target.reason).into();
                target.replicas = most;
                held = true;
            }
        }
        (proposal, held)
    }

    fn in_canary(&self) -> bool {
        self.settings.mode == Mode::Canary
    }

    /// Whether what is decided for a service is to be done.
    fn acts_on(&self, service: ServiceId) -> bool {
        match self.settings.mode {
            _ if self.stands_down.get(service) == Some(&true) => false,
            Mode::Shadow => false,
            Mode::Active => true,
            Mode::Canary => match self.canary.phase() {
                CanaryPhase::Watching => self.settings.is_canary.get(service).copied().unwrap_or(false),
                CanaryPhase::Promoted => true,
                CanaryPhase::RolledBack => false,
            },
        }
    }

    /// Looks at the services that are scaled. Answers what is bad about them, and the phase if that changes.
    fn watch(&mut self, snapshot: &Snapshot, listened: Listened) -> (Option<String>, Option<CanaryPhase>) {
        if !self.in_canary() {
            return (None, None);
        }
        let config = &self.settings.canary;
        let names = self.settings.topology.services.iter();
        let scaled = snapshot.services.iter_enumerated().zip(names).filter(|((id, _), _)| self.acts_on(*id));
        let bad =
            scaled.filter_map(|((_, seen), service)| match config.health(&service.name, &seen.metrics) {
                Health::Good => None,
                Health::Bad(why) => Some(why),
            });
        let bad: Vec<String> = bad.collect();
        let health = if bad.is_empty() { Health::Good } else { Health::Bad(bad.join("; ")) };
        let changed = self.canary.note(snapshot.time, &health, listened == Listened::Agents, config);
        ((!bad.is_empty()).then(|| bad.join("; ")), changed)
    }

    /// What the shield lets pass of a proposal, and what of its properties changed it. It remembers what is to be done
    /// alone: for a service that is not acted on, that its replicas stay.
    fn review(&mut self, state: &State, proposal: Decision) -> (Decision, Vec<String>) {
        let ids: Vec<ServiceId> = proposal.targets.ids().collect();
        let acts: Vec<bool> = ids.iter().map(|id| self.acts_on(*id)).collect();
        if acts.iter().all(|act| *act) {
            let reviewed = self.shield.review(state, proposal);
            return (reviewed.decision, codes(&reviewed.changed_by));
        }
        let would = self.shield.clone().review(state, proposal.clone());
        let stay = |(id, target): (ServiceId, &Target)| {
            let here = state.services.get(id).map_or(Replicas(0), MetricRow::desired);
            if acts[id.index()] { target.clone() } else { Target::new(here, "not scaled") }
        };
        let carried = Decision { targets: proposal.targets.iter_enumerated().map(stay).collect() };
        let done = self.shield.review(state, carried);
        let pick = |((act, done), would): ((&bool, Target), Target)| if *act { done } else { would };
        let targets =
            acts.iter().zip(done.decision.targets.into_vec()).zip(would.decision.targets.into_vec());
        (Decision { targets: targets.map(pick).collect() }, codes(&would.changed_by))
    }
}

fn codes(changed_by: &[&'static str]) -> Vec<String> {
    changed_by.iter().map(|code| (*code).to_owned()).collect()
}

/// A decision with its author in front of each reason.
fn said(decision: &Decision, author: &str) -> Decision {
    if author.is_empty() {
        return decision.clone();
    }
    let target = |target: &Target| Target {
        replicas: target.replicas,
        reason: format!("{author}{}", target.reason).into(),
    };
    Decision { targets: decision.targets.map(target) }
}
