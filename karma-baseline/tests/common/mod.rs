//! A cluster on paper: two services whose pods share a load evenly and start at once.

use karma_core::{
    Autoscaler, EntryPointSnapshot, Id as _, Metric, MetricRow, PodPhase, PodSample, PodSnapshot, Replicas,
    Seconds, SeedTree, ServiceId, ServiceSnapshot, Snapshot, Topology,
};

/// `web` calls `orders` twice per request; a pod of `web` completes 100 requests per second, one of `orders` 50.
pub(crate) fn topology() -> Topology {
    let text = r#"{
        "services": {
            "web": { "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 10 },
            "orders": { "cpu": 1000, "ram": 512, "computation_throughput": 50, "min_replicas": 2, "max_replicas": 20 }
        },
        "connections": [{ "source": "web", "destination": "orders", "calls": 2 }]
    }"#;
    Topology::read(text.as_bytes()).unwrap()
}

pub(crate) fn web() -> ServiceId {
    ServiceId::from_index(0)
}

pub(crate) fn orders() -> ServiceId {
    ServiceId::from_index(1)
}

/// A pod that has run for an hour and uses so many milli-cores.
pub(crate) fn pod(id: u64, time: f64, cpu: Option<f32>) -> PodSnapshot {
    let sample = |value| PodSample { value, at: Seconds(time), window: Seconds(5.0) };
    PodSnapshot {
        id,
        phase: PodPhase::Running,
        node: None,
        ready: Some(true),
        started_at: Some(Seconds(time - 3600.0)),
        ready_changed_at: Some(Seconds(time - 3590.0)),
        deleting: false,
        crash_looping: false,
        restarts: 0,
        cpu: cpu.map(sample),
        memory: Some(sample(100.0)),
    }
}

/// A service with so many pods, each using so much of its CPU request.
pub(crate) fn service(time: f64, replicas: u32, request: f32, utilization: Option<f32>) -> ServiceSnapshot {
    let mut metrics = MetricRow::default();
    if let Some(utilization) = utilization {
        metrics.set(Metric::CpuUtilization, utilization);
    }
    let cpu = utilization.map(|utilization| utilization * request);
    let pods = (0..u64::from(replicas)).map(|id| pod(id, time, cpu)).collect();
    ServiceSnapshot { desired: Replicas(replicas), metrics, pods }
}

/// Both services, with their replicas and utilisations.
pub(crate) fn snapshot(time: f64, replicas: [u32; 2], utilization: [Option<f32>; 2]) -> Snapshot {
    let services = vec![
        service(time, replicas[0], 500.0, utilization[0]),
        service(time, replicas[1], 1000.0, utilization[1]),
    ];
    Snapshot {
        time: Seconds(time),
        scraped_at: Some(Seconds(time)),
        services: services.into(),
        entry_points: vec![EntryPointSnapshot { request_rate: Some(120.0), available: true }].into(),
        nodes: Vec::new(),
        resilience: None,
    }
}

/// Snapshots with everything that can go wrong: before the first scrape, gaps, extremes, wrong shapes.
pub(crate) fn awkward_snapshots() -> Vec<Snapshot> {
    let mut boundless = snapshot(30.0, [3, 0], [Some(0.0), Some(9.0)]);
    boundless.services[web()].desired = Replicas(u32::MAX);
    let mut pending = snapshot(45.0, [3, 3], [Some(0.9), Some(0.2)]);
    pending.services[web()].pods[0] = PodSnapshot {
        phase: PodPhase::Pending,
        ready: None,
        started_at: None,
        ready_changed_at: None,
        cpu: None,
        ..pod(0, 45.0, None)
    };
    let mut hostile = snapshot(60.0, [1, 2], [Some(f32::MAX), Some(-5.0)]);
    hostile.services[web()].pods.iter_mut().for_each(|pod| {
        pod.cpu = Some(PodSample { value: f32::NAN, at: Seconds(f64::NAN), window: Seconds(-1.0) });
    });
    vec![
        Snapshot { scraped_at: None, ..snapshot(0.0, [0, 0], [None, None]) },
        snapshot(15.0, [1, 2], [Some(0.95), None]),
        boundless,
        pending,
        hostile,
        Snapshot {
            services: Vec::new().into(),
            entry_points: Vec::new().into(),
            ..snapshot(75.0, [1, 1], [None, None])
        },
        snapshot(f64::NAN, [2, 2], [Some(0.5), Some(0.5)]),
    ]
}

/// Replicas and reason of one service.
pub(crate) fn decide(scaler: &mut impl Autoscaler, snapshot: &Snapshot, service: ServiceId) -> (u32, String) {
    let decision = scaler.decide(snapshot, &mut SeedTree::new(1).rng());
    let target = &decision.targets[service];
    (target.replicas.get(), target.reason.to_string())
}
