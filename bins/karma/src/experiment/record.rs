//! What a job came to, on the disk: one file for each, so that machines never write the same one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::suite::{Job, Suite};
use crate::evaluation::EpisodeRecord;
use crate::run_dir::{RunDirError, atomic};

/// What a job came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Digest of all that it depends on.
    pub(crate) digest: String,
    /// Its row in every table.
    pub(crate) contestant: String,
    /// What it does.
    pub(crate) about: String,
    /// How a rule was chosen, if there was a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) calibration: Option<Calibration>,
    /// How a team was trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) training: Option<Training>,
    /// Seconds that the job took on the wall clock, a training that was kept from before included, the fitting of a twin not.
    pub(crate) seconds: f64,
    /// The episodes of each arena, scenario by scenario.
    pub(crate) arenas: BTreeMap<String, Vec<EpisodeRecord>>,
    /// Seconds that the episodes of each arena took on the wall clock, on as many threads as there were.
    #[serde(default)]
    pub(crate) arena_seconds: BTreeMap<String, f64>,
    /// The episodes against each attacker that has studied it; their scenarios are [`ATTACKERS`](crate::assault::ATTACKERS).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) assaults: Vec<Vec<EpisodeRecord>>,
}

/// All candidates of a rule on the training split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calibration {
    /// Episodes that each candidate played.
    pub(crate) episodes: usize,
    /// Position of the best.
    pub(crate) chosen: usize,
    /// The candidates.
    pub(crate) candidates: Vec<Point>,
}

/// A candidate of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    /// What calibration set.
    pub(crate) settings: String,
    /// Mean of the objective; `None` if no episode has one.
    pub(crate) objective: Option<f64>,
    /// Mean of every measure.
    pub(crate) measures: BTreeMap<String, f64>,
}

/// A training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Training {
    /// Its seed.
    pub(crate) seed: u64,
    /// Iterations.
    pub(crate) iterations: u64,
    /// Decisions.
    pub(crate) steps: u64,
    /// Seconds of training on the wall clock.
    pub(crate) seconds: f64,
    /// Mean return of each iteration's episodes.
    pub(crate) returns: Vec<f64>,
}

impl Record {
    /// What a job has written, if it has, whole, and under the settings of this suite.
    pub(crate) fn read(suite: &Suite, directory: &Path, job: &Job<'_>) -> Option<Self> {
        let bytes = fs::read(file(directory, job)).ok()?;
        let record: Self = serde_json::from_slice(&bytes).ok()?;
        (record.digest == suite.digest_of(job).to_string()).then_some(record)
    }

    /// Writes it.
    pub(crate) fn write(&self, directory: &Path, job: &Job<'_>) -> Result<(), RunDirError> {
        let path = file(directory, job);
        let write = || {
            fs::create_dir_all(directory.join("jobs"))?;
            atomic::write(&path, (serde_json::to_string(self)? + "\n").as_bytes())
        };
        write().map_err(|source: std::io::Error| RunDirError::File {
            path: path.clone(),
            action: "written",
            source,
        })
    }
}

fn file(directory: &Path, job: &Job<'_>) -> PathBuf {
    directory.join("jobs").join(job.name() + ".json")
}

/// Where a team's training is kept.
pub(super) fn run_directory(directory: &Path, job: &Job<'_>) -> PathBuf {
    directory.join("teams").join(job.name())
}
