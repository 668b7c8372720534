//! What a document of `marl-eval` cannot hold.

use thiserror::Error;

use super::{ABSOLUTE, RunName};

/// Why a document cannot be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MarlEvalError {
    /// A metric has no values, or one that JSON cannot hold.
    #[error(
        "metric {metric} in {entry} has the values {values:?}; at least one is needed, and all are finite"
    )]
    Values {
        /// `absolute_metrics`, or `step_<n>`.
        entry: String,
        /// Its name.
        metric: String,
        /// What it has.
        values: Vec<f64>,
    },
    /// A metric is named as something else is.
    #[error("a metric of {entry} is called {metric}; this name is the format's own")]
    Name {
        /// `absolute_metrics`, or `step_<n>`.
        entry: String,
        /// Its name.
        metric: String,
    },
    /// Two entries of one run have other metrics.
    #[error(
        "{entry} has the metrics {found:?}; all entries of the run have those of {ABSOLUTE}, {expected:?}"
    )]
    Metrics {
        /// `step_<n>`.
        entry: String,
        /// Those it has.
        found: Vec<String>,
        /// Those of the absolute metrics.
        expected: Vec<String>,
    },
    /// Evaluations are not in the order of training.
    #[error("step counts {step_counts:?} do not rise; evaluations are given in the order of training")]
    Order {
        /// The counts.
        step_counts: Vec<u64>,
    },
    /// The tool does not find an environment with a capital letter, and splits algorithms at commas.
    #[error("{0:?}: an environment is named in lower case, and an algorithm without a comma")]
    RunName(RunName),
    /// Two runs have the same name.
    #[error("{0:?} is there already; every run has its own seed")]
    Twice(RunName),
    /// Runs of an environment are not alike.
    #[error(
        "environment {environment}: {algorithm} on {task} has other seeds, metrics or numbers of evaluations than the \
         first runs; every algorithm has the same on every task"
    )]
    Uneven {
        /// Where.
        environment: String,
        /// Where.
        task: String,
        /// Of what.
        algorithm: String,
    },
    /// The document cannot be written, read or understood.
    #[error("the document cannot be written or read")]
    Json(#[from] serde_json::Error),
}
