//! What can go wrong in a run.

use std::path::PathBuf;

use karma_marl::{MappoError, TeamError};
use karma_mock::environment::NoScenario;
use karma_twin::environment::ReplayError;
use thiserror::Error;

use crate::config::ConfigError;
use crate::run_dir::RunDirError;

/// Why a run did not go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The learner.
    #[error("training failed")]
    Learner(#[from] MappoError),
    /// There is nothing to play.
    #[error(transparent)]
    Scenario(#[from] NoScenario),
    /// Parts of a twin do not fit each other.
    #[error("the twin cannot be trained in")]
    Twin(#[from] ReplayError),
    /// A checkpoint cannot be used.
    #[error("{}: the checkpoint cannot be used", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Why.
        source: MappoError,
    },
    /// The policies do not make a team.
    #[error(transparent)]
    Team(#[from] TeamError),
    /// A row of the table cannot be set up.
    #[error("a rule-based autoscaler does not fit the topology: {0}")]
    Rival(String),
    /// One of several processes cannot take part in a run.
    #[error("rank {rank} cannot take part in the run: {reason}")]
    Rank {
        /// Which.
        rank: usize,
        /// Why.
        reason: String,
    },
    /// The run directory.
    #[error(transparent)]
    Directory(#[from] RunDirError),
}

impl RunError {
    /// Whether the user's settings or arguments are to blame, rather than the machine or the program.
    pub(crate) const fn is_usage(&self) -> bool {
        use RunDirError::{Damaged, File};
        match self {
            Self::Config(_) => true,
            Self::Directory(error) => !matches!(error, File { .. } | Damaged { .. }),
            Self::Learner(_)
            | Self::Scenario(_)
            | Self::Twin(_)
            | Self::Checkpoint { .. }
            | Self::Team(_)
            | Self::Rank { .. }
            | Self::Rival(_) => false,
        }
    }
}
