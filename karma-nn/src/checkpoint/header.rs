//! What a checkpoint says about itself.

use std::collections::BTreeMap;

use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::{CheckpointError, FORMAT_VERSION, KEY, parse_error};
use crate::MlpParams;

/// What a checkpoint says about itself; readable without knowing what it was made for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the format.
    pub version: u32,
    /// Digest of what observations, actions and settings the tensors belong to.
    pub schema_digest: String,
    /// Step counters and other whole numbers (words of a random stream, say).
    pub counters: BTreeMap<String, u64>,
    /// The settings of each network.
    pub networks: BTreeMap<String, MlpParams>,
    /// Anything else, small.
    pub notes: BTreeMap<String, serde_json::Value>,
}

/// The header and what protects it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Envelope {
    pub(super) header: Header,
    /// FNV-1a of header and tensors, sixteen hexadecimal digits.
    pub(super) checksum: String,
}

/// The one field that every version of the format has in the same place.
#[derive(Deserialize)]
struct VersionOnly {
    header: VersionField,
}

#[derive(Deserialize)]
struct VersionField {
    version: u32,
}

impl Header {
    /// Reads only the header of a checkpoint, and does not verify the tensors.
    ///
    /// # Errors
    /// When the bytes are not a checkpoint of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        Envelope::read(bytes).map(|envelope| envelope.header)
    }
}

impl Envelope {
    /// The envelope inside the metadata of a safetensors file.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| parse_error(bytes, &e))?;
        let text = metadata.metadata().as_ref().and_then(|map| map.get(KEY));
        let text = text.ok_or_else(|| header_error(format!("no metadata entry `{KEY}`")))?;
        let VersionOnly { header } = serde_json::from_str(text).map_err(header_error)?;
        if header.version != FORMAT_VERSION {
            let (found, supported) = (header.version, FORMAT_VERSION);
            return Err(CheckpointError::WrongVersion { found, supported });
        }
        serde_json::from_str(text).map_err(header_error)
    }
}

/// A header that cannot be used.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands the error over")]
pub(super) fn header_error(reason: impl ToString) -> CheckpointError {
    CheckpointError::Header { reason: reason.to_string() }
}
