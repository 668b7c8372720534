//! What keeps roles from being found.

use thiserror::Error;

use crate::cluster::ClusterError;
use crate::distance::WarpingError;
use crate::sequence::LetterError;

/// Why there are no roles.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum RolesError {
    /// A setting is out of its range.
    #[error("{setting} is {value}; it must be {allowed}")]
    Setting {
        /// Which.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// The band of the warping.
    #[error(transparent)]
    Warping(#[from] WarpingError),
    /// An action outside of the space.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// The items cannot be clustered.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}
