//! Addresses inside of the cluster's network namespace.

/// Address of the node, of the API server for pods, and of metrics-server.
pub(super) const NODE: &str = "198.18.0.1";
/// Addresses of Services.
pub(super) const SERVICES: &str = "198.18.64.0/20";
/// The API server's Service: the first address of [`SERVICES`].
pub(super) const API_SERVICE: &str = "198.18.64.1";
/// Addresses of pods.
pub(super) const PODS: &str = "198.19.0.0/16";
/// Port of the API server.
pub(super) const API_PORT: u16 = 6443;
/// Port of metrics-server.
pub(super) const METRICS_PORT: u16 = 4443;
/// Name of the node.
pub(super) const NODE_NAME: &str = "lab";
