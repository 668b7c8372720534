//! The simulated cluster: a request-level discrete-event simulation with workloads, attackers and scenarios.

pub mod environment;
pub mod scenario;
pub mod sim;
pub mod timeline;
pub mod topologies;
pub mod workload;

pub use environment::{ClusterEnvironment, ClusterObserver, Episode, Setup, Siege, evaluate};
pub use scenario::{LoadSummary, Scenario, ScenarioError, ScenarioParams};
pub use timeline::{Event, EventKind, Timeline};
pub use workload::{Split, Trace, TraceError, Workload, WorkloadError, WorkloadParams};
