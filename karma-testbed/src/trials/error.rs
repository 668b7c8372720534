//! Why a trial was not carried out.

use karma_mock::load::LoadError;
use thiserror::Error;

use crate::chaos::ChaosError;
use crate::cluster::ClusterError;

/// Why a trial was not carried out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrialError {
    /// The cluster's network cannot be entered.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The load cannot be sent.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A pod could not be killed.
    #[error(transparent)]
    Chaos(#[from] ChaosError),
    /// Pods were not ready.
    #[error(
        "service {service} has not {replicas} ready pods after {seconds} s; `karma-lab status` shows what it has"
    )]
    NotReady {
        /// The service.
        service: String,
        /// How many it should have.
        replicas: u32,
        /// How long was waited.
        seconds: u64,
    },
    /// Nothing was answered, so there is nothing to calibrate with.
    #[error("run {0}: no request was answered; does the service behind the entry point run?")]
    Silent(String),
    /// The API server said no.
    #[error("the API server: {0}")]
    Api(#[from] kube::Error),
}
