//! What can be wrong with a sweep.

use std::path::PathBuf;

use thiserror::Error;

use crate::config::ConfigError;
use crate::error::RunError;
use crate::run_dir::RunDirError;

/// Why a sweep did not go on. What is wrong with a single trial is a row of its table instead.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum SweepError {
    /// The sweep's file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The machine, or another process at the same trial.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A directory that holds something else.
    #[error("{}: not empty and not a sweep of this program; choose another --out", path.display())]
    Foreign {
        /// The directory.
        path: PathBuf,
    },
    /// The directory holds another sweep.
    #[error("{}: holds another sweep: {setting} is {stored} there, but {given} is asked for; choose another --out", path.display())]
    OtherSweep {
        /// The directory.
        path: PathBuf,
        /// The first part of the sweep's file that differs.
        setting: String,
        /// Its value in the directory.
        stored: String,
        /// Its value in the file.
        given: String,
    },
    /// A trial that there is not.
    #[error("--trial {trial}: the sweep has {trials} trials; allowed: 0 to {}", trials - 1)]
    NoSuchTrial {
        /// What was asked for.
        trial: usize,
        /// How many there are.
        trials: usize,
    },
    /// A part of a sweep whose trials depend on each other.
    #[error(
        "a halving sweep cannot be split: which trials go on is known only when all of a rung are done; run it as one process, or write kind = \"random\""
    )]
    Indivisible,
}

impl From<RunDirError> for SweepError {
    fn from(error: RunDirError) -> Self {
        Self::Run(error.into())
    }
}

impl SweepError {
    /// Whether the user's file or arguments are to blame, rather than the machine or the program.
    pub(crate) const fn is_usage(&self) -> bool {
        match self {
            Self::Run(error) => error.is_usage(),
            _ => true,
        }
    }
}
