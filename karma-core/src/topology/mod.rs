//! Services, the calls between them, and the nodes that carry their pods.
//!
//! Both published forms of `topology.json` load unchanged: the short one of KARMA's README (`cpu`, `ram`,
//! `computation_throughput`; connections of `source` and `destination`) and the long one of its code (image,
//! replica bounds, four probabilities, `INPUT` and `OUTPUT`, a throughput for each connection, `metrics`).
//! Every further field is ours and has a default; [`Service`], [`Connection`] and [`Topology`] document them.

mod analysis;
mod error;
mod fields;
mod read;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

pub use analysis::{Ceiling, Limit};
pub use error::TopologyError;

use crate::{
    EntryPointId, Id as _, Mebibytes, Metric, Millicores, PerEntryPoint, PerService, Replicas,
    RequestsPerSecond, Seconds, ServiceId,
};

/// The source of a connection through which traffic enters.
const INPUT: &str = "INPUT";
/// The destination of a connection through which answers leave.
const OUTPUT: &str = "OUTPUT";

/// How a request that computes at a service draws its work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WorkDistribution {
    /// Always the mean.
    Deterministic,
    /// Exponential: coefficient of variation 1.
    Exponential,
    /// Log-normal with the given coefficient of variation.
    LogNormal(f64),
}

/// How a service calls its successors once its own work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanOut {
    /// One after the other, in the order of the file.
    Sequential,
    /// All at once; the answer waits for the slowest.
    Parallel,
    /// One of them, with a probability in proportion to the connection's weight.
    Weighted,
}

/// How much a service matters when resources are short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Scaled down first.
    Low,
    /// The default.
    Normal,
    /// Never scaled down to save resources.
    Critical,
}

/// The four published probabilities of a service: each is a chance per pod per minute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaultProbabilities {
    /// The pod is slow for a while: the work of its requests is doubled.
    pub warning: f64,
    /// The request that the pod finishes next fails.
    pub error: f64,
    /// The pod has half its CPU for a while.
    pub degraded: f64,
    /// The pod crashes.
    pub failure: f64,
}

/// One Deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Name, unique in the topology.
    pub name: String,
    /// Container image, where the file names one.
    pub image: Option<String>,
    /// CPU request of a pod (`cpu`).
    pub cpu: Millicores,
    /// CPU limit of a pod (`cpu_limit`; default: the request).
    pub cpu_limit: Millicores,
    /// Memory request and limit of a pod (`ram`).
    pub memory: Mebibytes,
    /// Fewest replicas (`min_replicas`; default 1).
    pub min_replicas: Replicas,
    /// Most replicas (`max_replicas`; default 8, or the minimum if that is higher).
    pub max_replicas: Replicas,
    /// Replicas at the start of an episode (`initial_replicas`; default: the minimum).
    pub initial_replicas: Replicas,
    /// Requests per second that one pod completes with its CPU **request** fully used (`computation_throughput`).
    pub throughput: RequestsPerSecond,
    /// Shape of a request's work (`work_distribution`: `deterministic`, `exponential` or `log_normal`;
    /// `work_cv`: coefficient of variation of the log-normal, default 0.35, inside the 0.22–0.39 measured for
    /// real services).
    pub work: WorkDistribution,
    /// Requests that one pod holds in service at once (`concurrency`; default 32).
    pub concurrency: u32,
    /// Requests that wait at one pod for a free slot (`queue_capacity`; default 64); more are refused.
    pub queue_capacity: u32,
    /// Whether a slot stays taken while downstream calls are open (`blocking`; default true: synchronous calls).
    pub blocking: bool,
    /// How successors are called (`fan_out`: `sequential`, `parallel` or `weighted`; default sequential).
    pub fan_out: FanOut,
    /// Faults of its pods.
    pub faults: FaultProbabilities,
    /// Importance (`priority`: `critical`, `normal` or `low`; default normal).
    pub priority: Priority,
    /// Median time from scheduling to a started container (`startup_seconds`; default 8).
    pub startup: Seconds,
    /// Memory of an idle pod (`memory_idle`; default 40 % of `ram`).
    pub memory_idle: f64,
    /// Memory of one request in service or waiting for an answer, in mebibytes (`memory_per_request`; default:
    /// 50 % of `ram` over `concurrency`, or next to nothing for a service that does not block, because it may
    /// hold any number of requests).
    pub memory_per_request: f64,
}

impl Service {
    /// Work of one request in core-seconds: what keeps one pod's CPU request busy for `1 / throughput`.
    pub fn mean_work(&self) -> f64 {
        self.cpu.cores() / self.throughput.0
    }

    /// Mean time of one request alone on a pod: it runs on one core, or on the limit if that is less.
    pub fn unloaded_time(&self) -> Seconds {
        Seconds(self.mean_work() / self.cpu_limit.cores().min(1.0))
    }

    /// CPU request over CPU limit, in (0, 1]: turns a utilisation of what was requested into one of what a pod may use.
    ///
    /// ```
    /// let text = r#"{ "services": { "a": { "cpu": 100, "cpu_limit": 200, "ram": 64, "computation_throughput": 10 } },
    ///                 "connections": [] }"#;
    /// let topology = karma_core::Topology::read(text.as_bytes())?;
    /// assert_eq!(topology.services.as_slice()[0].request_of_limit(), 0.5);
    /// # Ok::<(), karma_core::TopologyError>(())
    /// ```
    pub fn request_of_limit(&self) -> f64 {
        self.cpu.cores() / self.cpu_limit.cores()
    }

    /// Requests per second that one pod can complete at most: its CPU limit, or fewer cores if `concurrency` is lower.
    pub fn pod_capacity(&self) -> RequestsPerSecond {
        RequestsPerSecond(self.cpu_limit.cores().min(f64::from(self.concurrency)) / self.mean_work())
    }
}

/// A call from one service to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Caller.
    pub source: ServiceId,
    /// Called.
    pub destination: ServiceId,
    /// Calls per second that the link carries (`throughput`; −1 or absent: no limit). More are refused.
    pub throughput: Option<RequestsPerSecond>,
    /// Mean calls per request of the caller (`calls`; default 1). The fraction is a coin toss.
    pub calls: f64,
    /// Weight under [`FanOut::Weighted`] (`weight`; default 1).
    pub weight: f64,
}

/// A place where traffic enters.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryPoint {
    /// The service that receives it.
    pub service: ServiceId,
    /// Nominal arrival rate: the `throughput` of the connection from `INPUT`, or an equal share of half the ceiling.
    pub nominal_rate: RequestsPerSecond,
}

/// Some equal nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodePool {
    /// How many.
    pub count: u32,
    /// CPU of each.
    pub cpu: Millicores,
    /// Memory of each.
    pub memory: Mebibytes,
}

/// How requests are spread over the ready pods of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balancing {
    /// Uniformly at random, as kube-proxy does.
    Random,
    /// In turn.
    RoundRobin,
    /// To the pod with the fewest requests.
    LeastRequests,
}

/// A checked topology: acyclic, every name known, every number in range.
#[derive(Clone, Debug)]
pub struct Topology {
    /// Services in the order of the file.
    pub services: PerService<Service>,
    /// Calls between services, in the order of the file.
    pub connections: Vec<Connection>,
    /// Where traffic enters: the destinations of `INPUT`, or every service that nobody calls.
    pub entry_points: PerEntryPoint<EntryPoint>,
    /// Nodes (`nodes`; default: as many of 8 cores and 32 GiB as carry full scale-out with a fifth to spare).
    pub nodes: Vec<NodePool>,
    /// Longest acceptable end-to-end time (`slo_seconds`; default 3 × the unloaded mean of the slowest entry point).
    pub slo: Seconds,
    /// When a client gives up (`timeout_seconds`; default 10 × the SLO, at least 1 s).
    pub timeout: Seconds,
    /// How requests are spread (`balancing`: `random`, `round_robin` or `least_requests`; default random).
    pub balancing: Balancing,
    /// How often a failed call between services is tried again (`retries`; default 0).
    pub retries: u32,
    /// Metrics that the file lists, if it does.
    pub metrics: Option<Vec<Metric>>,
    graph: DiGraph<ServiceId, usize>,
    order: Vec<ServiceId>,
}

impl Topology {
    /// The service called `name`.
    pub fn service_named(&self, name: &str) -> Option<ServiceId> {
        self.services.iter_enumerated().find(|(_, service)| service.name == name).map(|(id, _)| id)
    }

    /// Services in call order: every caller before what it calls.
    pub fn call_order(&self) -> &[ServiceId] {
        &self.order
    }

    /// The calls that `service` makes, in the order of the file.
    pub fn calls_from(&self, service: ServiceId) -> impl Iterator<Item = &Connection> {
        self.connections_from(service).into_iter().map(|index| &self.connections[index])
    }

    /// Indices of the calls that `service` makes, in the order of the file.
    fn connections_from(&self, service: ServiceId) -> Vec<usize> {
        let edges = self.graph.edges(Self::node_of(service));
        let mut indices: Vec<usize> = edges.map(|edge| *edge.weight()).collect();
        indices.sort_unstable();
        indices
    }

    /// Whether some service calls `service`.
    pub fn is_called(&self, service: ServiceId) -> bool {
        self.graph.neighbors_directed(Self::node_of(service), Direction::Incoming).next().is_some()
    }

    /// The call graph: nodes are services, edges index [`Topology::connections`].
    pub const fn graph(&self) -> &DiGraph<ServiceId, usize> {
        &self.graph
    }

    /// The node of `service` in [`Topology::graph`].
    pub fn node_of(service: ServiceId) -> NodeIndex {
        NodeIndex::new(service.index())
    }

    /// Entry points with their ids.
    pub fn entries(&self) -> impl Iterator<Item = (EntryPointId, &EntryPoint)> {
        self.entry_points.iter_enumerated()
    }

    /// Sum of the nominal arrival rates.
    pub fn nominal_rate(&self) -> RequestsPerSecond {
        self.entry_points.iter().map(|entry| entry.nominal_rate).sum()
    }
}
