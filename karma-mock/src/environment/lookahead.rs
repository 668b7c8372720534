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
//! 3. what was asked for is tried, and what a rule would ask for instead: each is followed by that rule for `horizon` decisions, behind the
//!    same safeguard. From the better of the two, for the services one after the other, replicas from `reach` less to `reach` more are tried
//!    in the same way. What earns most is asked for.
//!
//! This is *rollout* (Bertsekas, Tsitsiklis and Wu, 1997) with certainty-equivalent model predictive control. That it begins with the better
//! of two policies is *parallel rollout* (Chang, Givan and Chong, *Parallel Rollout for Online Solution of Partially Observable Markov
//! Decision Processes*, Discrete Event Dynamic Systems 14, 2004), in its first decision. The check of the present is the innovation test of
//! a state observer: an estimate is good while it foretells what is measured.
//!
//! How fast services compute is told from the CPU that their requests cost, and how much CPU others use from what nodes use beyond the
//! cluster's own pods. Where that was not measured, what was believed before stands; in the beginning, that nobody else is on them.
//!
//! **What it is not.** No foresight: it sees what every autoscaler sees, and draws its own futures. It knows the topology and the settings of
//! the simulation, as the simulated cluster of the training does; on a cluster that differs from them, the misfit says so.
//!
//! Cost of a decision: at most (2 + 2 · services · reach) · horizon · futures decision periods of the simulated cluster, and `settle` seconds for each
//! future and belief.

use std::sync::Arc;

use karma_core::{
    Adviser, AdviserFactory, Autoscaler, Decision, Metric, PerService, RunningSafeguard, Seconds,
    ServiceSnapshot, Snapshot, StreamRng, Topology,
};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::ahead::{AheadParams, Player};
use super::{Episode, Setup};
use crate::sim::Belief;

/// What a belief may leave unexplained, of what is unexplained without it, to be kept.
const MUCH_BETTER: f64 = 0.4;
/// Misfit of a twin that explains the present well enough to look for nothing else.
const EXPLAINED: f64 = 0.05;
/// Share of the nodes' CPU below which others use none: pods that came or went between two samples.
const IDLE: f64 = 0.03;
/// Requests per second and cores from which on a speed can be told.
const MEASURABLE: (f64, f64) = (5.0, 0.02);
/// CPU over its limit above which a service has no more to give, and what it completes says little of its speed.
const SATURATED: f64 = 0.93;
/// Speeds above this are full speed: arrivals and work are drawn.
const FULL_SPEED: f64 = 0.85;

/// How far is looked ahead, and how sure one has to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LookaheadParams {
    /// Decisions that a try is followed, 1 to 1000. Default 5: longer looks count on things to stay as they are for longer.
    pub horizon: usize,
    /// Replicas of one service that are tried above and below what is asked for, 1 to 100. Default 1.
    pub reach: u32,
    /// Futures that are imagined for each decision, 1 to 1000. Default 2.
    pub futures: usize,
    /// Reward that a try has to earn more than what was asked for, 0 to 1; less is chance. Default 0.01.
    pub margin: f32,
    /// Seconds that a twin runs before it is asked, 1 to 60. Default 10: some times as long as a client waits.
    pub settle: f64,
    /// Misfit above which a twin is not asked: the mean of squared logarithms of ratios, 0 to 100. Default 0.3: three quarters more or less.
    pub misfit: f64,
}

impl Default for LookaheadParams {
    fn default() -> Self {
        Self { horizon: 5, reach: 1, futures: 2, margin: 0.01, settle: 10.0, misfit: 0.3 }
    }
}

/// A setting out of range.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{field}` is {found}, allowed is {allowed}")]
pub struct LookaheadError {
    /// The setting.
    pub field: &'static str,
    /// Its value.
    pub found: String,
    /// What it may be.
    pub allowed: &'static str,
}

impl LookaheadParams {
    /// Checks the numbers.
    ///
    /// # Errors
    /// The first that is out of its range.
    pub fn check(self) -> Result<LookaheadConfig, LookaheadError> {
        let Self { horizon, reach, futures, margin, settle, misfit } = self;
        let fine = [
            ("horizon", (1..=1000).contains(&horizon), horizon.to_string(), "1 to 1000"),
            ("reach", (1..=100).contains(&reach), reach.to_string(), "1 to 100"),
            ("futures", (1..=1000).contains(&futures), futures.to_string(), "1 to 1000"),
            ("margin", (0.0..=1.0).contains(&margin), margin.to_string(), "0 to 1"),
            ("settle", (1.0..=60.0).contains(&settle), settle.to_string(), "1 to 60"),
            ("misfit", (0.0..=100.0).contains(&misfit), misfit.to_string(), "0 to 100"),
        ];
        match fine.into_iter().find(|(_, fine, ..)| !fine) {
            Some((field, _, found, allowed)) => Err(LookaheadError { field, found, allowed }),
            None => Ok(LookaheadConfig(self)),
        }
    }
}

/// Checked [`LookaheadParams`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LookaheadConfig(LookaheadParams);

impl LookaheadConfig {
    /// The settings.
    pub const fn params(&self) -> &LookaheadParams {
        &self.0
    }
}

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
        Self { setup, params: config.0, follower, belief }
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
        let first = player.begin_with(&twins.futures, snapshot, asked, params);
        player.improve(&twins.futures, first, params)
    }
}

/// The share of the nodes' CPU that others use: what the nodes use beyond the pods. `None` if there is a node that was not measured, or
/// a service whose pods were not.
fn others_share(seen: &Snapshot) -> Option<f64> {
    let used: f64 = seen.nodes.iter().map(|node| node.cpu.map(f64::from)).sum::<Option<f64>>()?;
    let capacity: f64 = seen.nodes.iter().map(|node| f64::from(node.capacity)).sum();
    let own: f64 = seen.services.iter().map(pods_use).sum::<Option<f64>>()?;
    let share = (used - own) / capacity;
    share.is_finite().then(|| if share < IDLE { 0.0 } else { share.min(1.0) })
}

/// CPU that a service's pods use, in milli-cores; one that is ready and was not sampled uses as much as its like.
fn pods_use(service: &ServiceSnapshot) -> Option<f64> {
    let sampled = service.pods.iter().filter_map(|pod| Some(f64::from(pod.cpu?.value)));
    let (count, used) = sampled.fold((0.0, 0.0), |sum, used| (sum.0 + 1.0, sum.1 + used));
    let unsampled = service.pods.iter().filter(|pod| pod.cpu.is_none() && pod.ready == Some(true)).count();
    match (count > 0.0, unsampled) {
        (true, _) => Some(used * (1.0 + unsampled as f64 / count)),
        (false, 0) => Some(0.0),
        (false, _) => None,
    }
}

/// How fast services compute: the CPU that their requests should have used over what was used. Where nothing can be told,
/// what was thought before stands; of a service that is saturated only the worse is believed, because it may complete less than what
/// arrives.
fn tell_speeds(topology: &Topology, seen: &Snapshot, speeds: &mut PerService<f64>) {
    for (id, service) in topology.services.iter_enumerated() {
        let Some(row) = seen.services.get(id).map(|service| &service.metrics) else { continue };
        let of = |metric| row.get(metric).map(f64::from);
        let (Some(rate), Some(cpu)) = (of(Metric::RequestRate), of(Metric::CpuUsage)) else { continue };
        let done = rate * (1.0 - of(Metric::ErrorRate).unwrap_or(0.0).min(1.0));
        let cores = cpu / 1000.0;
        if done < MEASURABLE.0 || cores < MEASURABLE.1 {
            continue;
        }
        let speed = (done * service.mean_work() / cores).clamp(0.05, 1.0);
        let utilization = of(Metric::CpuUtilization).unwrap_or(0.0) * service.request_of_limit();
        if utilization <= SATURATED {
            speeds[id] = if speed > FULL_SPEED { 1.0 } else { speed };
        } else {
            speeds[id] = speeds[id].min(speed);
        }
    }
}

#[cfg(test)]
mod tests {
    use karma_core::{Id as _, Replicas, SeedTree, ServiceId, Target};

    use super::*;
    use crate::{Event, EventKind, Timeline, Workload, topologies};

    /// Adds a replica where there is much to do.
    #[derive(Clone, Debug)]
    struct Follower;

    impl Autoscaler for Follower {
        fn name(&self) -> &'static str {
            "follower"
        }

        fn reset(&mut self) {}

        fn decide(&mut self, snapshot: &Snapshot, _rng: &mut StreamRng) -> Decision {
            let target = |service: &karma_core::ServiceSnapshot| {
                let busy = service.metrics.get(Metric::CpuUtilization).is_some_and(|busy| busy > 0.5);
                Target::new(Replicas(service.desired.0 + u32::from(busy)), "as busy as it is")
            };
            Decision { targets: snapshot.services.map(target) }
        }
    }

    fn setup() -> Arc<Setup> {
        let topology = Arc::new(topologies::by_name("chain4").unwrap());
        Arc::new(Setup::new(topology, Workload::by_name("constant").unwrap()))
    }

    fn lookahead(params: LookaheadParams) -> Lookahead<Follower> {
        Lookahead::new(setup(), params.check().unwrap(), Follower)
    }

    /// What is seen of chain4 after a minute of so much load.
    fn seen(load: f64, events: Vec<Event>) -> Snapshot {
        let setup = setup();
        let mut timeline = Timeline::constant(&setup.topology.entry_points.map(|_| load), 60, 600);
        timeline.events = events;
        Episode::of_timeline(&setup, timeline, 3).snapshot()
    }

    fn advice<F>(lookahead: &mut Lookahead<F>, seen: &Snapshot, asked: [u32; 4]) -> Vec<u32>
    where
        F: Autoscaler + Clone + Sync,
    {
        let asked = asked.map(|replicas| Target::new(Replicas(replicas), "asked"));
        let asked = Decision { targets: asked.into_iter().collect() };
        let advice = lookahead.advise(seen, asked, None, &mut SeedTree::new(5).rng());
        advice.targets.iter().map(|target| target.replicas.0).collect()
    }

    #[test]
    fn who_asks_for_too_little_or_too_much_is_advised_better_and_who_asks_well_is_not() {
        let mut lookahead = lookahead(LookaheadParams::default());
        let busy = seen(150.0, Vec::new());
        let advised = advice(&mut lookahead, &busy, [2, 2, 2, 3]);
        assert!(advised[2] == 3 && advised[3] == 4, "{advised:?}: products and orders are short");
        let idle = seen(20.0, Vec::new());
        let advised = advice(&mut lookahead, &idle, [5, 5, 5, 5]);
        assert_eq!(
            advised,
            [1, 2, 2, 2],
            "the rule asks for two of each, and one less at the entry costs nothing"
        );
        assert_eq!(advice(&mut lookahead, &idle, [1; 4]), [1; 4]);
    }

    #[test]
    fn a_twin_that_does_not_explain_the_present_is_not_asked() {
        let busy = seen(150.0, Vec::new());
        let mut sceptic = lookahead(LookaheadParams { misfit: 0.0, ..LookaheadParams::default() });
        assert_eq!(advice(&mut sceptic, &busy, [2, 2, 2, 3]), [2, 2, 2, 3]);
        let mut strange = busy;
        for service in &mut strange.services {
            service.metrics.set(Metric::LatencyMean, 1e6);
        }
        let mut lookahead = lookahead(LookaheadParams::default());
        assert_eq!(advice(&mut lookahead, &strange, [2, 2, 2, 3]), [2, 2, 2, 3]);
    }

    #[test]
    fn what_was_not_measured_is_no_reason_to_give_back() {
        let mut lookahead = lookahead(LookaheadParams::default());
        let seen = seen(20.0, Vec::new());
        let mut no_load = seen.clone();
        no_load.entry_points.iter_mut().for_each(|entry| entry.request_rate = None);
        assert_eq!(advice(&mut lookahead, &no_load, [5; 4]), [5; 4]);
        let mut load_alone = seen;
        load_alone.services.iter_mut().for_each(|s| s.metrics = karma_core::MetricRow::default());
        assert_eq!(advice(&mut lookahead, &load_alone, [5; 4]), [5; 4]);
    }

    /// Asks for as many replicas as one is told.
    #[derive(Clone, Debug)]
    struct Always([u32; 4]);

    impl Autoscaler for Always {
        fn name(&self) -> &'static str {
            "always"
        }

        fn reset(&mut self) {}

        fn decide(&mut self, _snapshot: &Snapshot, _rng: &mut StreamRng) -> Decision {
            Decision {
                targets: self
                    .0
                    .map(|replicas| Target::new(Replicas(replicas), "always"))
                    .into_iter()
                    .collect(),
            }
        }
    }

    #[test]
    fn what_the_rule_would_ask_for_is_a_beginning_too_if_it_earns_more() {
        let busy = seen(150.0, Vec::new());
        let advised = |rule: [u32; 4]| {
            let params = LookaheadParams::default().check().unwrap();
            advice(&mut Lookahead::new(setup(), params, Always(rule)), &busy, [1; 4])
        };
        let better = advised([3, 3, 4, 5]);
        assert!(
            better.iter().zip([2, 2, 3, 4]).all(|(is, least)| *is >= least),
            "{better:?}: beyond one more than one"
        );
        assert!(
            advised([1; 4]).iter().all(|replicas| *replicas <= 2),
            "one more than what was asked for at most"
        );
    }

    #[test]
    fn advice_depends_on_what_is_seen_and_on_the_draws_alone() {
        let busy = seen(150.0, Vec::new());
        let mut once = lookahead(LookaheadParams::default());
        let first = advice(&mut once, &busy, [2, 2, 2, 3]);
        assert_eq!(first, advice(&mut once, &busy, [2, 2, 2, 3]));
        assert_eq!(first, advice(&mut lookahead(LookaheadParams::default()), &busy, [2, 2, 2, 3]));
    }

    #[test]
    fn it_keeps_the_promises_of_an_adviser() {
        let slow = EventKind::Speed { service: ServiceId::from_index(1), factor: 0.5 };
        let shown = [seen(20.0, Vec::new()), seen(150.0, vec![Event { at: Seconds(20.0), kind: slow }])];
        let params =
            LookaheadParams { horizon: 2, futures: 1, ..LookaheadParams::default() }.check().unwrap();
        let advisers = Lookahead::factory(setup(), params, Always([3; 4]));
        karma_core::testing::adviser(&advisers, &setup().topology, &shown);
    }

    #[test]
    fn others_on_the_nodes_are_told_from_what_the_nodes_use_beyond_the_pods() {
        let background = EventKind::Background { share: 0.85 };
        let crowded = seen(100.0, vec![Event { at: Seconds(20.0), kind: background }]);
        let share = others_share(&crowded).unwrap();
        assert!((share - 0.85).abs() < 0.01, "{share}");
        assert_eq!(others_share(&seen(100.0, Vec::new())), Some(0.0));
        let mut unsampled = crowded.clone();
        for service in &mut unsampled.services {
            service.pods[0].cpu = None;
        }
        let share = others_share(&unsampled).unwrap();
        assert!((share - 0.85).abs() < 0.03, "{share}: a pod without a sample uses as much as its like");
        unsampled.services[ServiceId::from_index(1)].pods.iter_mut().for_each(|pod| pod.cpu = None);
        assert_eq!(others_share(&unsampled), None, "a service of which nothing was sampled");
        let mut unmeasured = crowded;
        unmeasured.nodes[0].cpu = None;
        assert_eq!(others_share(&unmeasured), None);
        unmeasured.nodes.clear();
        assert_eq!(others_share(&unmeasured), None);
    }

    #[test]
    fn a_twin_that_sees_who_else_is_on_the_nodes_explains_the_present() {
        let background = EventKind::Background { share: 0.85 };
        let crowded = seen(100.0, vec![Event { at: Seconds(20.0), kind: background }]);
        let misfit = |seen: &Snapshot| {
            let mut lookahead = lookahead(LookaheadParams::default());
            lookahead.belief.background = others_share(seen).unwrap_or(0.0);
            lookahead.twins(seen, false, &[1, 2]).misfit
        };
        let blind = Snapshot { nodes: Vec::new(), ..crowded.clone() };
        assert!(10.0 * misfit(&crowded) < misfit(&blind), "{} and {}", misfit(&crowded), misfit(&blind));
    }

    #[test]
    fn speeds_are_told_from_what_requests_cost() {
        let (slow, two) = (ServiceId::from_index(1), ServiceId::from_index(2));
        let speed = EventKind::Speed { service: slow, factor: 0.5 };
        let seen = seen(60.0, vec![Event { at: Seconds(20.0), kind: speed }]);
        let topology = &setup().topology;
        let mut speeds = topology.services.map(|_| 1.0);
        tell_speeds(topology, &seen, &mut speeds);
        assert!((speeds[slow] - 0.5).abs() < 0.1, "{speeds:?}");
        assert_eq!(speeds[two], 1.0);
        let mut nothing = seen.clone();
        nothing.services.iter_mut().for_each(|service| service.metrics = karma_core::MetricRow::default());
        let before = speeds.clone();
        tell_speeds(topology, &nothing, &mut speeds);
        assert_eq!(speeds, before, "without samples what was thought stands");
    }

    #[test]
    fn every_setting_has_its_range() {
        let default = LookaheadParams::default;
        let refused = |params: LookaheadParams| params.check().unwrap_err().to_string();
        assert_eq!(
            refused(LookaheadParams { horizon: 0, ..default() }),
            "`horizon` is 0, allowed is 1 to 1000"
        );
        assert_eq!(
            refused(LookaheadParams { reach: 101, ..default() }),
            "`reach` is 101, allowed is 1 to 100"
        );
        assert_eq!(
            refused(LookaheadParams { futures: 0, ..default() }),
            "`futures` is 0, allowed is 1 to 1000"
        );
        assert_eq!(
            refused(LookaheadParams { margin: f32::NAN, ..default() }),
            "`margin` is NaN, allowed is 0 to 1"
        );
        assert_eq!(
            refused(LookaheadParams { settle: 0.5, ..default() }),
            "`settle` is 0.5, allowed is 1 to 60"
        );
        assert_eq!(
            refused(LookaheadParams { misfit: -1.0, ..default() }),
            "`misfit` is -1, allowed is 0 to 100"
        );
        assert_eq!(*default().check().unwrap().params(), default());
    }
}
