//! The simulated cluster: a request-level discrete-event simulation with workloads, attackers and scenarios.

mod bucket;
pub mod environment;
mod inversion;
#[cfg(feature = "load")]
pub mod load;
pub mod scenario;
pub mod service;
pub mod sim;
pub mod timeline;
pub mod topologies;
mod work;
pub mod workload;

pub use environment::{ClusterEnvironment, ClusterObserver, Episode, Setup, Siege, evaluate};
pub use scenario::{LoadSummary, Scenario, ScenarioError, ScenarioParams};
pub use timeline::{Event, EventKind, Timeline};
pub use workload::{Split, Trace, TraceError, Workload, WorkloadError, WorkloadParams};
