use karma_core::{PerEntryPoint, Replicas};

use super::*;
use crate::trace::{TraceDecision, TraceStep, WindowHeader};

/// A front that calls a back twice for each request.
pub(crate) fn topology() -> Arc<Topology> {
    let text = r#"{ "services": {
        "front": { "cpu": 500, "ram": 256, "computation_throughput": 20, "max_replicas": 6, "initial_replicas": 2 },
        "back": { "cpu": 250, "ram": 128, "computation_throughput": 30, "max_replicas": 8, "initial_replicas": 3 } },
        "connections": [
            { "source": "INPUT", "destination": "front", "throughput": 30 },
            { "source": "front", "destination": "back", "calls": 2 } ] }"#;
    Arc::new(Topology::read(text.as_bytes()).unwrap())
}

/// All metrics of a service, as a scrape would give them.
#[expect(clippy::cast_possible_truncation, reason = "samples are single precision")]
fn scraped(desired: f32, healthy: f32, rate: f32, service: &karma_core::topology::Service) -> MetricRow {
    let mut row = MetricRow::default();
    let (failed, utilisation) = (0.0, rate / (healthy.max(1.0) * service.throughput.0 as f32));
    let pending = (utilisation - 0.8).max(0.0) * 50.0;
    let (total, errors, in_flight) = ((rate * 5.0).round(), (rate * 0.25).round(), (rate * 0.2).round());
    let cpu = utilisation * healthy * service.cpu.0 as f32;
    let samples = [
        (Metric::DesiredReplicas, desired),
        (Metric::CurrentReplicas, desired),
        (Metric::CpuUsage, cpu),
        (Metric::MemoryUsage, healthy * 60.0 + in_flight * 2.0),
        (Metric::CpuRequest, desired * service.cpu.0 as f32),
        (Metric::MemoryRequest, desired * service.memory.0 as f32),
        (Metric::PodsHealthy, healthy),
        (Metric::PodsFailed, failed),
        (Metric::NetworkIn, rate * 16.0),
        (Metric::NetworkOut, rate * 0.95 * 80.0),
        (Metric::PendingRequests, pending.round()),
        (Metric::RequestsTotal, total),
        (Metric::RequestsErrors, errors),
        (Metric::PodsHealthyRatio, healthy / desired),
        (Metric::PodsFailedRatio, 0.0),
        (Metric::ErrorRate, 0.05),
        (Metric::ReplicaUtilizationRatio, desired / service.max_replicas.0 as f32),
        (Metric::CpuUtilization, utilisation),
        (Metric::RequestRate, rate),
        (Metric::InFlight, in_flight),
        (Metric::LatencyMean, 0.02 + utilisation * 0.1),
        (Metric::PodsPending, desired - healthy - failed),
    ];
    for (metric, value) in samples {
        row.set(metric, value);
    }
    row
}

/// A state of the cluster at step `step`, with `desired` replicas of which the last started is not ready yet.
pub(crate) fn state(step: usize, desired: [f32; 2], fresh: [f32; 2]) -> State {
    let topology = topology();
    let rate = 20.0 + 10.0 * (step as f32 * 0.7).sin().round();
    let rates = [rate, 2.0 * rate];
    let services = topology.services.iter().zip(0..).map(|(service, index): (_, usize)| {
        scraped(desired[index], desired[index] - fresh[index], rates[index], service)
    });
    State {
        time: Seconds(60.0 + 15.0 * step as f64),
        age: Some(Seconds(5.0)),
        services: services.collect(),
        entry_rates: vec![Some(rate)].into(),
        resilience: Some(OperationalResilience {
            success_rate: 0.95 + 0.01 * (step % 5) as f32,
            failed_pod_ratio: 0.0,
            latency_ratio: 0.3,
            entry_point_availability: 1.0,
            traffic_ratio: 0.9,
        }),
    }
}

/// A window of `steps` transitions in which the replicas of both services go up and down, a scrape is lost and a
/// latency is not defined.
pub(crate) fn window(steps: usize) -> TraceWindow {
    let desired = |step: usize| [2.0 + (step / 3 % 3) as f32, 3.0 + (step / 4 % 4) as f32];
    let step = |step: usize| {
        let (now, before) = (desired(step), desired(step.saturating_sub(1)));
        let fresh = [0, 1].map(|service| (now[service] - before[service]).max(0.0));
        let mut state = state(step, now, fresh);
        if step == 4 {
            state.services.as_mut_slice()[1] = lost(state.services.as_slice()[1]);
        }
        if step == 6 {
            state.services.as_mut_slice()[0].clear(Metric::LatencyMean);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers")]
        let targets = desired(step + 1).map(|replicas| Replicas(replicas as u32)).to_vec();
        let decision = TraceDecision {
            targets: targets.into(),
            reasons: vec![String::new(); 2].into(),
            probability: Some(1.0),
            reward: None,
        };
        TraceStep { state, decision: (step < steps).then_some(decision) }
    };
    let header = WindowHeader {
        scenario: "made by hand".to_owned(),
        policy: "waves".to_owned(),
        seed: Some(1),
        period: Seconds(15.0),
    };
    TraceWindow { header, steps: (0..=steps).map(step).collect() }
}

/// What is left of a service's metrics when its scrape is lost.
fn lost(mut row: MetricRow) -> MetricRow {
    use karma_core::metric::Absence;
    Metric::ALL.iter().filter(|m| m.absence() != Absence::Never).for_each(|metric| row.clear(*metric));
    row
}

pub(crate) fn table() -> ClusterTable {
    ClusterTable::fit(topology(), &[window(20)]).unwrap()
}

#[test]
fn a_state_comes_back_from_its_row_with_all_its_metrics() {
    let table = table();
    for step in &window(20).steps {
        let row = table.row_of(&step.state);
        let back = table.state_of(&row, step.state.time, step.state.age);
        assert_eq!(back.resilience, step.state.resilience);
        for (id, metrics) in back.services.iter_enumerated() {
            for metric in Metric::ALL {
                let (expected, found) = (step.state.get(id, *metric), metrics.get(*metric));
                let near = match (expected, found) {
                    (Some(expected), Some(found)) => {
                        // Counts come back from a mean error rate and rounded, so within one.
                        let slack = if *metric == Metric::RequestsErrors { 1.0 } else { 0.0 };
                        (expected - found).abs() <= 1e-3 * expected.abs() + slack
                    }
                    (None, None) => true,
                    _ => false,
                };
                assert!(near, "{}: {expected:?} came back as {found:?}", metric.name());
            }
        }
    }
}

#[test]
fn what_is_missing_stays_missing_both_ways() {
    let table = table();
    let nothing = State {
        time: Seconds(0.0),
        age: None,
        services: vec![MetricRow::default(); 2].into(),
        entry_rates: PerEntryPoint::filled(None, 1),
        resilience: None,
    };
    let row = table.row_of(&nothing);
    assert!(row.iter().all(|value| value.is_nan()), "{row:?}");
    assert_eq!(table.state_of(&row, Seconds(0.0), None), nothing);
}

#[test]
fn without_traces_no_constant_is_invented() {
    let constants = PerService::filled(ServiceConstants::default(), 2);
    let table = ClusterTable::new(topology(), constants).unwrap();
    let state = state(1, [2.0, 3.0], [0.0, 0.0]);
    let back = table.state_of(&table.row_of(&state), state.time, state.age);
    let front = back.services.as_slice()[0];
    assert_eq!(front.get(Metric::NetworkIn), None);
    assert_eq!(front.get(Metric::MemoryUsage), None);
    assert_eq!(front.get(Metric::CurrentReplicas), Some(2.0));
}

#[test]
fn the_fitted_constants_are_those_of_the_traces() {
    let constants = *table().constants().as_slice().first().unwrap();
    let near = |found: Option<f32>, expected: f32| (found.unwrap() / expected - 1.0).abs() < 0.02;
    assert!(near(constants.scrape_seconds, 5.0));
    assert!(near(constants.request_kilobits, 16.0));
    assert!(near(constants.answer_kilobits, 80.0));
    assert!(near(constants.pod_millicores, 500.0));
    assert!(near(constants.pod_mebibytes, 60.0));
    assert!(near(constants.request_mebibytes, 2.0));
}

#[test]
fn the_columns_stand_where_the_layout_says() {
    let table = table();
    let at = |name: &str| table.schema().position(name).unwrap();
    let [front, back] = [table.layout().services[0], table.layout().services[1]];
    assert_eq!(at("front.pods_healthy"), front.healthy);
    assert_eq!(at("front.in_flight"), front.in_flight);
    assert_eq!((front.rate, back.rate), (None, Some(at("back.request_rate"))));
    assert_eq!(at("back.latency_mean"), back.latency);
    assert_eq!(at("resilience.success_rate"), table.layout().terms);
    assert_eq!(at("back.desired_replicas"), back.desired);
    assert_eq!(at("entry_rate_0"), table.layout().exogenous);
}

#[test]
fn a_state_of_another_topology_is_named() {
    let mut other = window(3);
    other.steps[2].state.services = vec![MetricRow::default(); 5].into();
    let refused = table().table_of(&[window(3), other]).unwrap_err().to_string();
    assert_eq!(
        refused,
        "window 1, step 2: the state has (5, 1) services and entry points, the topology has (2, 1)"
    );
    assert!(ClusterTable::new(topology(), PerService::default()).is_err());
}
