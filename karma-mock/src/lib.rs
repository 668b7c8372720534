//! The simulated cluster: a request-level discrete-event simulation with workloads, attackers and scenarios.

pub mod timeline;

pub use timeline::{Event, EventKind, Timeline};
