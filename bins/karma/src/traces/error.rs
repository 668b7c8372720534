//! What can be wrong with a file of traces.

use std::io;
use std::path::{Path, PathBuf};

use karma_twin::trace::{CellError, CsvError, LayoutError, TracesError};
use parquet::errors::ParquetError;
use rusqlite::ErrorCode;
use thiserror::Error;

/// A file, and why its traces cannot be read or written.
#[derive(Debug, Error)]
#[error("{}: {problem}", path.display())]
pub struct TraceFileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a file of traces.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Problem {
    /// The name does not say what the file is.
    #[error("the name of a file of traces ends with .db, .sqlite, .csv or .parquet")]
    Extension,
    /// The system refuses.
    #[error("the file cannot be read or written: {0}")]
    File(#[from] io::Error),
    /// The text is wrong.
    #[error("{}", with_cause(.0))]
    Csv(#[from] CsvError),
    /// It is something else, or of another version.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The steps make no traces.
    #[error(transparent)]
    Traces(#[from] TracesError),
    /// A value is wrong.
    #[error("row {row}, {cell}")]
    Cell {
        /// The row, from 1.
        row: u64,
        /// The column and the value.
        cell: CellError,
    },
    /// A column has another type.
    #[error("the column {name:?} is {found}; it must be {expected}")]
    Type {
        /// The column.
        name: String,
        /// Its type.
        found: String,
        /// The right type.
        expected: String,
    },
    /// The library refuses.
    #[error("the file is not Parquet, or damaged: {0}")]
    Parquet(#[from] ParquetError),
    /// There is a file already.
    #[error("there is a file here already; choose another name, or remove it first")]
    Occupied,
    /// A database of something else.
    #[error("the file is not a database of traces")]
    Foreign,
    /// What is stored makes no sense.
    #[error("the file is damaged: {reason}")]
    Damaged {
        /// What was found.
        reason: String,
    },
    /// Another process writes.
    #[error("another process is writing to this database; try again once it is done")]
    Busy,
    /// The library refuses.
    #[error("the database refuses: {0}")]
    Sql(rusqlite::Error),
    /// There is no such window.
    #[error("there is no window {id}")]
    NoWindow {
        /// What was asked for.
        id: i64,
    },
}

impl Problem {
    pub(super) fn at(self, path: &Path) -> TraceFileError {
        TraceFileError { path: path.to_owned(), problem: self }
    }

    pub(super) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged { reason: reason.into() }
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Foreign,
            Some(ErrorCode::DatabaseCorrupt) => Self::damaged(error.to_string()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Sql(error),
        }
    }
}

fn with_cause(error: &CsvError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
