//! Trajectories as columns: one row for each step of each episode.

use std::fs::File;
use std::path::PathBuf;

use karma::analyze::{RecordedEpisode, Recordings};
use karma::core::{Metric, Transition};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::columns::{Column, table};

/// The trajectories in a file of JSON lines, as `karma-explain` leaves them.
#[pyfunction]
pub(crate) fn read_trajectories(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyDict>> {
    let refuse =
        |error: &dyn std::fmt::Display| PyValueError::new_err(format!("{}: {error}", path.display()));
    let file = File::open(&path).map_err(|error| refuse(&error))?;
    let recordings = py.detach(|| Recordings::read(file)).map_err(|error| refuse(&error))?;
    table(py, columns(&recordings))
}

/// Who acted how in what state, and what it was worth.
pub(crate) fn columns(recordings: &Recordings) -> Vec<(String, Column)> {
    let steps: Vec<Line<'_>> = recordings.episodes().iter().enumerate().flat_map(lines).collect();
    let mut columns = course(&steps);
    for (agent, name) in recordings.cast().agents.iter_enumerated() {
        let action = steps.iter().map(|line| line.step.actions.get(agent).map(|action| i64::from(action.0)));
        columns.push((format!("action.{name}"), Column::whole(action)));
        let reward = steps.iter().map(|line| line.step.rewards.get(agent).copied());
        columns.push((format!("reward.{name}"), Column::singles(reward)));
    }
    for (service, name) in recordings.cast().services.iter_enumerated() {
        columns.extend(Metric::ALL.iter().map(|metric| {
            let samples = steps.iter().map(|line| line.step.state.get(service, *metric));
            (format!("{name}.{}", metric.name()), Column::singles(samples))
        }));
    }
    columns
}

/// One step and where it stands.
struct Line<'a> {
    episode: usize,
    recorded: &'a RecordedEpisode,
    number: usize,
    step: &'a Transition,
}

fn lines((episode, recorded): (usize, &RecordedEpisode)) -> impl Iterator<Item = Line<'_>> {
    let steps = recorded.trajectory.transitions.iter().enumerate();
    steps.map(move |(number, step)| Line { episode, recorded, number, step })
}

fn course(steps: &[Line<'_>]) -> Vec<(String, Column)> {
    let number = |number: usize| i64::try_from(number).ok();
    let columns = [
        ("episode", Column::whole(steps.iter().map(|line| number(line.episode)))),
        ("scenario", Column::texts(steps.iter().map(|line| &line.recorded.scenario))),
        ("seed", Column::whole(steps.iter().map(|line| i64::try_from(line.recorded.trajectory.seed).ok()))),
        ("step", Column::whole(steps.iter().map(|line| number(line.number)))),
        ("time", Column::numbers(steps.iter().map(|line| Some(line.step.state.time.0)))),
        ("terminated", Column::Flags(steps.iter().map(|line| line.step.terminated).collect())),
        ("truncated", Column::Flags(steps.iter().map(|line| line.step.truncated).collect())),
    ];
    columns.map(|(name, column)| (name.to_owned(), column)).into()
}
