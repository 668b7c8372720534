//! Where an element was written.

use std::fmt;
use std::sync::Arc;

/// A place in a text, counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Where an element was written, if it was read from a text at all.
///
/// An origin says nothing about *what* an element is, so all origins are equal: two specifications that differ
/// in their layout only are the same.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The place.
    pub position: Option<Position>,
    /// The included text that it is in; `None` in the text that was read first.
    pub file: Option<Arc<str>>,
}

impl Origin {
    /// A place in the text that was read first.
    pub const fn at(line: u32, column: u32) -> Self {
        Self { position: Some(Position { line, column }), file: None }
    }
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}
