//! Traces on the disk.
//!
//! | name | what it is | for |
//! |---|---|---|
//! | `.db`, `.sqlite` | `SQLite`, [`TraceStore`] | a cluster that runs: appended step by step, read meanwhile |
//! | `.csv` | text, [`karma_twin::trace::write_csv`] | eyes and other programs; the authors' files |
//! | `.parquet` | columns, [`write_parquet`] | keeping and passing on: small, typed |
//!
//! All three hold the long format of [`karma_twin::trace::schema`] with its version and the digest of its columns, and
//! give back exactly what was written.

mod error;
mod parquet;
mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use karma_twin::trace::{CsvError, Traces, read_csv, write_csv};

pub use error::{Problem, TraceFileError};
#[cfg(feature = "lab")]
pub(crate) use parquet::write_optional;
pub use parquet::{read_parquet, write_parquet};
pub use store::{Summary, TraceStore, WindowEntry, WindowWriter};

use crate::run_dir::atomic;

enum Form {
    Sqlite,
    Csv,
    Parquet,
}

impl Form {
    fn of(path: &Path) -> Result<Self, Problem> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("db" | "sqlite") => Ok(Self::Sqlite),
            Some("csv") => Ok(Self::Csv),
            Some("parquet") => Ok(Self::Parquet),
            _ => Err(Problem::Extension),
        }
    }
}

/// Reads the traces of a file, which its name's ending tells to be `SQLite`, CSV or Parquet.
///
/// # Errors
/// If there is none of this name, or it is no file of traces of this version, whole and with a step.
pub fn read_traces(path: &Path) -> Result<Traces, TraceFileError> {
    let read = |form| match form {
        Form::Sqlite => {
            TraceStore::open(path).and_then(|store| store.traces()).map_err(|error| error.problem)
        }
        Form::Csv => Ok(read_csv(File::open(path)?)?),
        Form::Parquet => read_parquet(File::open(path)?),
    };
    Form::of(path).and_then(read).map_err(|problem| problem.at(path))
}

/// Writes traces to a file, which its name's ending tells to be `SQLite`, CSV or Parquet. CSV and Parquet files are
/// replaced as a whole; a database that exists is left as it is, because another process may use it.
///
/// # Errors
/// If the file cannot be written, the database exists, or a value is not one that its column may hold.
pub fn write_traces(path: &Path, traces: &Traces) -> Result<(), TraceFileError> {
    let write = |form| match form {
        Form::Sqlite => store::write(path, traces),
        Form::Csv => {
            let write = |file: &mut File| -> Result<(), CsvError> { write_csv(traces, BufWriter::new(file)) };
            Ok(atomic::write_with(path, write)?)
        }
        Form::Parquet => atomic::write_with(path, |file| write_parquet(traces, file)),
    };
    Form::of(path).and_then(write).map_err(|problem| problem.at(path))
}
