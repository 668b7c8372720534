//! The columns of a cluster's table: names, scales and bounds.

use karma_core::{Id as _, Metric, ServiceId, Topology};

use crate::table::{Column, Part, Scale, Schema};

/// The metrics of every service that are predicted, in the order of the columns.
pub const PREDICTED: [Metric; 7] = [
    Metric::PodsHealthy,
    Metric::PodsFailed,
    Metric::CpuUtilization,
    Metric::PendingRequests,
    Metric::ErrorRate,
    Metric::LatencyMean,
    Metric::InFlight,
];

/// Names of the five resilience terms, in the paper's order.
const TERMS: [&str; 5] =
    ["success_rate", "failed_pod_ratio", "latency_ratio", "entry_point_availability", "traffic_ratio"];
/// Latencies below this many seconds are not told apart.
const LEAST_LATENCY: f32 = 1e-4;

/// The entry points through which traffic reaches a service.
pub(super) fn entries_of(topology: &Topology, service: ServiceId) -> Vec<usize> {
    let here = topology.entries().filter(|(_, entry)| entry.service == service);
    here.map(|(entry, _)| entry.index()).collect()
}

/// The columns of a topology, in the order of [`Layout`].
#[expect(clippy::expect_used, reason = "services have different names, and every bound below is fixed")]
pub(super) fn schema(topology: &Topology) -> Schema {
    let services = topology.services.iter_enumerated();
    let mut columns: Vec<Column> = services
        .flat_map(|(id, service)| {
            let metrics = PREDICTED.into_iter().chain(topology.is_called(id).then_some(Metric::RequestRate));
            metrics.map(|metric| predicted(&service.name, metric, service.max_replicas.0 as f32))
        })
        .collect();
    let term = |name| Column::new(format!("resilience.{name}"), Part::Predicted).within(0.0, 1.0);
    columns.extend(TERMS.map(term));
    columns.extend(topology.services.iter().map(|service| {
        let bounds = (service.min_replicas.0 as f32, service.max_replicas.0 as f32);
        named(&service.name, Metric::DesiredReplicas, Part::Controlled).within(bounds.0, bounds.1)
    }));
    columns.extend(topology.entries().map(|(entry, _)| {
        let column = Column::new(format!("entry_rate_{entry}"), Part::Exogenous);
        Column { unit: "1/s".to_owned(), ..column.scaled(Scale::Root).within(0.0, None) }
    }));
    Schema::new(columns).expect("the columns of a checked topology are a schema")
}

fn named(service: &str, metric: Metric, part: Part) -> Column {
    let column = Column::new(format!("{service}.{}", metric.name()), part);
    Column { unit: metric.unit().to_owned(), ..column }
}

/// A predicted metric on the scale on which its errors have one size.
fn predicted(service: &str, metric: Metric, replicas: f32) -> Column {
    let column = named(service, metric, Part::Predicted);
    match metric {
        Metric::PodsHealthy | Metric::PodsFailed => column.within(0.0, replicas),
        Metric::ErrorRate => column.within(0.0, 1.0),
        Metric::LatencyMean => {
            column.scaled(Scale::Log10 { floor: LEAST_LATENCY }).within(LEAST_LATENCY, None)
        }
        Metric::PendingRequests | Metric::InFlight | Metric::RequestRate => {
            column.scaled(Scale::Root).within(0.0, None)
        }
        _ => column.within(0.0, None),
    }
}
