//! Pods are sorted, and their requests added up, as in Kubernetes' `TestGroupPods` and `TestCalculateRequests`
//! (1.36.2, Apache-2.0, The Kubernetes Authors; restated). The readiness periods are those tests': 120 s and 10 s.

use std::collections::BTreeMap;
use std::time::Duration;

use karma_baseline::hpa::{
    ConditionStatus, ContainerRequests, MetricError, PodFacts, PodMetric, PodMetrics, PodPhase, Readiness,
    ReadyCondition, Requests, ResourceName, Timestamp, calculate_requests, group_pods,
};

const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);
const READINESS: Readiness = Readiness {
    now: NOW,
    cpu_initialization_period: Duration::from_mins(2),
    initial_readiness_delay: Duration::from_secs(10),
};

#[derive(Debug, PartialEq, Eq)]
enum Group {
    Ready,
    Unready,
    Missing,
    Ignored,
}
use ConditionStatus::{False, True};
use Group::{Ignored, Missing, Ready, Unready};

fn ago(seconds: u64) -> Timestamp {
    NOW.minus(Duration::from_secs(seconds))
}

fn pod(phase: PodPhase) -> PodFacts {
    PodFacts {
        name: "bentham".to_owned(),
        phase,
        deleting: false,
        started_at: None,
        ready: None,
        containers: Vec::new(),
        pod_requests: None,
    }
}

/// A pod that started, and whose readiness last changed, so many seconds ago.
fn started(start_age: u64, status: ConditionStatus, transition_age: u64) -> PodFacts {
    PodFacts {
        started_at: Some(ago(start_age)),
        ready: Some(ReadyCondition { status, last_transition: ago(transition_age) }),
        ..pod(PodPhase::Running)
    }
}

/// A sample that ended so many seconds ago and averages over a window.
fn sample(age: u64, window: u64) -> PodMetric {
    PodMetric { value: 1, timestamp: ago(age), window: Duration::from_secs(window) }
}

fn group(pod: PodFacts, metric: impl Into<Option<PodMetric>>, resource: &ResourceName) -> Group {
    let metrics: PodMetrics = metric.into().map(|metric| (pod.name.clone(), metric)).into_iter().collect();
    let pods = [pod];
    let groups = group_pods(&pods, &metrics, Some(resource), &READINESS);
    match (groups.ready, groups.unready.len(), groups.missing.len(), groups.ignored.len()) {
        (1, 0, 0, 0) => Ready,
        (0, 1, 0, 0) => Unready,
        (0, 0, 1, 0) => Missing,
        (0, 0, 0, 1) => Ignored,
        _ => panic!("one pod in several groups: {groups:?}"),
    }
}

fn cpu(pod: PodFacts, metric: impl Into<Option<PodMetric>>) -> Group {
    group(pod, metric, &ResourceName::Cpu)
}

#[test]
fn without_pods_there_are_no_groups() {
    assert_eq!(group_pods(&[], &PodMetrics::new(), Some(&ResourceName::Cpu), &READINESS).ready, 0);
}

#[test]
fn memory_counts_without_regard_to_readiness() {
    assert_eq!(group(pod(PodPhase::Succeeded), sample(0, 60), &ResourceName::Memory), Ready);
}

#[test]
fn cpu_of_a_pod_without_a_ready_condition_does_not_count() {
    assert_eq!(cpu(PodFacts { started_at: Some(NOW), ..pod(PodPhase::Running) }, sample(0, 0)), Unready);
}

#[test]
fn during_initialisation_only_a_sample_taken_wholly_after_readiness_counts() {
    assert_eq!(cpu(started(60, True, 30), sample(0, 30)), Ready);
    assert_eq!(cpu(started(60, True, 30), sample(0, 60)), Unready);
    assert_eq!(cpu(started(60, False, 30), sample(0, 30)), Unready);
}

#[test]
fn after_initialisation_a_ready_pod_counts_whatever_the_age_of_its_sample() {
    assert_eq!(cpu(started(180, True, 180), sample(120, 60)), Ready);
}

#[test]
fn after_initialisation_an_unready_pod_counts_if_it_was_ready_once() {
    assert_eq!(cpu(started(600, False, 540), sample(0, 0)), Ready);
    assert_eq!(cpu(started(600, False, 590), sample(0, 0)), Ready, "the delay itself is over");
    assert_eq!(cpu(started(600, False, 594), sample(0, 0)), Unready, "it has never been ready");
}

#[test]
fn a_pod_without_a_sample_is_missing() {
    assert_eq!(cpu(PodFacts { started_at: Some(ago(180)), ..pod(PodPhase::Running) }, None), Missing);
}

#[test]
fn a_pending_pod_is_unready_even_without_a_sample() {
    assert_eq!(cpu(pod(PodPhase::Pending), None), Unready);
}

#[test]
fn deleted_and_failed_pods_are_ignored() {
    assert_eq!(cpu(PodFacts { deleting: true, ..pod(PodPhase::Pending) }, sample(0, 0)), Ignored);
    assert_eq!(cpu(pod(PodPhase::Failed), sample(0, 0)), Ignored);
}

fn requests(milli: Option<i64>) -> Requests {
    milli.map(|milli| (ResourceName::Cpu, milli)).into_iter().collect()
}

fn requesting(containers: &[(&str, Option<i64>)], whole: Option<i64>) -> PodFacts {
    let container = |(name, milli): &(&str, Option<i64>)| ContainerRequests {
        name: (*name).to_owned(),
        requests: requests(*milli),
    };
    PodFacts {
        containers: containers.iter().map(container).collect(),
        pod_requests: whole.map(|milli| requests(Some(milli))),
        ..pod(PodPhase::Running)
    }
}

fn request(pod: PodFacts, container: Option<&str>) -> Result<i64, MetricError> {
    let pods = [pod];
    calculate_requests(&pods, container, &ResourceName::Cpu).map(|requests| requests["bentham"])
}

#[test]
fn a_pods_request_is_the_sum_over_its_containers() {
    assert_eq!(request(requesting(&[("a", Some(100)), ("b", Some(50))], None), None), Ok(150));
    assert_eq!(calculate_requests(&[], None, &ResourceName::Cpu), Ok(BTreeMap::new()));
}

#[test]
fn a_request_of_the_whole_pod_takes_precedence_over_its_containers() {
    assert_eq!(request(requesting(&[("a", Some(100)), ("b", Some(50))], Some(800)), None), Ok(800));
    assert_eq!(request(requesting(&[("a", None), ("b", Some(50))], Some(800)), None), Ok(800));
    assert_eq!(request(requesting(&[("a", Some(100))], Some(800)), Some("a")), Ok(100));
}

#[test]
fn a_named_containers_request_stands_alone() {
    assert_eq!(request(requesting(&[("a", Some(100)), ("b", None)], None), Some("a")), Ok(100));
}

#[test]
fn a_missing_request_names_the_container_and_the_pod() {
    let error = request(requesting(&[("a", None), ("b", Some(50))], None), None).unwrap_err();
    assert_eq!(error.to_string(), "container a of pod bentham has no request for cpu");
    let error = request(requesting(&[("a", Some(1))], None), Some("z")).unwrap_err();
    assert_eq!(error.to_string(), "pod bentham has no container z");
    let only_memory = PodFacts {
        pod_requests: Some(Requests::from([(ResourceName::Memory, 1)])),
        ..requesting(&[("a", Some(1))], None)
    };
    let error = request(only_memory, None).unwrap_err();
    assert_eq!(error.to_string(), "pod bentham sets requests of its own, but none for cpu");
}
