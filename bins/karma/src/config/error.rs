//! What can be wrong with a configuration, said so that the reader of the message can mend it.

use std::path::PathBuf;

use thiserror::Error;

/// Why a run was not configured. Every message names the place, the value and what is allowed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{}: the file cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is larger than any sensible configuration.
    #[error("{}: the file is larger than {} KiB, the most that is read of a configuration", path.display(), limit >> 10)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Most bytes that are read.
        limit: u64,
    },
    /// A file is not text.
    #[error("{}:{line}: not UTF-8 text; a configuration is a TOML document", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Line of the first bad byte, from 1.
        line: usize,
    },
    /// There is nothing in the file.
    #[error("{}: the file is empty; write at least one setting, such as topology = \"chain4\"", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Not TOML, a field that does not exist, or a value of the wrong kind.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong, and what is allowed.
        message: String,
    },
    /// A value out of its range, or two that contradict each other.
    #[error("{place}: {message}")]
    Setting {
        /// The flag, or file, line and column, or the name of the setting.
        place: String,
        /// The setting, its value and what is allowed.
        message: String,
    },
}
