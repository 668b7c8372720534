//! From a JSON document to a checked [`Topology`].

use std::io::Read;

use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

use super::error::{TopologyError, nearest};
use super::fields::{Fields, number, wrong};
use super::{
    Balancing, Connection, EntryPoint, FanOut, FaultProbabilities, NodePool, Priority, Service, Topology,
    WorkDistribution,
};
use crate::json::{Node, read_document};
use crate::{Mebibytes, Metric, Millicores, PerService, Replicas, RequestsPerSecond, Seconds, ServiceId};

/// Most bytes of a topology file.
const MAX_BYTES: usize = 16 << 20;
/// Most services of a topology.
const MAX_SERVICES: usize = 10_000;
/// Most connections of a topology.
const MAX_CONNECTIONS: usize = 100_000;
/// CPU of a pod or node: a millicore to a thousand cores.
const CPU: (u32, u32) = (1, 1_000_000);
/// Memory of a pod or node: a mebibyte to 16 TiB.
const MEMORY: (u32, u32) = (1, 1 << 24);
const REPLICAS: (u32, u32) = (1, 10_000);
const RATE: (f64, f64) = (1e-6, 1e9);
const PROBABILITY: (f64, f64) = (0.0, 1.0);
const SECONDS: (f64, f64) = (1e-6, 86_400.0);
const INPUT: &str = "INPUT";
const OUTPUT: &str = "OUTPUT";

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
        let mut root = Fields::of(read_document(reader, MAX_BYTES)?, "the topology")?;
        let services = read_services(root.required("services")?)?;
        let calls = read_connections(root.list("connections")?.unwrap_or_default(), &services)?;
        let nodes = read_nodes(root.list("nodes")?)?;
        let metrics = read_metrics(root.list("metrics")?)?;
        let slo = root.number("slo_seconds", SECONDS)?;
        let timeout = root.number("timeout_seconds", SECONDS)?;
        let balancing = root.choice("balancing", BALANCING)?.unwrap_or(Balancing::Random);
        let retries = root.count("retries", (0, 10))?.unwrap_or(0);
        root.finish()?;

        let (graph, order) = call_graph(&services, &calls.connections)?;
        let mut topology = Self {
            nodes: nodes.unwrap_or_else(|| default_nodes(&services)),
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
        topology.place_entries(&calls.inputs);
        topology.place_pods()?;
        topology.slo = Seconds(slo.unwrap_or_else(|| 3.0 * topology.unloaded_latency().0));
        topology.timeout = Seconds(timeout.unwrap_or_else(|| (10.0 * topology.slo.0).max(1.0)));
        topology.check_times()?;
        Ok(topology)
    }

    /// Entry points are what `INPUT` feeds, or else every service that nobody calls. One without a rate gets an
    /// equal share of half the ceiling.
    fn place_entries(&mut self, inputs: &[(ServiceId, Option<f64>)]) {
        let called = |id: ServiceId| self.connections.iter().any(|connection| connection.destination == id);
        let roots: Vec<_> = match inputs {
            [] => self.services.ids().filter(|id| !called(*id)).map(|id| (id, None)).collect(),
            given => given.to_vec(),
        };
        let entry = |&(service, rate): &(ServiceId, Option<f64>)| EntryPoint {
            service,
            nominal_rate: RequestsPerSecond(rate.unwrap_or(1.0)),
        };
        self.entry_points = roots.iter().map(entry).collect();
        let share = self.ceiling().rate.0 / 2.0 / self.entry_points.len() as f64;
        for (entry, (_, rate)) in self.entry_points.iter_mut().zip(&roots) {
            entry.nominal_rate = RequestsPerSecond(rate.unwrap_or(share));
        }
    }

    /// A pod that fits no empty node could never run.
    fn place_pods(&self) -> Result<(), TopologyError> {
        for service in &self.services {
            let fits = |pool: &NodePool| service.cpu <= pool.cpu && service.memory <= pool.memory;
            if !self.nodes.iter().any(fits) {
                return Err(TopologyError::Contradiction {
                    place: format!("services.{}", service.name),
                    message: format!(
                        "a pod of {} and {} fits on no node of this topology",
                        service.cpu, service.memory
                    ),
                });
            }
        }
        Ok(())
    }

    fn check_times(&self) -> Result<(), TopologyError> {
        if self.timeout >= self.slo {
            return Ok(());
        }
        Err(TopologyError::Contradiction {
            place: "timeout_seconds".to_owned(),
            message: format!("the timeout of {} is shorter than the SLO of {}", self.timeout, self.slo),
        })
    }
}

const BALANCING: &[(&str, Balancing)] = &[
    ("random", Balancing::Random),
    ("round_robin", Balancing::RoundRobin),
    ("least_requests", Balancing::LeastRequests),
];

fn read_services(node: Node) -> Result<PerService<Service>, TopologyError> {
    let entries = Fields::of(node, "services")?.into_entries();
    if entries.is_empty() || entries.len() > MAX_SERVICES {
        return Err(TopologyError::Value {
            place: "services".to_owned(),
            value: format!("{} services", entries.len()),
            allowed: format!("1 to {MAX_SERVICES} services"),
        });
    }
    entries.into_iter().map(|(name, node)| read_service(name, node)).collect()
}

fn read_service(name: String, node: Node) -> Result<Service, TopologyError> {
    let place = format!("services.{name}");
    if name.is_empty() || name.len() > 253 || name == INPUT || name == OUTPUT {
        let allowed = "a name of 1 to 253 bytes that is neither INPUT nor OUTPUT".to_owned();
        return Err(TopologyError::Value { place, value: format!("the name \"{name}\""), allowed });
    }
    let mut fields = Fields::of(node, place)?;
    let cpu = required_count(&mut fields, "cpu", CPU)?;
    let memory = required_count(&mut fields, "ram", MEMORY)?;
    let throughput = fields.number("computation_throughput", RATE)?;
    let throughput = throughput.ok_or_else(|| fields.missing("computation_throughput"))?;
    let (min, max, initial) = read_replicas(&mut fields)?;
    let concurrency = fields.count("concurrency", (1, 1_000_000))?.unwrap_or(32);
    let service = Service {
        name,
        image: fields.text("image")?,
        cpu: Millicores(cpu),
        cpu_limit: Millicores(fields.count("cpu_limit", CPU)?.unwrap_or(cpu)),
        memory: Mebibytes(memory),
        min_replicas: Replicas(min),
        max_replicas: Replicas(max),
        initial_replicas: Replicas(initial),
        throughput: RequestsPerSecond(throughput),
        work: read_work(&mut fields)?,
        concurrency,
        queue_capacity: fields.count("queue_capacity", (0, 10_000_000))?.unwrap_or(64),
        blocking: fields.flag("blocking")?.unwrap_or(true),
        fan_out: fields.choice("fan_out", FAN_OUT)?.unwrap_or(FanOut::Sequential),
        faults: read_faults(&mut fields)?,
        priority: fields.choice("priority", PRIORITY)?.unwrap_or(Priority::Normal),
        startup: Seconds(fields.number("startup_seconds", (0.0, 3600.0))?.unwrap_or(8.0)),
        memory_idle: fields
            .number("memory_idle", (0.0, f64::from(memory)))?
            .unwrap_or(0.4 * f64::from(memory)),
        memory_per_request: fields
            .number("memory_per_request", (0.0, f64::from(memory)))?
            .unwrap_or(0.5 * f64::from(memory) / f64::from(concurrency)),
    };
    if service.cpu_limit < service.cpu {
        let message = format!("cpu_limit {} is below cpu {}", service.cpu_limit, service.cpu);
        return Err(TopologyError::Contradiction { place: fields.place().to_owned(), message });
    }
    fields.finish()?;
    Ok(service)
}

const FAN_OUT: &[(&str, FanOut)] =
    &[("sequential", FanOut::Sequential), ("parallel", FanOut::Parallel), ("weighted", FanOut::Weighted)];
const PRIORITY: &[(&str, Priority)] =
    &[("critical", Priority::Critical), ("normal", Priority::Normal), ("low", Priority::Low)];

fn required_count(fields: &mut Fields, field: &'static str, range: (u32, u32)) -> Result<u32, TopologyError> {
    fields.count(field, range)?.ok_or_else(|| fields.missing(field))
}

fn read_replicas(fields: &mut Fields) -> Result<(u32, u32, u32), TopologyError> {
    let min = fields.count("min_replicas", REPLICAS)?.unwrap_or(1);
    let max = fields.count("max_replicas", REPLICAS)?.unwrap_or(min.max(8));
    let contradiction =
        |message| Err(TopologyError::Contradiction { place: fields.place().to_owned(), message });
    if min > max {
        return contradiction(format!("min_replicas {min} is above max_replicas {max}"));
    }
    let initial = fields.count("initial_replicas", REPLICAS)?.unwrap_or(min);
    if !(min..=max).contains(&initial) {
        let message = format!("initial_replicas {initial} lies outside of {min} to {max}");
        return Err(TopologyError::Contradiction { place: fields.place().to_owned(), message });
    }
    Ok((min, max, initial))
}

fn read_work(fields: &mut Fields) -> Result<WorkDistribution, TopologyError> {
    let cv = fields.number("work_cv", (0.0, 20.0))?.unwrap_or(0.35);
    let log_normal = WorkDistribution::LogNormal(cv);
    let options = [
        ("deterministic", WorkDistribution::Deterministic),
        ("exponential", WorkDistribution::Exponential),
        ("log_normal", log_normal),
    ];
    Ok(fields.choice("work_distribution", &options)?.unwrap_or(log_normal))
}

fn read_faults(fields: &mut Fields) -> Result<FaultProbabilities, TopologyError> {
    let mut probability = |field| fields.number(field, PROBABILITY).map(|value| value.unwrap_or(0.0));
    Ok(FaultProbabilities {
        warning: probability("warning_probability")?,
        error: probability("error_probability")?,
        degraded: probability("degraded_probability")?,
        failure: probability("failure_probability")?,
    })
}

/// Connections between services, and the services that `INPUT` feeds with their rates.
struct Calls {
    connections: Vec<Connection>,
    inputs: Vec<(ServiceId, Option<f64>)>,
}

fn read_connections(items: Vec<Node>, services: &PerService<Service>) -> Result<Calls, TopologyError> {
    if items.len() > MAX_CONNECTIONS {
        return Err(TopologyError::Value {
            place: "connections".to_owned(),
            value: format!("{} connections", items.len()),
            allowed: format!("at most {MAX_CONNECTIONS}"),
        });
    }
    let mut calls = Calls { connections: Vec::new(), inputs: Vec::new() };
    let names: std::collections::BTreeMap<&str, ServiceId> =
        services.iter_enumerated().map(|(id, service)| (service.name.as_str(), id)).collect();
    let mut seen = std::collections::BTreeSet::new();
    for (index, item) in items.into_iter().enumerate() {
        let mut fields = Fields::of(item, format!("connections[{index}]"))?;
        let source = end(&mut fields, "source", INPUT, &names)?;
        let destination = end(&mut fields, "destination", OUTPUT, &names)?;
        let throughput = read_throughput(&mut fields)?;
        let calls_made = fields.number("calls", (0.0, 1000.0))?.unwrap_or(1.0);
        let weight = fields.number("weight", (0.0, 1e6))?.unwrap_or(1.0);
        if !seen.insert((source, destination)) {
            let message = "the same source and destination as an earlier connection".to_owned();
            return Err(TopologyError::Contradiction { place: fields.place().to_owned(), message });
        }
        match (source, destination) {
            (Some(source), Some(destination)) => calls.connections.push(Connection {
                source,
                destination,
                throughput: throughput.map(RequestsPerSecond),
                calls: calls_made,
                weight,
            }),
            (None, Some(service)) => calls.inputs.push((service, throughput)),
            (Some(_), None) => {}
            (None, None) => {
                let message = "INPUT is connected to OUTPUT with no service between".to_owned();
                return Err(TopologyError::Contradiction { place: fields.place().to_owned(), message });
            }
        }
        fields.finish()?;
    }
    Ok(calls)
}

/// One end of a connection: a service, or `None` for the outside world.
fn end(
    fields: &mut Fields,
    field: &'static str,
    outside: &str,
    names: &std::collections::BTreeMap<&str, ServiceId>,
) -> Result<Option<ServiceId>, TopologyError> {
    let place = fields.path(field);
    let Some(name) = fields.text(field)? else {
        return Err(fields.missing(field));
    };
    if name == outside {
        return Ok(None);
    }
    names.get(name.as_str()).map(|id| Some(*id)).ok_or_else(|| TopologyError::Unknown {
        nearest: nearest(&name, names.keys().copied().chain([outside])),
        place,
        kind: "service",
        name,
    })
}

/// A positive rate; −1 or absent means no limit.
fn read_throughput(fields: &mut Fields) -> Result<Option<f64>, TopologyError> {
    let place = fields.path("throughput");
    match fields.take("throughput") {
        None | Some(Node::Number(-1.0)) => Ok(None),
        Some(node @ Node::Number(_)) => number(&place, &node, RATE)
            .map(Some)
            .map_err(|_| wrong(&place, &node, "a rate from 0.000001 to 1000000000, or -1 for no limit")),
        Some(other) => Err(wrong(&place, &other, "a number")),
    }
}

fn read_nodes(items: Option<Vec<Node>>) -> Result<Option<Vec<NodePool>>, TopologyError> {
    let Some(items) = items else { return Ok(None) };
    if items.is_empty() {
        return Err(wrong("nodes", &Node::Array(items), "at least one group of nodes"));
    }
    let read = |(index, item)| {
        let mut fields = Fields::of(item, format!("nodes[{index}]"))?;
        let pool = NodePool {
            count: fields.count("count", (1, 10_000))?.unwrap_or(1),
            cpu: Millicores(required_count(&mut fields, "cpu", CPU)?),
            memory: Mebibytes(required_count(&mut fields, "ram", MEMORY)?),
        };
        fields.finish().map(|()| pool)
    };
    items.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>().map(Some)
}

/// Nodes of 8 cores and 32 GiB (larger if a pod needs it) that carry full scale-out with a fifth to spare.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a ratio of checked positive numbers"
)]
fn default_nodes(services: &PerService<Service>) -> Vec<NodePool> {
    let largest = |of: fn(&Service) -> u32, least: u32| services.iter().map(of).max().unwrap_or(0).max(least);
    let pool = NodePool {
        count: 1,
        cpu: Millicores(largest(|s| s.cpu.0, 8_000)),
        memory: Mebibytes(largest(|s| s.memory.0, 32_768)),
    };
    let total = |of: fn(&Service) -> u32| -> f64 {
        services.iter().map(|s| f64::from(of(s)) * f64::from(s.max_replicas.0)).sum()
    };
    let needed =
        (total(|s| s.cpu.0) / f64::from(pool.cpu.0)).max(total(|s| s.memory.0) / f64::from(pool.memory.0));
    vec![NodePool { count: (needed * 1.2).ceil().max(1.0) as u32, ..pool }]
}

fn read_metrics(items: Option<Vec<Node>>) -> Result<Option<Vec<Metric>>, TopologyError> {
    let Some(items) = items else { return Ok(None) };
    let read = |(index, item)| match item {
        Node::String(name) => Metric::named(&name).ok_or_else(|| TopologyError::Unknown {
            place: format!("metrics[{index}]"),
            kind: "metric",
            nearest: nearest(&name, Metric::ALL.iter().map(|metric| metric.name())),
            name,
        }),
        other => Err(wrong(&format!("metrics[{index}]"), &other, "the name of a metric")),
    };
    items.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>().map(Some)
}

type CallGraph = (DiGraph<ServiceId, usize>, Vec<ServiceId>);

fn call_graph(
    services: &PerService<Service>,
    connections: &[Connection],
) -> Result<CallGraph, TopologyError> {
    let mut graph = DiGraph::with_capacity(services.len(), connections.len());
    for id in services.ids() {
        graph.add_node(id);
    }
    for (index, connection) in connections.iter().enumerate() {
        graph.add_edge(
            Topology::node_of(connection.source),
            Topology::node_of(connection.destination),
            index,
        );
    }
    match toposort(&graph, None) {
        Ok(order) => {
            let order = order.into_iter().map(|node| graph[node]).collect();
            Ok((graph, order))
        }
        Err(_) => Err(TopologyError::Cycle {
            path: circle(&graph).into_iter().map(|node| services[graph[node]].name.clone()).collect(),
        }),
    }
}

/// One circle of the graph: a walk inside a strongly connected component until a node repeats.
fn circle(graph: &DiGraph<ServiceId, usize>) -> Vec<NodeIndex> {
    let looping =
        |component: &Vec<NodeIndex>| component.len() > 1 || graph.contains_edge(component[0], component[0]);
    let Some(component) = tarjan_scc(graph).into_iter().find(looping) else { return Vec::new() };
    let mut walk = vec![component[0]];
    loop {
        let here = walk[walk.len() - 1];
        let Some(next) = graph.neighbors(here).find(|node| component.contains(node)) else { return walk };
        let back = walk.iter().position(|node| *node == next);
        walk.push(next);
        if let Some(start) = back {
            return walk.split_off(start);
        }
    }
}
