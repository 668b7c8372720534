//! A sweep as written.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::ConfigError;
use crate::evaluation::Better;

/// Most bytes of a sweep's file, which a Kubernetes `ConfigMap` holds as well.
const MAX_BYTES: u64 = 1 << 19;

/// How trials are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Every combination of the listed values; the last setting varies fastest.
    Grid,
    /// So many independent draws (Bergstra and Bengio, 2012, JMLR 13).
    Random,
    /// Random draws, of which only the best of each rung go on with more iterations.
    Halving,
}

/// Which way the objective is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    /// More is better.
    Maximize,
    /// Less is better.
    Minimize,
}

impl From<Better> for Direction {
    fn from(better: Better) -> Self {
        match better {
            Better::Higher => Self::Maximize,
            Better::Lower => Self::Minimize,
        }
    }
}

/// `[sweep]`: how to search, and for what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchParams {
    /// How trials are chosen.
    pub(crate) kind: Kind,
    /// Trials of a random or halving sweep, 1 to 10 000.
    pub(crate) trials: Option<usize>,
    /// Root of the draws of a random or halving sweep, 0 to 2⁶³ − 1. Default 1. The runs have a `seed` of their own.
    #[serde(default = "one")]
    pub(crate) seed: u64,
    /// What trials are compared by: a measure of the evaluation, always played on the calibration split, or
    /// `training.` and a column of the training log, averaged over the last tenth of the iterations. Default
    /// `episodic_return`.
    #[serde(default = "episodic_return")]
    pub(crate) objective: String,
    /// Which way it is better. Default: as the table of a run has it; needed for columns of the training log.
    pub(crate) direction: Option<Direction>,
    /// η of a halving sweep, 2 to 16: one in η trials goes on. Default 3.
    pub(crate) eta: Option<u32>,
    /// Iterations of the first rung of a halving sweep, at least 1.
    pub(crate) min_budget: Option<u64>,
    /// Iterations of its last rung, at least `min_budget`.
    pub(crate) max_budget: Option<u64>,
}

impl SearchParams {
    /// A search of this kind with the default objective.
    pub(super) fn over(kind: Kind) -> Self {
        Self {
            kind,
            trials: None,
            seed: one(),
            objective: episodic_return(),
            direction: None,
            eta: None,
            min_budget: None,
            max_budget: None,
        }
    }
}

fn one() -> u64 {
    1
}

fn episodic_return() -> String {
    "episodic_return".to_owned()
}

/// A sweep as written in its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SweepParams {
    /// How to search, and for what.
    pub(crate) sweep: SearchParams,
    /// Settings that all trials share, as in a run's configuration; a key may be a path such as `"learner.gamma"`.
    #[serde(default)]
    pub(crate) fixed: toml::Table,
    /// What is varied: a path, and the values it may take.
    pub(crate) space: toml::Table,
}

impl SweepParams {
    /// Reads a sweep's file.
    ///
    /// # Errors
    /// If it cannot be read or is no sweep.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = read_text(path)?;
        toml::from_str(&text).map_err(|error| document_error(path, &text, &error))
    }
}

/// The text of a TOML file.
pub(crate) fn read_text(path: &Path) -> Result<String, ConfigError> {
    let failed = |source| ConfigError::Read { path: path.to_owned(), source };
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text)).map_err(failed)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(ConfigError::TooLarge { path: path.to_owned(), limit: MAX_BYTES });
    }
    Ok(text)
}

/// An error of the TOML reader, with its place.
pub(crate) fn document_error(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let message = error.message().lines().map(str::trim).collect::<Vec<_>>().join("; ");
    ConfigError::Document { path: path.to_owned(), line, column, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_sweep_is_told_with_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sweep.toml");
        let refused = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let told = SweepParams::read(&path).unwrap_err().to_string();
            told.replace(&directory.path().display().to_string(), "DIR")
        };
        assert_eq!(
            refused("[sweep]\nkind = \"lattice\"\n[space]\n"),
            "DIR/sweep.toml:2:8: unknown variant `lattice`, expected one of `grid`, `random`, `halving`"
        );
        assert!(refused("[sweep]\nkind = \"grid\"\n").ends_with("missing field `space`"));
        assert!(
            refused("[sweep]\nkind = \"grid\"\ntrails = 3\n[space]\n")
                .contains(":3:1: unknown field `trails`")
        );
    }
}
