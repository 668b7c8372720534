//! A run on the disk.
//!
//! | file | what it holds |
//! |---|---|
//! | `manifest.json` | what the run is: versions, digests, seed, every setting, status |
//! | `config.toml` | the settings, complete; `--config` takes it as it is |
//! | `topology.json` | the topology in its normal form |
//! | `organization.xml`, `organization.guides.yaml` | the organisation and what it means on a cluster, if there is one |
//! | `trace.csv` | the workload's trace, if it is one's own |
//! | `twin/twin.safetensors` | the twin that the team was trained in, if it was |
//! | `metrics.jsonl` | one line for each iteration |
//! | `tensorboard/events.out.tfevents.karma` | the same numbers as curves: `tensorboard --logdir runs` |
//! | `policy/checkpoint.safetensors` | the trainer: networks, optimisers, streams of randomness |
//! | `policy/policy.json` | what the policies observe and do |
//! | `evaluation.json` | every episode of every row, and the figures |
//! | `table.txt`, `report.html` | the same to read |
//!
//! A lock keeps a second process away. Every file is written whole or not at all, and a checkpoint is written in each
//! iteration, so that a kill loses at most the iteration under way.

pub(crate) mod atomic;
mod error;
mod manifest;
mod metrics;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use error::RunDirError;
pub use manifest::{Manifest, Status};
pub use metrics::MetricsLine;

use crate::config::RunConfig;
use crate::policy::PolicyCard;
use crate::tensorboard::EventsFile;
use crate::topology_json;
use metrics::MetricsFile;

const MANIFEST: &str = "manifest.json";
const LOCK: &str = ".lock";
const POLICY: &str = "policy";
const METRICS: &str = "metrics.jsonl";
/// Readers ask for `tfevents` in the name.
const EVENTS: &str = "tensorboard/events.out.tfevents.karma";
pub(crate) const TOPOLOGY: &str = "topology.json";
pub(crate) const ORGANIZATION: &str = "organization.xml";
pub(crate) const ORGANIZATION_GUIDES: &str = "organization.guides.yaml";
pub(crate) const TRACE: &str = "trace.csv";
pub(crate) const TWIN: &str = "twin/twin.safetensors";
const TWIN_DIRECTORY: &str = "twin";
pub(crate) const CONFIG: &str = "config.toml";
pub(crate) const CHECKPOINT: &str = "policy/checkpoint.safetensors";
pub(crate) const POLICY_CARD: &str = "policy/policy.json";
pub(crate) const EVALUATION: &str = "evaluation.json";
pub(crate) const TABLE: &str = "table.txt";
pub(crate) const REPORT: &str = "report.html";
/// Everything that a run may hold, the manifest last; `--force` removes these and nothing else.
const FILES: [&str; 14] = [
    CONFIG,
    TOPOLOGY,
    ORGANIZATION,
    ORGANIZATION_GUIDES,
    TRACE,
    TWIN,
    METRICS,
    EVENTS,
    CHECKPOINT,
    POLICY_CARD,
    EVALUATION,
    TABLE,
    REPORT,
    MANIFEST,
];

/// A directory that holds a run, or will, and that this process alone writes.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    /// Holds the lock until it is dropped, or the process ends in any way.
    _lock: File,
}

impl RunDir {
    /// A directory for a new run: `out`, or the next free `runs/train-<n>`.
    ///
    /// # Errors
    /// If `out` holds anything, unless `force` is set and it holds a run; then that run's files are removed.
    pub fn create(out: Option<&Path>, force: bool) -> Result<Self, RunDirError> {
        let path = match out {
            Some(path) => path.to_owned(),
            None => next_free(Path::new("runs"))?,
        };
        fs::create_dir_all(&path).map_err(file_error(&path, "created"))?;
        let content = content(&path)?;
        let ours = content.iter().any(|name| name == MANIFEST) && read_manifest(&path).is_ok();
        let occupied = content.iter().any(|name| name != LOCK);
        match (occupied, ours, force) {
            (true, true, false) => return Err(RunDirError::Occupied { path }),
            (true, false, _) => return Err(RunDirError::Foreign { path }),
            _ => {}
        }
        let directory = Self::lock(path)?;
        if ours {
            directory.clear()?;
        }
        let policy = directory.file(POLICY);
        fs::create_dir_all(&policy).map_err(file_error(&policy, "created"))?;
        Ok(directory)
    }

    /// The run in `path`, to be continued.
    ///
    /// # Errors
    /// If there is none, or another process works on it.
    pub fn open(path: &Path) -> Result<(Self, Manifest), RunDirError> {
        read_manifest(path)?;
        let directory = Self::lock(path.to_owned())?;
        let manifest = read_manifest(path)?;
        Ok((directory, manifest))
    }

    fn lock(path: PathBuf) -> Result<Self, RunDirError> {
        let name = path.join(LOCK);
        let file = File::options().create(true).append(true).open(&name);
        let file = file.map_err(file_error(&name, "written"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, _lock: file }),
            Err(TryLockError::WouldBlock) => Err(RunDirError::Locked { path }),
            Err(TryLockError::Error(source)) => {
                Err(RunDirError::File { path: name, action: "locked", source })
            }
        }
    }

    fn clear(&self) -> Result<(), RunDirError> {
        for name in FILES {
            let path = self.file(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(file_error(&path, "removed")(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirError> {
        let path = self.file(name);
        atomic::write(&path, bytes).map_err(file_error(&path, "written"))
    }

    /// Writes a value as a JSON document.
    pub(crate) fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), RunDirError> {
        let unwritable = |source: serde_json::Error| RunDirError::File {
            path: self.file(name),
            action: "written",
            source: source.into(),
        };
        self.write(name, (serde_json::to_string_pretty(value).map_err(unwritable)? + "\n").as_bytes())
    }

    pub(crate) fn write_manifest(&self, manifest: &Manifest) -> Result<(), RunDirError> {
        self.write_json(MANIFEST, manifest)
    }

    /// The settings, the topology, the trace and the policies' card, so that the run needs no other file.
    pub(crate) fn write_settings(&self, config: &RunConfig) -> Result<(), RunDirError> {
        self.write(TOPOLOGY, topology_json::write(&config.setup().topology).as_bytes())?;
        if let Some(organization) = config.charter().files() {
            self.write(ORGANIZATION, organization.specification.as_bytes())?;
            self.write(ORGANIZATION_GUIDES, organization.guides.as_bytes())?;
        }
        if let Some(twin) = config.twin() {
            let directory = self.file(TWIN_DIRECTORY);
            fs::create_dir_all(&directory).map_err(file_error(&directory, "created"))?;
            self.write(TWIN, &twin.bytes)?;
        }
        if let Some(trace) = config.trace() {
            self.write(TRACE, trace)?;
        }
        self.write_json(POLICY_CARD, &PolicyCard::of(config))?;
        self.write(CONFIG, config.to_toml().as_bytes())
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.file(CONFIG)
    }

    /// The bytes of the last checkpoint, if there is one.
    pub(crate) fn checkpoint(&self) -> Result<Option<Vec<u8>>, RunDirError> {
        let path = self.file(CHECKPOINT);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(file_error(&path, "read")(error)),
        }
    }

    pub(crate) fn checkpoint_file(&self) -> PathBuf {
        self.file(CHECKPOINT)
    }

    pub(crate) fn write_checkpoint(&self, bytes: &[u8]) -> Result<(), RunDirError> {
        self.write(CHECKPOINT, bytes)
    }
}

/// The training log of a run, and its curves.
#[derive(Debug)]
pub(crate) struct TrainingLog {
    path: PathBuf,
    file: MetricsFile,
    events_path: PathBuf,
    events: EventsFile,
}

impl TrainingLog {
    /// The lines of the first `iterations` iterations; further ones are dropped.
    pub(crate) fn open(directory: &RunDir, iterations: u64) -> Result<Self, RunDirError> {
        let path = directory.file(METRICS);
        let file = MetricsFile::open(&path, iterations).map_err(file_error(&path, "read"))?;
        let events_path = directory.file(EVENTS);
        let events =
            EventsFile::open(&events_path, file.lines()).map_err(file_error(&events_path, "written"))?;
        Ok(Self { path, file, events_path, events })
    }

    pub(crate) fn append(&mut self, line: MetricsLine) -> Result<(), RunDirError> {
        self.events.append(&line).map_err(file_error(&self.events_path, "written"))?;
        self.file.append(line).map_err(file_error(&self.path, "written"))
    }

    pub(crate) fn lines(&self) -> &[MetricsLine] {
        self.file.lines()
    }
}

/// The training log of the run in `directory`, which may be at work meanwhile.
#[cfg(feature = "explain")]
pub(crate) fn read_metrics(directory: &Path) -> Result<Vec<MetricsLine>, RunDirError> {
    let path = directory.join(METRICS);
    MetricsFile::read(&path).map_err(file_error(&path, "read"))
}

/// The comparison at the end of the run in `directory`; `None` if there is none yet.
#[cfg(feature = "explain")]
pub(crate) fn read_evaluation(
    directory: &Path,
) -> Result<Option<crate::evaluation::Evaluation>, RunDirError> {
    let path = directory.join(EVALUATION);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| RunDirError::Damaged { path, reason: error.to_string() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_error(&path, "read")(error)),
    }
}

/// The manifest of the run in `directory`.
pub(crate) fn read_manifest(directory: &Path) -> Result<Manifest, RunDirError> {
    let refuse = |reason: String| RunDirError::NotARun { path: directory.to_owned(), reason };
    let text = fs::read_to_string(directory.join(MANIFEST))
        .map_err(|error| refuse(format!("{MANIFEST}: {error}")))?;
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(|error| refuse(format!("{MANIFEST}: {error}")))?;
    let (format, version) = (&manifest.format, manifest.format_version);
    if format != manifest::FORMAT || version != manifest::FORMAT_VERSION {
        return Err(refuse(format!(
            "{MANIFEST} has format {format} {version}; this program knows {} {}",
            manifest::FORMAT,
            manifest::FORMAT_VERSION
        )));
    }
    Ok(manifest)
}

fn content(directory: &Path) -> Result<Vec<String>, RunDirError> {
    let names = fs::read_dir(directory).and_then(|entries| {
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    });
    names.map_err(file_error(directory, "read"))
}

/// Makes the first `train-<n>` under `parent` that does not exist.
fn next_free(parent: &Path) -> Result<PathBuf, RunDirError> {
    fs::create_dir_all(parent).map_err(file_error(parent, "created"))?;
    let taken = content(parent)?
        .into_iter()
        .filter_map(|name| name.strip_prefix("train-")?.parse::<u64>().ok())
        .max();
    for number in taken.unwrap_or(0) + 1.. {
        let path = parent.join(format!("train-{number}"));
        match fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| path.clone()).map_err(file_error(&path, "created")),
        }
    }
    Err(RunDirError::Foreign { path: parent.to_owned() })
}

fn file_error(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> RunDirError {
    let path = path.to_owned();
    move |source| RunDirError::File { path, action, source }
}
