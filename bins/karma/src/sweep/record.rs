//! What a trial came to, on the disk.
//!
//! Each trial writes a file of its own for each rung, beside its run: processes on different machines never write the same
//! file, and the tables are gathered from them. A file that cannot be read counts as missing, and its trial is played again,
//! which costs an evaluation: the training is in the run's checkpoint.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::config::{SweepConfig, Trial};
use super::objective::Measures;
use super::settings::show;
use crate::run_dir::{RunDirError, atomic};

/// The tables of a sweep.
const CSV: &str = "trials.csv";
const JSONL: &str = "trials.jsonl";

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TrialStatus {
    /// Trained and evaluated.
    Done,
    /// A setting was refused, or training or evaluation gave no finite number.
    Failed,
}

/// One row: a trial at a rung.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Number of the trial, from 0.
    pub(crate) trial: usize,
    /// The rung, from 0; always 0 without halving.
    pub(crate) rung: usize,
    /// What the trial sets.
    pub(crate) settings: BTreeMap<String, toml::Value>,
    /// Iterations trained, those of the rungs before included.
    pub(crate) iterations: u64,
    /// Value of the objective; `None` of a trial that failed.
    pub(crate) objective: Option<f64>,
    /// How it ended.
    pub(crate) status: TrialStatus,
    /// Why it failed.
    pub(crate) reason: Option<String>,
    /// Seconds of training on the wall clock, all sessions and rungs together.
    pub(crate) seconds: f64,
    /// The mean of every measure over the episodes of each scenario.
    pub(crate) measures: Measures,
}

impl Record {
    /// The row of a trial that failed.
    pub(super) fn failed(trial: &Trial, rung: usize, reason: String) -> Self {
        Self {
            trial: trial.number,
            rung,
            settings: trial.settings.iter().cloned().collect(),
            iterations: 0,
            objective: None,
            status: TrialStatus::Failed,
            reason: Some(reason),
            seconds: 0.0,
            measures: Measures::new(),
        }
    }

    /// The row that a trial has written, if it has, and whole.
    pub(super) fn read(directory: &Path, trial: usize, rung: usize) -> Option<Self> {
        let bytes = fs::read(file(directory, trial, rung)).ok()?;
        let record: Self = serde_json::from_slice(&bytes).ok()?;
        ((record.trial, record.rung) == (trial, rung)).then_some(record)
    }

    /// Writes the row beside the trial's run.
    pub(super) fn write(&self, directory: &Path) -> Result<(), RunDirError> {
        let path = file(directory, self.trial, self.rung);
        let write = || {
            fs::create_dir_all(run_directory(directory, self.trial))?;
            atomic::write(&path, (serde_json::to_string_pretty(self)? + "\n").as_bytes())
        };
        write().map_err(|source: io::Error| RunDirError::File {
            path: path.clone(),
            action: "written",
            source,
        })
    }
}

/// The run of a trial.
pub(crate) fn run_directory(directory: &Path, trial: usize) -> PathBuf {
    directory.join("trials").join(format!("{trial:04}"))
}

fn file(directory: &Path, trial: usize, rung: usize) -> PathBuf {
    run_directory(directory, trial).join(format!("rung-{rung}.json"))
}

/// All rows that the trials of a sweep have written, by trial and rung.
pub(super) fn gather(sweep: &SweepConfig, directory: &Path) -> Vec<Record> {
    let of_trial = |trial: &Trial| {
        let number = trial.number;
        (0..sweep.rungs()).filter_map(move |rung| Record::read(directory, number, rung))
    };
    sweep.trials.iter().flat_map(of_trial).collect()
}

/// Writes `trials.csv` and `trials.jsonl`.
pub(super) fn write_tables(
    sweep: &SweepConfig,
    records: &[Record],
    directory: &Path,
) -> Result<(), RunDirError> {
    for (name, text) in [(CSV, csv(sweep, records)), (JSONL, jsonl(records))] {
        let path = directory.join(name);
        let written = text.and_then(|text| atomic::write(&path, text.as_bytes()));
        written.map_err(|source| RunDirError::File { path, action: "written", source })?;
    }
    Ok(())
}

fn jsonl(records: &[Record]) -> io::Result<String> {
    records.iter().map(|record| Ok(serde_json::to_string(record)? + "\n")).collect()
}

/// RFC 4180, with a line feed at the end of a line; what is missing is empty.
fn csv(sweep: &SweepConfig, records: &[Record]) -> io::Result<String> {
    let paths = sweep.paths();
    let head = ["trial", "rung", "iterations"].into_iter().chain(paths.iter().copied());
    let head = head.chain([sweep.objective.name.as_str(), "status", "seconds", "reason"]);
    let mut text = line(head.map(str::to_owned));
    for record in records {
        let counts = [record.trial.to_string(), record.rung.to_string(), record.iterations.to_string()];
        let settings = paths.iter().map(|path| record.settings.get(*path).map(show).unwrap_or_default());
        let status = serde_json::to_value(record.status)?;
        let rest = [
            record.objective.map_or_else(String::new, |value| value.to_string()),
            status.as_str().unwrap_or_default().to_owned(),
            record.seconds.to_string(),
            record.reason.clone().unwrap_or_default(),
        ];
        text += &line(counts.into_iter().chain(settings).chain(rest));
    }
    Ok(text)
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let quoted = |cell: String| {
        if cell.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    };
    cells.map(quoted).collect::<Vec<_>>().join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::testing::sweep;
    use super::*;

    #[test]
    fn a_row_is_found_again_and_a_cut_one_is_missing() {
        let (sweep, directory) = (sweep("seed = { values = [1, 2] }"), tempfile::tempdir().unwrap());
        let record = Record::failed(&sweep.trials[1], 0, "no, \"never\"".to_owned());
        record.write(directory.path()).unwrap();
        assert_eq!(gather(&sweep, directory.path()), [record]);
        let path = file(directory.path(), 1, 0);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert_eq!(gather(&sweep, directory.path()), []);
    }

    #[test]
    fn cells_of_the_table_are_quoted_where_they_must_be() {
        let sweep = sweep("\"learner.hidden\" = { values = [[8, 8]] }");
        let record = Record::failed(&sweep.trials[0], 0, "no, \"never\"".to_owned());
        assert_eq!(
            csv(&sweep, &[record]).unwrap(),
            "trial,rung,iterations,learner.hidden,episodic_return,status,seconds,reason\n\
             0,0,0,\"[8, 8]\",,failed,0,\"no, \"\"never\"\"\"\n"
        );
    }
}
