//! What can be wrong with a recorded trace or a workload, said so that the reader of the message can mend it.

use thiserror::Error;

use super::span::SettingError;
use crate::topologies::UnknownName;

/// Why a trace was refused. Every message names the line, the value and what is allowed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TraceError {
    /// No trace of this name is shipped.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The reader failed.
    #[error("the trace cannot be read: {0}")]
    Io(#[source] std::io::Error),
    /// Too many bytes.
    #[error("the trace is larger than {} MiB, the most that is read", limit >> 20)]
    TooLarge {
        /// Most bytes that are read.
        limit: usize,
    },
    /// Not text.
    #[error("line {line}: not UTF-8 text; a trace is a CSV file with a header and two columns")]
    NotUtf8 {
        /// Line of the first bad byte, from 1.
        line: usize,
    },
    /// Nothing to read.
    #[error("the trace is empty; expected a header such as \"second,requests\" and one row for each time")]
    Empty,
    /// A line that no trace has.
    #[error("line {line}: longer than {limit} bytes; a row is a time and a value")]
    LongLine {
        /// Line, from 1.
        line: usize,
        /// Most bytes of a line.
        limit: usize,
    },
    /// The first line is not a known header.
    #[error("line 1: the header \"{found}\" is not known; expected {allowed}")]
    Header {
        /// The line as written.
        found: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A row with too few or too many columns, as a file has that was cut off.
    #[error("line {line}: {found} columns in \"{row}\"; a row has 2, a time and a value")]
    Columns {
        /// Line, from 1.
        line: u64,
        /// Columns found.
        found: usize,
        /// The row as written.
        row: String,
    },
    /// A cell that is no time or no value.
    #[error("line {line}: \"{cell}\" is not allowed as {what}; expected {allowed}")]
    Cell {
        /// Line, from 1.
        line: u64,
        /// The cell as written.
        cell: String,
        /// "a time" or "a value".
        what: &'static str,
        /// What is allowed.
        allowed: &'static str,
    },
    /// Time stands still or runs backwards.
    #[error("line {line}: the time \"{cell}\" is not later than the row before; times must increase")]
    Order {
        /// Line, from 1.
        line: u64,
        /// The time as written.
        cell: String,
    },
    /// Too short to be split into parts for training, calibration and evaluation.
    #[error("the trace has {rows} rows; at least {least} are needed, so that each split has one")]
    TooShort {
        /// Rows found.
        rows: usize,
        /// Fewest rows.
        least: usize,
    },
}

/// Why a workload was refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkloadError {
    /// The name is not known.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// A setting is out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The recorded trace was refused.
    #[error(transparent)]
    Trace(#[from] TraceError),
}
