//! Small traces for tests.

use karma_core::{Metric, MetricRow, OperationalResilience, PerService, Replicas, Seconds, State};
use proptest::prelude::*;

use super::{TraceDecision, TraceStep, TraceWindow, Traces, WindowHeader};

/// Two services.
pub(super) fn services() -> PerService<String> {
    vec!["api".to_owned(), "auth, \"new\"".to_owned()].into()
}

/// A step of two services and one entry point, with gaps.
pub(super) fn step(time: f64) -> TraceStep {
    let mut row = MetricRow::default();
    row.set(Metric::DesiredReplicas, 2.0);
    row.set(Metric::CpuUsage, 123.4);
    TraceStep {
        state: State {
            time: Seconds(time),
            age: Some(Seconds(5.0)),
            services: vec![row; 2].into(),
            entry_rates: vec![Some(40.5)].into(),
            resilience: Some(OperationalResilience::PERFECT),
        },
        decision: Some(TraceDecision {
            targets: vec![Replicas(3), Replicas(1)].into(),
            reasons: vec!["bottleneck".to_owned(), String::new()].into(),
            probability: Some(0.25),
            reward: Some(0.9),
        }),
    }
}

/// A window of so many steps, 15 seconds apart.
pub(super) fn window(steps: u32) -> TraceWindow {
    TraceWindow {
        header: WindowHeader {
            scenario: "ddos".to_owned(),
            policy: "hpa".to_owned(),
            seed: Some(u64::MAX),
            period: Seconds(15.0),
        },
        steps: (0..steps).map(|number| step(f64::from(number) * 15.0)).collect(),
    }
}

/// Any traces of two services and so many entry points.
pub(super) fn any_traces() -> impl Strategy<Value = Traces> {
    (0..3usize).prop_flat_map(|entry_points| {
        prop::collection::vec(any_window(entry_points), 1..4)
            .prop_map(|windows| Traces::new(services(), windows).unwrap())
    })
}

fn any_window(entry_points: usize) -> impl Strategy<Value = TraceWindow> {
    let header = (".{0,8}", "[a-z]{0,4}", any::<Option<u64>>(), 0.001..1e6);
    let steps = prop::collection::vec((0.001..1e9, any_step(entry_points)), 1..5);
    (header, steps).prop_map(|((scenario, policy, seed, period), steps)| {
        let mut now = -1e9;
        let steps = steps.into_iter().map(|(passed, mut step): (f64, TraceStep)| {
            now += passed;
            step.state.time = Seconds(now);
            step
        });
        let steps = steps.collect();
        TraceWindow { header: WindowHeader { scenario, policy, seed, period: Seconds(period) }, steps }
    })
}

fn sample() -> impl Strategy<Value = Option<f32>> {
    prop::option::of(prop_oneof![Just(0.0), 0.0..1e3f32, (0..=f32::MAX.to_bits()).prop_map(f32::from_bits)])
}

fn any_step(entry_points: usize) -> impl Strategy<Value = TraceStep> {
    let row = prop::collection::vec(sample(), Metric::COUNT).prop_map(MetricRow::from);
    let state = (
        prop::option::of(0.0..1e9),
        prop::collection::vec(row, 2),
        prop::collection::vec(sample(), entry_points),
        prop::option::of(prop::array::uniform5(0.0..=1.0f32)),
    );
    (state, prop::option::of(any_decision())).prop_map(|((age, rows, rates, terms), decision)| TraceStep {
        state: State {
            time: Seconds(0.0),
            age: age.map(Seconds),
            services: rows.into(),
            entry_rates: rates.into(),
            resilience: terms.map(|terms| OperationalResilience {
                success_rate: terms[0],
                failed_pod_ratio: terms[1],
                latency_ratio: terms[2],
                entry_point_availability: terms[3],
                traffic_ratio: terms[4],
            }),
        },
        decision,
    })
}

fn any_decision() -> impl Strategy<Value = TraceDecision> {
    let targets = prop::collection::vec(any::<u32>(), 2);
    let reasons = prop::collection::vec(".{0,6}", 2);
    let probability = prop::option::of(0.0..=1.0f64);
    let reward = prop::option::of(-1e9..1e9f32);
    (targets, reasons, probability, reward).prop_map(|(targets, reasons, probability, reward)| {
        TraceDecision {
            targets: targets.into_iter().map(Replicas).collect(),
            reasons: reasons.into_iter().collect(),
            probability,
            reward,
        }
    })
}
