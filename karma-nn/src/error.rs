//! What can be wrong with settings and with the numbers given to a network.

use thiserror::Error;

use crate::{CollectiveError, rowwise};

/// A setting that cannot be run with.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{field} is {value}; allowed: {allowed}")]
pub struct ConfigError {
    /// The setting, by the name it has in a file.
    pub field: &'static str,
    /// What was written.
    pub value: String,
    /// What can be written.
    pub allowed: &'static str,
}

impl ConfigError {
    /// Refuses `field` unless `ok`.
    pub(crate) fn unless(
        ok: bool,
        field: &'static str,
        value: &impl ToString,
        allowed: &'static str,
    ) -> Result<(), Self> {
        if ok { Ok(()) } else { Err(Self { field, value: value.to_string(), allowed }) }
    }

    /// Refuses a number that is not finite or not above zero.
    pub(crate) fn positive(field: &'static str, value: f32) -> Result<(), Self> {
        Self::unless(value.is_finite() && value > 0.0, field, &value, "a finite number above 0")
    }
}

/// A batch, a mask or a number that a network cannot work with.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// A slice has the wrong length for the network or for the other slices of its batch.
    #[error("{what} has {found} values, but {expected} are expected")]
    Shape {
        /// Which slice.
        what: &'static str,
        /// The length that fits.
        expected: usize,
        /// The length that was given.
        found: usize,
    },
    /// A slice does not divide into whole rows.
    #[error("{what} has {found} values, which is not a positive multiple of the row width {width}")]
    Rows {
        /// Which slice.
        what: &'static str,
        /// Values in one row.
        width: usize,
        /// Values that were given.
        found: usize,
    },
    /// A network was given to buffers that were made for another shape or activation.
    #[error("the network has another shape or activation than the one that the buffers were made for")]
    OtherNetwork,
    /// A recurrent network was to learn from rows of which nobody says how they follow each other.
    #[error("the network is recurrent: its batch needs `sequences`")]
    SequencesMissing,
    /// Sequences were given to a network that remembers nothing.
    #[error("the network is not recurrent: its batch has no use for `sequences`")]
    SequencesUnused,
    /// A batch does not divide into whole sequences.
    #[error("{rows} rows do not divide into sequences of {length} steps; a length is at least 1")]
    Sequences {
        /// Steps in one sequence.
        length: usize,
        /// Rows that were given.
        rows: usize,
    },
    /// No action is legal in a row that counts.
    #[error("row {row}: the mask forbids every one of the {actions} actions")]
    AllActionsMasked {
        /// The row of the batch (0 for a single row).
        row: usize,
        /// How many actions there are.
        actions: usize,
    },
    /// An action that was taken is outside the action space, or the mask forbids it.
    #[error("row {row}: action {action} is masked or is not one of the {actions} actions")]
    IllegalAction {
        /// The row of the batch.
        row: usize,
        /// The action.
        action: usize,
        /// How many actions there are.
        actions: usize,
    },
    /// A number is NaN or infinite. Nothing was changed: parameters and optimiser are as before the call.
    #[error("{what} is not finite")]
    NonFinite {
        /// Which number.
        what: String,
    },
    /// Learners that step together could not add up.
    #[error(transparent)]
    Collective(#[from] CollectiveError),
    /// A weight is negative or not finite, or no row of the batch has a weight above 0.
    #[error("weights must be finite and at least 0, with at least one above 0: {found}")]
    Weights {
        /// What was found.
        found: String,
    },
}

impl NetworkError {
    /// Refuses a slice of the wrong length.
    pub(crate) fn length(what: &'static str, found: usize, expected: usize) -> Result<(), Self> {
        if found == expected { Ok(()) } else { Err(Self::Shape { what, expected, found }) }
    }

    /// Refuses NaN and infinity; `what` is only written out on refusal.
    pub(crate) fn finite(value: f32, what: impl FnOnce() -> String) -> Result<(), Self> {
        if value.is_finite() { Ok(()) } else { Err(Self::NonFinite { what: what() }) }
    }

    /// Refuses the first row of `values` that holds a NaN or an infinity.
    pub(crate) fn finite_rows(what: &'static str, values: &[f32], width: usize) -> Result<(), Self> {
        if rowwise::all_finite(values) {
            return Ok(());
        }
        for (row, values) in values.chunks_exact(width).enumerate() {
            if values.iter().any(|v| !v.is_finite()) {
                return Err(Self::NonFinite { what: format!("{what} of row {row}") });
            }
        }
        Ok(())
    }

    /// How many rows of `width` there are in `found` values.
    pub(crate) fn rows(what: &'static str, found: usize, width: usize) -> Result<usize, Self> {
        if found > 0 && found.is_multiple_of(width) {
            Ok(found / width)
        } else {
            Err(Self::Rows { what, width, found })
        }
    }
}
