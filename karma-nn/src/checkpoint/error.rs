//! Why a checkpoint cannot be written or read.

use thiserror::Error;

use crate::ConfigError;

/// Why a checkpoint cannot be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The bytes end before the data that their header announces.
    #[error("the checkpoint is cut short: {found} bytes, and its header announces more")]
    Truncated {
        /// How many bytes there are.
        found: usize,
    },
    /// The bytes are not a safetensors file.
    #[error("the checkpoint is not a safetensors file: {reason}")]
    Malformed {
        /// What the parser said.
        reason: String,
    },
    /// It is a safetensors file, but the metadata of this format is missing or unreadable.
    #[error("the checkpoint has no readable header of this program: {reason}")]
    Header {
        /// What is wrong with it.
        reason: String,
    },
    /// It was written by another version of the format.
    #[error("the checkpoint has format version {found}; this program reads version {supported}")]
    WrongVersion {
        /// The version in the file.
        found: u32,
        /// The version this program reads.
        supported: u32,
    },
    /// The bytes have changed since they were written.
    #[error("the checkpoint is damaged: its checksum is {found}, but {expected} was written")]
    Damaged {
        /// Of the bytes as they are.
        found: String,
        /// As noted when they were written.
        expected: String,
    },
    /// It belongs to other observations, actions or settings.
    #[error("the checkpoint was made for schema {found}, but schema {expected} is asked for")]
    WrongDigest {
        /// The digest in the file.
        found: String,
        /// The digest that is asked for.
        expected: String,
    },
    /// A network is missing.
    #[error("the checkpoint has no network `{name}`")]
    MissingNetwork {
        /// Its name.
        name: String,
    },
    /// A tensor is missing.
    #[error("the checkpoint has no tensor `{name}`")]
    MissingTensor {
        /// Its name.
        name: String,
    },
    /// A counter is missing.
    #[error("the checkpoint has no counter `{name}`")]
    MissingCounter {
        /// Its name.
        name: String,
    },
    /// A tensor has another shape than its network.
    #[error("tensor `{name}` has shape {found:?}, but {expected:?} is expected")]
    WrongShape {
        /// Its name.
        name: String,
        /// The shape that fits.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// A tensor holds another type of number.
    #[error("tensor `{name}` holds {found}, but {expected} is expected")]
    WrongType {
        /// Its name.
        name: String,
        /// The type that fits.
        expected: &'static str,
        /// The type in the file.
        found: String,
    },
    /// A tensor holds a NaN or an infinity; such a checkpoint is neither written nor read.
    #[error("value {index} of tensor `{name}` is not finite")]
    NonFinite {
        /// The tensor.
        name: String,
        /// Which of its values.
        index: usize,
    },
    /// The settings of a network in the file are out of range.
    #[error("the settings of network `{name}` cannot be used")]
    Settings {
        /// The network.
        name: String,
        /// What is out of range.
        source: ConfigError,
    },
}
