//! What an evaluation came to.

use std::fs;
use std::path::PathBuf;

use karma::evaluation::{COLUMNS, EpisodeRecord, Evaluation, RowReport, Summary};
use karma::report;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::columns::{Column, table};
use crate::errors::wrong;

/// The name of a run's results in its directory.
const FILE: &str = "evaluation.json";

/// The results of an evaluation; printed, they are the tables of a run.
#[pyclass(frozen, module = "karma", name = "Results", str)]
#[derive(Debug)]
pub(crate) struct Results {
    evaluation: Evaluation,
}

impl Results {
    pub(crate) const fn of(evaluation: Evaluation) -> Self {
        Self { evaluation }
    }
}

impl std::fmt::Display for Results {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&report::table(&self.evaluation))
    }
}

/// The results of a run, from its directory.
#[pyfunction]
pub(crate) fn load_results(run: PathBuf) -> PyResult<Results> {
    let path = run.join(FILE);
    let refuse =
        |error: &dyn std::fmt::Display| PyValueError::new_err(format!("{}: {error}", path.display()));
    let bytes = fs::read(&path).map_err(|error| refuse(&error))?;
    serde_json::from_slice(&bytes).map(Results::of).map_err(|error| refuse(&error))
}

#[pymethods]
impl Results {
    /// As a run's `evaluation.json`.
    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(&self.evaluation).map_err(|error| wrong(&error))
    }

    /// One row for each policy, scenario and seed: every measure of the episode.
    fn episodes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let played = || {
            let rows = self.evaluation.rows.iter();
            rows.flat_map(|row: &RowReport| row.episodes.iter().map(move |episode| (&row.name, episode)))
        };
        let seed = |(_, episode): (&String, &EpisodeRecord)| i64::try_from(episode.seed).ok();
        let mut columns = vec![
            ("policy".to_owned(), Column::texts(played().map(|(name, _)| name))),
            ("scenario".to_owned(), Column::texts(played().map(|(_, episode)| &episode.scenario))),
            ("seed".to_owned(), Column::whole(played().map(seed))),
        ];
        columns.extend(COLUMNS.iter().map(|measure| {
            let values = played().map(|(_, episode)| (measure.value)(&episode.report));
            (measure.name.to_owned(), Column::numbers(values))
        }));
        table(py, columns)
    }

    /// One row for each policy, scenario and measure: interquartile mean and interval; the scenario "all" is over all.
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let scenarios = || self.evaluation.scenarios.iter().map(|scenario| scenario.name.as_str());
        let mut lines: Vec<(&str, &str, &str, Option<karma::marl::stats::Estimate>)> = Vec::new();
        for row in &self.evaluation.rows {
            let parts = std::iter::once(("all", &row.summary)).chain(scenarios().zip(&row.by_scenario));
            for (scenario, summary) in parts {
                let measures = COLUMNS.iter().map(|measure| measure.name);
                lines.extend(
                    measures.map(|name| (&*row.name, scenario, name, Summary::estimate(summary, name))),
                );
            }
        }
        let columns = [
            ("policy", Column::texts(lines.iter().map(|line| line.0))),
            ("scenario", Column::texts(lines.iter().map(|line| line.1))),
            ("measure", Column::texts(lines.iter().map(|line| line.2))),
            ("estimate", Column::numbers(lines.iter().map(|line| line.3.map(|estimate| estimate.value)))),
            ("low", Column::numbers(lines.iter().map(|line| line.3.map(|estimate| estimate.low)))),
            ("high", Column::numbers(lines.iter().map(|line| line.3.map(|estimate| estimate.high)))),
        ];
        table(py, columns.map(|(name, column)| (name.to_owned(), column)).into())
    }

    fn __repr__(&self) -> String {
        let rows: Vec<&str> = self.evaluation.rows.iter().map(|row| row.name.as_str()).collect();
        format!("<karma.Results: {}>", rows.join(", "))
    }
}
