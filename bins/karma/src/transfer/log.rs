//! The decision log: one JSON document on each line, with all that a decision was taken on. A controller's log and that of a
//! simulated episode have one form, [`LogEntry`].

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use karma_core::Snapshot;
use karma_k8s::control::LogEntry;
use karma_k8s::decide::Decided;
use karma_k8s::resource::Settings;

use super::error::TransferError;

/// The namespace of simulated episodes, which Kubernetes would not take for one.
pub(super) const SIMULATED: &str = "(simulated)";

/// The entry of a decision in the simulated episode called `episode`.
pub(super) fn simulated(
    (episode, policy): (&str, &str),
    settings: &Settings,
    snapshot: Snapshot,
    decided: Decided,
) -> LogEntry {
    let names: Vec<String> = settings.names().map(str::to_owned).collect();
    let changes = names.iter().zip(&decided.services);
    let outcome = |(name, service): (&String, &karma_k8s::decide::ServiceDecision)| {
        // The simulated cluster refuses nothing.
        service.change().map(|_| (name.clone(), "scaled".to_owned()))
    };
    LogEntry {
        namespace: SIMULATED.to_owned(),
        name: episode.to_owned(),
        policy: policy.to_owned(),
        outcomes: changes.filter_map(outcome).collect::<BTreeMap<_, _>>(),
        services: names,
        decided,
        missing: Vec::new(),
        failed: Vec::new(),
        snapshot,
    }
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
    pub fn write(&mut self, entry: &LogEntry) -> Result<(), TransferError> {
        let mut write = || {
            serde_json::to_writer(&mut self.file, entry)?;
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
pub fn read_log(path: &Path) -> Result<Vec<LogEntry>, TransferError> {
    let unreadable = |source| TransferError::Read { path: path.to_owned(), source };
    let lines = BufReader::new(File::open(path).map_err(unreadable)?).lines();
    let entry = |(number, line): (usize, std::io::Result<String>)| {
        let refuse = |reason| TransferError::Log { path: path.to_owned(), line: number + 1, reason };
        let entry: LogEntry =
            serde_json::from_str(&line.map_err(unreadable)?).map_err(|error| refuse(error.to_string()))?;
        let services = entry.services.len();
        if entry.snapshot.services.len() != services || entry.decided.services.len() != services {
            return Err(refuse("its lists are not of the same services".to_owned()));
        }
        Ok(entry)
    };
    lines.enumerate().map(entry).collect()
}
