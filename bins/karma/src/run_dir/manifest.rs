//! `manifest.json`: what a run is, and how far it has come.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::timestamp;
use crate::config::RunConfig;

/// What tells a manifest of ours from other files of this name.
pub(super) const FORMAT: &str = "karma-run";
/// The version of the layout of a run directory.
pub(super) const FORMAT_VERSION: u32 = 1;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// At work, or killed.
    Running,
    /// Stopped from outside; `--resume` goes on.
    Interrupted,
    /// Trained and evaluated.
    Finished,
}

/// What a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `karma-run`.
    pub format: String,
    /// Version of the directory's layout.
    pub format_version: u32,
    /// Version of the program that began the run.
    pub crate_version: String,
    /// The commit that the program was built from, if the build said so (`KARMA_COMMIT`).
    pub commit: Option<String>,
    /// Where the run stands.
    pub status: Status,
    /// When it began, UTC.
    pub started_at: String,
    /// When it last stopped, UTC.
    pub stopped_at: Option<String>,
    /// Root of all randomness of training.
    pub seed: u64,
    /// Digest of `config`.
    pub config_digest: String,
    /// Every setting on which results depend.
    pub config: Value,
    /// Version of drawing of each scenario; numbers of different versions do not compare.
    pub scenario_versions: BTreeMap<String, u32>,
    /// Iterations trained.
    pub iterations: u64,
    /// Seconds of training on the wall clock, all sessions together.
    pub train_seconds: f64,
}

impl Manifest {
    /// The manifest of a run that begins now.
    pub(crate) fn new(config: &RunConfig) -> Self {
        let version = |scenario: &karma_mock::Scenario| (scenario.name().to_owned(), scenario.version());
        Self {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: option_env!("KARMA_COMMIT").map(str::to_owned),
            status: Status::Running,
            started_at: timestamp(),
            stopped_at: None,
            seed: config.params().seed,
            config_digest: config.digest().to_string(),
            config: config.identity(),
            scenario_versions: config.scenarios().iter().map(version).collect(),
            iterations: 0,
            train_seconds: 0.0,
        }
    }

    /// Notes that the run stopped now.
    pub(crate) fn stop(&mut self, status: Status) {
        self.status = status;
        self.stopped_at = Some(timestamp());
    }
}
