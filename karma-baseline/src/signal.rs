//! What a rule goes by: the measurements that operators scale on, in one unit for all services.
//!
//! A target means the same on every service, whatever its pods can do:
//!
//! | signal | measured | a target of 0.6 means | as an HPA metric |
//! |---|---|---|---|
//! | [`Signal::Cpu`] | CPU of the pods | 60 % of what they request | Resource, Utilization |
//! | [`Signal::RequestRate`] | requests that reach the service | 60 % of what its pods complete | Object, `AverageValue` |
//! | [`Signal::EntryRate`] | requests that reach the cluster | the same, for the calls that follow from them | External, `AverageValue` |
//! | [`Signal::Queue`] | requests that wait in accept queues | 0.6 of them for each pod | Object, `AverageValue` |
//!
//! CPU saturates: a pod at its limit shows the same, however much waits. A rate does not, but that of a service behind a saturated
//! one shows only what gets through; the rate at the entry shows everything at once, to all services. What no rate shows is a pod that
//! has become slow; a queue shows that.

use karma_core::{Metric, ServiceId, Snapshot, Topology};
use serde::{Deserialize, Serialize};

use crate::hpa::Quantity;
use crate::hpa::spec::{
    ExternalMetricParams, MetricIdentifier, MetricKind, MetricParams, ObjectMetricParams, ObjectReference,
    ResourceMetricParams, TargetKind, TargetParams,
};

/// What a rule goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// CPU used over CPU requested.
    Cpu,
    /// Requests per second that arrive at the service.
    RequestRate,
    /// Requests per second that arrive at the cluster's entry points.
    EntryRate,
    /// Requests that wait in the accept queues of the service's pods.
    Queue,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Cpu, Self::RequestRate, Self::EntryRate, Self::Queue];

    /// How many of the signal one pod of `service` carries, in the signal's own unit: millicores requested, requests per second
    /// completed (at the service, or as many at the entries as lead to these), or one waiting request. A service that no request
    /// reaches carries any rate.
    pub fn of_one_pod(self, topology: &Topology, service: ServiceId) -> f64 {
        let here = &topology.services[service];
        match self {
            Self::Cpu => f64::from(here.cpu.get()),
            Self::RequestRate => here.pod_capacity().get(),
            Self::EntryRate => here.pod_capacity().get() / calls(topology, service),
            Self::Queue => 1.0,
        }
    }

    /// The signal of a service, all its pods together, in the unit of [`Signal::of_one_pod`]; `None` if it was not measured.
    pub fn read(self, snapshot: &Snapshot, service: ServiceId) -> Option<f64> {
        let metric = |metric| snapshot.services.get(service)?.metrics.get(metric).map(f64::from);
        match self {
            Self::Cpu => metric(Metric::CpuUsage),
            Self::RequestRate => metric(Metric::RequestRate),
            Self::Queue => metric(Metric::PendingRequests),
            Self::EntryRate => {
                let rates = snapshot.entry_points.iter().map(|entry| entry.request_rate.map(f64::from));
                rates.sum::<Option<f64>>().filter(|_| !snapshot.entry_points.is_empty())
            }
        }
    }

    /// The signal as a metric of the HPA of `service`, which aims at `target` for each pod.
    pub fn metric(self, topology: &Topology, service: ServiceId, target: f64) -> MetricParams {
        let average = || average(target * self.of_one_pod(topology, service));
        let name = topology.services[service].name.clone();
        match self {
            Self::Cpu => resource(percent(target)),
            Self::RequestRate => object(Metric::RequestRate, name, average()),
            Self::Queue => object(Metric::PendingRequests, name, average()),
            Self::EntryRate => external(average()),
        }
    }
}

/// Calls of `service` that follow from one request at the entries, in the mix of their nominal rates.
fn calls(topology: &Topology, service: ServiceId) -> f64 {
    let nominal = topology.nominal_rate().get();
    if nominal > 0.0 {
        return topology.nominal_visits()[service] / nominal;
    }
    let entries = topology.entry_points.ids().map(|entry| topology.visits(entry)[service]);
    entries.sum::<f64>() / topology.entry_points.len().max(1) as f64
}

const EMPTY: MetricParams = MetricParams {
    kind: MetricKind::Resource,
    resource: None,
    container_resource: None,
    pods: None,
    object: None,
    external: None,
};

/// CPU at so many percent of the request.
pub(crate) fn resource(percent: i32) -> MetricParams {
    let target = TargetParams {
        kind: TargetKind::Utilization,
        average_utilization: Some(percent),
        average_value: None,
        value: None,
    };
    let cpu = ResourceMetricParams { name: "cpu".to_owned(), target };
    MetricParams { resource: Some(cpu), ..EMPTY }
}

/// A share in whole percent, as the API has it, at least one.
#[expect(clippy::cast_possible_truncation, reason = "a float-to-integer `as` saturates, as documented")]
fn percent(share: f64) -> i32 {
    (100.0 * share).round().max(1.0) as i32
}

fn object(metric: Metric, service: String, target: TargetParams) -> MetricParams {
    let described_object =
        ObjectReference { api_version: "apps/v1".to_owned(), kind: "Deployment".to_owned(), name: service };
    let object = ObjectMetricParams { described_object, metric: identifier(metric.name()), target };
    MetricParams { kind: MetricKind::Object, object: Some(object), ..EMPTY }
}

fn external(target: TargetParams) -> MetricParams {
    let external = ExternalMetricParams { metric: identifier(Metric::RequestRate.name()), target };
    MetricParams { kind: MetricKind::External, external: Some(external), ..EMPTY }
}

fn identifier(name: &str) -> MetricIdentifier {
    MetricIdentifier { name: name.to_owned(), selector: None }
}

/// So much for each pod, at least a thousandth: the API knows no smaller one above 0.
#[expect(clippy::cast_possible_truncation, reason = "a float-to-integer `as` saturates, as documented")]
fn average(per_pod: f64) -> TargetParams {
    let milli = (1000.0 * per_pod).round().max(1.0) as i64;
    TargetParams {
        kind: TargetKind::AverageValue,
        average_utilization: None,
        average_value: Some(Quantity::from_milli(milli)),
        value: None,
    }
}
