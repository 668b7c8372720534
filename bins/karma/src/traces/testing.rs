//! Small traces for tests.

use karma_core::{Metric, MetricRow, OperationalResilience, Replicas, Seconds, State};
use karma_twin::trace::{TraceDecision, TraceStep, TraceWindow, Traces, WindowHeader};

/// A step of two services and one entry point, every other with gaps and without a decision.
pub(super) fn step(number: u16) -> TraceStep {
    let mut row = MetricRow::default();
    for (place, metric) in Metric::ALL.iter().enumerate().skip(usize::from(number % 5)) {
        row.set(*metric, f32::from(number) * 0.1 + place as f32);
    }
    let decided = number.is_multiple_of(2);
    TraceStep {
        state: State {
            time: Seconds(f64::from(number) * 15.1),
            age: decided.then_some(Seconds(5.3)),
            services: vec![row, MetricRow::default()].into(),
            entry_rates: vec![decided.then_some(40.7)].into(),
            resilience: decided
                .then_some(OperationalResilience { success_rate: 0.3, ..OperationalResilience::PERFECT }),
        },
        decision: decided.then(|| TraceDecision {
            targets: vec![Replicas(3), Replicas(u32::MAX)].into(),
            reasons: vec!["bottleneck: queue, \"long\"".to_owned(), String::new()].into(),
            probability: Some(0.1),
            reward: Some(-0.7),
        }),
    }
}

/// A window of so many steps.
pub(super) fn window(seed: Option<u64>, steps: u16) -> TraceWindow {
    let header =
        WindowHeader { scenario: "ddos".to_owned(), policy: "hpa".to_owned(), seed, period: Seconds(15.1) };
    TraceWindow { header, steps: (0..steps).map(step).collect() }
}

/// Traces of two windows.
pub(super) fn traces() -> Traces {
    let services = vec!["api".to_owned(), "auth".to_owned()];
    Traces::new(services.into(), [window(Some(u64::MAX), 5), window(None, 2)]).unwrap()
}
