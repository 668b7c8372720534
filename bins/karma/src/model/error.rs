//! What can be wrong with what a user gives to `karma-model`.

use std::path::PathBuf;

use karma_twin::table::{MappingError, TableError};
use thiserror::Error;

/// Why data or a mapping cannot be used.
#[derive(Debug, Error)]
pub(crate) enum ModelError {
    /// A file cannot be read.
    #[error("{}: the file cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not TOML, or not a mapping.
    #[error("{}:{line}: {message}", path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A mapping makes no sense.
    #[error("{place}: {problem}")]
    Mapping {
        /// The file, or the flags.
        place: String,
        /// What is wrong.
        problem: MappingError,
    },
    /// A CSV file does not fit its mapping.
    #[error("{}: {problem}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: TableError,
    },
    /// Something else that the user can mend: one sentence.
    #[error("{0}")]
    Usage(String),
}

impl ModelError {
    /// Whether the user's settings or arguments are to blame, rather than data, the machine or the program.
    pub(crate) const fn is_usage(&self) -> bool {
        matches!(self, Self::Document { .. } | Self::Mapping { .. } | Self::Usage(_))
    }
}
