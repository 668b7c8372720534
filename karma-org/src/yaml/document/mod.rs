//! Reads any YAML document whose form is given by a Rust type.
//!
//! The type is the only source of truth. Its JSON Schema, which `schemars` derives and editors understand, is
//! what a text is checked against; `serde` then makes the value. The check comes first because `serde` stops at
//! the first thing that it does not understand, and an author wants to see all of them, each with line, column,
//! what was found, what is allowed, and the nearest known name.
//!
//! ```
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Threshold {
//!     value: f64,
//!     unit: Option<String>,
//! }
//!
//! let (threshold, place) = karma_org::yaml::document::read::<Threshold>("value: 30\nunit: requests\n").unwrap();
//! assert_eq!((threshold.value, threshold.unit.as_deref()), (30.0, Some("requests")));
//! assert_eq!(place.at("/unit").to_string(), "2:7");
//!
//! let findings = karma_org::yaml::document::read::<Threshold>("value: many\nunits: requests\n").err().unwrap();
//! assert_eq!(
//!     findings.to_string(),
//!     "1:8: error[wrong-type]: expected a number, found the text `many`\n\
//!      2:1: error[unknown-field]: unknown field `units`; did you mean `unit`? Allowed: unit"
//! );
//! ```
//!
//! # What of YAML is read
//! YAML 1.2 with its core schema: `null`, `true`, whole numbers, numbers; everything else is text, so that `on`
//! and `no` are texts. One document per text. A number is no text: where a text is expected, `0.8` must be
//! quoted; only [`AsWritten`] takes it as it stands. Anchors, aliases and tags are refused, since a specification
//! needs none and a few of them can stand for gigabytes. Names are unique in a mapping. Texts are limited in
//! size ([`MAX_BYTES`]) and depth ([`MAX_DEPTH`]).
//!
//! # What of JSON Schema is checked
//! What `schemars` emits for structs, maps, lists, enums and their combination; [`unchecked_keywords`] names what a type asks
//! for beyond that. An untagged enum is decided by one look at a node and its direct children (see `choose`), so
//! that reading is linear in the text.

mod check;
mod choose;
mod deserialize;
mod node;
mod schema;
#[cfg(test)]
mod tests;
mod tree;
mod words;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use crate::spec::{Origin, Position};
use crate::{Finding, Findings};

pub use check::unchecked_keywords;
use node::Node;
pub use node::Place;
pub(super) use tree::is_character;
pub use words::AsWritten;
pub(super) use words::quoted;

/// Longest text that is read, in bytes: 4 MiB. The largest organisation that MOISE ships has 12 KB.
pub const MAX_BYTES: usize = 4 << 20;

/// Deepest nesting of lists and mappings that is read. A goal inside a plan costs two levels.
pub const MAX_DEPTH: usize = 200;

/// Most findings of one text that are reported; a text with more is not what it was taken for.
pub const MAX_FINDINGS: usize = 100;

/// Where each part of a document was written.
#[derive(Clone, Debug)]
pub struct Positions(Node);

impl Positions {
    /// The whole document, to walk down from.
    pub const fn root(&self) -> Place<'_> {
        Place::root(&self.0)
    }

    /// Position of the value at a JSON pointer such as `/missions/0/goals`, or of its closest ancestor that was written.
    pub fn at(&self, pointer: &str) -> Position {
        self.follow(pointer).position()
    }

    /// As [`Positions::at`], but of the name that the value has in its mapping, if it has one.
    pub fn name_at(&self, pointer: &str) -> Position {
        self.follow(pointer).name_position()
    }

    fn follow(&self, pointer: &str) -> Place<'_> {
        let segments =
            pointer.split('/').skip(1).map(|segment| segment.replace("~1", "/").replace("~0", "~"));
        segments.fold(self.root(), |place, segment| match segment.parse() {
            Ok(index) if place.is_list() => place.item(index),
            _ => place.field(&segment),
        })
    }
}

/// Reads a document of type `T`, and where its parts were written.
///
/// # Errors
/// All that is wrong with its syntax; if nothing is, all that is wrong with its form.
pub fn read<T: DeserializeOwned + JsonSchema>(text: &str) -> Result<(T, Positions), Findings> {
    let root = tree::parse(text)?;
    let schema = schema::<T>();
    check::check(&root, schema.as_value())?;
    match T::deserialize(&root) {
        Ok(value) => Ok((value, Positions(root))),
        Err(error) => {
            let position = error.position.unwrap_or(root.position);
            Err(Findings(vec![Finding::error("invalid-value", &origin(position), error.message)]))
        }
    }
}

/// The JSON Schema (2020-12) of a type, as documents are checked against it.
pub fn schema<T: JsonSchema>() -> Schema {
    SchemaGenerator::default().into_root_schema_for::<T>()
}

pub(super) const fn origin(position: Position) -> Origin {
    Origin::at(position.line, position.column)
}

/// Whether an unquoted scalar is read as a text.
pub(super) fn is_text(scalar: &str) -> bool {
    matches!(node::resolve(scalar), node::Scalar::Text(_))
}
