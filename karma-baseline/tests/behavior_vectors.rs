//! Rate limits, stabilisation and their bookkeeping answer as Kubernetes' own table tests say they do
//! (`horizontal_test.go`, 1.36.2). See `data/NOTICE.md`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use karma_baseline::hpa::{
    Behavior, Change, Policy, PolicyKind, Reason, Recommendation, ScaleEvent, ScaleHistory, ScalingRules,
    SelectPolicy, Timestamp, change_within, limit_legacy, limit_with_behavior, stabilise, stabilise_down,
    store_event,
};
use serde::Deserialize;

const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

/// Pods, their period, percent, their period, window; 0 for no such policy.
type Rules = [i32; 5];
/// A number of replicas and its age in seconds.
type Aged = (i32, u64);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Vectors {
    scaling_with_rules: Vec<RateVector>,
    normalize_with_behavior: Vec<StabiliseVector>,
    normalize_legacy: Vec<LegacyVector>,
    store_scale_events: Vec<StoreVector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RateVector {
    name: String,
    current: i32,
    desired: i32,
    min: i32,
    max: i32,
    up: Option<Rules>,
    down: Option<Rules>,
    up_events: Vec<Aged>,
    down_events: Vec<Aged>,
    replicas: i32,
    reason: Reason,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StabiliseVector {
    name: String,
    current: i32,
    desired: i32,
    up_window: u64,
    down_window: u64,
    recommendations: Vec<Aged>,
    stabilised: i32,
    log: Option<Vec<i32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LegacyVector {
    name: String,
    recommendations: Vec<Aged>,
    desired: i32,
    stabilised: i32,
    length: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreVector {
    name: String,
    before: Vec<Aged>,
    rules: Rules,
    change: i32,
    after: Vec<(i32, bool)>,
    within: i32,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("data/behavior_vectors.json")).unwrap()
}

fn seconds(seconds: i32) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap())
}

fn rules([pods, pods_period, percent, percent_period, window]: Rules) -> ScalingRules {
    let policy = |kind, value, period| Policy { kind, value, period: seconds(period) };
    let written =
        [policy(PolicyKind::Pods, pods, pods_period), policy(PolicyKind::Percent, percent, percent_period)];
    ScalingRules {
        stabilization_window: seconds(window),
        select_policy: SelectPolicy::Max,
        policies: written.into_iter().filter(|policy| policy.value != 0).collect(),
        tolerance: None,
    }
}

fn behavior(up: Option<Rules>, down: Option<Rules>) -> Behavior {
    Behavior {
        scale_up: up.map_or_else(ScalingRules::default_up, rules),
        scale_down: down.map_or_else(|| ScalingRules::default_down(Duration::from_mins(5)), rules),
    }
}

fn ago(age: u64) -> Timestamp {
    NOW.minus(Duration::from_secs(age))
}

fn events(aged: &[Aged]) -> Vec<ScaleEvent> {
    let event = |(replica_change, age): &Aged| ScaleEvent {
        replica_change: *replica_change,
        timestamp: ago(*age),
        outdated: false,
    };
    aged.iter().map(event).collect()
}

fn recommendations(aged: &[Aged]) -> Vec<Recommendation> {
    aged.iter().map(|(replicas, age)| Recommendation { replicas: *replicas, timestamp: ago(*age) }).collect()
}

#[test]
fn all_42_rate_limits_are_upstreams() {
    let vectors = vectors().scaling_with_rules;
    assert_eq!(vectors.len(), 42);
    for vector in vectors {
        let change =
            Change { current: vector.current, desired: vector.desired, min: vector.min, max: vector.max };
        let (up, down) = (events(&vector.up_events), events(&vector.down_events));
        let history = ScaleHistory { up: &up, down: &down, now: NOW };
        let got = limit_with_behavior(change, &behavior(vector.up, vector.down), &history);
        assert_eq!(got, (vector.replicas, vector.reason), "{}", vector.name);
    }
}

#[test]
fn all_11_stabilisations_are_upstreams() {
    let vectors = vectors().normalize_with_behavior;
    assert_eq!(vectors.len(), 11);
    for vector in vectors {
        let mut log = recommendations(&vector.recommendations);
        let newest = Recommendation { replicas: vector.desired, timestamp: NOW };
        let (up, down) = (Duration::from_secs(vector.up_window), Duration::from_secs(vector.down_window));
        let got = stabilise(&mut log, vector.current, newest, up, down);
        assert_eq!(got, vector.stabilised, "{}", vector.name);
        if let Some(expected) = vector.log {
            let kept: Vec<i32> = log.iter().map(|past| past.replicas).collect();
            assert_eq!(kept, expected, "{}", vector.name);
        }
    }
}

#[test]
fn all_5_stabilisations_without_behavior_are_upstreams() {
    let vectors = vectors().normalize_legacy;
    assert_eq!(vectors.len(), 5);
    for vector in vectors {
        let mut log = recommendations(&vector.recommendations);
        let newest = Recommendation { replicas: vector.desired, timestamp: NOW };
        let got = stabilise_down(&mut log, newest, Duration::from_mins(5));
        assert_eq!((got, log.len()), (vector.stabilised, vector.length), "{}", vector.name);
    }
}

#[test]
fn all_6_event_logs_are_upstreams() {
    let vectors = vectors().store_scale_events;
    assert_eq!(vectors.len(), 6);
    for vector in vectors {
        let mut log = events(&vector.before);
        assert_eq!(change_within(&log, Duration::from_mins(1), NOW), vector.within, "{}", vector.name);
        store_event(&mut log, vector.change, rules(vector.rules).longest_period(), NOW);
        let kept: Vec<(i32, bool)> = log.iter().map(|event| (event.replica_change, event.outdated)).collect();
        assert_eq!(kept, vector.after, "{}", vector.name);
    }
}

#[test]
fn limits_without_behavior_are_upstreams() {
    let limit = |current, desired, min, max| limit_legacy(Change { current, desired, min, max });
    assert_eq!(limit(5, 7, 3, 8), (7, Reason::DesiredWithinRange));
    assert_eq!(limit(3, 1, 2, 8), (2, Reason::TooFewReplicas));
    assert_eq!(limit(1, 0, 0, 10), (0, Reason::DesiredWithinRange));
    assert_eq!(limit(20, 1000, 1, 10), (10, Reason::TooManyReplicas));
    assert_eq!(limit(3, 1000, 1, 2000), (6, Reason::ScaleUpLimit));
    assert_eq!(limit(1, 1000, 1, 2000), (4, Reason::ScaleUpLimit));
    assert_eq!(limit(i32::MAX, i32::MAX, 1, i32::MAX), (i32::MAX, Reason::DesiredWithinRange));
}

#[test]
fn the_smallest_of_several_policies_binds_when_min_is_selected() {
    let history = ScaleHistory { up: &[], down: &[], now: NOW };
    let careful = ScalingRules { select_policy: SelectPolicy::Min, ..rules([2, 60, 50, 60, 300]) };
    assert_eq!(history.scale_up_limit(1, &careful), 2);
    assert_eq!(history.scale_down_limit(5, &careful), 3);
}

#[test]
fn a_disabled_direction_does_not_move() {
    let frozen = ScalingRules { select_policy: SelectPolicy::Disabled, ..rules([100, 60, 100, 60, 0]) };
    let behavior = Behavior { scale_up: frozen.clone(), scale_down: frozen };
    let history = ScaleHistory { up: &[], down: &[], now: NOW };
    let limit =
        |desired| limit_with_behavior(Change { current: 5, desired, min: 1, max: 9 }, &behavior, &history);
    assert_eq!(limit(9), (5, Reason::ScaleUpLimit));
    assert_eq!(limit(1), (5, Reason::ScaleDownLimit));
}

#[test]
fn the_worked_examples_of_percent_policies_hold() {
    let history = ScaleHistory { up: &[], down: &[], now: NOW };
    let behavior = behavior(Some([0, 0, 700, 60, 0]), None);
    let change = Change { current: 3, desired: 10, min: 1, max: 1000 };
    assert_eq!(history.scale_up_limit(3, &behavior.scale_up), 24);
    assert_eq!(limit_with_behavior(change, &behavior, &history), (10, Reason::DesiredWithinRange));
}

#[test]
fn an_event_exactly_one_period_old_no_longer_counts() {
    let log = events(&[(3, 60)]);
    assert_eq!(change_within(&log, Duration::from_mins(1), NOW), 0);
    assert_eq!(change_within(&log, Duration::from_secs(61), NOW), 3);
}

#[test]
fn a_recommendation_exactly_one_window_old_no_longer_counts_but_is_not_yet_written_over() {
    let newest = Recommendation { replicas: 9, timestamp: NOW };
    let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
    for (up, down) in [(hour, minute), (minute, hour)] {
        let mut log = recommendations(&[(5, 3600)]);
        assert_eq!(stabilise(&mut log, 7, newest, up, down), 9);
        assert_eq!(log.len(), 2);
    }
}
