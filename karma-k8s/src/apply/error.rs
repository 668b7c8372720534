//! What can go wrong when something is asked of the API server.

use thiserror::Error;

/// Why something was not carried out, or why nobody knows whether it was.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// The account may not do this; nothing was done.
    #[error("this account may not {call}: {message}")]
    Forbidden {
        /// Verb, resource, name and namespace.
        call: String,
        /// The API server's words.
        message: String,
    },
    /// The API server refused; nothing was done.
    #[error("the API server refused with status {status} to {call}: {message}")]
    Refused {
        /// Verb, resource, name and namespace.
        call: String,
        /// HTTP status.
        status: u16,
        /// The API server's words.
        message: String,
    },
    /// No answer to a question; nothing was to be done.
    #[error("no answer to {call}")]
    Unanswered {
        /// Verb, resource, name and namespace.
        call: String,
        /// Why not.
        source: kube::Error,
    },
    /// No answer to a question within the time; nothing was to be done.
    #[error("no answer within {seconds} s to {call}")]
    Silent {
        /// Verb, resource, name and namespace.
        call: String,
        /// How long was waited.
        seconds: f64,
    },
    /// A write without an answer that says what became of it: look again before anything else is done.
    #[error("unknown whether the API server carried out: {call}: {why}")]
    Unknown {
        /// Verb, resource, name and namespace.
        call: String,
        /// Why it is not known.
        why: String,
    },
    /// A count of replicas that Kubernetes has no number for; nothing was sent.
    #[error("{replicas} replicas are not allowed for Deployment {deployment}; expected at most {}", i32::MAX)]
    Replicas {
        /// The Deployment.
        deployment: String,
        /// The count.
        replicas: u32,
    },
    /// A write that names no version of the Deployment, and so would be carried out whatever happened; nothing was sent.
    #[error("no version of Deployment {deployment} is given, so nothing was written")]
    Unfenced {
        /// The Deployment.
        deployment: String,
    },
    /// The object changed while it was being taken over or given back; nothing was done.
    #[error("{object} in namespace {namespace} changed meanwhile, so it was left alone; try again")]
    Changed {
        /// Kind and name.
        object: String,
        /// The namespace.
        namespace: String,
    },
    /// A `HorizontalPodAutoscaler` that KEDA made, and would make again; nothing was done.
    #[error(
        "HorizontalPodAutoscaler {name} was made by ScaledObject {scaled_object}; take that over instead"
    )]
    Generated {
        /// The `HorizontalPodAutoscaler`.
        name: String,
        /// Whose it is.
        scaled_object: String,
    },
    /// A `ScaledObject` that is held at a count, which a pause does not end; nothing was done.
    #[error("ScaledObject {name} is held at a count by the annotation {annotation}; remove it first")]
    Held {
        /// The `ScaledObject`.
        name: String,
        /// The annotation.
        annotation: &'static str,
    },
    /// The manifest could not be kept, so its object was left alone.
    #[error("the manifest of {object} could not be kept, so it was left alone")]
    NotKept {
        /// Kind and name.
        object: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A manifest that cannot be given back; nothing was sent.
    #[error("this is no manifest of a HorizontalPodAutoscaler: {why}")]
    Manifest {
        /// What is wrong with it.
        why: String,
    },
}

impl ApplyError {
    /// Whether something may have been carried out all the same.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }
}
