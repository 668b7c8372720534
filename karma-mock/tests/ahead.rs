//! Playing ahead finds what there is to gain, and changes nothing of the game.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;

use karma_core::testing::Ceiling;
use karma_core::{
    Autoscaler, Decision, EpisodeReport, Replicas, SafeguardFactory, Snapshot, StreamRng, Target,
};
use karma_mock::environment::{AheadParams, evaluate_ahead};
use karma_mock::{Scenario, Setup, Split, Workload, evaluate, topologies};

/// Holds every service at so many replicas.
#[derive(Clone)]
struct Always(u32);

impl Autoscaler for Always {
    fn name(&self) -> &'static str {
        "always"
    }

    fn reset(&mut self) {}

    fn decide(&mut self, snapshot: &Snapshot, _: &mut StreamRng) -> Decision {
        Decision { targets: snapshot.services.map(|_| Target::new(Replicas(self.0), "always")) }
    }
}

fn setup() -> Setup {
    Setup::new(Arc::new(topologies::by_name("chain4").unwrap()), Workload::by_name("constant").unwrap())
}

fn ahead(replicas: u32, safeguard: Option<&SafeguardFactory>, params: AheadParams) -> EpisodeReport {
    let nominal = Scenario::by_name("nominal").unwrap();
    let moment = (Split::Calibration, 1);
    evaluate_ahead(&setup(), &nominal, moment, &|_| Always(replicas), (safeguard, params))
}

fn plain(replicas: u32) -> EpisodeReport {
    let nominal = Scenario::by_name("nominal").unwrap();
    evaluate(&setup(), &nominal, Split::Calibration, 1, &|_| Box::new(Always(replicas)))
}

#[test]
fn with_nothing_to_try_it_is_the_base() {
    let nothing = AheadParams { reach: 0, horizon: 3, ..AheadParams::default() };
    assert_eq!(ahead(3, None, nothing).episodic_return, plain(3).episodic_return);
}

#[test]
fn it_earns_more_than_a_base_that_wastes_and_than_one_that_starves() {
    for (replicas, futures) in [(1, 0), (8, 0), (1, 2), (8, 2)] {
        let params = AheadParams { reach: 1, horizon: 3, futures, ..AheadParams::default() };
        let (base, better) = (plain(replicas).episodic_return.unwrap(), ahead(replicas, None, params));
        let gained = better.episodic_return.unwrap() - base;
        assert!(gained > 0.1, "{replicas} replicas, {futures} futures imagined: {gained}");
    }
}

#[test]
fn a_safeguard_stands_behind_it_as_behind_everybody() {
    let params = AheadParams { reach: 3, horizon: 2, ..AheadParams::default() };
    let held = ahead(1, Some(&Ceiling::factory(1)), params);
    let interventions = held.interventions.unwrap();
    assert_eq!(
        (interventions.decisions, interventions.changed),
        (40, 0),
        "what would not pass earns nothing"
    );
    assert_eq!(held.episodic_return, plain(1).episodic_return);
}
