//! A whole run: trained, compared, written down.

use std::path::PathBuf;

use karma::Run;
use karma::config::RunConfig;
use pyo3::prelude::*;

use crate::errors::of_run;
use crate::experiment::Experiment;
use crate::watch::{Raised, Watch};

/// Trains a team in an experiment for its budget, compares it, and gives the run's directory.
#[pyfunction]
#[pyo3(signature = (experiment, out = None, force = false))]
pub(crate) fn train(
    py: Python<'_>,
    experiment: &Experiment,
    out: Option<PathBuf>,
    force: bool,
) -> PyResult<PathBuf> {
    let raised = Raised::default();
    let config = RunConfig::clone(experiment.config());
    let run = Run::create(config, out.as_deref(), force).map_err(|error| of_run(&error))?;
    let path = run.path().to_owned();
    let mut watch = Watch { raised: raised.clone() };
    let outcome = py.detach(|| run.work(&mut watch));
    raised.or(())?;
    outcome.map(|_| path).map_err(|error| of_run(&error))
}
