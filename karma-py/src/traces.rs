//! Traces of a cluster as columns.

use std::path::PathBuf;

use karma::traces::TraceFileError;
use karma::twin::trace::{Cell, Field, Record, Storage, Traces, schema};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::columns::{Column, table};
use crate::errors::wrong;

/// The traces in a file of `SQLite`, CSV or Parquet: one row for each step and service, as `karma-model export` writes them.
#[pyfunction]
pub(crate) fn read_traces(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyDict>> {
    let read = || -> Result<Traces, TraceFileError> { karma::traces::read_traces(&path) };
    let traces = py.detach(read).map_err(|error| wrong(&error))?;
    let records: Vec<Record<'_>> = traces.records().collect();
    let column = |field: Field| -> PyResult<(String, Column)> {
        let cells = records.iter().map(|record| record.cell(field)).collect::<Result<Vec<_>, _>>();
        let cells = cells.map_err(|error| wrong(&error))?;
        Ok((field.name().into_owned(), of_cells(field.kind().storage(), &cells)))
    };
    let columns = schema::columns(traces.entry_points()).into_iter().map(column);
    table(py, columns.collect::<PyResult<Vec<_>>>()?)
}

fn of_cells(storage: Storage, cells: &[Cell<'_>]) -> Column {
    let cells = cells.iter();
    match storage {
        Storage::Text => Column::Texts(cells.map(text).collect()),
        Storage::Unsigned | Storage::Signed => Column::whole(cells.map(whole)),
        Storage::Double => Column::numbers(cells.map(|cell| match cell {
            Cell::Double(number) => Some(*number),
            _ => None,
        })),
        Storage::Single => Column::singles(cells.map(|cell| match cell {
            Cell::Single(number) => Some(*number),
            _ => None,
        })),
    }
}

fn text(cell: &Cell<'_>) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.to_string()),
        _ => None,
    }
}

fn whole(cell: &Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Unsigned(count) => i64::try_from(*count).ok(),
        Cell::Signed(change) => Some(*change),
        _ => None,
    }
}
