//! Looking ahead in a digital twin that is made from what is seen: an [`Adviser`] for any autoscaler.
//!
//! [`evaluate_ahead`](super::evaluate_ahead) measures what planning would gain for one who knew the cluster's whole state. Here is what
//! of it can be had by one who is shown a snapshot, as every autoscaler is. At each decision
//!
//! 1. the cluster is made again from the snapshot, in some futures that differ in what is left to chance
//!    ([`Episode::resembling`](super::Episode)): a twin of the present, in which load and disturbances stay as they are;
//! 2. the twin is asked whether it **explains the present**: latencies and CPU of its last seconds are compared with those that were
//!    measured. If they differ, a congestion may keep itself alive; it is believed in, and kept if it explains much more. If nothing
//!    explains what is seen, what was asked for stands: a twin that errs on the present is not asked for the future;
//! 3. what was asked for is tried, what a rule would ask for instead, and what the load needs by arithmetic, with room and with little
//!    (`needs.rs`): each is followed by that rule for `horizon` decisions, behind the same safeguard. From the best of them, for the services one
//!    after the other, replicas from `reach` less to `reach` more are tried in the same way. What earns most is asked for.
//!
//! This is *rollout* (Bertsekas, Tsitsiklis and Wu, 1997) with certainty-equivalent model predictive control. That it begins with the best
//! of several policies is *parallel rollout* (Chang, Givan and Chong, *Parallel Rollout for Online Solution of Partially Observable Markov
//! Decision Processes*, Discrete Event Dynamic Systems 14, 2004), in its first decision. The check of the present is the innovation test of
//! a state observer: an estimate is good while it foretells what is measured.
//!
//! How fast services compute is told from the CPU that their requests cost, and how much CPU others use from what nodes use beyond the
//! cluster's own pods. Where that was not measured, what was believed before stands; in the beginning, that nobody else is on them.
//!
//! **What it is not.** No foresight: it sees what every autoscaler sees, and draws its own futures. It knows the topology and the settings of
//! the simulation, as the simulated cluster of the training does; on a cluster that differs from them, the misfit says so.
//!
//! Cost of a decision: at most (4 + 2 · services · reach) · horizon · futures decision periods of the simulated cluster, and `settle` seconds for each
//! future and belief.

mod needs;
mod params;
mod senses;

use std::iter;
use std::sync::Arc;

use karma_core::{
    Adviser, AdviserFactory, Autoscaler, Decision, RunningSafeguard, Seconds, Snapshot, StreamRng,
};
use rand::RngExt as _;

use needs::needed;
pub use params::{LookaheadConfig, LookaheadError, LookaheadParams};
use senses::{others_share, tell_speeds};

use super::ahead::{AheadParams, Player};
use super::{Episode, Setup};
use crate::sim::Belief;

/// What a belief may leave unexplained, of what is unexplained without it, to be kept.
const MUCH_BETTER: f64 = 0.4;
/// Misfit of a twin that explains the present well enough to look for nothing else.
const EXPLAINED: f64 = 0.05;

/// An adviser that looks ahead in a twin. `F` is the rule that follows each try; it begins anew with each.
#[derive(Clone, Debug)]
pub struct Lookahead<F> {
    setup: Arc<Setup>,
    params: LookaheadParams,
    follower: F,
    belief: Belief,
}

/// Twins of the present, one for each future, and how badly they explain it.
struct Twins {
    futures: Vec<Episode>,
    misfit: f64,
}

impl<F: Autoscaler + Clone + Sync + 'static> Lookahead<F> {
    /// Makes such advisers, one for each episode.
    pub fn factory(setup: Arc<Setup>, config: LookaheadConfig, follower: F) -> AdviserFactory {
        AdviserFactory::new(move || Box::new(Self::new(Arc::clone(&setup), config, follower.clone())))
    }
}

impl<F: Autoscaler + Clone> Lookahead<F> {
    /// One that knows the topology and the simulation of `setup`.
    pub fn new(setup: Arc<Setup>, config: LookaheadConfig, follower: F) -> Self {
        let belief = Belief::sound(&setup.topology);
        Self { setup, params: *config.params(), follower, belief }
    }

    fn twins(&self, seen: &Snapshot, congested: bool, seeds: &[u64]) -> Twins {
        let belief = Belief { congested, ..self.belief.clone() };
        let (settle, decisions) = (Seconds(self.params.settle), self.params.horizon);
        let twin = |seed: &u64| Episode::resembling(&self.setup, seen, &belief, (settle, decisions), *seed);
        let (futures, misfits): (Vec<_>, Vec<_>) = seeds.iter().map(twin).unzip();
        Twins { futures, misfit: misfits.iter().sum::<f64>() / seeds.len().max(1) as f64 }
    }

    /// The twins that explain the present best.
    fn explain(&self, seen: &Snapshot, seeds: &[u64]) -> Twins {
        let fluent = self.twins(seen, false, seeds);
        if fluent.misfit <= EXPLAINED {
            return fluent;
        }
        let congested = self.twins(seen, true, seeds);
        if congested.misfit < MUCH_BETTER * fluent.misfit { congested } else { fluent }
    }
}

impl<F: Autoscaler + Clone + Sync> Adviser for Lookahead<F> {
    fn advise(
        &mut self,
        snapshot: &Snapshot,
        asked: Decision,
        safeguard: Option<&RunningSafeguard>,
        rng: &mut StreamRng,
    ) -> Decision {
        // A load that was not measured is unknown, which is not none.
        if snapshot.entry_points.iter().any(|entry| entry.request_rate.is_none()) {
            return asked;
        }
        tell_speeds(&self.setup.topology, snapshot, &mut self.belief.speeds);
        if let Some(share) = others_share(snapshot) {
            self.belief.background = share;
        }
        let seeds: Vec<u64> = (0..self.params.futures).map(|_| rng.random()).collect();
        let twins = self.explain(snapshot, &seeds);
        if twins.misfit > self.params.misfit {
            return asked;
        }
        let LookaheadParams { horizon, reach, futures, margin, .. } = self.params;
        let params = AheadParams { horizon, reach, futures, margin };
        let mut player = Player::begin(self.follower.clone(), safeguard.cloned(), rng.clone());
        let own = player.decide(snapshot);
        let others = iter::once(own).chain(needed(&self.setup.topology, snapshot, &self.belief.speeds));
        let first = player.begin_with(&twins.futures, asked, others, params);
        player.improve(&twins.futures, first, params)
    }
}

#[cfg(test)]
mod tests;
