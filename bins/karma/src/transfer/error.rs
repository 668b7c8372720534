//! Why a command of `karma-transfer` does not go on.

use std::io;
use std::path::PathBuf;

use karma_k8s::resource::{DigestError, SpecError};
use karma_mock::scenario::ScenarioError;
use thiserror::Error;

use super::fallback::FallbackError;
use super::live::{ArtefactError, PackageError};

/// What can go wrong.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TransferError {
    /// A file cannot be read.
    #[error("{}: the file cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{}: the file cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A policy artefact is of no use.
    #[error("{}: the policy cannot be used", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ArtefactError,
    },
    /// A run cannot be packaged.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// No policy was named.
    #[error("no policy is named; give a file or a run with --policy, or a --spec with policy.file")]
    NoPolicy,
    /// It is larger than a ConfigMap.
    #[error(
        "the policy has {bytes} bytes and a ConfigMap holds at most {most}: leave --config-map out (and --twin, if it can be \
         done without), put the file on a PersistentVolumeClaim that is mounted into the controller, and name it as \
         spec.policy.file"
    )]
    ConfigMap {
        /// Its size.
        bytes: usize,
        /// The most.
        most: usize,
    },
    /// A name that Kubernetes would not take.
    #[error(
        "{flag} is \"{name}\"; allowed: at most 63 of a-z, 0-9 and -, with a letter or digit first and last"
    )]
    Name {
        /// The flag.
        flag: &'static str,
        /// The name.
        name: String,
    },
    /// The file holds no object that can be used.
    #[error("{}: {reason}", path.display())]
    Resource {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// The specification does not go with the policy.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The fallback cannot be set up.
    #[error(transparent)]
    Fallback(#[from] FallbackError),
    /// Another policy is pinned.
    #[error("{source}: pin this one, or give the other with --policy")]
    Digest {
        /// Both digests.
        source: DigestError,
    },
    /// A canary without services.
    #[error(
        "mode canary needs services that the agents scale first: name them with --canary, or in a --spec"
    )]
    NoCanary,
    /// No such scenario.
    #[error("--simulated: {0}")]
    Scenario(#[from] ScenarioError),
    /// No such workload.
    #[error("--workload: {0}")]
    Workload(String),
    /// Traces go into a database.
    #[error("--out is {}; allowed: a name with the ending .db or .sqlite", path.display())]
    NoDatabase {
        /// The file.
        path: PathBuf,
    },
    /// Nobody says which services there are.
    #[error("which services? name them with --policy or --topology")]
    NoTopology,
    /// The database is of other services.
    #[error("{}: its traces are of other services or entry points; choose another file", path.display())]
    OtherTraces {
        /// The file.
        path: PathBuf,
    },
    /// A loop that does not know what it is about.
    #[error("{}: there is no loop yet; RUN and --twin say what is in service", path.display())]
    NoService {
        /// The directory.
        path: PathBuf,
    },
    /// A run without its twin, or the other way round.
    #[error(
        "a run and the twin of its cluster are in service together; give both, RUN and --twin, or neither"
    )]
    HalfService,
    /// Somebody else is at it.
    #[error("{}: another process is at this loop; wait for it, or choose another --dir", path.display())]
    LoopBusy {
        /// The directory.
        path: PathBuf,
    },
    /// A question that nobody can answer.
    #[error("a cluster is not changed without a yes, and nobody is there to ask: give --yes")]
    NobodyToAsk,
    /// A log that is none.
    #[error("{}:{line}: no decision of a log of karma-transfer: {reason}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// Nothing to explain.
    #[error("{}: there is no decision{of}", path.display())]
    NoDecision {
        /// The file.
        path: PathBuf,
        /// Of what.
        of: String,
    },
}

impl TransferError {
    /// Whether the user's settings or arguments are to blame.
    pub(crate) const fn is_usage(&self) -> bool {
        match self {
            Self::Package(error) => error.is_usage(),
            Self::Read { .. } | Self::Write { .. } | Self::Policy { .. } | Self::Log { .. } => false,
            _ => true,
        }
    }
}
