//! What the autoscaler knows of pods, and which of them it counts.
//!
//! A pod's metric may mislead: a starting pod burns CPU to warm up, a failed one none at all. So the pods are
//! sorted before any ratio is taken ([`group_pods`]): *ready* pods are averaged, *unready* ones are left out and
//! later counted as idle if the answer is "scale up", *missing* ones (no sample) are later given a value that
//! dampens the answer, and *ignored* ones (deleted or failed) never count.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::metric_source::ResourceName;
use super::time::Timestamp;

/// Resource requests in thousandths of the resource's unit.
pub type Requests = BTreeMap<ResourceName, i64>;

/// One sample for each pod that has one, by pod name. May name pods that no longer exist.
pub type PodMetrics = BTreeMap<String, PodMetric>;

/// One pod, as far as the autoscaler looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodFacts {
    /// Unique among the pods of one target.
    pub name: String,
    /// Its phase.
    pub phase: PodPhase,
    /// Whether it has a deletion timestamp.
    pub deleting: bool,
    /// `status.startTime`.
    pub started_at: Option<Timestamp>,
    /// Its Ready condition, if it has one.
    pub ready: Option<ReadyCondition>,
    /// Its containers, and its restartable init containers after them.
    pub containers: Vec<ContainerRequests>,
    /// Requests of the pod as a whole, if its specification sets some (KEP-2837): they take precedence over the
    /// containers' wherever a metric is about the whole pod.
    pub pod_requests: Option<Requests>,
}

/// The requests of one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerRequests {
    /// Name, unique in its pod.
    pub name: String,
    /// What it requests.
    pub requests: Requests,
}

/// `PodPhase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PodPhase {
    /// Not yet scheduled, or its images are being pulled.
    Pending,
    /// At least one container runs.
    Running,
    /// All containers ended well.
    Succeeded,
    /// All containers ended, one of them badly.
    Failed,
    /// The node cannot be reached.
    Unknown,
}

/// `ConditionStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ConditionStatus {
    /// The condition holds.
    True,
    /// It does not.
    False,
    /// Nobody knows.
    Unknown,
}

/// A pod's Ready condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyCondition {
    /// Whether it is ready.
    pub status: ConditionStatus,
    /// Since when.
    pub last_transition: Timestamp,
}

/// One sample of one pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodMetric {
    /// The value in thousandths of the metric's unit.
    pub value: i64,
    /// When the sample was taken (the end of its window).
    pub timestamp: Timestamp,
    /// The span it averages over.
    pub window: Duration,
}

/// Pods by what their metric is worth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodGroups<'a> {
    /// How many pods are counted.
    pub ready: usize,
    /// Pending, or too young for their CPU to mean anything.
    pub unready: BTreeSet<&'a str>,
    /// Without a sample.
    pub missing: BTreeSet<&'a str>,
    /// Deleted or failed.
    pub ignored: BTreeSet<&'a str>,
}

/// When a starting pod's CPU is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// The moment of the tick.
    pub now: Timestamp,
    /// Within this time of its start a pod counts only while ready and sampled wholly since it became so.
    pub cpu_initialization_period: Duration,
    /// After that, a pod counts unless it is unready since less than this time after its start: it has never
    /// been ready.
    pub initial_readiness_delay: Duration,
}

impl PodFacts {
    /// Whether it runs and is ready: what Object and External metrics multiply by.
    pub fn is_running_and_ready(&self) -> bool {
        let ready = self.ready.is_some_and(|condition| condition.status == ConditionStatus::True);
        self.phase == PodPhase::Running && ready
    }
}

impl Readiness {
    /// Whether the CPU sample of `pod` is not to be counted.
    pub fn is_unready(&self, pod: &PodFacts, metric: &PodMetric) -> bool {
        let (Some(condition), Some(started_at)) = (pod.ready, pod.started_at) else { return true };
        let says_unready = condition.status == ConditionStatus::False;
        if started_at.plus(self.cpu_initialization_period) > self.now {
            says_unready || metric.timestamp < condition.last_transition.plus(metric.window)
        } else {
            says_unready && started_at.plus(self.initial_readiness_delay) > condition.last_transition
        }
    }
}

/// Sorts the pods, in upstream's order of tests. `resource` is `None` for custom metrics; only CPU is subject to
/// the readiness rule.
///
/// Time `O(p log p)` for `p` pods.
pub fn group_pods<'a>(
    pods: &'a [PodFacts],
    metrics: &PodMetrics,
    resource: Option<&ResourceName>,
    readiness: &Readiness,
) -> PodGroups<'a> {
    let mut groups = PodGroups::default();
    for pod in pods {
        if pod.deleting || pod.phase == PodPhase::Failed {
            groups.ignored.insert(&pod.name);
        } else if pod.phase == PodPhase::Pending {
            groups.unready.insert(&pod.name);
        } else if let Some(metric) = metrics.get(&pod.name) {
            if resource == Some(&ResourceName::Cpu) && readiness.is_unready(pod, metric) {
                groups.unready.insert(&pod.name);
            } else {
                groups.ready += 1;
            }
        } else {
            groups.missing.insert(&pod.name);
        }
    }
    groups
}
