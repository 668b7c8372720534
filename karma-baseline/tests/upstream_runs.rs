//! Tick by tick, the autoscaler decides, remembers and says what Kubernetes 1.36.2 does.
//!
//! `data/upstream_runs.jsonl` holds random scenarios (all kinds of metrics, behaviors, pods and gaps) with what the
//! upstream controller, run on them with a stopped clock, decided at each tick: replicas, measurements, conditions
//! with their transition times, and its whole memory. See `data/NOTICE.md`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::time::Duration;

use karma_baseline::hpa::{
    Condition, ConditionStatus, ContainerRequests, ControllerParams, HpaConfig, HpaParams, HpaState,
    MetricSource, PodFacts, PodMetric, PodPhase, Reading, ReadyCondition, Reconciliation, Requests,
    ResourceName, ScaleEvent, ScaleTarget, Tick, Timestamp, reconcile_and_record,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    controller: ControllerParams,
    spec: HpaParams,
    ticks: Vec<TickVector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TickVector {
    now: Timestamp,
    /// Replicas set by hand; otherwise those of the last decision.
    spec: Option<i32>,
    status: i32,
    pods: Option<Vec<PodVector>>,
    readings: BTreeMap<String, ReadingVector>,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PodVector {
    name: String,
    phase: PodPhase,
    #[serde(default)]
    deleting: bool,
    started: Option<Timestamp>,
    ready: Option<ConditionStatus>,
    #[serde(default)]
    since: Timestamp,
    requests: Vec<BTreeMap<String, i64>>,
    whole: Option<BTreeMap<String, i64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum ReadingVector {
    /// Value, moment and window in milliseconds.
    PerPod(BTreeMap<String, (i64, Timestamp, u64)>),
    Value(i64),
    Series(Vec<i64>),
}

#[derive(Deserialize, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Expected {
    desired: i32,
    #[serde(default)]
    failed: bool,
    /// Percent (or -1) and value of each metric, or nothing where it failed.
    #[serde(default)]
    usage: Vec<Option<(i64, i64)>>,
    /// Status, reason and transition time.
    conditions: BTreeMap<String, String>,
    recommendations: Vec<(i32, Timestamp)>,
    #[serde(default)]
    up: Vec<(i32, Timestamp, u8)>,
    #[serde(default)]
    down: Vec<(i32, Timestamp, u8)>,
}

#[test]
fn every_tick_of_every_run_is_upstreams() {
    let scenarios: Vec<Scenario> = include_str!("data/upstream_runs.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(scenarios.len() >= 50, "only {} scenarios", scenarios.len());
    let failures: Vec<String> = scenarios
        .iter()
        .enumerate()
        .filter_map(|(index, scenario)| first_difference(index, scenario))
        .collect();
    assert!(failures.is_empty(), "{} runs differ:\n{}", failures.len(), failures.join("\n"));
}

fn first_difference(index: usize, scenario: &Scenario) -> Option<String> {
    let config = scenario.spec.check(scenario.controller.check().unwrap()).unwrap();
    let (mut state, mut replicas) = (HpaState::default(), 1);
    for (tick_index, tick) in scenario.ticks.iter().enumerate() {
        let before = tick.spec.unwrap_or(replicas);
        let decided = play(&config, &mut state, tick, before);
        replicas = decided.desired_replicas;
        let got = report(&decided, &state);
        if got != tick.expected {
            return Some(format!(
                "run {index}, tick {tick_index}: got {got:?}, expected {:?}",
                tick.expected
            ));
        }
        state = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
    }
    None
}

fn play(config: &HpaConfig, state: &mut HpaState, tick: &TickVector, spec_replicas: i32) -> Reconciliation {
    let pods: Vec<PodFacts> = tick.pods.iter().flatten().map(PodVector::facts).collect();
    let readings: Vec<Reading> = config.metrics().iter().map(|metric| tick.reading(metric)).collect();
    let target = ScaleTarget { spec_replicas, status_replicas: tick.status, pods: &pods };
    reconcile_and_record(config, state, &Tick { target, readings: &readings, now: tick.now })
}

fn report(decided: &Reconciliation, state: &HpaState) -> Expected {
    let usage = decided.proposals.iter().map(|proposal| {
        let usage = proposal.as_ref().ok()?.usage;
        Some((usage.utilization.map_or(-1, i64::from), usage.value))
    });
    let condition = |condition: &Condition| {
        let at = condition.last_transition.as_millis();
        format!("{:?} {:?} {at}", condition.status, condition.reason)
    };
    let events = |events: &[ScaleEvent]| {
        events.iter().map(|event| (event.replica_change, event.timestamp, u8::from(event.outdated))).collect()
    };
    Expected {
        desired: decided.desired_replicas,
        failed: decided.error.is_some(),
        usage: usage.collect(),
        conditions: state
            .conditions
            .iter()
            .map(|(kind, value)| (format!("{kind:?}"), condition(value)))
            .collect(),
        recommendations: state.recommendations.iter().map(|past| (past.replicas, past.timestamp)).collect(),
        up: events(&state.scale_up_events),
        down: events(&state.scale_down_events),
    }
}

impl TickVector {
    fn reading(&self, metric: &MetricSource) -> Reading {
        let key = match metric {
            MetricSource::Resource { resource, container, .. } => {
                format!("{resource}/{}", container.as_deref().unwrap_or_default())
            }
            MetricSource::Pods { metric, .. }
            | MetricSource::Object { metric, .. }
            | MetricSource::External { metric, .. } => metric.name.clone(),
        };
        match self.readings.get(&key) {
            None => Reading::Unavailable("not in the scenario".to_owned()),
            Some(ReadingVector::Value(value)) => Reading::Value(*value),
            Some(ReadingVector::Series(series)) => Reading::Series(series.clone()),
            Some(ReadingVector::PerPod(pods)) => {
                let sample = |(value, timestamp, window): &(i64, Timestamp, u64)| PodMetric {
                    value: *value,
                    timestamp: *timestamp,
                    window: Duration::from_millis(*window),
                };
                Reading::PerPod(pods.iter().map(|(name, metric)| (name.clone(), sample(metric))).collect())
            }
        }
    }
}

impl PodVector {
    fn facts(&self) -> PodFacts {
        let requests = |written: &BTreeMap<String, i64>| -> Requests {
            written.iter().map(|(name, milli)| (ResourceName::from(name.as_str()), *milli)).collect()
        };
        let container = |(index, written): (usize, &BTreeMap<String, i64>)| ContainerRequests {
            name: format!("c{index}"),
            requests: requests(written),
        };
        PodFacts {
            name: self.name.clone(),
            phase: self.phase,
            deleting: self.deleting,
            started_at: self.started,
            ready: self.ready.map(|status| ReadyCondition { status, last_transition: self.since }),
            containers: self.requests.iter().enumerate().map(container).collect(),
            pod_requests: self.whole.as_ref().map(requests),
        }
    }
}
