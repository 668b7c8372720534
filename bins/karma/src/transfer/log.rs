//! The decision log: one JSON document on each line, with all that a decision was taken on.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use karma_core::{Metric, MetricRow, Snapshot};
use karma_k8s::decide::Decided;
use karma_k8s::resource::Settings;
use serde::{Deserialize, Serialize};

use super::error::TransferError;

/// Version of a line.
const VERSION: u32 = 1;

/// One line: a decision with the names and the samples that it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoggedDecision {
    /// Version of this form.
    pub version: u32,
    /// What was decided on: a cluster's resource, or a simulated episode.
    pub cluster: String,
    /// Names of the services, in the order of everything else.
    pub services: Vec<String>,
    /// The samples of each service by the names of their metrics; what was not measured is absent.
    pub observed: Vec<BTreeMap<String, f32>>,
    /// The decision.
    pub decided: Decided,
}

impl LoggedDecision {
    /// The line of a decision on `snapshot`.
    pub fn new(cluster: &str, settings: &Settings, snapshot: &Snapshot, decided: Decided) -> Self {
        Self {
            version: VERSION,
            cluster: cluster.to_owned(),
            services: settings.names().map(str::to_owned).collect(),
            observed: snapshot.services.iter().map(|service| samples(&service.metrics)).collect(),
            decided,
        }
    }
}

fn samples(row: &MetricRow) -> BTreeMap<String, f32> {
    let sample = |metric: &Metric| Some((metric.name().to_owned(), row.get(*metric)?));
    Metric::ALL.iter().filter_map(sample).collect()
}

/// Writes a log.
#[derive(Debug)]
pub struct DecisionLog {
    path: PathBuf,
    file: BufWriter<File>,
}

impl DecisionLog {
    /// A new log in `path`, in place of an earlier one.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn create(path: &Path) -> Result<Self, TransferError> {
        let file =
            File::create(path).map_err(|source| TransferError::Write { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file) })
    }

    /// Adds a line; it is in the file when this returns.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&mut self, decision: &LoggedDecision) -> Result<(), TransferError> {
        let mut write = || {
            serde_json::to_writer(&mut self.file, decision)?;
            self.file.write_all(b"\n")?;
            self.file.flush()
        };
        write().map_err(|source| TransferError::Write { path: self.path.clone(), source })
    }
}

/// All decisions of a log, the oldest first.
///
/// # Errors
/// If the file cannot be read, or the first line that is no decision.
pub fn read_log(path: &Path) -> Result<Vec<LoggedDecision>, TransferError> {
    let unreadable = |source| TransferError::Read { path: path.to_owned(), source };
    let lines = BufReader::new(File::open(path).map_err(unreadable)?).lines();
    let decision = |(number, line): (usize, std::io::Result<String>)| {
        let refuse = |reason| TransferError::Log { path: path.to_owned(), line: number + 1, reason };
        let decision: LoggedDecision =
            serde_json::from_str(&line.map_err(unreadable)?).map_err(|error| refuse(error.to_string()))?;
        let services = decision.services.len();
        if decision.version != VERSION {
            return Err(refuse(format!("it has version {}; this program knows {VERSION}", decision.version)));
        }
        if decision.observed.len() != services || decision.decided.services.len() != services {
            return Err(refuse("its lists are not of the same services".to_owned()));
        }
        Ok(decision)
    };
    lines.enumerate().map(decision).collect()
}
