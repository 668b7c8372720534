//! Pods that are made up from a state lead an autoscaler to what it decides from the cluster's own.

use std::sync::Arc;

use karma::baseline::{HpaAutoscaler, HpaAutoscalerParams};
use karma::core::{Autoscaler, Decision, SeedTree, Snapshot, State, Topology};
use karma::mock::{Episode, Scenario, Setup, Split, Workload, topologies};
use karma_twin::ClusterTable;
use karma_twin::cluster::{PodBook, ServiceConstants};

fn table(topology: Arc<Topology>, setup: &Setup) -> ClusterTable {
    #[expect(clippy::cast_possible_truncation, reason = "constants are single precision")]
    let scrape_seconds = Some(setup.simulation.scrape_period().0 as f32);
    let constants = topology.services.map(|_| ServiceConstants { scrape_seconds, ..ServiceConstants::default() });
    ClusterTable::new(topology, constants).unwrap()
}

fn decide(scaler: &mut HpaAutoscaler, snapshot: &Snapshot) -> Decision {
    scaler.decide(snapshot, &mut SeedTree::new(1).rng())
}

/// Services that get the same replicas from both kinds of pods, and all, in the episode that the cluster's own decide.
fn compare(setup: &Setup, scenario: &Scenario, percent: i32) -> (usize, usize) {
    let mut own = HpaAutoscaler::new(&setup.topology, &HpaAutoscalerParams::cpu(percent)).unwrap();
    let mut book = PodBook::new(&table(Arc::clone(&setup.topology), setup), setup.decision_period);
    let mut episode = Episode::new(setup, scenario, Split::Train, 1);
    let (mut equal, mut all) = (0, 0);
    while !episode.is_over() {
        let snapshot = episode.snapshot();
        let made_up = book.look(&State::from(&snapshot));
        // From the same memory, so that one difference does not count twice.
        let other = decide(&mut own.clone(), &made_up);
        let decision = decide(&mut own, &snapshot);
        let pairs = decision.targets.iter().zip(&other.targets);
        equal += pairs.clone().filter(|(a, b)| a.replicas == b.replicas).count();
        all += pairs.count();
        episode.play(&decision);
    }
    (equal, all)
}

#[test]
fn the_hpa_decides_nearly_always_as_on_the_clusters_own_pods() {
    let topology = Arc::new(topologies::by_name("chain4").unwrap());
    let setup = Setup::new(topology, Workload::by_name("worldcup98").unwrap());
    let (mut equal, mut all) = (0, 0);
    for scenario in Scenario::suite() {
        for percent in [50, 80] {
            let (same, decisions) = compare(&setup, &scenario, percent);
            equal += same;
            all += decisions;
            println!("{} {percent} {same}/{decisions}", scenario.name());
        }
    }
    println!("{equal} of {all}");
    assert!(100 * equal >= 95 * all, "{equal} of {all}");
}
