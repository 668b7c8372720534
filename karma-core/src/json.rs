//! A JSON document that keeps the order of its keys, refuses a key written twice, and is read field by field
//! with the path of every value at hand, so that an error can name its place.

use std::fmt;
use std::io::Read;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(f64),
    String(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl fmt::Display for Node {
    /// As a person would quote it in an error: containers by their kind, long texts cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::String(text) if text.chars().count() > 40 => {
                write!(f, "\"{}…\"", text.chars().take(40).collect::<String>().escape_debug())
            }
            Self::String(text) => write!(f, "\"{}\"", text.escape_debug()),
            Self::Array(_) => f.write_str("a list"),
            Self::Object(_) => f.write_str("an object"),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Node::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        while let Some((key, value)) = map.next_entry::<String, Node>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format!("the key \"{}\" is written twice", key.escape_debug())));
            }
            entries.push((key, value));
        }
        Ok(Node::Object(entries))
    }
}

/// Why bytes are no JSON document.
#[derive(Debug)]
pub(crate) enum DocumentError {
    Io(std::io::Error),
    TooLarge { limit: usize },
    NotUtf8 { line: usize },
    Empty,
    Syntax { line: usize, column: usize, message: String },
}

/// Reads a document of at most `limit` bytes.
pub(crate) fn read_document(reader: impl Read, limit: usize) -> Result<Node, DocumentError> {
    let mut bytes = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(DocumentError::Io)?;
    if bytes.len() > limit {
        return Err(DocumentError::TooLarge { limit });
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| DocumentError::NotUtf8 {
        line: 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count(),
    })?;
    if text.trim().is_empty() {
        return Err(DocumentError::Empty);
    }
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| DocumentError::Syntax {
        line: error.line(),
        column: error.column(),
        message: without_position(&error.to_string()),
    })
}

/// `serde_json` appends the position, which [`DocumentError::Syntax`] says already.
fn without_position(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(text, _)| text).to_owned()
}
