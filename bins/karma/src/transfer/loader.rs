//! Minds for a controller, which knows neither networks nor rules.

use karma_core::Topology;
use karma_k8s::control::{LoadedPolicy, PolicyLoader};
use karma_k8s::decide::Fallback;
use karma_k8s::resource::FallbackSpec;

use super::fallback::HpaFallback;
use super::live::LivePolicy;

/// Loads policy artefacts, and falls back to Kubernetes' own algorithm.
#[derive(Clone, Copy, Debug, Default)]
pub struct ArtefactLoader;

impl PolicyLoader for ArtefactLoader {
    fn load(&self, bytes: &[u8]) -> Result<LoadedPolicy, String> {
        // With all causes: what comes of it is a condition's message.
        let told = |error| format!("{:#}", anyhow::Error::from(error));
        let LivePolicy { topology, period, agents, alarm, .. } =
            LivePolicy::from_bytes(bytes).map_err(told)?;
        Ok(LoadedPolicy { topology, period, agents, alarm })
    }

    fn fallback(&self, topology: &Topology, spec: &FallbackSpec) -> Result<Box<dyn Fallback>, String> {
        let fallback = HpaFallback::new(spec, topology).map_err(|error| error.to_string())?;
        Ok(Box::new(fallback))
    }
}
