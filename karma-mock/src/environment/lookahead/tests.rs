use karma_core::{Id as _, Metric, Replicas, SeedTree, ServiceId, Target};

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

pub(super) fn setup() -> Arc<Setup> {
    let topology = Arc::new(topologies::by_name("chain4").unwrap());
    Arc::new(Setup::new(topology, Workload::by_name("constant").unwrap()))
}

fn lookahead(params: LookaheadParams) -> Lookahead<Follower> {
    Lookahead::new(setup(), params.check().unwrap(), Follower)
}

/// What is seen of chain4 after a minute of so much load.
pub(super) fn seen(load: f64, events: Vec<Event>) -> Snapshot {
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
    replicas(&advice)
}

/// What the load needs, with room and with little.
fn needs(seen: &Snapshot) -> [Vec<u32>; 2] {
    let topology = &setup().topology;
    needed(topology, seen, &topology.services.map(|_| 1.0)).map(|decision| replicas(&decision))
}

pub(super) fn replicas(decision: &Decision) -> Vec<u32> {
    decision.targets.iter().map(|target| target.replicas.0).collect()
}

#[test]
fn who_asks_for_too_little_or_too_much_is_advised_better_and_who_asks_well_is_not() {
    let mut lookahead = lookahead(LookaheadParams::default());
    let busy = seen(150.0, Vec::new());
    let [roomy, tight] = needs(&busy);
    let advised = advice(&mut lookahead, &busy, [2, 2, 2, 3]);
    let short = advised.iter().zip(&tight).any(|(pods, needed)| pods < needed);
    assert!(!short, "{advised:?}: the load needs {tight:?} at least, with room {roomy:?}");
    let idle = seen(20.0, Vec::new());
    assert_eq!(advice(&mut lookahead, &idle, [5, 5, 5, 5]), [1; 4]);
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
            targets: self.0.map(|replicas| Target::new(Replicas(replicas), "always")).into_iter().collect(),
        }
    }
}

/// What is advised to one who asks for one of each, where the rule always asks for the same.
fn advice_beside(rule: [u32; 4], seen: &Snapshot) -> Vec<u32> {
    let params = LookaheadParams::default().check().unwrap();
    advice(&mut Lookahead::new(setup(), params, Always(rule)), seen, [1; 4])
}

#[test]
fn services_that_are_short_together_get_more_together() {
    let busy = seen(150.0, Vec::new());
    let [_, tight] = needs(&busy);
    let advised = advice_beside([1; 4], &busy);
    assert!(
        advised.iter().zip(&tight).all(|(pods, needed)| pods >= needed),
        "{advised:?}, needed are {tight:?}"
    );
}

#[test]
fn what_the_rule_would_ask_for_is_a_beginning_too_if_it_earns_more() {
    let calm = seen(60.0, Vec::new());
    let [roomy, _] = needs(&calm);
    assert!(roomy.iter().all(|pods| *pods <= 2), "{roomy:?}");
    assert_eq!(advice_beside([4; 4], &calm), [4; 4], "who will have four of each anyway has them at once");
    assert!(advice_beside([1; 4], &calm).iter().all(|pods| *pods <= 3));
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
    let params = LookaheadParams { horizon: 2, futures: 1, ..LookaheadParams::default() }.check().unwrap();
    let advisers = Lookahead::factory(setup(), params, Always([3; 4]));
    karma_core::testing::adviser(&advisers, &setup().topology, &shown);
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
