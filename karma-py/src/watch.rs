//! Long work that Python may stop: by Ctrl-C, or by an exception in a callable of its own.

use std::sync::{Arc, Mutex, PoisonError};

use karma::{Progress, TrainingProgress};
use pyo3::prelude::*;

/// The first exception that was raised meanwhile.
#[derive(Clone, Debug, Default)]
pub(crate) struct Raised(Arc<Mutex<Option<PyErr>>>);

impl Raised {
    /// Keeps an exception, unless there is one.
    pub(crate) fn keep(&self, error: PyErr) {
        self.slot().get_or_insert(error);
    }

    /// Whether there is one.
    pub(crate) fn is_set(&self) -> bool {
        self.slot().is_some()
    }

    /// What came of the work, unless an exception was raised.
    pub(crate) fn or<R>(&self, result: R) -> PyResult<R> {
        self.slot().take().map_or(Ok(result), Err)
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<PyErr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says nothing, and stops when an exception is raised.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) raised: Raised,
}

impl Watch {
    /// Keeps what a signal raises, which only the main thread hears.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method has one lifetime, the closure all of them"
    )]
    fn listen(&self) {
        if let Err(error) = Python::attach(|py| py.check_signals()) {
            self.raised.keep(error);
        }
    }
}

impl Progress for Watch {
    fn note(&mut self, _text: &str) {}

    fn trained(&mut self, _training: &TrainingProgress<'_>) {}

    fn evaluated(&mut self, _done: usize, _total: usize) {}

    fn interrupted(&self) -> bool {
        self.listen();
        self.raised.is_set()
    }
}
