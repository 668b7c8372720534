//! KARMA on a live cluster.
//!
//! [`observe`] reads a cluster: from the API server, metrics-server and Prometheus to the
//! [`Snapshot`](karma_core::Snapshot) that every autoscaler of this project decides from. It writes nothing.

pub mod apply;
pub mod control;
pub mod observe;
