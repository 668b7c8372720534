//! What can be wrong with a file, or between a file and its mapping.

use std::io;

use thiserror::Error;

use crate::table::SchemaError;

/// Most names that a message lists.
const LISTED: usize = 40;
/// Most characters that a message repeats.
const QUOTED: usize = 60;

/// Why a file gives no table.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TableError {
    /// The other side failed.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A line is no line of a table.
    #[error("line {line}: {reason}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// The file lacks a column.
    #[error("{setting}: no column of the file is {name:?}{nearest}; its columns are {columns}")]
    Unknown {
        /// The setting of the mapping.
        setting: String,
        /// The name in the mapping.
        name: String,
        /// A column with a similar name, in words.
        nearest: String,
        /// The columns.
        columns: String,
    },
    /// The file has several columns of a name that is needed.
    #[error("{setting}: the file has several columns {name:?}; give each a name of its own")]
    Ambiguous {
        /// The setting of the mapping.
        setting: String,
        /// The name.
        name: String,
    },
    /// A field does not hold what it must.
    #[error("line {line}, column {column:?}: {value:?} is not {allowed}")]
    Cell {
        /// The line, from 1.
        line: u64,
        /// The column.
        column: String,
        /// What was found.
        value: String,
        /// What may stand there.
        allowed: String,
    },
    /// Two rows of a run have the same time.
    #[error(
        "line {line}: the time is {time} s, as in line {earlier}{run}; allowed: one row for each moment of a run"
    )]
    Moment {
        /// The later line, from 1.
        line: u64,
        /// The earlier line.
        earlier: u64,
        /// The time in seconds.
        time: f64,
        /// The run, in words.
        run: String,
    },
    /// The columns make no schema.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// There is no row.
    #[error("no row is left of the file; at least one is needed")]
    Empty,
}

impl TableError {
    /// A column that is not among `names`.
    pub(super) fn unknown(setting: &str, name: &str, names: &[&str]) -> Self {
        let likeness = |known: &str| strsim::jaro_winkler(name, known);
        let nearest = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let nearest = nearest.filter(|nearest| likeness(nearest) > 0.75);
        Self::Unknown {
            setting: setting.to_owned(),
            name: name.to_owned(),
            nearest: nearest.map_or_else(String::new, |nearest| format!(" (did you mean {nearest:?}?)")),
            columns: list(names),
        }
    }

    /// A field that does not hold what it must.
    pub(super) fn cell(line: u64, column: &str, value: &str, allowed: impl Into<String>) -> Self {
        let mut value: String = value.to_owned();
        if let Some((end, _)) = value.char_indices().nth(QUOTED) {
            value.truncate(end);
            value.push('…');
        }
        Self::Cell { line, column: column.to_owned(), value, allowed: allowed.into() }
    }
}

fn list(names: &[&str]) -> String {
    let listed = names.iter().take(LISTED).map(|name| format!("{name:?}"));
    let mut text = listed.collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        text = format!("{text} and {} more", names.len() - LISTED);
    }
    if text.is_empty() { "none".to_owned() } else { text }
}
