//! A cluster whose CPU limits are quotas, whose calls take time on the network, and whose pods are killed one by one.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;

use karma_core::{Id as _, Snapshot};
use karma_core::{Seconds, ServiceId, Topology};
use karma_mock::sim::{Completed, Outcome, Simulation, SimulationConfig, SimulationParams};
use karma_mock::{Event, EventKind, Timeline};

/// Two services in a row, 200 m each; a request costs 10 ms of CPU at each.
fn chain() -> Arc<Topology> {
    let service = |name: &str| {
        format!(
            r#""{name}": {{ "cpu": 200, "ram": 1000, "computation_throughput": 20, "initial_replicas": 2,
                "work_distribution": "deterministic", "memory_per_request": 0, "blocking": false, "startup_seconds": 2 }}"#
        )
    };
    let text = format!(
        r#"{{ "services": {{ {}, {} }}, "timeout_seconds": 600, "connections": [
            {{ "source": "INPUT", "destination": "front", "throughput": 10 }},
            {{ "source": "front", "destination": "back" }} ], "nodes": [ {{ "count": 1, "cpu": 8000, "ram": 16000 }} ] }}"#,
        service("front"),
        service("back")
    );
    Arc::new(Topology::read(text.as_bytes()).unwrap())
}

fn begin(params: SimulationParams, rate: f64, events: &[(f64, EventKind)]) -> Simulation {
    let mut timeline = Timeline::constant(&vec![rate].into(), 0, 300);
    timeline.events = events.iter().map(|(at, kind)| Event { at: Seconds(*at), kind: *kind }).collect();
    Simulation::new(chain(), SimulationConfig::try_from(params).unwrap(), Arc::new(timeline), 5)
}

fn quotas() -> SimulationParams {
    SimulationParams {
        cpu_period: 0.1,
        readiness_period: 1.0,
        scrape_period: 1.0,
        ..SimulationParams::default()
    }
}

fn run(cluster: &mut Simulation, until: f64) -> Vec<Completed> {
    let mut seen = Vec::new();
    cluster.run_until_with(Seconds(until), &mut |completed| seen.push(completed));
    cluster.check_balance().unwrap();
    seen
}

fn mean(seen: &[Completed]) -> f64 {
    seen.iter().map(Completed::latency).sum::<f64>() / seen.len() as f64
}

fn ready(snapshot: &Snapshot, service: usize) -> usize {
    let pods = &snapshot.services[ServiceId::from_index(service)].pods;
    pods.iter().filter(|pod| pod.ready == Some(true)).count()
}

#[test]
fn a_lone_request_runs_at_the_speed_of_a_core() {
    let quota = mean(&run(&mut begin(quotas(), 0.5, &[]), 300.0));
    let fluid = mean(&run(&mut begin(SimulationParams { cpu_period: 0.0, ..quotas() }, 0.5, &[]), 300.0));
    assert!((quota - 0.02).abs() < 0.001, "{quota}");
    assert!((fluid - 0.1).abs() < 0.01, "{fluid}");
}

#[test]
fn a_saturated_service_answers_what_its_limit_allows() {
    // Two pods of 200 m, 10 ms each: 40 requests/s.
    let seen = run(&mut begin(quotas(), 60.0, &[]), 300.0);
    let answered = seen.iter().filter(|c| c.outcome == Outcome::Answered && c.finished.0 > 60.0).count();
    let rate = answered as f64 / 240.0;
    assert!((rate - 40.0).abs() < 0.4, "{rate}");
}

#[test]
fn quotas_repeat_bit_for_bit() {
    let digest = || {
        let mut cluster = begin(quotas(), 35.0, &[]);
        cluster.run_until(Seconds(300.0));
        cluster.digest()
    };
    assert_eq!(digest(), digest());
}

#[test]
fn each_hop_adds_its_time_on_the_network_and_nothing_else() {
    let near = run(&mut begin(quotas(), 0.5, &[]), 300.0);
    let far = run(&mut begin(SimulationParams { network: 0.5, ..quotas() }, 0.5, &[]), 300.0);
    let added = mean(&far) - mean(&near);
    assert!((added - 1.0).abs() < 0.005, "{added}");
}

#[test]
fn calls_on_the_network_are_in_flight() {
    let mut cluster = begin(SimulationParams { network: 5.0, ..quotas() }, 20.0, &[]);
    cluster.run_until(Seconds(4.0));
    cluster.check_balance().unwrap();
    let ledger = cluster.ledger();
    assert!(ledger.in_flight > 50 && ledger.in_flight == ledger.arrived, "{ledger:?}");
}

#[test]
fn every_request_is_shown_once_and_watching_changes_nothing() {
    let events = [(20.0, EventKind::Crash { probability: 0.5 })];
    let mut watched = begin(quotas(), 35.0, &events);
    let seen = run(&mut watched, 300.0);
    let mut unwatched = begin(quotas(), 35.0, &events);
    unwatched.run_until(Seconds(300.0));
    assert_eq!(watched.digest(), unwatched.digest());
    let ledger = watched.ledger();
    let count = |outcome| seen.iter().filter(|c| (c.outcome == Outcome::Answered) == outcome).count() as u64;
    assert_eq!((count(true), count(false)), (ledger.completed, ledger.failed));
}

#[test]
fn a_killed_pod_is_replaced_at_once_and_a_crashed_one_waits() {
    let service = ServiceId::from_index(1);
    for (kind, again) in [
        (EventKind::Kill { service, pods: 1 }, 2.0..6.0),
        (EventKind::CrashPods { service, pods: 1 }, 11.0..17.0),
    ] {
        let mut cluster = begin(quotas(), 10.0, &[(50.0, kind)]);
        run(&mut cluster, 51.5);
        assert_eq!(ready(&cluster.observe(), 1), 1, "{kind:?}");
        assert_eq!(cluster.observe().services[service].pods.len(), 2, "{kind:?}");
        let mut at = 51.5;
        while ready(&cluster.observe(), 1) < 2 {
            at += 0.5;
            assert!(at < 100.0, "{kind:?}: never ready again");
            run(&mut cluster, at);
        }
        assert!(again.contains(&(at - 50.0)), "{kind:?}: ready again after {} s", at - 50.0);
    }
}

#[test]
fn more_kills_than_pods_kill_all() {
    let kill = EventKind::Kill { service: ServiceId::from_index(0), pods: 9 };
    let mut cluster = begin(quotas(), 10.0, &[(50.0, kill)]);
    let seen = run(&mut cluster, 100.0);
    assert!(seen.iter().any(|c| c.outcome == Outcome::Failed && c.finished.0 > 50.0));
    assert_eq!(ready(&cluster.observe(), 0), 2);
}
