//! One episode of one scenario, decision by decision: what training, evaluation and traces have in common.

use std::sync::Arc;

use karma_core::{
    Autoscaler, Decision, EpisodeReport, Foresight, RewardParams, Seconds, SeedTree, Snapshot, Topology,
};

use crate::scenario::Scenario;
use crate::sim::{Belief, Simulation, SimulationConfig};
use crate::timeline::Timeline;
use crate::workload::{Split, Workload};

/// What all episodes of an experiment share.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The services.
    pub topology: Arc<Topology>,
    /// The legitimate load.
    pub workload: Arc<Workload>,
    /// Settings of the simulated cluster.
    pub simulation: SimulationConfig,
    /// Settings of the reward.
    pub reward: RewardParams,
    /// Time between two decisions.
    pub decision_period: Seconds,
    /// Largest change of one service that a team makes at one decision; scales the price of churn.
    pub alpha: u32,
}

impl Setup {
    /// An experiment with defaults: a decision every 15 s, moves of at most 3 replicas.
    pub fn new(topology: Arc<Topology>, workload: Workload) -> Self {
        Self {
            topology,
            workload: Arc::new(workload),
            simulation: SimulationConfig::default(),
            reward: RewardParams::default(),
            decision_period: Seconds(15.0),
            alpha: 3,
        }
    }
}

/// An episode under way. Decisions are taken from the end of the warm-up on, one each decision period.
#[derive(Clone, Debug)]
pub struct Episode {
    cluster: Simulation,
    reward: RewardParams,
    period: f64,
    end: f64,
    most_moved: f64,
    /// The attacker's reward of the last decision period.
    attacker_reward: f32,
}

impl Episode {
    /// The episode of `seed`, after its warm-up. What comes from outside depends on the scenario, the split and
    /// the seed alone, so that every autoscaler meets the same load.
    pub fn new(setup: &Setup, scenario: &Scenario, split: Split, seed: u64) -> Self {
        let timeline = scenario.draw(&setup.topology, &setup.workload, split, seed);
        let cluster_seed = split.seeds(seed).child("cluster").seed();
        Self::of_timeline(setup, timeline, cluster_seed)
    }

    /// An episode with this timeline.
    pub fn of_timeline(setup: &Setup, timeline: Timeline, cluster_seed: u64) -> Self {
        let (warm_up, end) = (f64::from(timeline.warm_up), f64::from(timeline.seconds()));
        let mut cluster =
            Simulation::new(Arc::clone(&setup.topology), setup.simulation, Arc::new(timeline), cluster_seed);
        cluster.run_until(Seconds(warm_up));
        cluster.take_interval();
        Self::of_cluster(setup, cluster, end)
    }

    /// What an autoscaler may see now.
    pub fn snapshot(&self) -> Snapshot {
        self.cluster.observe()
    }

    /// Whether the last decision period has passed.
    pub fn is_over(&self) -> bool {
        self.cluster.now().0 + 1e-9 >= self.end
    }

    /// Decisions of a whole episode.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a ratio of two checked durations"
    )]
    pub fn decisions(measured: u32, period: Seconds) -> usize {
        (f64::from(measured) / period.0 - 1e-9).ceil().max(1.0) as usize
    }

    /// Carries out a decision, plays one decision period and returns the defenders' reward for it.
    #[expect(clippy::cast_possible_truncation, reason = "rewards are single precision")]
    pub fn play(&mut self, decision: &Decision) -> f32 {
        self.cluster.scale(decision);
        self.cluster.run_until(Seconds((self.cluster.now().0 + self.period).min(self.end)));
        let interval = self.cluster.take_interval();
        let churn = (interval.moved as f64 / self.most_moved).min(1.0);
        let reward =
            self.reward.defender(&interval.terms, self.cluster.deployed_ratio() as f32, churn as f32);
        self.attacker_reward = self.reward.attacker(&interval.terms);
        self.cluster.rewarded(reward);
        reward
    }

    /// What an attacker earned in the last decision period; 0 before the first.
    pub const fn attacker_reward(&self) -> f32 {
        self.attacker_reward
    }

    /// The cluster, for whoever attacks it.
    pub(super) const fn cluster_mut(&mut self) -> &mut Simulation {
        &mut self.cluster
    }

    /// A copy that goes on as things are: see [`Simulation::imagine`].
    #[must_use]
    pub fn imagined(&self, seed: u64) -> Self {
        let mut copy = self.clone();
        copy.cluster.imagine(seed);
        copy
    }

    /// An episode of so many decisions in a cluster like the one that was `seen` ([`Simulation::resembling`]), and how badly the cluster
    /// explains what was seen ([`Simulation::misfit`]).
    pub(super) fn resembling(
        setup: &Setup,
        seen: &Snapshot,
        belief: &Belief,
        (settle, decisions): (Seconds, usize),
        seed: u64,
    ) -> (Self, f64) {
        let place = (&setup.topology, setup.simulation);
        let mut cluster = Simulation::resembling(place, seen, belief, settle, seed);
        let misfit = cluster.misfit(seen);
        let end = cluster.now().0 + setup.decision_period.0 * decisions as f64;
        (Self::of_cluster(setup, cluster, end), misfit)
    }

    fn of_cluster(setup: &Setup, cluster: Simulation, end: f64) -> Self {
        let most_moved = setup.topology.services.len() as f64 * f64::from(setup.alpha.max(1));
        let (reward, period) = (setup.reward, setup.decision_period.0);
        Self { cluster, reward, period, end, most_moved, attacker_reward: 0.0 }
    }

    /// The cluster.
    pub const fn cluster(&self) -> &Simulation {
        &self.cluster
    }

    /// What a clairvoyant knows of this episode.
    pub fn foresight(&self) -> Foresight {
        self.cluster.timeline().foresight(self.cluster.topology())
    }

    /// The report of the episode so far.
    pub fn report(&self) -> EpisodeReport {
        self.cluster.report()
    }
}

/// Plays a whole episode with an autoscaler, and reports it.
///
/// `make` is given the episode's foresight, which only a yardstick such as an oracle may use.
pub fn evaluate(
    setup: &Setup,
    scenario: &Scenario,
    split: Split,
    seed: u64,
    make: &dyn Fn(&Foresight) -> Box<dyn Autoscaler>,
) -> EpisodeReport {
    let mut episode = Episode::new(setup, scenario, split, seed);
    let mut scaler = make(&episode.foresight());
    scaler.reset();
    let mut rng = SeedTree::new(seed).child("autoscaler").child(scaler.name()).rng();
    while !episode.is_over() {
        let decision = scaler.decide(&episode.snapshot(), &mut rng);
        episode.play(&decision);
    }
    EpisodeReport { conduct: scaler.conduct(), interventions: scaler.interventions(), ..episode.report() }
}
