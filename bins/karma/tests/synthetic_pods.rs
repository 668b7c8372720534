//! Pods that are made up from a state lead an autoscaler to what it decides from the cluster's own.

use karma::baseline::{HpaAutoscaler, HpaAutoscalerParams, RandomWalk};
use karma::core::{Autoscaler as _, SeedTree, State};
use karma::mock::{Episode, Scenario, Setup, Split, Workload, topologies};
use karma_twin::ClusterTable;
use karma_twin::cluster::{PodBook, ServiceConstants};

fn setup() -> Setup {
    let topology = topologies::by_name("chain4").expect("a built-in topology").into();
    Setup::new(topology, Workload::by_name("worldcup98").expect("a built-in workload"))
}

fn book(setup: &Setup) -> PodBook {
    let scrape_seconds = Some(5.0);
    assert_eq!(setup.simulation.scrape_period().0, 5.0);
    let constants = ServiceConstants { scrape_seconds, ..ServiceConstants::default() };
    let constants = setup.topology.services.map(|_| constants);
    let table = ClusterTable::new(setup.topology.clone(), constants).expect("constants of this topology");
    PodBook::new(&table, setup.decision_period)
}

/// How often the HPA asked for the same, of all its answers and of those in which it moved on either kind of pods.
#[derive(Debug, Default)]
struct Equal {
    all: (usize, usize),
    moves: (usize, usize),
}

impl Equal {
    fn count(counted: &mut (usize, usize), same: bool) {
        counted.0 += usize::from(same);
        counted.1 += 1;
    }

    /// Asks the HPA on both kinds of pods at every decision of an episode in which `driver` decides.
    fn ask(&mut self, setup: &Setup, scenario: &Scenario, percent: i32, mut driver: Option<RandomWalk>) {
        let mut hpa = HpaAutoscaler::new(&setup.topology, &HpaAutoscalerParams::cpu(percent))
            .expect("a percentage in range");
        let (mut book, mut rng) = (book(setup), SeedTree::new(1).rng());
        let mut episode = Episode::new(setup, scenario, Split::Train, 1);
        while !episode.is_over() {
            let snapshot = episode.snapshot();
            // From the same memory, so that one difference does not count twice.
            let other = hpa.clone().decide(&book.look(&State::from(&snapshot)), &mut rng);
            let own = hpa.decide(&snapshot, &mut rng);
            for ((own, other), service) in own.targets.iter().zip(&other.targets).zip(&snapshot.services) {
                let same = own.replicas == other.replicas;
                Self::count(&mut self.all, same);
                if [own.replicas, other.replicas] != [service.desired; 2] {
                    Self::count(&mut self.moves, same);
                }
            }
            episode.play(&driver.as_mut().map_or(own, |driver| driver.decide(&snapshot, &mut rng)));
        }
    }
}

#[test]
fn the_hpa_decides_nearly_always_as_on_the_clusters_own_pods() {
    let setup = setup();
    let (mut led, mut driven) = (Equal::default(), Equal::default());
    for scenario in Scenario::suite() {
        for percent in [50, 80] {
            led.ask(&setup, &scenario, percent, None);
            driven.ask(&setup, &scenario, percent, Some(RandomWalk::new(&setup.topology, 3)));
        }
    }
    // Measured: 1920 of 1920 and 67 of 67 moves; 1894 of 1920 and 1423 of 1449 moves. What differs are pods that
    // terminate, whose use a state counts and whose number it does not.
    let least = |(same, all): (usize, usize), percent: usize| 100 * same >= percent * all && all > 0;
    assert!(least(led.all, 99) && least(led.moves, 97), "{led:?}");
    assert!(least(driven.all, 98) && least(driven.moves, 97), "{driven:?}");
}
