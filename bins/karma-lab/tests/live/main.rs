//! `karma-lab` with a real Kubernetes: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet.
//!
//! Needs root, `KUBEBUILDER_ASSETS` and `KARMA_SERVICE_BINARY` (see docs/testbed.md); without them these tests are skipped,
//! unless `KARMA_TEST_CLUSTER=required`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads clocks and the environment"
)]

mod chart;
mod cluster;
mod controller;
mod lab;
mod prometheus;
mod services;
mod site;
