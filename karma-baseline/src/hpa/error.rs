//! What can be wrong: with a specification, and with a metric.

use std::fmt::Display;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A specification that Kubernetes would not admit, or that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpecError {
    /// A value outside what is allowed.
    #[error("`{path}` is {value}, allowed is {allowed}")]
    OutOfRange {
        /// The field, as written in a manifest.
        path: String,
        /// Its value.
        value: String,
        /// What may stand there.
        allowed: &'static str,
    },
    /// A field that its sibling `type` asks for is not there.
    #[error("`{path}` is missing: `type: {kind}` needs it")]
    Missing {
        /// The field, as written in a manifest.
        path: String,
        /// The sibling's value.
        kind: &'static str,
    },
    /// A field that its sibling `type` rules out is there.
    #[error("`{path}` must not be set together with `type: {kind}`")]
    Contradiction {
        /// The field, as written in a manifest.
        path: String,
        /// The sibling's value.
        kind: &'static str,
    },
}

/// Why a metric proposes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MetricError {
    /// The metric source answered with an error, or with no sample at all.
    #[error("no samples: {cause}")]
    Unavailable {
        /// What the source said.
        cause: String,
    },
    /// A reading of another kind than the specification's metric.
    #[error("the reading of {metric} has another metric's form")]
    WrongReading {
        /// The metric.
        metric: String,
    },
    /// The target has no pods.
    #[error("the target has no pods")]
    NoPods,
    /// No pod that counts has a sample.
    #[error("no sample of a pod that counts (pods might be unready)")]
    NoUsablePods,
    /// No sample belongs to a pod of the target, or the pods request nothing.
    #[error("no sample matches a known pod with a request")]
    NoMatchingPods,
    /// A container does not request the resource.
    #[error("container {container} of pod {pod} has no request for {resource}")]
    MissingRequest {
        /// The resource.
        resource: String,
        /// The container.
        container: String,
        /// Its pod.
        pod: String,
    },
    /// A pod with requests of its own does not request the resource.
    #[error("pod {pod} sets requests of its own, but none for {resource}")]
    MissingPodRequest {
        /// The resource.
        resource: String,
        /// The pod.
        pod: String,
    },
    /// A pod does not have the named container.
    #[error("pod {pod} has no container {container}")]
    ContainerNotFound {
        /// The container.
        container: String,
        /// The pod.
        pod: String,
    },
}

pub(super) fn require(
    legal: bool,
    path: impl Fn() -> String,
    value: impl Display,
    allowed: &'static str,
) -> Result<(), SpecError> {
    if legal {
        Ok(())
    } else {
        Err(SpecError::OutOfRange { path: path(), value: value.to_string(), allowed })
    }
}
