//! A topology in its normal form: every field written, in the order of the documentation.
//!
//! A run keeps its topology in this form, so that it can be continued when a file or a default has changed. Reading
//! it gives the same topology.

use std::collections::BTreeMap;

use karma_core::topology::{Balancing, Connection, FanOut, Priority, Service, WorkDistribution};
use karma_core::{ServiceId, Topology};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// The topology as a JSON document.
#[expect(clippy::expect_used, reason = "texts and numbers under keys of text always have a JSON form")]
pub(crate) fn write(topology: &Topology) -> String {
    let connections: Vec<Value> = inputs(topology).chain(calls(topology)).collect();
    let nodes =
        topology.nodes.iter().map(|pool| json!({ "count": pool.count, "cpu": pool.cpu, "ram": pool.memory }));
    let document = Document {
        services: Services(topology),
        connections,
        nodes: nodes.collect(),
        metrics: topology
            .metrics
            .as_ref()
            .map(|metrics| metrics.iter().map(|metric| metric.name()).collect()),
        slo_seconds: topology.slo.0,
        timeout_seconds: topology.timeout.0,
        balancing: match topology.balancing {
            Balancing::Random => "random",
            Balancing::RoundRobin => "round_robin",
            Balancing::LeastRequests => "least_requests",
        },
        retries: topology.retries,
    };
    serde_json::to_string_pretty(&document).expect("a JSON form") + "\n"
}

#[derive(Serialize)]
struct Document<'a> {
    services: Services<'a>,
    connections: Vec<Value>,
    nodes: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<Vec<&'static str>>,
    slo_seconds: f64,
    timeout_seconds: f64,
    balancing: &'static str,
    retries: u32,
}

/// Services by name, in their order.
struct Services<'a>(&'a Topology);

impl Serialize for Services<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.services.len()))?;
        for service in &self.0.services {
            map.serialize_entry(&service.name, &fields(service))?;
        }
        map.end()
    }
}

fn fields(service: &Service) -> BTreeMap<&'static str, Value> {
    let (work, variation) = match service.work {
        WorkDistribution::Deterministic => ("deterministic", None),
        WorkDistribution::Exponential => ("exponential", None),
        WorkDistribution::LogNormal(variation) => ("log_normal", Some(variation)),
    };
    let fan_out = match service.fan_out {
        FanOut::Sequential => "sequential",
        FanOut::Parallel => "parallel",
        FanOut::Weighted => "weighted",
    };
    let priority = match service.priority {
        Priority::Critical => "critical",
        Priority::Normal => "normal",
        Priority::Low => "low",
    };
    let fields = [
        ("image", json!(service.image)),
        ("cpu", json!(service.cpu)),
        ("cpu_limit", json!(service.cpu_limit)),
        ("ram", json!(service.memory)),
        ("min_replicas", json!(service.min_replicas)),
        ("max_replicas", json!(service.max_replicas)),
        ("initial_replicas", json!(service.initial_replicas)),
        ("computation_throughput", json!(service.throughput)),
        ("work_distribution", json!(work)),
        ("work_cv", json!(variation)),
        ("concurrency", json!(service.concurrency)),
        ("queue_capacity", json!(service.queue_capacity)),
        ("blocking", json!(service.blocking)),
        ("fan_out", json!(fan_out)),
        ("priority", json!(priority)),
        ("startup_seconds", json!(service.startup)),
        ("memory_idle", json!(service.memory_idle)),
        ("memory_per_request", json!(service.memory_per_request)),
        ("warning_probability", json!(service.faults.warning)),
        ("error_probability", json!(service.faults.error)),
        ("degraded_probability", json!(service.faults.degraded)),
        ("failure_probability", json!(service.faults.failure)),
    ];
    fields.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

fn inputs(topology: &Topology) -> impl Iterator<Item = Value> {
    topology.entry_points.iter().map(|entry| {
        json!({
            "source": "INPUT",
            "destination": name(topology, entry.service),
            "throughput": entry.nominal_rate,
        })
    })
}

fn calls(topology: &Topology) -> impl Iterator<Item = Value> {
    topology.connections.iter().map(|connection| {
        let Connection { source, destination, throughput, calls, weight } = connection;
        json!({
            "source": name(topology, *source),
            "destination": name(topology, *destination),
            "throughput": throughput.map_or(-1.0, |rate| rate.0),
            "calls": calls,
            "weight": weight,
        })
    })
}

fn name(topology: &Topology, service: ServiceId) -> &str {
    &topology.services[service].name
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_mock::topologies;

    #[test]
    fn a_topology_in_its_normal_form_reads_back_as_the_same() {
        for known in ["chain4", "diamond", "online-boutique", "chain:3", "tree:7:2", "mesh:20:7"] {
            let topology = topologies::by_name(known).unwrap();
            let text = write(&topology);
            let again = Topology::read(text.as_bytes()).unwrap();
            assert_eq!(format!("{again:?}"), format!("{topology:?}"), "{known}");
            assert_eq!(write(&again), text);
        }
    }
}
