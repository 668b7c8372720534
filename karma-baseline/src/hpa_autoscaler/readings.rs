//! A snapshot in the autoscaler's terms: integers in thousandths, pods with requests.

use std::time::Duration;

use karma_core::topology::Service;
use karma_core::{Metric, PodPhase, PodSample, PodSnapshot, Seconds, ServiceId, Snapshot};

use super::{HpaAutoscalerError, moment};
use crate::hpa::{
    self, ConditionStatus, ContainerRequests, MetricSource, PodFacts, PodMetric, PodMetrics, Reading,
    ReadyCondition, Requests, ResourceName, Timestamp,
};

/// The only External metric: arrivals at the entry points, one series each.
const REQUEST_RATE: &str = "request_rate";
/// Bytes in a mebibyte.
const MEBIBYTE: f64 = 1_048_576.0;
/// Thousandths of a byte in a mebibyte; CPU is sampled in thousandths already.
const MILLIBYTES: f64 = 1000.0 * MEBIBYTE;
const ENTRY_POINTS: &str =
    "request_rate as External metric, and each service's own metrics as Object metrics";

/// What pods of one service request. A snapshot says it of all of them together, so that each counts as the mean, which is all
/// that the autoscaler's sums rest on; where it says nothing, they request what the topology says.
#[derive(Clone, Debug)]
pub(super) struct ServiceReader {
    requests: Requests,
}

impl ServiceReader {
    pub(super) fn new(service: &Service) -> Self {
        let memory = round_up(f64::from(service.memory.get()) * MILLIBYTES);
        let cpu = i64::from(service.cpu.get());
        Self { requests: Requests::from([(ResourceName::Cpu, cpu), (ResourceName::Memory, memory)]) }
    }

    pub(super) fn pods(&self, snapshot: &Snapshot, service: ServiceId) -> Vec<PodFacts> {
        let requests = self.requests(snapshot, service);
        pods(snapshot, service).iter().map(|pod| facts(pod, &requests)).collect()
    }

    fn requests(&self, snapshot: &Snapshot, service: ServiceId) -> Requests {
        let mut requests = self.requests.clone();
        let Some(row) = snapshot.services.get(service).map(|service| &service.metrics) else {
            return requests;
        };
        let each = |metric| {
            let (all, pods) = (f64::from(row.get(metric)?), f64::from(row.get(Metric::CurrentReplicas)?));
            (all > 0.0 && pods >= 1.0).then(|| all / pods)
        };
        if let Some(millicores) = each(Metric::CpuRequest) {
            requests.insert(ResourceName::Cpu, round_up(millicores.round()));
        }
        if let Some(mebibytes) = each(Metric::MemoryRequest) {
            requests.insert(ResourceName::Memory, round_up(mebibytes * MILLIBYTES));
        }
        requests
    }
}

fn facts(pod: &PodSnapshot, requests: &Requests) -> PodFacts {
    let started_at = pod.started_at.and_then(moment);
    let main = ContainerRequests { name: "main".to_owned(), requests: requests.clone() };
    PodFacts {
        name: name(pod),
        phase: phase(pod.phase),
        deleting: pod.deleting,
        started_at,
        ready: pod.ready.map(|ready| ReadyCondition {
            status: if ready { ConditionStatus::True } else { ConditionStatus::False },
            last_transition: pod.ready_changed_at.and_then(moment).or(started_at).unwrap_or(LONG_AGO),
        }),
        containers: vec![main],
        pod_requests: None,
    }
}

const LONG_AGO: Timestamp = Timestamp::from_millis(i64::MIN);

/// Refuses a metric that no snapshot has.
pub(super) fn check(metric: &MetricSource) -> Result<(), HpaAutoscalerError> {
    let readable = match metric {
        MetricSource::Resource { resource: ResourceName::Other(_), .. } | MetricSource::Pods { .. } => false,
        MetricSource::Resource { container, .. } => container.as_ref().is_none_or(|name| name == "main"),
        MetricSource::Object { metric, .. } => Metric::named(&metric.name).is_some(),
        MetricSource::External { metric, .. } => metric.name == REQUEST_RATE,
    };
    if readable {
        Ok(())
    } else {
        Err(HpaAutoscalerError::UnknownMetric { metric: metric.to_string(), known: ENTRY_POINTS })
    }
}

/// What the snapshot says of one metric of one service.
pub(super) fn read(metric: &MetricSource, snapshot: &Snapshot, service: ServiceId) -> Reading {
    let reading = match metric {
        MetricSource::Resource { resource: ResourceName::Cpu, .. } => {
            Some(Reading::PerPod(samples(snapshot, service, |pod| pod.cpu, 1.0)))
        }
        MetricSource::Resource { resource: ResourceName::Memory, .. } => {
            Some(Reading::PerPod(samples(snapshot, service, |pod| pod.memory, MILLIBYTES)))
        }
        MetricSource::Object { metric, .. } => {
            let known = Metric::named(&metric.name);
            let value = known.and_then(|metric| snapshot.services.get(service)?.metrics.get(metric));
            value.map(|value| Reading::Value(round_up(1000.0 * f64::from(value))))
        }
        MetricSource::External { .. } => Some(Reading::Series(request_rates(snapshot))),
        MetricSource::Resource { .. } | MetricSource::Pods { .. } => None,
    };
    reading.unwrap_or_else(|| Reading::Unavailable("the last scrape does not have it".to_owned()))
}

fn samples(
    snapshot: &Snapshot,
    service: ServiceId,
    sample: impl Fn(&PodSnapshot) -> Option<PodSample>,
    unit: f64,
) -> PodMetrics {
    let metric = |pod: &PodSnapshot| Some((name(pod), pod_metric(&sample(pod)?, unit)?));
    pods(snapshot, service).iter().filter_map(metric).collect()
}

/// A sample whose value or time is not a number is no sample.
fn pod_metric(sample: &PodSample, unit: f64) -> Option<PodMetric> {
    let (value, timestamp) = (f64::from(sample.value), moment(sample.at)?);
    value.is_finite().then(|| PodMetric {
        value: round_up(value * unit),
        timestamp,
        window: span(sample.window),
    })
}

fn request_rates(snapshot: &Snapshot) -> Vec<i64> {
    let rates = snapshot.entry_points.iter().filter_map(|entry| entry.request_rate);
    rates.filter(|rate| rate.is_finite()).map(|rate| round_up(1000.0 * f64::from(rate))).collect()
}

fn pods(snapshot: &Snapshot, service: ServiceId) -> &[PodSnapshot] {
    snapshot.services.get(service).map_or(&[], |service| service.pods.as_slice())
}

fn name(pod: &PodSnapshot) -> String {
    pod.id.to_string()
}

fn phase(phase: PodPhase) -> hpa::PodPhase {
    match phase {
        PodPhase::Pending => hpa::PodPhase::Pending,
        PodPhase::Running => hpa::PodPhase::Running,
        PodPhase::Failed => hpa::PodPhase::Failed,
        PodPhase::Succeeded => hpa::PodPhase::Succeeded,
    }
}

fn span(window: Seconds) -> Duration {
    Duration::try_from_secs_f64(window.get()).unwrap_or_default()
}

/// Rounded up, as Kubernetes rounds quantities, and saturating.
#[expect(clippy::cast_possible_truncation, reason = "a float-to-integer `as` saturates, as documented")]
fn round_up(thousandths: f64) -> i64 {
    thousandths.ceil() as i64
}
