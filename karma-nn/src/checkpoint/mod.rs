//! Everything that is learned, in one artefact.
//!
//! A checkpoint is a safetensors file: parameters, moments of the optimiser and statistics as named tensors,
//! and in its header, as JSON, the format version, a digest of what it was made for, the settings of the
//! networks, counters and notes. Weights without their normaliser, or for another action space, cannot be
//! loaded by mistake. The same content gives the same bytes.
//!
//! Reading refuses, in this order: bytes that are cut short or no safetensors, another version, bytes that
//! have changed since (a checksum over header and tensors), another digest, values that are not finite; and,
//! when a network is taken out, what is missing or has the wrong shape.
//!
//! This crate does no input or output: write the bytes to a temporary file and rename it.

mod error;
mod header;
mod tensor;

use std::collections::BTreeMap;

use safetensors::SafeTensors;
use safetensors::tensor::{SafeTensorError, TensorView};

use crate::mlp::Layout;
use crate::{MlpConfig, MlpParams};
pub use error::CheckpointError;
pub use header::Header;
use header::{Envelope, header_error};
pub use tensor::Tensor;

/// Version of the format that this program writes and reads.
pub const FORMAT_VERSION: u32 = 1;

/// The entry of the file's metadata that holds the header. There is only this one: the map has no order, and
/// a second entry would make the bytes depend on chance.
const KEY: &str = "karma";

/// Networks, optimisers, statistics and counters, ready to be written or just read.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    header: Header,
    tensors: BTreeMap<String, Tensor>,
}

impl Checkpoint {
    /// An empty checkpoint for what `schema_digest` stands for (schema of observations, action space,
    /// settings).
    pub fn new(schema_digest: &str) -> Self {
        let (counters, networks, notes) = Default::default();
        Self {
            header: Header {
                version: FORMAT_VERSION,
                schema_digest: schema_digest.to_owned(),
                counters,
                networks,
                notes,
            },
            tensors: BTreeMap::new(),
        }
    }

    /// What the checkpoint says about itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Puts a whole number under `name`, in place of an earlier one.
    pub fn put_counter(&mut self, name: &str, value: u64) {
        self.header.counters.insert(name.to_owned(), value);
    }

    /// The whole number under `name`.
    ///
    /// # Errors
    /// When there is none.
    pub fn counter(&self, name: &str) -> Result<u64, CheckpointError> {
        let counter = self.header.counters.get(name).copied();
        counter.ok_or_else(|| CheckpointError::MissingCounter { name: name.to_owned() })
    }

    /// Puts a small piece of JSON under `name`, in place of an earlier one.
    pub fn put_note(&mut self, name: &str, value: serde_json::Value) {
        self.header.notes.insert(name.to_owned(), value);
    }

    /// The piece of JSON under `name`.
    pub fn note(&self, name: &str) -> Option<&serde_json::Value> {
        self.header.notes.get(name)
    }

    /// Puts a tensor under `name`, in place of an earlier one.
    pub fn put_tensor(&mut self, name: &str, tensor: Tensor) {
        self.tensors.insert(name.to_owned(), tensor);
    }

    /// The tensor under `name`.
    ///
    /// # Errors
    /// When there is none.
    pub fn tensor(&self, name: &str) -> Result<&Tensor, CheckpointError> {
        self.tensors.get(name).ok_or_else(|| CheckpointError::MissingTensor { name: name.to_owned() })
    }

    /// The bytes of a safetensors file.
    ///
    /// # Errors
    /// When a tensor holds a NaN or an infinity, or fewer or more values than its shape says.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CheckpointError> {
        self.tensors.iter().try_for_each(|(name, tensor)| tensor.check_finite(name))?;
        let envelope = Envelope { header: self.header.clone(), checksum: self.checksum()? };
        let text = serde_json::to_string(&envelope).map_err(header_error)?;
        let data: Vec<Vec<u8>> = self.tensors.values().map(Tensor::bytes).collect();
        let views = self.tensors.iter().zip(&data).map(|((name, tensor), data)| {
            Ok((name.as_str(), TensorView::new(tensor.dtype(), tensor.shape().to_vec(), data)?))
        });
        let views: Result<Vec<_>, SafeTensorError> = views.collect();
        let metadata = Some(std::iter::once((KEY.to_owned(), text)).collect());
        views.and_then(|views| safetensors::serialize(views, metadata)).map_err(|e| parse_error(&[], &e))
    }

    /// The checkpoint in `bytes`, if it was made for `schema_digest`.
    ///
    /// # Errors
    /// When the bytes are cut short, damaged, of another version, made for something else, or hold a number
    /// that is not finite. No bytes make it panic.
    pub fn from_bytes(bytes: &[u8], schema_digest: &str) -> Result<Self, CheckpointError> {
        let file = SafeTensors::deserialize(bytes).map_err(|e| parse_error(bytes, &e))?;
        let Envelope { header, checksum: expected } = Envelope::read(bytes)?;
        let tensors = file.iter().map(|(name, view)| Ok((name.to_owned(), Tensor::from_view(name, &view)?)));
        let checkpoint = Self { header, tensors: tensors.collect::<Result<_, CheckpointError>>()? };
        let found = checkpoint.checksum()?;
        if found != expected {
            return Err(CheckpointError::Damaged { found, expected });
        }
        if checkpoint.header.schema_digest != schema_digest {
            let (found, expected) = (checkpoint.header.schema_digest, schema_digest.to_owned());
            return Err(CheckpointError::WrongDigest { found, expected });
        }
        checkpoint.tensors.iter().try_for_each(|(name, tensor)| tensor.check_finite(name))?;
        Ok(checkpoint)
    }

    /// FNV-1a (Fowler, Noll and Vo) of 64 bits over header and tensors: finds accidents, not forgery.
    fn checksum(&self) -> Result<String, CheckpointError> {
        let mut hash = Fnv::new();
        hash.add(&serde_json::to_vec(&self.header).map_err(header_error)?);
        for (name, tensor) in &self.tensors {
            hash.add(name.as_bytes());
            hash.add(format!("{}{:?}", tensor.dtype(), tensor.shape()).as_bytes());
            hash.add(&tensor.bytes());
        }
        Ok(format!("{:016x}", hash.0))
    }

    pub(crate) fn put_network(&mut self, name: &str, params: &MlpParams) {
        self.header.networks.insert(name.to_owned(), params.clone());
    }

    pub(crate) fn network(&self, name: &str) -> Result<MlpConfig, CheckpointError> {
        let params = self.header.networks.get(name);
        let params = params.ok_or_else(|| CheckpointError::MissingNetwork { name: name.to_owned() })?;
        params.check().map_err(|source| CheckpointError::Settings { name: name.to_owned(), source })
    }

    /// Puts a vector in the order of a network's memory as one tensor for each weight and bias.
    pub(crate) fn put_flat(&mut self, prefix: &str, layout: &Layout, flat: &[f32]) {
        self.tensors.extend(layout.tensors(prefix, flat));
    }

    /// Reads such a vector back; allocates nothing before every tensor is there with its shape.
    pub(crate) fn read_flat(&self, prefix: &str, layout: &Layout) -> Result<Vec<f32>, CheckpointError> {
        let places = layout.places().map(|place| {
            let values = self.f32_tensor(&format!("{prefix}.{}", place.name), &place.shape)?;
            Ok((place, values))
        });
        let places: Vec<_> = places.collect::<Result<_, CheckpointError>>()?;
        let mut flat = vec![0.0; layout.len];
        for (place, values) in places {
            place.write(values, &mut flat);
        }
        Ok(flat)
    }

    /// The values of a single-precision tensor of this shape.
    ///
    /// # Errors
    /// When it is missing, or has another type or shape.
    pub fn f32_tensor(&self, name: &str, shape: &[usize]) -> Result<&[f32], CheckpointError> {
        let tensor = self.tensor(name)?;
        tensor.check_shape(name, shape)?;
        match tensor {
            Tensor::F32 { values, .. } => Ok(values),
            Tensor::F64 { .. } => Err(wrong_type(name, "F32", "F64")),
        }
    }

    /// The values of a double-precision tensor of this shape.
    ///
    /// # Errors
    /// When it is missing, or has another type or shape.
    pub fn f64_tensor(&self, name: &str, shape: &[usize]) -> Result<&[f64], CheckpointError> {
        let tensor = self.tensor(name)?;
        tensor.check_shape(name, shape)?;
        match tensor {
            Tensor::F64 { values, .. } => Ok(values),
            Tensor::F32 { .. } => Err(wrong_type(name, "F64", "F32")),
        }
    }
}

fn wrong_type(name: &str, expected: &'static str, found: &str) -> CheckpointError {
    CheckpointError::WrongType { name: name.to_owned(), expected, found: found.to_owned() }
}

/// Tells a file that is cut short from one that never was one.
fn parse_error(bytes: &[u8], error: &SafeTensorError) -> CheckpointError {
    use SafeTensorError::{HeaderTooSmall, InvalidHeaderLength, MetadataIncompleteBuffer};
    match error {
        HeaderTooSmall | InvalidHeaderLength | MetadataIncompleteBuffer => {
            CheckpointError::Truncated { found: bytes.len() }
        }
        other => CheckpointError::Malformed { reason: other.to_string() },
    }
}

struct Fnv(u64);

impl Fnv {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests;
