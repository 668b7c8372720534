//! Settings, from which environments and evaluations are made.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use karma::config::{RunConfig, RunParams, Written};
use karma::core::{Environment, EnvironmentSpec};
use karma::marl::TimeLimit;
use karma::mock::Split;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::Value;

use crate::errors::{of_config, of_run, wrong};

/// Checked settings: what is played, by whom, and how it is judged.
#[pyclass(frozen, module = "karma")]
#[derive(Debug)]
pub(crate) struct Experiment {
    config: Arc<RunConfig>,
}

impl Experiment {
    pub(crate) const fn of(config: Arc<RunConfig>) -> Self {
        Self { config }
    }

    pub(crate) const fn config(&self) -> &Arc<RunConfig> {
        &self.config
    }

    /// The environments at these places, each cut off after `most` steps if that is given.
    pub(crate) fn environments(
        &self,
        split: &str,
        places: Range<usize>,
        most: Option<usize>,
    ) -> PyResult<Vec<Box<dyn Environment>>> {
        let split = self.split(split)?;
        if most == Some(0) {
            return Err(PyValueError::new_err("max_cycles is 0; allowed: at least 1"));
        }
        let games = self.config.environments_in(split, places).map_err(|error| of_run(&error))?;
        let cut = |game: Box<dyn Environment>| match most {
            Some(most) => Box::new(TimeLimit::new(game, most)),
            None => game,
        };
        Ok(games.into_iter().map(cut).collect())
    }

    /// What the environments are like.
    pub(crate) fn spec(&self) -> PyResult<EnvironmentSpec> {
        let games = self.environments(Split::Train.name(), 0..1, None)?;
        games.first().map(|game| game.spec().clone()).ok_or_else(|| PyValueError::new_err("no environment"))
    }

    fn split(&self, name: &str) -> PyResult<Split> {
        let Some(split) = Split::ALL.into_iter().find(|split| split.name() == name) else {
            let known = Split::ALL.map(Split::name).join(", ");
            return Err(PyValueError::new_err(format!("unknown split {name:?}; known: {known}")));
        };
        if split != Split::Train && self.config.params().twin.is_some() {
            let told =
                "a twin replays what it recorded and has no splits; allowed with backend=\"twin\": \"train\"";
            return Err(PyValueError::new_err(told));
        }
        Ok(split)
    }
}

#[pymethods]
impl Experiment {
    /// Settings as JSON, laid over those of a configuration file, if there is one, and over the defaults.
    #[new]
    #[pyo3(signature = (settings, config = None))]
    fn new(settings: &str, config: Option<PathBuf>) -> PyResult<Self> {
        let written = Written::read(config.as_deref()).map_err(|error| of_config(&error))?;
        let mut all = serde_json::to_value(written.params()).map_err(|error| wrong(&error))?;
        lay_over(&mut all, serde_json::from_str(settings).map_err(|error| wrong(&error))?);
        let params: RunParams = serde_json::from_value(all).map_err(|error| wrong(&error))?;
        let config = Written::from(params).check().map_err(|error| of_config(&error))?;
        Ok(Self { config: Arc::new(config) })
    }

    /// All settings as JSON.
    fn settings(&self) -> PyResult<String> {
        serde_json::to_string(self.config.params()).map_err(|error| wrong(&error))
    }

    /// Names of the defenders, in the order of every joint action.
    #[getter]
    fn defenders(&self) -> Vec<String> {
        self.config.team().roles().iter().map(|role| role.name.clone()).collect()
    }

    /// Names of the services, in the order of the action space.
    #[getter]
    fn services(&self) -> Vec<String> {
        self.config.setup().topology.services.iter().map(|service| service.name.clone()).collect()
    }

    /// Names of the scenarios.
    #[getter]
    fn scenarios(&self) -> Vec<String> {
        self.config.scenarios().iter().map(|scenario| scenario.name().to_owned()).collect()
    }

    fn __repr__(&self) -> String {
        format!("<karma.Experiment: {}>", self.config)
    }
}

/// `over` in the place of what stands in `under`, key by key.
fn lay_over(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                lay_over(under.entry(key).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}
