//! Why a team is not explained.

use std::path::PathBuf;

use karma_analyze::AnalysisError;
use karma_analyze::attribution::AttributionError;
use karma_analyze::cluster::ClusterError;
use karma_analyze::recordings::{EpisodeError, RecordingsError};
use karma_analyze::roles::RolesError;
use karma_marl::TeamError;
use thiserror::Error;

use crate::error::RunError;
use crate::run_dir::RunDirError;

/// Why a team is not explained.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// The run cannot be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// An episode is of other agents.
    #[error(transparent)]
    Episode(#[from] EpisodeError),
    /// A file of trajectories cannot be read.
    #[error("{}", path.display())]
    Trajectories {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<RecordingsError>,
    },
    /// Trajectories of another team, or another cluster.
    #[error("{}: these are trajectories of {found}; the run has {expected}", path.display())]
    Cast {
        /// The file.
        path: PathBuf,
        /// Of whom they are.
        found: String,
        /// Of whom they should be.
        expected: String,
    },
    /// A decision that was asked for does not exist.
    #[error("{place:?} names no decision; write SCENARIO:SEED:STEP, such as {example}")]
    Decision {
        /// As it was written.
        place: String,
        /// One that exists.
        example: String,
    },
    /// There is too little to see.
    #[error("too little can be seen in the trajectories; record more episodes")]
    Analysis(#[from] AnalysisError),
    /// The roles of another run.
    #[error("the roles of another run cannot be found")]
    Roles(#[from] RolesError),
    /// The roles of several runs cannot be compared.
    #[error("the roles of the runs cannot be compared: do they have the same agents and scenarios?")]
    Stability(#[from] ClusterError),
    /// A decision cannot be divided among what was seen.
    #[error("a decision cannot be explained")]
    Attribution(#[from] AttributionError),
    /// The inferred organisation cannot be written.
    #[error("the inferred organisation cannot be written: {0}")]
    Organization(String),
}

impl From<RunDirError> for ExplainError {
    fn from(error: RunDirError) -> Self {
        Self::Run(error.into())
    }
}

impl From<TeamError> for ExplainError {
    fn from(error: TeamError) -> Self {
        Self::Run(error.into())
    }
}

impl ExplainError {
    /// Whether the user's arguments are to blame.
    pub(crate) const fn is_usage(&self) -> bool {
        match self {
            Self::Run(error) => error.is_usage(),
            Self::Trajectories { .. } | Self::Cast { .. } | Self::Decision { .. } | Self::Stability(_) => {
                true
            }
            _ => false,
        }
    }
}
