//! The simulated cluster as a game keeps every promise of an environment.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;

use karma_core::team::default_roles;
use karma_core::{DefenderTeam, Environment as _};
use karma_mock::{ClusterEnvironment, ClusterObserver, Scenario, Setup, Split, Workload, topologies};

fn environment(scenarios: Vec<Scenario>, split: Split) -> ClusterEnvironment {
    let topology = Arc::new(topologies::by_name("chain4").unwrap());
    let setup = Setup::new(Arc::clone(&topology), Workload::by_name("worldcup98").unwrap());
    let team = DefenderTeam::new(Arc::clone(&topology), default_roles(), 3);
    let observer = ClusterObserver::new(topology, team.action_space(), 2);
    ClusterEnvironment::new(Arc::new(setup), scenarios.into(), split, team, observer).unwrap()
}

#[test]
fn the_cluster_is_a_conforming_environment() {
    karma_core::testing::environment(|| environment(Scenario::suite(), Split::Train));
}

#[test]
fn an_episode_is_forty_decisions_and_is_truncated() {
    let mut environment = environment(vec![Scenario::by_name("nominal").unwrap()], Split::Train);
    assert_eq!(environment.spec().horizon, 40);
    let mut step = environment.reset(1);
    let hold = step.masks.iter().map(|mask| mask.legal().next().unwrap()).collect();
    for _ in 0..40 {
        assert!(!step.is_last());
        step = environment.step(&hold).unwrap();
    }
    assert!(step.truncated && !step.terminated);
}

#[test]
fn the_splits_are_different_games() {
    let first = |split| environment(Scenario::suite(), split).reset(5);
    assert_ne!(first(Split::Train), first(Split::Evaluation));
}

#[test]
fn without_scenarios_there_is_no_game() {
    let topology = Arc::new(topologies::by_name("chain4").unwrap());
    let team = DefenderTeam::new(Arc::clone(&topology), default_roles(), 3);
    let observer = ClusterObserver::new(Arc::clone(&topology), team.action_space(), 2);
    let setup = Setup::new(Arc::clone(&topology), Workload::by_name("constant").unwrap());
    assert!(
        ClusterEnvironment::new(Arc::new(setup), Vec::new().into(), Split::Train, team, observer).is_err()
    );
}
