//! Reading an object field by field: each field is taken once, checked against its range, and what is left
//! over at the end is an error.

use std::fmt;

use super::error::{TopologyError, nearest};
use crate::json::Node;

/// The values that a numeric field may take, and what they are.
#[derive(Clone, Copy)]
pub(super) struct Range<T> {
    /// For instance "a whole number of replicas".
    pub(super) what: &'static str,
    pub(super) least: T,
    pub(super) most: T,
}

impl<T: fmt::Display> fmt::Display for Range<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {} to {}", self.what, self.least, self.most)
    }
}

/// The fields of one JSON object, with its path.
pub(super) struct Fields {
    place: String,
    entries: Vec<(String, Node)>,
    known: &'static [&'static str],
}

impl Fields {
    pub(super) const ROOT: &'static str = "the topology";

    /// The fields of `node`, which may be those of `known` and no others.
    pub(super) fn of(
        node: Node,
        place: impl Into<String>,
        known: &'static [&'static str],
    ) -> Result<Self, TopologyError> {
        let place = place.into();
        match node {
            Node::Object(entries) => Ok(Self { place, entries, known }),
            other => Err(wrong(&place, &other, "an object")),
        }
    }

    pub(super) fn path(&self, field: &str) -> String {
        if self.place == Self::ROOT { field.to_owned() } else { format!("{}.{field}", self.place) }
    }

    /// The error for two values of this object that cannot both hold.
    pub(super) fn contradiction(&self, message: String) -> TopologyError {
        TopologyError::Contradiction { place: self.place.clone(), message }
    }

    /// The value of a field, if it was written.
    pub(super) fn take(&mut self, field: &'static str) -> Option<Node> {
        debug_assert!(self.known.contains(&field), "{field} is read, so it is known");
        let at = self.entries.iter().position(|(name, _)| name == field)?;
        Some(self.entries.remove(at).1)
    }

    pub(super) fn required(&mut self, field: &'static str) -> Result<Node, TopologyError> {
        self.take(field).ok_or_else(|| self.missing(field))
    }

    /// The error for a field that must be there and is not.
    pub(super) fn missing(&self, field: &'static str) -> TopologyError {
        let written = self.entries.iter().map(|(name, _)| name.as_str());
        let written = written.filter(|name| !self.known.contains(name));
        TopologyError::Missing { place: self.place.clone(), field, similar: nearest(field, written) }
    }

    /// A number in its range.
    pub(super) fn number(
        &mut self,
        field: &'static str,
        range: Range<f64>,
    ) -> Result<Option<f64>, TopologyError> {
        let place = self.path(field);
        self.take(field).map(|node| number(&place, &node, range)).transpose()
    }

    /// A whole number in its range.
    pub(super) fn count(
        &mut self,
        field: &'static str,
        range: Range<u32>,
    ) -> Result<Option<u32>, TopologyError> {
        let place = self.path(field);
        self.take(field).map(|node| count(&place, &node, range)).transpose()
    }

    pub(super) fn text(&mut self, field: &'static str) -> Result<Option<String>, TopologyError> {
        let place = self.path(field);
        match self.take(field) {
            None => Ok(None),
            Some(Node::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(&place, &other, "a text")),
        }
    }

    pub(super) fn flag(&mut self, field: &'static str) -> Result<Option<bool>, TopologyError> {
        let place = self.path(field);
        match self.take(field) {
            None => Ok(None),
            Some(Node::Bool(value)) => Ok(Some(value)),
            Some(other) => Err(wrong(&place, &other, "true or false")),
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        field: &'static str,
        options: &[(&str, T)],
    ) -> Result<Option<T>, TopologyError> {
        let place = self.path(field);
        let Some(node) = self.take(field) else { return Ok(None) };
        let words = || options.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        let found = match &node {
            Node::String(text) => options.iter().find(|(word, _)| word == text),
            _ => None,
        };
        found
            .map(|(_, value)| Some(*value))
            .ok_or_else(|| wrong(&place, &node, &format!("one of {}", words())))
    }

    pub(super) fn list(&mut self, field: &'static str) -> Result<Option<Vec<Node>>, TopologyError> {
        let place = self.path(field);
        match self.take(field) {
            None => Ok(None),
            Some(Node::Array(items)) => Ok(Some(items)),
            Some(other) => Err(wrong(&place, &other, "a list")),
        }
    }

    /// The object's fields were all taken; anything left is unknown.
    pub(super) fn finish(self) -> Result<(), TopologyError> {
        match self.entries.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => Err(TopologyError::Unknown {
                nearest: nearest(&name, self.known.iter().copied()),
                place: self.place,
                kind: "field",
                name,
            }),
        }
    }

    /// The fields as written, for an object whose keys are names.
    pub(super) fn into_entries(self) -> Vec<(String, Node)> {
        self.entries
    }
}

pub(super) fn number(place: &str, node: &Node, range: Range<f64>) -> Result<f64, TopologyError> {
    match node {
        Node::Number(value) if (range.least..=range.most).contains(value) => Ok(*value),
        other => Err(wrong(place, other, &range.to_string())),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked against the range first"
)]
fn count(place: &str, node: &Node, range: Range<u32>) -> Result<u32, TopologyError> {
    let inside = f64::from(range.least)..=f64::from(range.most);
    match node {
        Node::Number(value) if value.fract() == 0.0 && inside.contains(value) => Ok(*value as u32),
        other => Err(wrong(place, other, &range.to_string())),
    }
}

pub(super) fn wrong(place: &str, value: &Node, allowed: &str) -> TopologyError {
    TopologyError::Value { place: place.to_owned(), value: value.to_string(), allowed: allowed.to_owned() }
}

/// The error for a list or object of the wrong length, for instance "0 services".
pub(super) fn too_many(place: &str, value: String, allowed: String) -> TopologyError {
    TopologyError::Value { place: place.to_owned(), value, allowed }
}
