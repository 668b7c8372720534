//! What the scrapes gave: the only thing that an autoscaler sees.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{MetricRow, OperationalResilience, PerEntryPoint, PerService, Replicas, Seconds};

/// The last scrape of a cluster, with its age and its gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The moment of the decision.
    pub time: Seconds,
    /// The moment at which the values below were true; `None` before the first scrape.
    pub scraped_at: Option<Seconds>,
    /// One entry for each service of the topology.
    pub services: PerService<ServiceSnapshot>,
    /// One entry for each entry point of the topology.
    pub entry_points: PerEntryPoint<EntryPointSnapshot>,
    /// The nodes, where something measures them; else empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeSnapshot>,
    /// How the system as a whole did between the last two decisions, as far as it was measured.
    pub resilience: Option<OperationalResilience>,
}

impl Snapshot {
    /// How old the values are, if there are any.
    pub fn age(&self) -> Option<Seconds> {
        self.scraped_at.map(|at| self.time - at)
    }
}

/// One Deployment as the last scrape saw it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceSnapshot {
    /// Replicas that the Deployment's specification asks for **now**: the API server knows this without delay.
    pub desired: Replicas,
    /// Aggregated metrics at the scrape.
    pub metrics: MetricRow,
    /// Every pod that existed at the scrape, also those being deleted.
    pub pods: Vec<PodSnapshot>,
}

/// An entry point as the last scrape saw it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntryPointSnapshot {
    /// Requests per second that arrived in the scrape interval, legitimate and malicious alike.
    pub request_rate: Option<f32>,
    /// Whether some ready pod behind it accepts requests.
    pub available: bool,
}

/// A node as the last scrape saw it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeSnapshot {
    /// CPU that it has, in milli-cores.
    pub capacity: f32,
    /// CPU in milli-cores that everything on it used, pods of others too; a mean over the scrape interval.
    pub cpu: Option<f32>,
}

/// The phase of a pod, as Kubernetes names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PodPhase {
    /// Not scheduled, or its containers are being created.
    Pending,
    /// Bound to a node with its container created; a container in CrashLoopBackOff is `Running` too.
    Running,
    /// All containers ended, at least one in failure.
    Failed,
    /// All containers ended well.
    Succeeded,
}

/// One pod as the last scrape saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PodSnapshot {
    /// Unique within a cluster's life.
    pub id: u64,
    /// Its phase.
    pub phase: PodPhase,
    /// Where in [`Snapshot::nodes`] its node is; `None` if it has none yet, or nodes are not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<u32>,
    /// The Ready condition; `None` if the pod has none yet.
    pub ready: Option<bool>,
    /// `status.startTime`: when the kubelet acknowledged the pod.
    pub started_at: Option<Seconds>,
    /// When the Ready condition last changed.
    pub ready_changed_at: Option<Seconds>,
    /// Whether a deletion timestamp is set.
    pub deleting: bool,
    /// Whether its container waits in CrashLoopBackOff.
    pub crash_looping: bool,
    /// How often its container was restarted.
    pub restarts: u32,
    /// CPU in milli-cores, mean over the sample's window.
    pub cpu: Option<PodSample>,
    /// Memory in mebibytes.
    pub memory: Option<PodSample>,
}

/// One sample of one pod.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PodSample {
    /// The value, in the metric's unit.
    pub value: f32,
    /// When the window ended.
    pub at: Seconds,
    /// Length of the window that the value is a mean over; 0 for a gauge.
    pub window: Seconds,
}

/// Replicas for every service, each with a reason: what an [`Autoscaler`](crate::Autoscaler) answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// One target for each service.
    pub targets: PerService<Target>,
}

/// The replicas that one service should have, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Desired replicas.
    pub replicas: Replicas,
    /// A short reason in words, the same for the same cause.
    pub reason: Cow<'static, str>,
}

impl Decision {
    /// Keep what the snapshot's Deployments ask for.
    pub fn hold(snapshot: &Snapshot, reason: &'static str) -> Self {
        Self { targets: snapshot.services.map(|service| Target::new(service.desired, reason)) }
    }
}

impl Target {
    /// A target with a constant reason.
    pub const fn new(replicas: Replicas, reason: &'static str) -> Self {
        Self { replicas, reason: Cow::Borrowed(reason) }
    }
}
