//! Why a disturbance did not happen.

use thiserror::Error;

/// Why a disturbance did not happen.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChaosError {
    /// The service has no pod that runs.
    #[error("no pod of {service} runs in the namespace {namespace}; `karma-lab status` shows what does")]
    NoPods {
        /// The service.
        service: String,
        /// Where it was looked for.
        namespace: String,
    },
    /// A number out of its range.
    #[error("{what}: {value} is not allowed; expected {allowed}")]
    Range {
        /// The number.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A pod did not take what it was told.
    #[error("pod {pod}: {source}")]
    Pod {
        /// The pod.
        pod: String,
        /// Why.
        source: kube::Error,
    },
    /// The API server said no.
    #[error("the API server: {0}")]
    Api(#[from] kube::Error),
}
