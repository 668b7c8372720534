//! What can go wrong on a cluster.

use std::time::Duration;

use super::trouble::Trouble;
use crate::deploy::finding::Findings;
use crate::deploy::object::{MANAGED_BY, MANAGER};

/// Why a deployment did not come up, go down or show itself.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// It cannot be deployed; nothing was created.
    #[error(transparent)]
    Refused(#[from] Findings),
    /// The namespace is somebody else's; nothing was changed.
    #[error(
        "the namespace {name} is there without the label {MANAGED_BY}={MANAGER}, so it is left alone; choose another"
    )]
    ForeignNamespace {
        /// The namespace.
        name: String,
    },
    /// The namespace is still being deleted; nothing was created.
    #[error("the namespace {name} is being deleted; try again once it is gone")]
    Leaving {
        /// The namespace.
        name: String,
    },
    /// Not all pods became ready.
    #[error("{ready} of {desired} pods are ready after {} s{}", after.as_secs(), lines(troubles))]
    NotReady {
        /// How long was waited.
        after: Duration,
        /// Ready pods.
        ready: u64,
        /// Pods that should be.
        desired: u64,
        /// Why others are not.
        troubles: Vec<Trouble>,
    },
    /// Something is still there.
    #[error("{what} is still there after {} s", after.as_secs())]
    NotGone {
        /// What remains.
        what: String,
        /// How long was waited.
        after: Duration,
    },
    /// The API server refused or did not answer.
    #[error("{doing} failed")]
    Api {
        /// What was tried.
        doing: String,
        /// Its answer.
        #[source]
        source: Box<kube::Error>,
    },
}

impl LiveError {
    /// Reading `what` failed.
    pub(super) fn reading(what: &str) -> impl FnOnce(kube::Error) -> Self {
        Self::doing(format!("reading {what}"))
    }

    /// What was done failed.
    pub(super) fn doing(doing: String) -> impl FnOnce(kube::Error) -> Self {
        move |source| Self::Api { doing, source: Box::new(source) }
    }
}

fn lines(troubles: &[Trouble]) -> String {
    let lines: Vec<String> = troubles.iter().map(ToString::to_string).collect();
    if lines.is_empty() { String::new() } else { format!("\n{}", lines.join("\n")) }
}

/// Whether the API server says that there is no such thing.
pub(super) fn is_absent(error: &kube::Error) -> bool {
    // By its code: for a group that it does not know, an API server answers a bare page and no status object.
    matches!(error, kube::Error::Api(status) if status.code == 404)
}
