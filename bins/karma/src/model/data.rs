//! Data of either kind: traces of a cluster, or any table with a mapping.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use karma_core::Topology;
use karma_twin::table::{Mapping, Table};
use karma_twin::trace::{CsvError, Traces};

use super::cli::MappingArgs;
use super::error::ModelError;
use crate::config::{Overrides, Written};
use crate::organization::NONE;
use crate::traces::{Problem, TraceFileError, TraceStore, read_traces};

/// What was read of a file.
#[derive(Debug)]
pub(super) enum Data {
    /// Traces, with their topology if it is known.
    Traces(Traces, Option<Arc<Topology>>),
    /// A table, and by what mapping it came about.
    Table(Table, Box<Mapping>),
}

impl Data {
    /// Reads a file: a table if a mapping is given, traces otherwise.
    pub(super) fn read(path: &Path, mapping: &MappingArgs) -> anyhow::Result<Self> {
        if mapping.is_given() {
            let mapping = mapping.read()?;
            return Ok(Self::Table(read_table(path, &mapping)?, Box::new(mapping)));
        }
        match read_traces(path) {
            Ok(traces) => Ok(Self::Traces(traces, kept_topology(path)?)),
            Err(error) if is_another_csv(&error) => Err(error).context(
                "with --mapping or --predict say which columns are what, unless it should hold traces",
            ),
            Err(error) => Err(error.into()),
        }
    }
}

/// Reads a CSV file by a mapping.
pub(super) fn read_table(path: &Path, mapping: &Mapping) -> Result<Table, ModelError> {
    let file = File::open(path).map_err(|source| ModelError::Read { path: path.to_owned(), source })?;
    mapping.read(file).map_err(|problem| ModelError::Table { path: path.to_owned(), problem })
}

/// The topology that a database keeps with its traces.
pub(crate) fn kept_topology(path: &Path) -> anyhow::Result<Option<Arc<Topology>>> {
    if !is_database(path) {
        return Ok(None);
    }
    let store = TraceStore::open(path)?;
    let read = |text: &str| Topology::read(text.as_bytes()).map(Arc::new);
    let place = || format!("{}: the topology kept with the traces", path.display());
    store.topology().map(read).transpose().with_context(place)
}

/// Whether the name of a file says that it is a database.
pub(crate) fn is_database(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "db" || extension == "sqlite")
}

/// The topology of this name, or of this file.
pub(crate) fn topology(name: &str) -> anyhow::Result<Arc<Topology>> {
    let flags = Overrides {
        topology: Some(name.to_owned()),
        organization: Some(NONE.to_owned()),
        ..Overrides::default()
    };
    let config = Written::default().with(&flags).check()?;
    Ok(Arc::clone(&config.setup().topology))
}

const fn is_another_csv(error: &TraceFileError) -> bool {
    matches!(error.problem, Problem::Csv(CsvError::Layout(_)))
}
