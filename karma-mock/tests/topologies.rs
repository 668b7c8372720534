//! The shipped topologies are what their documentation says, and generated ones keep their bounds.

#![expect(clippy::unwrap_used, reason = "what tests share may panic as a test may")]

use karma_core::topology::Limit;
use karma_core::{Id as _, Metric, Topology};
use karma_mock::topologies::{CatalogueError, FORMS, NAMES, by_name, chain, mesh, tree};
use proptest::prelude::*;

fn visits_per_entry(topology: &Topology) -> Vec<f64> {
    topology.entry_points.ids().flat_map(|entry| topology.visits(entry).into_vec()).collect()
}

#[test]
fn every_shipped_topology_loads_and_can_carry_its_nominal_load() {
    for name in NAMES {
        let topology = by_name(name).unwrap();
        assert!(topology.ceiling().factor > 1.0, "{name}");
    }
}

#[test]
fn the_chain_of_the_paper_carries_five_point_four_times_its_nominal_load() {
    let topology = by_name("chain4").unwrap();
    let names: Vec<&str> = topology.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["api", "auth", "products", "orders"]);
    let ceiling = topology.ceiling();
    assert!((ceiling.rate.0 - 540.0).abs() < 1e-9 && (ceiling.factor - 5.4).abs() < 1e-9);
    assert_eq!(topology.describe_limit(ceiling.limit), "orders at 9 replicas");
}

#[test]
fn full_scale_out_of_the_chain_fits_its_nodes_and_leaves_little() {
    let topology = by_name("chain4").unwrap();
    let nodes: f64 = topology.nodes.iter().map(|pool| f64::from(pool.count) * pool.cpu.cores()).sum();
    let share = topology.full_scale_out_cores() / nodes;
    assert!((0.8..1.0).contains(&share), "{share}");
}

#[test]
fn initial_replicas_carry_the_nominal_load_with_reserve() {
    for name in ["chain4", "online-boutique", "chain:20", "tree:63:2", "mesh:200:1"] {
        let topology = by_name(name).unwrap();
        for (service, visits) in topology.services.iter().zip(&topology.nominal_visits()) {
            let capacity = f64::from(service.initial_replicas.0) * service.pod_capacity().0;
            assert!(capacity >= 1.3 * visits, "{name}, {}: {capacity} for {visits}", service.name);
        }
    }
}

#[test]
fn the_diamond_has_the_published_values() {
    let topology = by_name("diamond").unwrap();
    let row = |name: &str| {
        let service = &topology.services[topology.service_named(name).unwrap()];
        let faults = service.faults;
        let replicas = (service.min_replicas.0, service.max_replicas.0);
        let probabilities = [faults.warning, faults.error, faults.degraded, faults.failure];
        (service.cpu.0, service.memory.0, replicas, service.throughput.0, probabilities)
    };
    assert_eq!(row("a"), (500, 256, (1, 5), 100.0, [0.01, 0.001, 0.001, 0.0001]));
    assert_eq!(row("b"), (400, 512, (1, 3), 80.0, [0.02, 0.002, 0.002, 0.0002]));
    assert_eq!(row("c"), (600, 512, (1, 4), 150.0, [0.01, 0.001, 0.001, 0.0001]));
    assert_eq!(row("d"), (700, 1024, (1, 6), 300.0, [0.015, 0.0015, 0.0015, 0.00015]));
    let image = topology.services.iter().next().unwrap().image.as_deref();
    assert_eq!(image, Some("service-a-image:v1.0"));
    assert_eq!(topology.nominal_rate().0, 200.0);
    assert!(topology.connections.iter().all(|connection| connection.throughput.is_none()));
    assert_eq!(topology.metrics.as_deref(), Some(&Metric::ALL[..17]));
    let ceiling = topology.ceiling();
    assert!((ceiling.factor - 1.2).abs() < 1e-9);
    assert_eq!(ceiling.limit, Limit::Service(topology.service_named("b").unwrap()));
}

#[test]
fn the_boutique_is_called_as_often_as_was_measured() {
    let topology = by_name("online-boutique").unwrap();
    assert_eq!(topology.services.len(), 11);
    let entry = topology.entry_points.ids().next().unwrap();
    let visits = topology.visits(entry);
    for (name, measured) in [
        ("frontend", 1.0),
        ("productcatalogservice", 5.02),
        ("currencyservice", 3.09),
        ("cartservice", 1.00),
        ("recommendationservice", 0.70),
        ("adservice", 0.57),
        ("shippingservice", 0.33),
        ("checkoutservice", 0.075),
        ("paymentservice", 0.075),
        ("emailservice", 0.075),
    ] {
        let found = visits[topology.service_named(name).unwrap()];
        assert!((found - measured).abs() < 0.001, "{name}: {found}");
    }
    assert!((4.5..6.0).contains(&topology.ceiling().factor));
}

#[test]
fn the_short_form_of_the_readme_has_one_entry_point_and_half_the_ceiling_as_its_load() {
    let text = r#"{
        "services": {
            "service1": { "cpu": 500, "ram": 256, "computation_throughput": 100 },
            "service2": { "cpu": 1000, "ram": 512, "computation_throughput": 50 }
        },
        "connections": [ { "source": "service1", "destination": "service2" } ]
    }"#;
    let topology = Topology::read(text.as_bytes()).unwrap();
    let entries: Vec<usize> = topology.entry_points.iter().map(|entry| entry.service.index()).collect();
    assert_eq!(entries, [0]);
    assert!((topology.ceiling().factor - 2.0).abs() < 1e-9);
}

#[test]
fn names_that_are_wrong_are_answered_with_what_is_allowed() {
    let message = |name: &str| by_name(name).unwrap_err().to_string();
    assert!(message("online-botique").contains("did you mean \"online-boutique\"?"));
    for known in NAMES.iter().chain(&FORMS) {
        assert!(message("xyz").contains(known), "{known}");
    }
    assert_eq!(
        message("chain:x"),
        "topology \"chain:x\": \"x\" is not allowed for services; expected a whole number"
    );
    assert_eq!(message("tree:0:2"), "topology \"tree\": 0 is not allowed for services; expected 1 to 10000");
    assert!(message("tree:5:33").contains("expected 1 to 32"));
    assert!(matches!(by_name("mesh:10"), Err(CatalogueError::Unknown(_))));
    assert!(by_name("mesh:99999999999999999999:1").is_err());
}

#[test]
fn the_same_seed_gives_the_same_mesh_and_another_seed_another() {
    let edges = |seed| mesh(200, 3, seed).unwrap().connections;
    assert_eq!(edges(7), edges(7));
    assert_ne!(edges(7), edges(8));
}

#[test]
fn a_thousand_services_cost_a_request_as_many_visits_as_there_are_levels() {
    for (name, levels) in [("mesh:1000:7", 10.0), ("tree:1000:2", 10.0), ("tree:1000:10", 4.0)] {
        let topology = by_name(name).unwrap();
        assert_eq!(topology.services.len(), 1000);
        for entry in topology.entry_points.ids() {
            let total: f64 = topology.visits(entry).iter().sum();
            assert!(total <= levels + 1e-9, "{name}: {total}");
        }
    }
    assert_eq!(by_name("mesh:1000:7").unwrap().entry_points.len(), 4);
}

fn generated() -> impl Strategy<Value = Topology> {
    prop_oneof![
        (1usize..300).prop_map(|n| chain(n).unwrap()),
        (1usize..1200, 1usize..12).prop_map(|(n, branching)| tree(n, branching).unwrap()),
        (1usize..1200, 1usize..8, any::<u64>()).prop_map(|(n, degree, seed)| mesh(n, degree, seed).unwrap()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    // That it is acyclic and sound is what reading it has checked: a generator that fails panics in `generated`.
    #[test]
    fn a_generated_topology_reaches_every_service_at_most_once_per_request(topology in generated()) {
        prop_assert!(visits_per_entry(&topology).iter().all(|visits| (0.0..=1.0 + 1e-9).contains(visits)));
        prop_assert!(topology.nominal_visits().iter().all(|visits| *visits > 0.0));
    }

    #[test]
    fn the_ceiling_of_a_generated_topology_is_six_times_its_load(topology in generated()) {
        let ceiling = topology.ceiling();
        prop_assert!((ceiling.factor - 6.0).abs() < 1e-6, "{:?}", ceiling);
        prop_assert!((topology.nominal_rate().0 - 200.0).abs() < 1e-9);
    }

    #[test]
    fn slots_suffice_for_the_time_that_requests_spend_below(topology in generated()) {
        // Little's law at the capacity of a pod, unloaded: what is in flight fits into a quarter of the slots.
        let below = topology.unloaded_latency().0;
        for entry in &topology.entry_points {
            let service = &topology.services[entry.service];
            let depth = topology.slo.0 / 3.0;
            prop_assert!(f64::from(service.concurrency) + 1e-9 >= 4.0 * service.pod_capacity().0 * 0.01);
            prop_assert!(below <= depth + 1e-9);
        }
    }

    #[test]
    fn no_name_makes_the_catalogue_panic(name in "\\PC{0,40}") {
        let _ = by_name(&name);
    }
}
