//! From a JSON document to a checked [`Topology`].

mod call_graph;
mod connections;
mod nodes;
mod services;

use std::io::Read;

use super::error::{TopologyError, nearest};
use super::fields::{Fields, Range, wrong};
use super::{Balancing, EntryPoint, FanOut, Topology};
use crate::json::{Node, read_document};
use crate::{Metric, RequestsPerSecond, Seconds, ServiceId};

/// Most bytes of a topology file.
const MAX_BYTES: usize = 16 << 20;
/// Most calls of one service that one request may cause; above it no arrival rate is small enough to simulate.
const MAX_VISITS: f64 = 1e6;
const CPU: Range<u32> = Range { what: "a whole number of milli-cores", least: 1, most: 1_000_000 };
const MEMORY: Range<u32> = Range { what: "a whole number of mebibytes", least: 1, most: 1 << 24 };
const RATE: Range<f64> = Range { what: "a number of requests per second", least: 1e-6, most: 1e9 };
const SECONDS: Range<f64> = Range { what: "a number of seconds", least: 1e-6, most: 86_400.0 };
const RETRIES: Range<u32> = Range { what: "a whole number", least: 0, most: 10 };
const BALANCING: &[(&str, Balancing)] = &[
    ("random", Balancing::Random),
    ("round_robin", Balancing::RoundRobin),
    ("least_requests", Balancing::LeastRequests),
];
const FIELDS: &[&str] = &[
    "services",
    "connections",
    "nodes",
    "metrics",
    "slo_seconds",
    "timeout_seconds",
    "balancing",
    "retries",
];

impl Topology {
    /// Reads a topology and checks it.
    ///
    /// ```
    /// use karma_core::Topology;
    /// let readme_form = r#"{
    ///   "services": {
    ///     "service1": { "cpu": 500, "ram": 256, "computation_throughput": 100 },
    ///     "service2": { "cpu": 1000, "ram": 512, "computation_throughput": 50 }
    ///   },
    ///   "connections": [ { "source": "service1", "destination": "service2" } ]
    /// }"#;
    /// let topology = Topology::read(readme_form.as_bytes())?;
    /// assert_eq!(topology.services.len(), 2);
    /// assert_eq!(topology.entry_points.len(), 1);
    ///
    /// let typo = readme_form.replace("\"ram\": 512", "\"rma\": 512");
    /// let error = Topology::read(typo.as_bytes()).unwrap_err().to_string();
    /// assert_eq!(error, "services.service2: the field \"ram\" is missing; \"rma\" is not a field");
    /// # Ok::<(), karma_core::TopologyError>(())
    /// ```
    ///
    /// # Errors
    /// One [`TopologyError`] for the first thing that is wrong: it names the line or the path, the value and
    /// what is allowed.
    pub fn read(reader: impl Read) -> Result<Self, TopologyError> {
        let mut root = Fields::of(read_document(reader, MAX_BYTES)?, Fields::ROOT, FIELDS)?;
        let services = services::read(root.required("services")?)?;
        let calls = connections::read(root.list("connections")?.unwrap_or_default(), &services)?;
        let nodes = root.list("nodes")?.map(nodes::read).transpose()?;
        let metrics = root.list("metrics")?.map(read_metrics).transpose()?;
        let slo = root.number("slo_seconds", SECONDS)?;
        let timeout = root.number("timeout_seconds", SECONDS)?;
        let balancing = root.choice("balancing", BALANCING)?.unwrap_or(Balancing::Random);
        let retries = root.count("retries", RETRIES)?.unwrap_or(0);
        root.finish()?;

        let (graph, order) = call_graph::build(&services, &calls.connections)?;
        let mut topology = Self {
            nodes: nodes.unwrap_or_else(|| nodes::enough_for(&services)),
            entry_points: Vec::new().into(),
            connections: calls.connections,
            services,
            slo: Seconds(0.0),
            timeout: Seconds(0.0),
            balancing,
            retries,
            metrics,
            graph,
            order,
        };
        topology.check_weights()?;
        topology.place_entries(&calls.inputs)?;
        topology.check_pods()?;
        topology.set_times(slo, timeout)?;
        Ok(topology)
    }

    /// Entry points are what `INPUT` feeds, or else every service that nobody calls. One without a rate gets an
    /// equal share of half the ceiling.
    fn place_entries(&mut self, inputs: &[(ServiceId, Option<f64>)]) -> Result<(), TopologyError> {
        let roots: Vec<_> = match inputs {
            [] => self.services.ids().filter(|id| !self.is_called(*id)).map(|id| (id, None)).collect(),
            given => given.to_vec(),
        };
        let entry = |&(service, rate): &(ServiceId, Option<f64>)| EntryPoint {
            service,
            nominal_rate: RequestsPerSecond(rate.unwrap_or(1.0)),
        };
        self.entry_points = roots.iter().map(entry).collect();
        self.check_visits()?;
        let share = self.ceiling().rate.0 / 2.0 / self.entry_points.len() as f64;
        for (entry, (_, rate)) in self.entry_points.iter_mut().zip(&roots) {
            entry.nominal_rate = RequestsPerSecond(rate.unwrap_or(share));
        }
        Ok(())
    }

    /// A service that calls one successor by weight must have one to call.
    fn check_weights(&self) -> Result<(), TopologyError> {
        let stuck = |id: ServiceId| {
            let mut weights = self.calls_from(id).map(|connection| connection.weight).peekable();
            self.services[id].fan_out == FanOut::Weighted
                && weights.peek().is_some()
                && weights.all(|weight| weight == 0.0)
        };
        self.services.ids().find(|id| stuck(*id)).map_or(Ok(()), |id| {
            Err(self.contradiction(
                id,
                "fan_out is \"weighted\", but the weight of every connection from it is 0".to_owned(),
            ))
        })
    }

    /// Calls multiply along a path, so that few connections can ask for more work than there is time.
    fn check_visits(&self) -> Result<(), TopologyError> {
        let visits = self.visits_under(&self.entry_points.map(|_| 1.0));
        let Some((id, count)) = visits.iter_enumerated().find(|(_, count)| **count > MAX_VISITS) else {
            return Ok(());
        };
        Err(self.contradiction(
            id,
            format!(
                "one request at each entry point calls it {count:.1e} times; at most {MAX_VISITS} are allowed"
            ),
        ))
    }

    /// A pod that fits no empty node could never run.
    fn check_pods(&self) -> Result<(), TopologyError> {
        for (id, service) in self.services.iter_enumerated() {
            if !self.nodes.iter().any(|pool| service.cpu <= pool.cpu && service.memory <= pool.memory) {
                let message = format!(
                    "a pod of {} and {} fits on no node; nodes have {}",
                    service.cpu,
                    service.memory,
                    nodes::describe(&self.nodes)
                );
                return Err(self.contradiction(id, message));
            }
        }
        Ok(())
    }

    fn set_times(&mut self, slo: Option<f64>, timeout: Option<f64>) -> Result<(), TopologyError> {
        self.slo = Seconds(slo.unwrap_or_else(|| 3.0 * self.unloaded_latency().0));
        self.timeout = Seconds(timeout.unwrap_or_else(|| (10.0 * self.slo.0).max(1.0)));
        if self.timeout >= self.slo {
            return Ok(());
        }
        let origin = slo.map_or(" (3 times the unloaded time, as slo_seconds is not written)", |_| "");
        Err(TopologyError::Contradiction {
            place: "timeout_seconds".to_owned(),
            message: format!(
                "the timeout of {} is shorter than the SLO of {:.4}{origin}",
                self.timeout, self.slo
            ),
        })
    }

    fn contradiction(&self, id: ServiceId, message: String) -> TopologyError {
        TopologyError::Contradiction { place: format!("services.{}", self.services[id].name), message }
    }
}

fn read_metrics(items: Vec<Node>) -> Result<Vec<Metric>, TopologyError> {
    let read = |(index, item)| match item {
        Node::String(name) => Metric::named(&name).ok_or_else(|| TopologyError::Unknown {
            place: format!("metrics[{index}]"),
            kind: "metric",
            nearest: nearest(&name, Metric::ALL.iter().map(|metric| metric.name())),
            name,
        }),
        other => Err(wrong(&format!("metrics[{index}]"), &other, "the name of a metric")),
    };
    items.into_iter().enumerate().map(read).collect()
}
