//! Stories of single ticks: what blocks, what moves, and what is remembered.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use karma_baseline::hpa::{
    ConditionType, ControllerConfig, HpaConfig, HpaParams, HpaState, MetricError, Reading, Reason,
    Reconciliation, RescaleReason, ScaleTarget, Tick, Timestamp, reconcile, reconcile_and_record,
};

/// Scales on two external queues, one request per replica each.
fn two_queues(min: i32, max: i32, behavior: &str) -> HpaConfig {
    let queue = |name: &str| {
        format!(
            r#"{{ "type": "External", "external": {{
                "metric": {{ "name": "{name}" }}, "target": {{ "type": "AverageValue", "averageValue": 1 }} }} }}"#
        )
    };
    let manifest = format!(
        r#"{{ "minReplicas": {min}, "maxReplicas": {max}, "metrics": [{}, {}]{behavior} }}"#,
        queue("orders"),
        queue("mails")
    );
    let params: HpaParams = serde_json::from_str(&manifest).unwrap();
    params.check(ControllerConfig { scale_to_zero: true, ..ControllerConfig::default() }).unwrap()
}

const WITH_BEHAVIOR: &str = r#", "behavior": { "scaleDown": { "stabilizationWindowSeconds": 0 } }"#;

fn requests(count: i64) -> Reading {
    Reading::Series(vec![count * 1000])
}

fn lost() -> Reading {
    Reading::Unavailable("connection refused".to_owned())
}

fn tick(
    config: &HpaConfig,
    state: &mut HpaState,
    replicas: i32,
    readings: &[Reading],
    second: i64,
) -> Reconciliation {
    let target = ScaleTarget { spec_replicas: replicas, status_replicas: replicas, pods: &[] };
    let tick = Tick { target, readings, now: Timestamp::from_millis(second * 1000) };
    reconcile_and_record(config, state, &tick)
}

#[test]
fn the_largest_proposal_wins_and_is_named() {
    let config = two_queues(1, 10, WITH_BEHAVIOR);
    let decided = tick(&config, &mut HpaState::default(), 3, &[requests(4), requests(6)], 0);
    assert_eq!((decided.desired_replicas, decided.recommendation), (6, Some(6)));
    let metric = "external metric mails".to_owned();
    assert_eq!(decided.rescale, Some(RescaleReason::AboveTarget { metric }));
}

#[test]
fn a_failing_metric_blocks_the_way_down() {
    let (config, mut state) = (two_queues(1, 10, WITH_BEHAVIOR), HpaState::default());
    let decided = tick(&config, &mut state, 5, &[requests(3), lost()], 0);
    assert_eq!((decided.desired_replicas, decided.rescale, decided.recommendation), (5, None, None));
    assert_eq!(state.conditions.reason(ConditionType::ScalingActive), Some(Reason::FailedGetExternalMetric));
    assert!(!state.conditions.holds(ConditionType::ScalingActive));
    let error = decided.error.unwrap().to_string();
    assert_eq!(error, "1 of 2 metrics gave no replica count; the first: no samples: connection refused");
}

#[test]
fn a_failing_metric_does_not_block_the_way_up() {
    let (config, mut state) = (two_queues(1, 10, WITH_BEHAVIOR), HpaState::default());
    let decided = tick(&config, &mut state, 5, &[lost(), requests(8)], 0);
    assert_eq!((decided.desired_replicas, decided.error.unwrap().invalid), (8, 1));
    assert!(state.conditions.holds(ConditionType::ScalingActive));
}

#[test]
fn without_any_reading_it_holds_and_forgets_nothing() {
    let (config, mut state) = (two_queues(1, 10, WITH_BEHAVIOR), HpaState::default());
    tick(&config, &mut state, 5, &[requests(8), requests(8)], 0);
    let recommendations = state.recommendations.clone();
    let decided = tick(&config, &mut state, 8, &[], 15);
    assert_eq!((decided.desired_replicas, decided.error.unwrap().invalid), (8, 2));
    assert_eq!(state.recommendations, recommendations);
}

#[test]
fn a_reading_of_another_kind_is_an_error_that_names_the_metric() {
    let config = two_queues(1, 10, "");
    let decided = tick(&config, &mut HpaState::default(), 5, &[Reading::Value(1), requests(5)], 0);
    let metric = "external metric orders".to_owned();
    assert_eq!(decided.proposals[0], Err(MetricError::WrongReading { metric }));
}

#[test]
fn replicas_outside_of_the_bounds_are_brought_back_without_a_look_at_metrics() {
    let config = two_queues(2, 4, WITH_BEHAVIOR);
    let above = tick(&config, &mut HpaState::default(), 9, &[requests(9), requests(9)], 0);
    assert_eq!((above.desired_replicas, above.rescale), (4, Some(RescaleReason::AboveMaxReplicas)));
    assert!(above.proposals.is_empty());
    let below = tick(&config, &mut HpaState::default(), 1, &[lost(), lost()], 0);
    assert_eq!((below.desired_replicas, below.rescale), (2, Some(RescaleReason::BelowMinReplicas)));
}

#[test]
fn zero_replicas_set_by_hand_pause_the_autoscaler() {
    let (config, mut state) = (two_queues(0, 10, WITH_BEHAVIOR), HpaState::default());
    let decided = tick(&config, &mut state, 0, &[requests(8), requests(8)], 0);
    assert_eq!((decided.desired_replicas, decided.rescale), (0, None));
    assert_eq!(state.conditions.reason(ConditionType::ScalingActive), Some(Reason::ScalingDisabled));
}

#[test]
fn an_autoscaler_that_went_to_zero_comes_back() {
    let (config, mut state) = (two_queues(0, 10, WITH_BEHAVIOR), HpaState::default());
    assert_eq!(tick(&config, &mut state, 1, &[requests(0), requests(0)], 0).desired_replicas, 0);
    assert!(state.conditions.holds(ConditionType::ScaledToZero));
    assert_eq!(tick(&config, &mut state, 0, &[requests(0), requests(0)], 15).desired_replicas, 0);
    assert_eq!(tick(&config, &mut state, 0, &[requests(2), requests(0)], 30).desired_replicas, 2);
    assert!(!state.conditions.holds(ConditionType::ScaledToZero));
}

#[test]
fn raised_bounds_bring_it_back_from_zero() {
    let mut state = HpaState::default();
    tick(&two_queues(0, 10, WITH_BEHAVIOR), &mut state, 1, &[requests(0), requests(0)], 0);
    let decided = tick(&two_queues(3, 10, WITH_BEHAVIOR), &mut state, 0, &[requests(0), requests(0)], 15);
    assert_eq!((decided.desired_replicas, decided.rescale), (3, Some(RescaleReason::BelowMinReplicas)));
}

#[test]
fn back_from_zero_the_load_decides_within_the_rate_limit() {
    let mut state = HpaState::default();
    tick(&two_queues(0, 10, WITH_BEHAVIOR), &mut state, 1, &[requests(0), requests(0)], 0);
    let decided = tick(&two_queues(3, 10, WITH_BEHAVIOR), &mut state, 0, &[requests(9), requests(0)], 15);
    assert_eq!(decided.desired_replicas, 4, "four pods per 15 s");
    assert_eq!(state.conditions.reason(ConditionType::ScalingLimited), Some(Reason::ScaleUpLimit));
}

#[test]
fn a_trough_is_waited_out_and_a_peak_is_followed() {
    let (config, mut state) = (two_queues(1, 10, ""), HpaState::default());
    assert_eq!(tick(&config, &mut state, 5, &[requests(8), requests(1)], 0).desired_replicas, 8);
    assert_eq!(tick(&config, &mut state, 8, &[requests(2), requests(1)], 15).desired_replicas, 8);
    assert_eq!(state.conditions.reason(ConditionType::AbleToScale), Some(Reason::ScaleDownStabilized));
    assert_eq!(tick(&config, &mut state, 8, &[requests(2), requests(1)], 300).desired_replicas, 8);
    assert_eq!(tick(&config, &mut state, 8, &[requests(2), requests(1)], 301).desired_replicas, 2);
}

#[test]
fn rescales_are_remembered_only_where_a_behavior_needs_them_and_only_once_done() {
    let with = two_queues(1, 10, WITH_BEHAVIOR);
    let mut state = HpaState::default();
    let target = ScaleTarget { spec_replicas: 2, status_replicas: 2, pods: &[] };
    let readings = [requests(6), requests(6)];
    let now = Timestamp::from_millis(0);
    let decided = reconcile(&with, &mut state, &Tick { target, readings: &readings, now });
    assert_eq!((decided.desired_replicas, state.scale_up_events.len()), (6, 0));
    state.record_rescale_failure("conflict", now);
    assert_eq!(state.conditions.reason(ConditionType::AbleToScale), Some(Reason::FailedUpdateScale));
    state.record_rescale(&with, 2, 6, now);
    assert_eq!((state.scale_up_events[0].replica_change, state.last_scale_time), (4, Some(now)));

    let mut forgetful = HpaState::default();
    tick(&two_queues(1, 10, ""), &mut forgetful, 2, &readings, 0);
    assert_eq!(forgetful.scale_up_events.len(), 0);
}

#[test]
fn the_same_ticks_give_the_same_memory() {
    let config = two_queues(1, 10, WITH_BEHAVIOR);
    let run = || {
        let mut state = HpaState::default();
        (0..9).for_each(|k| drop(tick(&config, &mut state, 5, &[requests(k), requests(9 - k)], 15 * k)));
        state
    };
    assert_eq!(run(), run());
}
