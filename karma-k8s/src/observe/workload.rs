//! What the API server knows of a Deployment: its replicas, its pods, what they ask for.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use karma_core::{Metric, MetricRow, PodPhase, PodSample, PodSnapshot, Replicas, Seconds, quantity};
use kube::core::{Selector, SelectorExt as _};

/// Bytes of a mebibyte.
pub(super) const MEBIBYTE: f64 = 1_048_576.0;

/// What a container waits for that crashed again and again.
const CRASH_LOOP: &str = "CrashLoopBackOff";

/// CPU and memory of a pod, from metrics-server: of all its containers together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PodUse {
    /// Millicores.
    pub cpu: PodSample,
    /// Mebibytes.
    pub memory: PodSample,
}

/// One Deployment and its pods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workload {
    /// Replicas that its specification asks for; Kubernetes' default is 1.
    pub desired: Replicas,
    /// Its pods, also those being deleted, the oldest first.
    pub pods: Vec<PodSnapshot>,
    /// CPU in millicores and memory in mebibytes that each of `pods` requests.
    requests: Vec<(f64, f64)>,
}

impl Workload {
    /// A Deployment with those of `pods` that its selector matches, as the HPA counts them, and what metrics-server says
    /// they use, by name. Without a selector, or with one that cannot be read, it has none.
    pub fn new(deployment: &Deployment, pods: &[Pod], used: &BTreeMap<String, PodUse>) -> Self {
        let spec = deployment.spec.as_ref();
        let desired =
            spec.and_then(|spec| spec.replicas).map_or(1, |replicas| u32::try_from(replicas).unwrap_or(0));
        let selector = spec.and_then(|spec| Selector::try_from(spec.selector.clone()).ok());
        let selector = selector.filter(|selector| !selector.selects_all());
        let mut workload = Self { desired: Replicas(desired), ..Self::default() };
        let Some(selector) = selector else { return workload };
        let mut own: Vec<&Pod> = pods
            .iter()
            .filter(|pod| pod.metadata.labels.as_ref().is_some_and(|labels| selector.matches(labels)))
            .collect();
        own.sort_by_cached_key(|pod| (pod.metadata.creation_timestamp.clone(), pod.metadata.name.clone()));
        for pod in own {
            let used = pod.metadata.name.as_ref().and_then(|name| used.get(name));
            workload.pods.push(snapshot(pod, used));
            workload.requests.push(requested(pod));
        }
        workload
    }

    /// When each sample of its pods' use was taken, seconds since 1970.
    pub(super) fn sampled_at(&self) -> impl Iterator<Item = f64> {
        self.pods.iter().filter_map(|pod| pod.cpu.map(|sample| sample.at.0))
    }

    /// Whether some pod takes requests.
    pub fn is_available(&self) -> bool {
        self.existing().any(|(pod, _)| pod.ready == Some(true))
    }

    #[cfg(test)]
    pub(super) fn of_pods(desired: Replicas, pods: Vec<(PodSnapshot, (f64, f64))>) -> Self {
        let (pods, requests) = pods.into_iter().unzip();
        Self { desired, pods, requests }
    }

    /// Pods that are not being deleted, with what they request.
    fn existing(&self) -> impl Iterator<Item = (&PodSnapshot, (f64, f64))> {
        self.pods.iter().zip(self.requests.iter().copied()).filter(|(pod, _)| !pod.deleting)
    }

    /// The metrics that follow from objects and from metrics-server. `most` is the service's maximum of replicas.
    #[expect(clippy::cast_possible_truncation, reason = "samples are single precision")]
    pub fn metrics(&self, most: Replicas) -> MetricRow {
        let count =
            |of: &dyn Fn(&PodSnapshot) -> bool| self.existing().filter(|(pod, _)| of(pod)).count() as f32;
        let existing = count(&|_| true);
        let failed = count(&|pod| pod.crash_looping || pod.phase == PodPhase::Failed);
        let ready =
            count(&|pod| pod.ready == Some(true) && !pod.crash_looping && pod.phase != PodPhase::Failed);
        let share = |part: f32, whole: f32| if whole > 0.0 { part / whole } else { 0.0 };
        let (cpu, memory) = self.existing().fold((0.0, 0.0), |sum, (_, of)| (sum.0 + of.0, sum.1 + of.1));
        let mut row = MetricRow::default();
        row.set(Metric::DesiredReplicas, self.desired.0 as f32);
        row.set(Metric::CurrentReplicas, existing);
        row.set(Metric::CpuRequest, cpu as f32);
        row.set(Metric::MemoryRequest, memory as f32);
        row.set(Metric::PodsHealthy, ready);
        row.set(Metric::PodsFailed, failed);
        row.set(Metric::PodsPending, existing - ready - failed);
        row.set(Metric::PodsHealthyRatio, share(ready, existing));
        row.set(Metric::PodsFailedRatio, share(failed, existing));
        row.set(Metric::ReplicaUtilizationRatio, share(existing, most.0 as f32));
        self.used(&mut row);
        row
    }

    /// CPU and memory of the pods that were sampled, and their share of what those request.
    #[expect(clippy::cast_possible_truncation, reason = "samples are single precision")]
    fn used(&self, row: &mut MetricRow) {
        let sampled: Vec<_> =
            self.existing().filter_map(|(pod, of)| Some((pod.cpu?, pod.memory?, of.0))).collect();
        if sampled.is_empty() {
            return;
        }
        let cpu: f32 = sampled.iter().map(|(cpu, _, _)| cpu.value).sum();
        let requested: f64 = sampled.iter().map(|(_, _, requested)| requested).sum();
        row.set(Metric::CpuUsage, cpu);
        row.set(Metric::MemoryUsage, sampled.iter().map(|(_, memory, _)| memory.value).sum());
        if requested > 0.0 {
            row.set(Metric::CpuUtilization, (f64::from(cpu) / requested) as f32);
        }
    }
}

fn snapshot(pod: &Pod, used: Option<&PodUse>) -> PodSnapshot {
    let blank = PodStatus::default();
    let status = pod.status.as_ref().unwrap_or(&blank);
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let ready = conditions.iter().find(|condition| condition.type_ == "Ready");
    let containers = status.container_statuses.as_deref().unwrap_or_default();
    let crash_looping = containers.iter().any(|container| {
        let waiting = container.state.as_ref().and_then(|state| state.waiting.as_ref());
        waiting.is_some_and(|waiting| waiting.reason.as_deref() == Some(CRASH_LOOP))
    });
    let restarts: i64 = containers.iter().map(|container| i64::from(container.restart_count)).sum();
    PodSnapshot {
        id: id(pod.metadata.uid.as_deref().unwrap_or_default()),
        phase: phase(status.phase.as_deref()),
        node: None,
        ready: ready.map(|condition| condition.status == "True"),
        started_at: status.start_time.as_ref().map(unix),
        ready_changed_at: ready.and_then(|condition| condition.last_transition_time.as_ref()).map(unix),
        deleting: pod.metadata.deletion_timestamp.is_some(),
        crash_looping,
        restarts: u32::try_from(restarts.max(0)).unwrap_or(u32::MAX),
        cpu: used.map(|used| used.cpu),
        memory: used.map(|used| used.memory),
    }
}

/// The first 64 bits of a UUID.
fn id(uid: &str) -> u64 {
    let digits = uid.chars().filter_map(|character| character.to_digit(16)).take(16);
    digits.fold(0, |id, digit| id << 4 | u64::from(digit))
}

fn phase(name: Option<&str>) -> PodPhase {
    match name {
        Some("Running") => PodPhase::Running,
        Some("Failed") => PodPhase::Failed,
        Some("Succeeded") => PodPhase::Succeeded,
        _ => PodPhase::Pending,
    }
}

/// Seconds since 1970.
pub(super) fn unix(time: &Time) -> Seconds {
    Seconds(time.0.as_duration().as_secs_f64())
}

/// CPU in millicores and memory in mebibytes that all containers of a pod request.
fn requested(pod: &Pod) -> (f64, f64) {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let sum = |name: &str| -> f64 {
        let of = |container: &k8s_openapi::api::core::v1::Container| {
            quantity(&container.resources.as_ref()?.requests.as_ref()?.get(name)?.0)
        };
        containers.clone().filter_map(of).sum()
    };
    (sum("cpu") * 1000.0, sum("memory") / MEBIBYTE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn deployment(spec: &Value) -> Deployment {
        serde_json::from_value(json!({ "metadata": { "name": "api" }, "spec": spec })).unwrap()
    }

    fn api() -> Deployment {
        deployment(&json!({ "replicas": 4, "template": {}, "selector": {
            "matchLabels": { "app": "api" },
            "matchExpressions": [{ "key": "track", "operator": "NotIn", "values": ["canary"] }] } }))
    }

    fn pod(name: &str, more: Value) -> Pod {
        let mut pod = json!({
            "metadata": { "name": name, "uid": "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", "labels": { "app": "api" },
                          "creationTimestamp": "2026-01-01T00:00:00Z" },
            "spec": { "containers": [
                { "name": "a", "resources": { "requests": { "cpu": "150m", "memory": "64Mi" } } },
                { "name": "b", "resources": { "requests": { "cpu": "0.05" } } } ] },
            "status": { "phase": "Running", "startTime": "2026-01-01T00:00:01Z",
                "conditions": [{ "type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:03Z" }],
                "containerStatuses": [{ "name": "a", "image": "", "imageID": "", "ready": true, "restartCount": 2 }] }
        });
        merge(&mut pod, more);
        serde_json::from_value(pod).unwrap()
    }

    fn merge(into: &mut Value, from: Value) {
        match (into, from) {
            (Value::Object(into), Value::Object(from)) => {
                for (key, value) in from {
                    merge(into.entry(key).or_insert(Value::Null), value);
                }
            }
            (into, from) => *into = from,
        }
    }

    fn used(cpu: f32, memory: f32) -> PodUse {
        let sample = |value| PodSample { value, at: Seconds(9.0), window: Seconds(15.0) };
        PodUse { cpu: sample(cpu), memory: sample(memory) }
    }

    #[test]
    fn a_pod_is_read_whole() {
        let used = [("one".to_owned(), used(80.0, 40.0))].into();
        let workload = Workload::new(&api(), &[pod("one", json!({}))], &used);
        assert_eq!(workload.desired, Replicas(4));
        let expected = PodSnapshot {
            id: 0x0a1b_2c3d_4e5f_6071,
            phase: PodPhase::Running,
            node: None,
            ready: Some(true),
            started_at: Some(Seconds(1_767_225_601.0)),
            ready_changed_at: Some(Seconds(1_767_225_603.0)),
            deleting: false,
            crash_looping: false,
            restarts: 2,
            cpu: Some(used["one"].cpu),
            memory: Some(used["one"].memory),
        };
        assert_eq!(workload.pods, [expected]);
        let row = workload.metrics(Replicas(8));
        assert_eq!(row.get(Metric::CpuRequest), Some(200.0));
        assert_eq!(row.get(Metric::MemoryRequest), Some(64.0));
        assert_eq!(row.get(Metric::CpuUtilization), Some(0.4));
        assert_eq!(row.get(Metric::ReplicaUtilizationRatio), Some(0.125));
    }

    #[test]
    fn only_pods_that_the_selector_matches_count() {
        let other = pod("other", json!({ "metadata": { "labels": { "app": "web" } } }));
        let canary = pod("canary", json!({ "metadata": { "labels": { "track": "canary" } } }));
        let bare = pod("bare", json!({ "metadata": { "labels": null } }));
        let pods = [pod("one", json!({})), other, canary, bare];
        assert_eq!(Workload::new(&api(), &pods, &BTreeMap::new()).pods.len(), 1);
        let everything = deployment(&json!({ "template": {}, "selector": {} }));
        let workload = Workload::new(&everything, &pods, &BTreeMap::new());
        assert_eq!(
            (workload.pods.len(), workload.desired),
            (0, Replicas(1)),
            "an empty selector is a mistake"
        );
    }

    #[test]
    fn pods_are_counted_by_what_becomes_of_them() {
        let waiting = json!({ "status": { "conditions": null, "containerStatuses": [{ "name": "a", "image": "",
            "imageID": "", "ready": false, "restartCount": 9, "state": { "waiting": { "reason": CRASH_LOOP } } }] } });
        let pending = json!({ "status": { "phase": "Pending", "conditions": null, "startTime": null } });
        let gone = json!({ "metadata": { "deletionTimestamp": "2026-01-01T00:01:00Z" } });
        let evicted = json!({ "status": { "phase": "Failed" } });
        let pods = [
            pod("ready", json!({})),
            pod("crashing", waiting),
            pod("pending", pending),
            pod("gone", gone),
            pod("evicted", evicted),
        ];
        let workload = Workload::new(&api(), &pods, &BTreeMap::new());
        let row = workload.metrics(Replicas(8));
        let counts = [
            (Metric::CurrentReplicas, 4.0),
            (Metric::PodsHealthy, 1.0),
            (Metric::PodsFailed, 2.0),
            (Metric::PodsPending, 1.0),
            (Metric::PodsHealthyRatio, 0.25),
        ];
        for (metric, expected) in counts {
            assert_eq!(row.get(metric), Some(expected), "{}", metric.name());
        }
        assert_eq!(row.get(Metric::CpuUsage), None, "nothing was sampled");
        assert_eq!(workload.pods.len(), 5, "one that is being deleted is shown, too");
        assert!(workload.is_available());
    }

    #[test]
    fn utilization_is_that_of_the_pods_that_were_sampled() {
        let used = [("one".to_owned(), used(100.0, 40.0))].into();
        let workload = Workload::new(&api(), &[pod("one", json!({})), pod("two", json!({}))], &used);
        assert_eq!(workload.metrics(Replicas(8)).get(Metric::CpuUtilization), Some(0.5));
    }
}
