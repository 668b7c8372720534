//! Laws that hold for every input.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use karma_baseline::hpa::{
    BehaviorParams, Change, ConditionStatus, ContainerRequests, ControllerConfig, HpaConfig, HpaParams,
    HpaState, PodFacts, PodMetric, PodMetrics, PodPhase, Quantity, Reading, ReadyCondition, Recommendation,
    ReplicaCalculator, Requests, ResourceName, ResourceTarget, ScaleEvent, ScaleHistory, ScaleTarget,
    ScalingRulesParams, Tick, Timestamp, ValueTarget, limit_with_behavior, normalise, reconcile_and_record,
    stabilise,
};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);
const DOWN_WINDOW: Duration = Duration::from_mins(5);

fn pod(index: usize, phase: PodPhase, ready: ConditionStatus, request: i64) -> PodFacts {
    let requests = Requests::from([(ResourceName::Cpu, request)]);
    PodFacts {
        name: format!("pod-{index}"),
        phase,
        deleting: false,
        started_at: Some(NOW.minus(Duration::from_mins(10))),
        ready: Some(ReadyCondition { status: ready, last_transition: NOW.minus(Duration::from_secs(590)) }),
        containers: vec![ContainerRequests { name: "main".to_owned(), requests }],
        pod_requests: None,
    }
}

fn sample(value: i64) -> PodMetric {
    PodMetric { value, timestamp: NOW, window: Duration::from_secs(15) }
}

/// A pod: whether it is pending, ready, and sampled.
fn any_pod() -> impl Strategy<Value = (bool, bool, bool)> {
    (prop::bool::weighted(0.1), prop::bool::weighted(0.9), prop::bool::weighted(0.8))
}

/// As many pods as are asked for, all using the same.
fn proposal(pods: &[(bool, bool, bool)], usage: i64, percent: i32) -> Option<i32> {
    let fact = |(index, (pending, ready, _)): (usize, &(bool, bool, bool))| {
        let phase = if *pending { PodPhase::Pending } else { PodPhase::Running };
        pod(index, phase, if *ready { ConditionStatus::True } else { ConditionStatus::False }, 1000)
    };
    let facts: Vec<PodFacts> = pods.iter().enumerate().map(fact).collect();
    let sampled = pods.iter().enumerate().filter(|(_, (_, _, sampled))| *sampled);
    let metrics: PodMetrics = sampled.map(|(index, _)| (format!("pod-{index}"), sample(usage))).collect();
    let count = i32::try_from(pods.len()).unwrap();
    let target = ScaleTarget { spec_replicas: count, status_replicas: count, pods: &facts };
    let calculator = ReplicaCalculator::new(target, NOW);
    let answer =
        calculator.resource(&metrics, &ResourceName::Cpu, None, ResourceTarget::Utilization(percent));
    answer.ok().map(|proposal| proposal.replicas)
}

fn history() -> impl Strategy<Value = Vec<ScaleEvent>> {
    let event =
        |(replica_change, age)| ScaleEvent { replica_change, timestamp: NOW.minus(age), outdated: false };
    prop::collection::vec((1..30, (0_u64..90).prop_map(Duration::from_secs)).prop_map(event), 0..5)
}

fn log() -> impl Strategy<Value = Vec<Recommendation>> {
    let past = |(replicas, age)| Recommendation { replicas, timestamp: NOW.minus(Duration::from_secs(age)) };
    prop::collection::vec((0..40, 0_u64..900).prop_map(past), 0..8)
}

fn config(min: i32, max: i32, behavior: Option<BehaviorParams>) -> HpaConfig {
    let params = HpaParams {
        scale_target_ref: None,
        min_replicas: Some(min),
        max_replicas: max,
        metrics: Vec::new(),
        behavior,
    };
    params.check(ControllerConfig::default()).unwrap()
}

fn window(seconds: i32) -> ScalingRulesParams {
    ScalingRulesParams { stabilization_window_seconds: Some(seconds), ..ScalingRulesParams::default() }
}

fn behavior() -> impl Strategy<Value = Option<BehaviorParams>> {
    let written = |(up, down)| BehaviorParams { scale_up: Some(window(up)), scale_down: Some(window(down)) };
    prop::option::of((0..600, 0..600).prop_map(written))
}

proptest! {
    #[test]
    fn inside_the_tolerance_nothing_moves(count in 1_usize..12, usage in 900_i64..=1100) {
        prop_assert_eq!(proposal(&vec![(false, true, true); count], usage, 100), Some(i32::try_from(count).unwrap()));
    }

    /// With as many pods as asked for: during a rolling update the rule itself is not monotone.
    #[test]
    fn more_load_never_asks_for_fewer_replicas(
        pods in prop::collection::vec(any_pod(), 1..12), usage in 0_i64..5000, more in 0_i64..5000, percent in 20..200,
    ) {
        let (less, more) = (proposal(&pods, usage, percent), proposal(&pods, usage + more, percent));
        prop_assert!(less <= more, "{:?} > {:?}", less, more);
    }

    #[test]
    fn pods_that_cannot_be_asked_never_turn_the_answer_round(
        pods in prop::collection::vec(any_pod(), 1..12), usage in 0_i64..5000, percent in 20..200,
    ) {
        let count = i32::try_from(pods.len()).unwrap();
        if let Some(replicas) = proposal(&pods, usage, percent) {
            let ratio = usage as f64 / 10.0 / f64::from(percent);
            prop_assert!(ratio > 1.0 || replicas <= count, "{replicas} of {count} at {ratio}");
            prop_assert!(ratio < 1.0 || replicas >= count, "{replicas} of {count} at {ratio}");
        }
    }

    #[test]
    fn the_bounds_always_hold(
        min in 1..20, span in 0..20, offset in 0..20, wanted: i32, behavior in behavior(), log in log(),
        up in history(), down in history(),
    ) {
        let (max, current) = (min + span, min + offset % (span + 1));
        let mut state = HpaState {
            recommendations: log, scale_up_events: up, scale_down_events: down, ..HpaState::default()
        };
        let replicas = normalise(&config(min, max, behavior), &mut state, current, wanted, NOW);
        prop_assert!((min..=max).contains(&replicas), "{replicas} outside [{min}, {max}]");
    }

    #[test]
    fn the_rate_limit_is_respected(
        current in 1..50, desired in 0..200, up in history(), down in history(),
    ) {
        let change = Change { current, desired, min: 1, max: 1000 };
        let history = ScaleHistory { up: &up, down: &down, now: NOW };
        let rules = BehaviorParams::default().check(DOWN_WINDOW).unwrap();
        let (replicas, _) = limit_with_behavior(change, &rules, &history);
        let most = history.scale_up_limit(current, &rules.scale_up).max(current);
        prop_assert!(replicas <= most && replicas >= desired.min(current), "{replicas}, at most {most}");
    }

    #[test]
    fn stabilisation_with_an_empty_history_changes_nothing(current in 0..50, desired in 0..50, up in 0_u64..900, down in 0_u64..900) {
        let newest = Recommendation { replicas: desired, timestamp: NOW };
        let got = stabilise(&mut Vec::new(), current, newest, Duration::from_secs(up), Duration::from_secs(down));
        prop_assert_eq!(got, desired);
    }

    #[test]
    fn stabilisation_stays_between_what_is_and_what_is_wanted(
        mut log in log(), current in 0..50, desired in 0..50, up in 0_u64..900, down in 0_u64..900,
    ) {
        let newest = Recommendation { replicas: desired, timestamp: NOW };
        let got = stabilise(&mut log, current, newest, Duration::from_secs(up), Duration::from_secs(down));
        prop_assert!((current.min(desired)..=current.max(desired)).contains(&got));
    }

    #[test]
    fn the_memory_does_not_grow_for_ever(behavior in behavior(), wants in prop::collection::vec(0_i64..40_000, 400)) {
        let config = config_on_queue(behavior);
        let (mut state, mut replicas) = (HpaState::default(), 3);
        for (index, queue) in (0_i64..).zip(wants) {
            let target = ScaleTarget { spec_replicas: replicas, status_replicas: replicas, pods: &[] };
            let now = Timestamp::from_millis(15_000 * index);
            let tick = Tick { target, readings: &[Reading::Series(vec![queue])], now };
            replicas = reconcile_and_record(&config, &mut state, &tick).desired_replicas;
        }
        prop_assert!(state.recommendations.len() <= 600 / 15 + 3, "{} entries", state.recommendations.len());
        prop_assert!(state.scale_up_events.len() + state.scale_down_events.len() <= 6);
    }

    #[test]
    fn no_number_makes_it_panic(
        values in prop::collection::vec(any::<i64>(), 1..6), request: i64, spec: i32, status: i32,
        percent in 1..=i32::MAX, average in 1..=i64::MAX,
    ) {
        let facts: Vec<PodFacts> =
            (0..values.len()).map(|index| pod(index, PodPhase::Running, ConditionStatus::True, request)).collect();
        let metrics: PodMetrics =
            values.iter().enumerate().map(|(index, value)| (format!("pod-{}", index + 1), sample(*value))).collect();
        let target = ScaleTarget { spec_replicas: spec, status_replicas: status, pods: &facts };
        let calculator = ReplicaCalculator::new(target, NOW);
        let utilization = ResourceTarget::Utilization(percent);
        let answers = [
            calculator.resource(&metrics, &ResourceName::Cpu, None, utilization),
            calculator.pods(&metrics, average),
            calculator.object(values[0], ValueTarget::Value(average)),
            calculator.object(values[0], ValueTarget::AverageValue(average)),
            calculator.external(&values, ValueTarget::Value(average)),
            calculator.external(&values, ValueTarget::AverageValue(average)),
        ];
        for proposal in answers.into_iter().flatten() {
            let mut state = HpaState::default();
            let replicas = normalise(&config(1, i32::MAX, None), &mut state, spec, proposal.replicas, NOW);
            prop_assert!(replicas >= 1);
        }
    }

    #[test]
    fn a_quantity_reads_back_as_written(milli: i64) {
        let quantity = Quantity::from_milli(milli);
        prop_assert_eq!(quantity.to_string().parse::<Quantity>(), Ok(quantity));
        prop_assert_eq!(quantity.milli_value(), milli);
    }

    #[test]
    fn no_text_makes_the_quantity_reader_panic(text in "[-+]?[0-9.]{0,40}([a-zA-Z0-9+-]{0,12})") {
        if let Ok(quantity) = text.parse::<Quantity>() {
            prop_assert!(quantity.as_f64().is_finite());
        }
    }
}

fn config_on_queue(behavior: Option<BehaviorParams>) -> HpaConfig {
    let manifest = r#"{
        "maxReplicas": 40,
        "metrics": [{
            "type": "External",
            "external": { "metric": { "name": "queue" }, "target": { "type": "AverageValue", "averageValue": 1 } }
        }]
    }"#;
    let params = HpaParams { behavior, ..serde_json::from_str(manifest).unwrap() };
    params.check(ControllerConfig::default()).unwrap()
}
