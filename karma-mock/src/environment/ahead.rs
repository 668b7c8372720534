//! Playing ahead, with perfect foresight or without: how much room any rule leaves.
//!
//! A clairvoyant that is told the coming load still has to guess what its replicas will make of it. One that plays the
//! episode itself ahead, arrivals, crashes, start-up delays and all, has nothing to guess: before each decision it tries
//! others in copies of the episode, each followed by a base rule, and takes the best. That is the *rollout algorithm*
//! (Bertsekas, Tsitsiklis and Wu, *Rollout Algorithms for Combinatorial Optimization*, Journal of Heuristics 3, 1997): one step
//! of policy improvement on the base, here with the future known.
//!
//! For the services one after the other, replicas from `reach` less to `reach` more than what the base would ask for are tried, the
//! other services as decided so far; a try is worth the rewards of `horizon` decisions. Everything is done as in the episode:
//! the same bounds, the same safeguard, which each copy takes along.
//!
//! **What it is not.** Not the optimum: it looks at one service at a time, as far as its horizon, and the base follows. But what
//! earns less has something to gain, and what it gains no rule can be asked for that does not know the future.
//!
//! **Without the future** ([`AheadParams::futures`]). Tries may also be followed in futures that are imagined: everything stays as it
//! is ([`Episode::imagined`]), a try is worth the mean over several. That is *certainty-equivalent* model predictive control: it knows
//! the present in full, queues, starting pods and crowded nodes included, and of the future nothing. What it earns more than its
//! base is what an autoscaler could earn that knew its cluster; what foresight earns beyond that, nobody could.
//!
//! Cost of a decision: (1 + 2 · services · reach) · horizon · futures decision periods of the simulated cluster.

use karma_core::{
    Autoscaler, Decision, EpisodeReport, Foresight, RunningSafeguard, SafeguardFactory, SeedTree, Snapshot,
    State, StreamRng, Target,
};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::{Episode, Setup};
use crate::scenario::Scenario;
use crate::workload::Split;

/// How far is looked ahead.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AheadParams {
    /// Decisions that a try is followed, the first included; 0 is 1. Default 8: two minutes, in which pods start and their work
    /// shows.
    pub horizon: usize,
    /// Replicas of one service that are tried above and below what the base asks for; 0 tries nothing. Default 3.
    pub reach: u32,
    /// Futures that each try is followed in, imagined from how things are ([`Episode::imagined`]); 0, the default, is the one
    /// future that comes.
    pub futures: usize,
    /// Reward that a try has to earn more than what is decided so far; less is rounding, or chance where futures are imagined.
    /// Default 0.0001.
    pub margin: f32,
}

impl Default for AheadParams {
    fn default() -> Self {
        Self { horizon: 8, reach: 3, futures: 0, margin: 1e-4 }
    }
}

/// One who decides: a base rule with the safeguard behind it.
#[derive(Clone)]
pub(super) struct Player<A> {
    base: A,
    safeguard: Option<RunningSafeguard>,
    rng: StreamRng,
}

impl<A: Autoscaler + Clone> Player<A> {
    /// At the beginning of an episode.
    pub(super) fn begin(mut base: A, safeguard: Option<RunningSafeguard>, rng: StreamRng) -> Self {
        base.reset();
        Self { base, safeguard, rng }
    }

    /// What the base asks for.
    pub(super) fn decide(&mut self, snapshot: &Snapshot) -> Decision {
        self.base.decide(snapshot, &mut self.rng)
    }

    /// Carries out what passes of a decision.
    fn play(&mut self, episode: &mut Episode, mut decision: Decision) -> f32 {
        if let Some(safeguard) = &mut self.safeguard {
            decision = safeguard.review(&State::from(&episode.snapshot()), decision);
        }
        episode.play(&decision)
    }

    /// The rewards that follow from a decision, in copies of all futures together.
    fn follow(&self, futures: &[Episode], first: &Decision, horizon: usize) -> f32 {
        futures.iter().map(|future| self.clone().follow_one(future.clone(), first, horizon)).sum()
    }

    fn follow_one(mut self, mut future: Episode, first: &Decision, horizon: usize) -> f32 {
        let mut earned = self.play(&mut future, first.clone());
        for _ in 1..horizon {
            if future.is_over() {
                break;
            }
            let decision = self.decide(&future.snapshot());
            earned += self.play(&mut future, decision);
        }
        earned
    }

    /// What is best when played ahead from where an episode is.
    fn plan(&mut self, episode: &Episode, params: AheadParams) -> Decision {
        let decision = self.decide(&episode.snapshot());
        if params.futures == 0 {
            let future = std::slice::from_ref(episode);
            return self.improve(future, self.weigh(future, decision, params), params);
        }
        let futures: Vec<_> = (0..params.futures).map(|_| episode.imagined(self.rng.random())).collect();
        self.improve(&futures, self.weigh(&futures, decision, params), params)
    }

    /// A decision, and the rewards that follow from it.
    fn weigh(&self, futures: &[Episode], decision: Decision, params: AheadParams) -> (Decision, f32) {
        let earned = self.follow(futures, &decision, params.horizon);
        (decision, earned)
    }

    /// Where to begin, and what follows: what was asked for, unless one of the others earns more.
    pub(super) fn begin_with(
        &self,
        futures: &[Episode],
        asked: Decision,
        others: impl IntoIterator<Item = Decision>,
        params: AheadParams,
    ) -> (Decision, f32) {
        let replicas = |decision: &Decision| decision.targets.map(|target| target.replicas);
        let mut tried = vec![replicas(&asked)];
        let mut best = self.weigh(futures, asked, params);
        for other in others {
            if tried.contains(&replicas(&other)) {
                continue;
            }
            tried.push(replicas(&other));
            let other = self.weigh(futures, other, params);
            if other.1 > best.1 + params.margin * futures.len() as f32 {
                best = other;
            }
        }
        best
    }

    /// What is decided first, with the rewards that follow from it, and what can be improved of it.
    pub(super) fn improve(
        &self,
        futures: &[Episode],
        (mut decision, mut best): (Decision, f32),
        params: AheadParams,
    ) -> Decision {
        let Some(future) = futures.first() else { return decision };
        for (id, service) in future.cluster().topology().services.iter_enumerated() {
            let from = decision.targets[id].replicas;
            let most = i32::try_from(params.reach).unwrap_or(i32::MAX);
            for change in (-most..=most).filter(|change| *change != 0) {
                let to = from.moved(change, service.min_replicas, service.max_replicas);
                let before = decision.targets[id].replicas;
                if to == from.moved(change - change.signum(), service.min_replicas, service.max_replicas) {
                    continue;
                }
                decision.targets[id].replicas = to;
                let earned = self.follow(futures, &decision, params.horizon);
                if earned > best + params.margin * futures.len() as f32 {
                    best = earned;
                } else {
                    decision.targets[id].replicas = before;
                }
            }
            if decision.targets[id].replicas != from {
                decision.targets[id] =
                    Target::new(decision.targets[id].replicas, "better, when played ahead");
            }
        }
        decision
    }
}

/// Plays a whole episode with what is best when played ahead from each decision, and reports it.
///
/// `make` is given the episode's foresight, so that the base may be a clairvoyant, too.
///
/// # Panics
/// If the base has no target for some service, which breaks a promise of [`Autoscaler`].
pub fn evaluate_ahead<A: Autoscaler + Clone>(
    setup: &Setup,
    scenario: &Scenario,
    (split, seed): (Split, u64),
    make: &dyn Fn(&Foresight) -> A,
    (safeguard, params): (Option<&SafeguardFactory>, AheadParams),
) -> EpisodeReport {
    let mut episode = Episode::new(setup, scenario, split, seed);
    let base = make(&episode.foresight());
    let rng = SeedTree::new(seed).child("autoscaler").child(base.name()).rng();
    let mut player = Player::begin(base, safeguard.map(RunningSafeguard::begin), rng);
    while !episode.is_over() {
        let decision = player.plan(&episode, params);
        player.play(&mut episode, decision);
    }
    let interventions = player.safeguard.as_ref().map(|safeguard| safeguard.interventions().clone());
    EpisodeReport { interventions, ..episode.report() }
}
