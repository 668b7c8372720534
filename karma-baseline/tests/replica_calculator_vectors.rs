//! The replica calculator answers as Kubernetes' own tests say it does: 76 vectors of
//! `replica_calculator_test.go` (1.36). See `data/NOTICE.md`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use karma_baseline::hpa::{
    ConditionStatus, ContainerRequests, MetricError, PodFacts, PodMetric, PodMetrics, PodPhase, Proposal,
    Readiness, ReadyCondition, ReplicaCalculator, Requests, ResourceName, ResourceTarget, ScaleTarget,
    Timestamp, Tolerances, ValueTarget,
};
use serde::Deserialize;

const VECTORS: &str = include_str!("data/replica_calculator_vectors.json");
/// Long after the origin, where upstream's zero times lie.
const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

#[derive(Deserialize)]
struct Vector {
    name: String,
    cur: i32,
    exp: Option<i32>,
    err: Option<String>,
    ready: Option<Vec<bool>>,
    start: Option<Vec<f64>>,
    phase: Option<Vec<PodPhase>>,
    del: Option<Vec<bool>>,
    container: String,
    tol: [f64; 2],
    #[serde(default)]
    req: Vec<i64>,
    lv: Levels,
    #[serde(default)]
    names: Vec<String>,
    target: Option<i64>,
    ptarget: Option<i64>,
    eu: Option<i64>,
    ev: Option<i64>,
    kind: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Levels {
    PerMetric(Vec<i64>),
    PerContainer(Vec<Vec<i64>>),
}

#[test]
fn every_upstream_vector_gives_the_upstream_answer() {
    let vectors: Vec<Vector> = serde_json::from_str(VECTORS).unwrap();
    assert_eq!(vectors.len(), 76);
    let failures: Vec<String> = vectors.iter().filter_map(|vector| complaint(vector).err()).collect();
    assert!(failures.is_empty(), "{} of {} failed:\n{}", failures.len(), vectors.len(), failures.join("\n"));
}

fn complaint(vector: &Vector) -> Result<(), String> {
    let say = |what: String| Err(format!("{}: {what}", vector.name));
    match (vector.answer(), &vector.err) {
        (Err(error), Some(text)) if error_kind(text) == std::mem::discriminant(&error) => Ok(()),
        (Ok(proposal), None) if proposal == vector.expected() => Ok(()),
        (Ok(proposal), None) => say(format!("got {proposal:?}, expected {:?}", vector.expected())),
        (answer, expected) => say(format!("got {answer:?}, expected the error {expected:?}")),
    }
}

/// Errors are compared by kind: ours name the pod and the resource in other words than upstream's.
fn error_kind(text: &str) -> std::mem::Discriminant<MetricError> {
    let nothing = String::new;
    std::mem::discriminant(&match text {
        "no metrics returned matched known pods" => MetricError::NoMatchingPods,
        "unable to get metrics for resource cpu: no metrics returned from resource metrics API" => {
            MetricError::Unavailable { cause: nothing() }
        }
        "missing request for" => {
            MetricError::MissingRequest { resource: nothing(), container: nothing(), pod: nothing() }
        }
        other => panic!("no kind of error corresponds to `{other}`"),
    })
}

impl Vector {
    fn expected(&self) -> Proposal {
        let (replicas, usage) = (self.exp.unwrap(), self.eu.unwrap());
        let (utilization, value) = match self.ev {
            Some(value) => (Some(i32::try_from(usage).unwrap()), value),
            None => (None, usage),
        };
        Proposal { replicas, usage: karma_baseline::hpa::Usage { utilization, value } }
    }

    fn answer(&self) -> Result<Proposal, MetricError> {
        let pods = self.pods();
        let target = ScaleTarget { spec_replicas: self.cur, status_replicas: self.cur, pods: &pods };
        let calculator = ReplicaCalculator {
            target,
            tolerances: Tolerances { scale_down: self.tol[0], scale_up: self.tol[1] },
            readiness: Readiness {
                now: NOW,
                cpu_initialization_period: Duration::from_mins(2),
                initial_readiness_delay: Duration::from_secs(10),
            },
        };
        let value = || ValueTarget::Value(self.target.unwrap());
        let average = || ValueTarget::AverageValue(self.ptarget.unwrap());
        match self.kind.as_str() {
            "resource" => {
                let container = (!self.container.is_empty()).then_some(self.container.as_str());
                let percent = ResourceTarget::Utilization(i32::try_from(self.target.unwrap()).unwrap());
                calculator.resource(&self.samples(), &ResourceName::Cpu, container, percent)
            }
            "podMetric" => calculator.pods(&self.samples(), self.target.unwrap()),
            "objectMetric" => calculator.object(self.series()[0], value()),
            "objectPerPodMetric" => calculator.object(self.series()[0], average()),
            "externalMetric" => calculator.external(self.series(), value()),
            "externalPerPodMetric" => calculator.external(self.series(), average()),
            other => panic!("unknown kind `{other}`"),
        }
    }

    fn pods(&self) -> Vec<PodFacts> {
        let current = usize::try_from(self.cur).unwrap();
        let count = self.phase.as_ref().map_or(current, |phases| phases.len().max(current));
        (0..count).map(|index| self.pod(index)).collect()
    }

    fn pod(&self, index: usize) -> PodFacts {
        let ready = self.ready.as_ref().and_then(|ready| ready.get(index)).copied().unwrap_or(true);
        let offset = self.start.as_ref().map(|start| start[index]);
        let origin = Timestamp::default();
        let requests =
            |name: &str| ContainerRequests { name: name.to_owned(), requests: self.requests(index) };
        PodFacts {
            name: format!("test-pod-{index}"),
            phase: self.phase.as_ref().map_or(PodPhase::Running, |phase| phase[index]),
            deleting: self.del.as_ref().is_some_and(|deleting| deleting[index]),
            started_at: Some(offset.map_or(origin, |seconds| {
                Timestamp::from_millis(
                    NOW.as_millis() + Timestamp::from_seconds(seconds).unwrap().as_millis(),
                )
            })),
            ready: Some(ReadyCondition {
                status: if ready { ConditionStatus::True } else { ConditionStatus::False },
                last_transition: origin,
            }),
            containers: vec![requests("container1"), requests("container2")],
            pod_requests: None,
        }
    }

    fn requests(&self, index: usize) -> Requests {
        self.req.get(index).map(|request| (ResourceName::Cpu, *request)).into_iter().collect()
    }

    fn series(&self) -> &[i64] {
        match &self.lv {
            Levels::PerMetric(levels) => levels,
            Levels::PerContainer(_) => panic!("{} has levels per container", self.name),
        }
    }

    /// What the metrics API would give: the sum over containers, or the named container's value.
    fn samples(&self) -> PodMetrics {
        let per_pod: Vec<Option<i64>> = match (&self.lv, self.container.as_str()) {
            (Levels::PerMetric(levels), _) => levels.iter().copied().map(Some).collect(),
            (Levels::PerContainer(pods), "") => pods.iter().map(|pod| Some(pod.iter().sum())).collect(),
            (Levels::PerContainer(pods), "container1") => {
                pods.iter().map(|pod| pod.first().copied()).collect()
            }
            (Levels::PerContainer(pods), _) => pods.iter().map(|pod| pod.get(1).copied()).collect(),
        };
        let name =
            |index: usize| self.names.get(index).cloned().unwrap_or_else(|| format!("test-pod-{index}"));
        let sample =
            |value| PodMetric { value, timestamp: Timestamp::default(), window: Duration::from_mins(1) };
        let named = per_pod.into_iter().enumerate();
        named.filter_map(|(index, value)| Some((name(index), sample(value?)))).collect()
    }
}
