//! What can be wrong with a specification.

use std::fmt::Display;

use thiserror::Error;

/// A specification that Kubernetes would not admit, or that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpecError {
    /// A value outside what is allowed.
    #[error("`{path}` is {value}, allowed is {allowed}")]
    OutOfRange {
        /// The field, as written in a manifest.
        path: String,
        /// Its value.
        value: String,
        /// What may stand there.
        allowed: &'static str,
    },
    /// A field that its sibling `type` asks for is not there.
    #[error("`{path}` is missing: `type: {kind}` needs it")]
    Missing {
        /// The field, as written in a manifest.
        path: String,
        /// The sibling's value.
        kind: &'static str,
    },
    /// A field that its sibling `type` rules out is there.
    #[error("`{path}` must not be set together with `type: {kind}`")]
    Contradiction {
        /// The field, as written in a manifest.
        path: String,
        /// The sibling's value.
        kind: &'static str,
    },
}

pub(super) fn require(
    legal: bool,
    path: impl Fn() -> String,
    value: impl Display,
    allowed: &'static str,
) -> Result<(), SpecError> {
    if legal { Ok(()) } else { Err(SpecError::OutOfRange { path: path(), value: value.to_string(), allowed }) }
}
