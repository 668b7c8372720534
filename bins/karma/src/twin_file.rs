//! A fitted twin on the disk: one file, which needs no other.
//!
//! `twin.safetensors` holds what [`Twin`] holds, and as notes what a program must know to use it: the cluster that it is a
//! twin of, and the data that it was fitted on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use karma_core::{PerService, Seconds, Topology};
use karma_nn::Checkpoint;
use karma_twin::cluster::{ClusterError, ServiceConstants};
use karma_twin::environment::{ClusterModel, ReplayError};
use karma_twin::table::MappingParams;
use karma_twin::twin::{FORMAT, TwinError};
use karma_twin::{ClusterTable, Forecaster, Twin};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::run_dir::atomic;
use crate::topology_json;

/// Its name in a directory.
pub const TWIN: &str = "twin.safetensors";
const CLUSTER: &str = "cluster";
const SOURCE: &str = "source";

/// A twin with what it is a twin of.
#[derive(Clone, Debug)]
pub struct TwinFile {
    /// The twin.
    pub twin: Twin,
    /// The cluster, if it is the twin of one.
    pub cluster: Option<ClusterCard>,
    /// The data that it was fitted on.
    pub source: SourceCard,
}

/// What is known of a cluster beside what was learned of it.
#[derive(Clone, Debug)]
pub struct ClusterCard {
    /// From states to rows and back.
    pub table: ClusterTable,
    /// Time between two decisions.
    pub period: Seconds,
}

/// Where the data of a twin came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceCard {
    /// The file, as it was named.
    pub path: PathBuf,
    /// How its columns were read, if it was a table.
    pub mapping: Option<MappingParams>,
}

/// The note of a cluster.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCluster {
    topology: String,
    constants: PerService<ServiceConstants>,
    period: f64,
}

/// Why a file of a twin cannot be used.
#[derive(Debug, Error)]
#[error("{}: {problem}", path.display())]
pub struct TwinFileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    #[source]
    pub problem: TwinProblem,
}

/// What can be wrong with a file of a twin.
#[derive(Debug, Error)]
pub enum TwinProblem {
    /// It cannot be read or written.
    #[error("the file cannot be used: {0}")]
    File(#[from] io::Error),
    /// It holds no twin.
    #[error(transparent)]
    Twin(#[from] TwinError),
    /// A note is missing or makes no sense.
    #[error("the note \"{note}\" of the twin is damaged: {reason}")]
    Note {
        /// Its name.
        note: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The cluster and the model do not fit each other.
    #[error("the twin is damaged: {0}")]
    Cluster(#[from] ClusterError),
    /// It is the twin of a table.
    #[error("it is the twin of a table, not of a cluster: fit one on traces")]
    NoCluster,
    /// Only an ensemble of networks is fast enough to be lived in.
    #[error("the twin has no ensemble of networks to train in: fit it with --model network or blend")]
    NoNetwork,
    /// Parts do not fit each other.
    #[error("the twin is damaged: {0}")]
    Replay(#[from] ReplayError),
}

impl ClusterCard {
    /// How old samples are at a decision, on average: half a scrape interval, which the record does not tell row by row.
    pub fn usual_age(&self) -> Option<Seconds> {
        let scrapes = self.table.constants().iter().filter_map(|constants| constants.scrape_seconds);
        scrapes.reduce(f32::max).map(|seconds| Seconds(f64::from(seconds) / 2.0))
    }
}

impl TwinFile {
    /// The twin as bytes.
    ///
    /// # Errors
    /// If a part of it has no written form.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TwinProblem> {
        let mut checkpoint = self.twin.checkpoint()?;
        if let Some(cluster) = &self.cluster {
            let written = WrittenCluster {
                topology: topology_json::write(cluster.table.topology()),
                constants: cluster.table.constants().clone(),
                period: cluster.period.0,
            };
            put(&mut checkpoint, CLUSTER, &written)?;
        }
        put(&mut checkpoint, SOURCE, &self.source)?;
        Ok(checkpoint.to_bytes().map_err(TwinError::from)?)
    }

    /// The twin in `bytes`.
    ///
    /// # Errors
    /// If they are something else, of another version, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TwinProblem> {
        let checkpoint = Checkpoint::from_bytes(bytes, FORMAT).map_err(TwinError::from)?;
        let cluster: Option<WrittenCluster> = take(&checkpoint, CLUSTER)?;
        let source = take(&checkpoint, SOURCE)?;
        Ok(Self {
            twin: Twin::from_checkpoint(&checkpoint)?,
            cluster: cluster.map(WrittenCluster::read).transpose()?,
            source: source.ok_or(TwinProblem::Note { note: SOURCE, reason: "it is missing".to_owned() })?,
        })
    }

    /// Writes the twin into a directory, which is made if it is not there, and gives the file's path.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, directory: &Path) -> Result<PathBuf, TwinFileError> {
        let path = directory.join(TWIN);
        let write = || -> Result<(), TwinProblem> {
            let bytes = self.to_bytes()?;
            fs::create_dir_all(directory)?;
            Ok(atomic::write(&path, &bytes)?)
        };
        write().map_err(|problem| TwinFileError { path: path.clone(), problem })?;
        Ok(path)
    }

    /// Reads the twin in a file, or in a directory that holds one.
    ///
    /// # Errors
    /// If there is none, or it cannot be used.
    pub fn read(path: &Path) -> Result<Self, TwinFileError> {
        let path = if path.is_dir() { path.join(TWIN) } else { path.to_owned() };
        let read = || Self::from_bytes(&fs::read(&path)?);
        read().map_err(|problem| TwinFileError { path: path.clone(), problem })
    }

    /// The cluster that this is a twin of.
    ///
    /// # Errors
    /// If it is the twin of a table.
    pub fn cluster(&self) -> Result<&ClusterCard, TwinProblem> {
        self.cluster.as_ref().ok_or(TwinProblem::NoCluster)
    }

    /// The cluster as the whole twin sees it.
    ///
    /// # Errors
    /// If it is the twin of a table.
    pub fn model(&self) -> Result<ClusterModel, TwinProblem> {
        self.model_of(Arc::new(self.twin.clone()))
    }

    /// The cluster as each member of the ensemble sees it: worlds to train in.
    ///
    /// # Errors
    /// If it is the twin of a table, or has no ensemble.
    pub fn worlds(&self) -> Result<Vec<ClusterModel>, TwinProblem> {
        let network = self.twin.learned().network().ok_or(TwinProblem::NoNetwork)?;
        let members = (0..network.members().len()).filter_map(|member| network.member(member));
        members.map(|member| self.model_of(Arc::new(member))).collect()
    }

    fn model_of(&self, forecaster: Arc<dyn Forecaster>) -> Result<ClusterModel, TwinProblem> {
        let table = self.cluster()?.table.clone();
        Ok(ClusterModel::new(table, self.twin.encoder().clone(), forecaster)?)
    }
}

impl WrittenCluster {
    fn read(self) -> Result<ClusterCard, TwinProblem> {
        let damaged = |reason: String| TwinProblem::Note { note: CLUSTER, reason };
        let topology =
            Topology::read(self.topology.as_bytes()).map_err(|error| damaged(error.to_string()))?;
        if !(self.period.is_finite() && self.period > 0.0) {
            return Err(damaged(format!("its period is {}; allowed: a time above 0", self.period)));
        }
        Ok(ClusterCard {
            table: ClusterTable::new(Arc::new(topology), self.constants)?,
            period: Seconds(self.period),
        })
    }
}

fn put(checkpoint: &mut Checkpoint, note: &'static str, value: &impl Serialize) -> Result<(), TwinProblem> {
    let value = serde_json::to_value(value);
    let value = value.map_err(|error| TwinProblem::Note { note, reason: error.to_string() })?;
    checkpoint.put_note(note, value);
    Ok(())
}

fn take<T: serde::de::DeserializeOwned>(
    checkpoint: &Checkpoint,
    note: &'static str,
) -> Result<Option<T>, TwinProblem> {
    let value = checkpoint.note(note).cloned().map(serde_json::from_value).transpose();
    value.map_err(|error| TwinProblem::Note { note, reason: error.to_string() })
}
