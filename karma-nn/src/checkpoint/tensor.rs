//! Named arrays as they lie in a file.

use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::CheckpointError;

/// An array of numbers with its shape, row major.
#[derive(Debug, Clone, PartialEq)]
pub enum Tensor {
    /// Single precision: parameters and moments.
    F32 {
        /// Sizes, outermost first; their product is the number of values.
        shape: Vec<usize>,
        /// The values.
        values: Vec<f32>,
    },
    /// Double precision: statistics.
    F64 {
        /// Sizes, outermost first; their product is the number of values.
        shape: Vec<usize>,
        /// The values.
        values: Vec<f64>,
    },
}

impl Tensor {
    /// Sizes, outermost first.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::F32 { shape, .. } | Self::F64 { shape, .. } => shape,
        }
    }

    pub(super) fn dtype(&self) -> Dtype {
        match self {
            Self::F32 { .. } => Dtype::F32,
            Self::F64 { .. } => Dtype::F64,
        }
    }

    /// Little-endian bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::F32 { values, .. } => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::F64 { values, .. } => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
    }

    /// A tensor of a file.
    pub(super) fn from_view(name: &str, view: &TensorView<'_>) -> Result<Self, CheckpointError> {
        let (shape, data) = (view.shape().to_vec(), view.data());
        match view.dtype() {
            Dtype::F32 => {
                let values = data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
                Ok(Self::F32 { shape, values: values.collect() })
            }
            Dtype::F64 => {
                let values = data.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes));
                Ok(Self::F64 { shape, values: values.collect() })
            }
            other => {
                let (name, found) = (name.to_owned(), other.to_string());
                Err(CheckpointError::WrongType { name, expected: "F32 or F64", found })
            }
        }
    }

    /// Refuses NaN and infinity.
    pub(super) fn check_finite(&self, name: &str) -> Result<(), CheckpointError> {
        let index = match self {
            Self::F32 { values, .. } => values.iter().position(|v| !v.is_finite()),
            Self::F64 { values, .. } => values.iter().position(|v| !v.is_finite()),
        };
        index.map_or(Ok(()), |index| Err(CheckpointError::NonFinite { name: name.to_owned(), index }))
    }

    /// Refuses another shape.
    pub(super) fn check_shape(&self, name: &str, expected: &[usize]) -> Result<(), CheckpointError> {
        if self.shape() == expected {
            return Ok(());
        }
        let (expected, found) = (expected.to_vec(), self.shape().to_vec());
        Err(CheckpointError::WrongShape { name: name.to_owned(), expected, found })
    }
}
