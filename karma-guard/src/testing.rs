//! A small topology and states of it.

use karma_core::{Metric, MetricRow, Seconds, State, Topology};

/// Samples of one service.
pub(crate) type Sample<'a> = &'a [(Metric, f32)];

/// Two services in a chain: `api` (100/s a replica, critical, 1 to 8) calls `db` (50/s a replica, low, 2 to 9); 100/s
/// are nominal.
pub(crate) fn chain() -> Topology {
    let text = r#"{
        "services": {
            "api": { "cpu": 500, "ram": 512, "computation_throughput": 100, "priority": "critical" },
            "db": { "cpu": 1000, "ram": 2048, "computation_throughput": 50, "priority": "low",
                    "min_replicas": 2, "max_replicas": 9, "startup_seconds": 10 } },
        "connections": [
            { "source": "INPUT", "destination": "api", "throughput": 100 },
            { "source": "api", "destination": "db" } ] }"#;
    Topology::read(text.as_bytes()).unwrap()
}

/// A state of services with these samples, two seconds old.
pub(crate) fn state(time: f64, services: &[Sample<'_>]) -> State {
    let row = |samples: &Sample<'_>| {
        let mut row = MetricRow::default();
        samples.iter().for_each(|(metric, value)| row.set(*metric, *value));
        row
    };
    State {
        time: Seconds(time),
        age: Some(Seconds(2.0)),
        services: services.iter().map(row).collect(),
        entry_rates: vec![None].into(),
        resilience: None,
    }
}

/// A state in which all pods of both services are ready and requests arrive at `rate`.
pub(crate) fn calm(time: f64, replicas: [u32; 2], rate: f32) -> State {
    let service = |replicas: u32| {
        let count = replicas as f32;
        [(Metric::DesiredReplicas, count), (Metric::PodsHealthy, count), (Metric::RequestRate, rate)]
    };
    state(time, &[&service(replicas[0]), &service(replicas[1])])
}
