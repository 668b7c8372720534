//! What can be wrong with a run directory.

use std::path::PathBuf;

use thiserror::Error;

/// Why a directory cannot be used for a run. Every message says what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunDirError {
    /// There is a run already.
    #[error("{}: there is a run here already; continue it with --resume {}, replace it with --force, or choose another --out", path.display(), path.display())]
    Occupied {
        /// The directory.
        path: PathBuf,
    },
    /// There is something else.
    #[error("{}: not empty and not a run of this program; choose another --out (--force replaces runs only)", path.display())]
    Foreign {
        /// The directory.
        path: PathBuf,
    },
    /// There is no run to continue.
    #[error("{}: not a run of this program: {reason}", path.display())]
    NotARun {
        /// The directory.
        path: PathBuf,
        /// What is missing or wrong.
        reason: String,
    },
    /// Another program writes it.
    #[error("{}: another process is working on this run; wait for it or stop it first", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The run was begun with other settings.
    #[error("{}: cannot be resumed with another {setting}: the run has {stored}, but {given} is asked for; only the budget and the threads may change", path.display())]
    OtherSettings {
        /// The directory.
        path: PathBuf,
        /// The first setting that differs.
        setting: String,
        /// The run's value.
        stored: String,
        /// The value that is asked for.
        given: String,
    },
    /// A file cannot be read or written.
    #[error("{}: cannot be {action}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// "read" or "written".
        action: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the run is damaged.
    #[error("{}: damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}
