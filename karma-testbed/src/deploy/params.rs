//! How a topology is deployed, as written.

use std::collections::BTreeMap;

use karma_core::topology::Service;
use karma_core::{Replicas, ServiceId, Topology};
use karma_mock::service::ServiceParams;
use serde::{Deserialize, Serialize};

/// The image that a service runs unless another is named: the mock service of this version.
pub const DEFAULT_IMAGE: &str = concat!("karma.dev/karma-service:", env!("CARGO_PKG_VERSION"));

/// The image of the controller of this version, as the chart names it.
pub const CONTROLLER_IMAGE: &str = concat!("karma.dev/karma-transfer:", env!("CARGO_PKG_VERSION"));

/// Settings of a deployment; checked by [`Plan::of`](super::Plan::of).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeployParams {
    /// Namespace that is created for the services (default "karma").
    pub namespace: String,
    /// Image of the mock service (default [`DEFAULT_IMAGE`]).
    pub image: String,
    /// Whether a service runs the image that the topology names for it, and `image` only where it names none
    /// (default false: every service is a mock, for published topologies name images that nobody can pull).
    pub topology_images: bool,
    /// When the kubelet pulls (default if-not-present: the image was loaded by hand).
    pub image_pull_policy: PullPolicy,
    /// Autoscalers, one for each service (default none).
    pub hpa: Option<HpaParams>,
    /// Whether Prometheus' operator is told of the services (default false).
    pub service_monitors: bool,
    /// Probes of a pod.
    pub probes: ProbeParams,
    /// Whether pods ask for the runtime's seccomp profile (default true). A runtime without seccomp needs false.
    pub seccomp: bool,
    /// What differs for a service, by name.
    pub overrides: BTreeMap<String, OverrideParams>,
}

impl Default for DeployParams {
    fn default() -> Self {
        Self {
            namespace: "karma".to_owned(),
            image: DEFAULT_IMAGE.to_owned(),
            topology_images: false,
            image_pull_policy: PullPolicy::default(),
            hpa: None,
            service_monitors: false,
            probes: ProbeParams::default(),
            seccomp: true,
            overrides: BTreeMap::new(),
        }
    }
}

impl DeployParams {
    /// The image that `service` runs: its override's, the topology's if asked for, or that of every mock.
    pub fn image_of<'a>(&'a self, service: &'a Service) -> &'a str {
        let overridden = self.overrides.get(&service.name).and_then(|of| of.image.as_deref());
        let named = service.image.as_deref().filter(|_| self.topology_images);
        overridden.or(named).unwrap_or(&self.image)
    }

    /// The replicas that `service` starts with.
    pub fn replicas_of(&self, service: &Service) -> Replicas {
        let overridden = self.overrides.get(&service.name).and_then(|of| of.replicas);
        overridden.map_or(service.initial_replicas, Replicas)
    }

    /// What the mock in the place of service `id` is told.
    pub fn settings_of(&self, topology: &Topology, id: ServiceId) -> ServiceParams {
        let overridden = self.overrides.get(&topology.services[id].name).and_then(|of| of.service.clone());
        overridden.unwrap_or_else(|| ServiceParams::of(topology, id))
    }
}

/// When the kubelet pulls an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullPolicy {
    /// Only if the node does not have it.
    #[default]
    IfNotPresent,
    /// Before each start.
    Always,
    /// Never: the node must have it.
    Never,
}

impl PullPolicy {
    /// As Kubernetes writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IfNotPresent => "IfNotPresent",
            Self::Always => "Always",
            Self::Never => "Never",
        }
    }
}

/// The `HorizontalPodAutoscaler` of each service; its bounds are the topology's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HpaParams {
    /// CPU in percent of the request that it aims at (default 50).
    pub target_utilization: u32,
    /// Seconds for which a lower recommendation must hold (default: Kubernetes' 300); 0 to 3600.
    pub scale_down_stabilization_seconds: Option<u32>,
}

impl Default for HpaParams {
    fn default() -> Self {
        Self { target_utilization: 50, scale_down_stabilization_seconds: None }
    }
}

/// Probes, in Kubernetes' own numbers.
///
/// A ready pod is asked every `readiness_period_seconds`: 10, Kubernetes' default, is also what the simulated cluster
/// assumes, so a calibration must give both the same value. A pod that is not ready yet may be asked sooner: the
/// kubelet does so since 1.23. A mock answers `/livez` from its first moment, so there is no start-up probe; one that
/// hangs is restarted after `failure_threshold · liveness_period_seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProbeParams {
    /// Seconds between readiness probes (default 10); 1 to 600.
    pub readiness_period_seconds: u32,
    /// Seconds between liveness probes (default 10); 1 to 600.
    pub liveness_period_seconds: u32,
    /// Seconds after which a probe has failed (default 1); 1 to 600.
    pub timeout_seconds: u32,
    /// Failed probes in a row that count (default 3); 1 to 100.
    pub failure_threshold: u32,
}

impl Default for ProbeParams {
    fn default() -> Self {
        Self {
            readiness_period_seconds: 10,
            liveness_period_seconds: 10,
            timeout_seconds: 1,
            failure_threshold: 3,
        }
    }
}

/// What differs for one service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OverrideParams {
    /// Its image.
    pub image: Option<String>,
    /// Its replicas at the start, inside the topology's bounds.
    pub replicas: Option<u32>,
    /// What the mock is told, in place of what follows from the topology. Its ports are those of every mock.
    pub service: Option<ServiceParams>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_written_is_the_default() {
        let params: DeployParams = serde_json::from_str("{}").unwrap();
        assert_eq!(params, DeployParams::default());
        assert_eq!(params.probes.readiness_period_seconds, 10);
    }

    #[test]
    fn a_slip_in_a_setting_is_refused() {
        let error = serde_json::from_str::<DeployParams>(r#"{ "name_space": "a" }"#).unwrap_err();
        assert!(error.to_string().contains("name_space"));
    }
}
