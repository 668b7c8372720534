//! Rlad-core-like: a tabular learner for each service, model-based or by Q-learning.
//!
//! After Rossi, Nardelli and Cardellini, *Horizontal and Vertical Scaling of Container-Based Applications Using Reinforcement
//! Learning*, IEEE CLOUD 2019, horizontal mode. The state of a service is `(k, u)`: its replicas and their CPU utilisation in eleven
//! levels. An action adds `a ∈ {−1, 0, 1}` and costs, once `(k + a, u′)` is seen,
//!
//! `c = 0.90 · 1[R > R_max] + 0.01 · 1[a ≠ 0] + 0.09 · (k + a) / K`
//!
//! | learner | what it keeps | its update at each decision |
//! |---|---|---|
//! | [`Learner::ModelBased`] | counts of `u → u′`; an estimate `ĉ(k, u)` of the first term | `ĉ ← (1 − α) ĉ + α · 1[R > R_max]`, carried on to all states with fewer replicas and more load (at least as bad), and with more replicas and less load (at most as bad); then one sweep of `Q(k, u, a) = Σ P(u → u′) [c + γ min Q(k + a, u′, ·)]`, the rest of the cost being known |
//! | [`Learner::QLearning`] | `Q(k, u, a)` | `Q ← (1 − α) Q + α (c + γ min Q(k′, u′, ·))` |
//!
//! Both learn while they decide. What one has learned is its [`Knowledge`]: train over episodes by handing it on, and an evaluation
//! begins with it in every episode.
//!
//! Where we differ: `R` is the service's mean time to an answer with everything that it calls, `R_max` a multiple of its unloaded time
//! (theirs is one service alone and 50 ms); measurements are those of the last scrape and pods take time to start (theirs do not); a decision
//! without a utilisation holds and teaches nothing. Reimplemented from the paper and a description of its simulator, none of whose
//! code was used. Tables call them *rlad-like*.
//!
//! Cost: a decision of the model-based learner is one sweep, `K · 11 · 3 · 11` products for each service: 1 450 at four replicas.

mod knowledge;
mod params;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use karma_core::{
    Autoscaler, Decision, Metric, PerService, Replicas, ServiceId, Snapshot, StreamRng, Target, Topology,
};
use rand::RngExt as _;

use crate::bounds::Bounds;
use crate::desired::desired;
use knowledge::{ACTIONS, State, Table};

pub use knowledge::{Knowledge, KnowledgeError};
pub use params::{Learner, RladConfig, RladParams};

/// What was done last on a service, and where.
#[derive(Clone, Copy, Debug)]
struct Done {
    state: State,
    action: usize,
}

/// The learners, one for each service.
#[derive(Clone, Debug)]
pub struct Rlad {
    name: &'static str,
    config: RladConfig,
    bounds: PerService<Bounds>,
    longest: PerService<f64>,
    begin: Arc<Knowledge>,
    tables: PerService<Table>,
    last: PerService<Option<Done>>,
    exploring: bool,
}

impl Rlad {
    /// Learners that know what `begin` says; [`Knowledge::new`] is nothing yet.
    ///
    /// They go on learning within an episode, and begin each with this knowledge.
    ///
    /// # Errors
    /// If the knowledge is of other services, or of other replica bounds.
    pub fn new(
        topology: &Topology,
        config: RladConfig,
        begin: Arc<Knowledge>,
    ) -> Result<Self, KnowledgeError> {
        if !begin.fits(topology) {
            return Err(KnowledgeError);
        }
        let slo = config.params().slo;
        Ok(Self {
            name: config.params().learner.name(),
            config,
            bounds: Bounds::of(topology),
            longest: topology.unloaded_latencies().map(|unloaded| unloaded.get() * slo),
            tables: begin.tables().clone(),
            begin,
            last: topology.services.map(|_| None),
            exploring: false,
        })
    }

    /// The same while it trains: now and then a random action.
    #[must_use]
    pub fn exploring(self) -> Self {
        Self { exploring: true, ..self }
    }

    /// What it knows by now.
    pub fn knowledge(&self) -> Knowledge {
        Knowledge::of(self.tables.clone())
    }

    fn target(&mut self, service: ServiceId, snapshot: &Snapshot, rng: &mut StreamRng) -> Target {
        let bounds = self.bounds[service];
        let current = desired(snapshot, service, bounds);
        let metric = |metric| snapshot.services.get(service)?.metrics.get(metric);
        let Some(utilization) = metric(Metric::CpuUtilization) else {
            self.last[service] = None;
            return Target::new(current, "no utilisation was measured");
        };
        let late = match metric(Metric::LatencyMean) {
            Some(latency) => f64::from(latency) > self.longest[service],
            None => metric(Metric::PendingRequests).is_some_and(|waiting| waiting > 0.0),
        };
        let table = &mut self.tables[service];
        let state = table.state(current, f64::from(utilization));
        if let Some(done) = self.last[service].take() {
            table.learn((done.state, done.action), state, late, self.config.params());
        }
        let legal = |action: usize| {
            let after = current.get().checked_add_signed(ACTIONS[action]);
            after.is_some_and(|after| (bounds.min..=bounds.max).contains(&Replicas(after)))
        };
        let random = self.exploring && rng.random::<f64>() < self.config.params().exploration;
        let action = if random { random_action(legal, rng) } else { table.best(state, legal) };
        self.last[service] = Some(Done { state, action });
        let reason = match (random, ACTIONS[action]) {
            (true, _) => "an experiment",
            (_, 1) => "one more costs least",
            (_, -1) => "one less costs least",
            _ => "as many cost least",
        };
        Target::new(current.moved(ACTIONS[action], bounds.min, bounds.max), reason)
    }
}

/// A legal action, uniformly; holding is always legal.
fn random_action(legal: impl Fn(usize) -> bool, rng: &mut StreamRng) -> usize {
    let actions: Vec<usize> = (0..ACTIONS.len()).filter(|action| legal(*action)).collect();
    actions.get(rng.random_range(0..actions.len().max(1))).copied().unwrap_or(1)
}

impl Autoscaler for Rlad {
    fn name(&self) -> &str {
        self.name
    }

    fn reset(&mut self) {
        self.tables.clone_from(self.begin.tables());
        self.last.iter_mut().for_each(|last| *last = None);
    }

    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision {
        Decision { targets: self.bounds.ids().map(|service| self.target(service, snapshot, rng)).collect() }
    }
}
