//! Errors as exceptions.

use karma::RunError;
use karma::config::ConfigError;
use pyo3::PyErr;
use pyo3::exceptions::{PyRuntimeError, PyValueError};

/// An error with all that is underneath it, in one line.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// What was handed over is to blame.
pub(crate) fn wrong(error: &dyn std::error::Error) -> PyErr {
    PyValueError::new_err(told(error))
}

/// Something else is to blame.
pub(crate) fn failed(error: &dyn std::error::Error) -> PyErr {
    PyRuntimeError::new_err(told(error))
}

/// Settings out of their range, or what is wrong with a run.
pub(crate) fn of_run(error: &RunError) -> PyErr {
    match error {
        RunError::Config(_) | RunError::Directory(_) | RunError::Checkpoint { .. } => wrong(error),
        _ => failed(error),
    }
}

/// A setting out of its range.
pub(crate) fn of_config(error: &ConfigError) -> PyErr {
    wrong(error)
}
