//! One trial: train from where it is, play the team's episodes, and say what it came to.
//!
//! A trial is a run that leaves out the rule-based autoscalers, which are the same for every trial. Its directory is a run's
//! directory all the same: `karma-train --resume` goes on with it, and then compares it with everything.

use std::fs;
use std::path::Path;

use karma_marl::StopReason;

use super::config::{SweepConfig, Trial};
use super::error::SweepError;
use super::record::{Record, TrialStatus, run_directory};
use crate::config::{RunConfig, Written, first_difference};
use crate::error::RunError;
use crate::evaluation::{Evaluation, evaluate, team_row};
use crate::progress::Progress;
use crate::run_dir::{self, Manifest, RunDir, RunDirError, Status};
use crate::train::{Trained, train};

/// What makes a directory a run's.
const MANIFEST: &str = "manifest.json";

/// Where a sweep works.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'a> {
    pub(super) sweep: &'a SweepConfig,
    pub(super) directory: &'a Path,
    /// Threads for episodes, if that was said.
    pub(super) threads: Option<usize>,
}

impl Site<'_> {
    /// Plays a trial at a rung and writes its row; `None` if it was interrupted.
    ///
    /// # Errors
    /// If a file cannot be read or written, or another process works on the trial. What is wrong with the trial itself is its
    /// row.
    pub(super) fn play(
        self,
        trial: &Trial,
        rung: usize,
        progress: &mut dyn Progress,
    ) -> Result<Option<Record>, SweepError> {
        let record = match self.config(trial, rung) {
            Err(reason) => Record::failed(trial, rung, reason),
            Ok(config) => match self.run(&config, (trial, rung), progress) {
                Ok(None) => return Ok(None),
                Ok(Some(record)) => record,
                Err(error @ (RunError::Directory(_) | RunError::Checkpoint { .. })) => {
                    return Err(error.into());
                }
                Err(error) => Record::failed(trial, rung, chain(&error)),
            },
        };
        record.write(self.directory)?;
        Ok(Some(record))
    }

    fn config(self, trial: &Trial, rung: usize) -> Result<RunConfig, String> {
        let mut params = self.sweep.run(trial, rung)?;
        params.threads = self.threads.or(params.threads);
        Written::from(params).check().map_err(|error| chain(&error))
    }

    fn run(
        self,
        config: &RunConfig,
        (trial, rung): (&Trial, usize),
        progress: &mut dyn Progress,
    ) -> Result<Option<Record>, RunError> {
        let (directory, mut manifest, trained) =
            train_in(config, &run_directory(self.directory, trial.number), progress)?;
        let evaluation = match trained.stop {
            StopReason::Interrupted => None,
            _ => evaluate(config, &[team_row(config, trained.policies.clone())?], progress),
        };
        manifest.stop(if evaluation.is_some() { Status::Finished } else { Status::Interrupted });
        if let Some(evaluation) = &evaluation {
            directory.write_json(run_dir::EVALUATION, evaluation)?;
        }
        directory.write_manifest(&manifest)?;
        Ok(evaluation.map(|evaluation| self.record((trial, rung), &trained, &evaluation)))
    }

    fn record(self, (trial, rung): (&Trial, usize), trained: &Trained, evaluation: &Evaluation) -> Record {
        let objective = &self.sweep.objective;
        let last = trained.log.last();
        let value = objective.value(evaluation, &trained.log);
        let reason = match value {
            None => Some(format!("there is no value of {}", objective.name)),
            Some(value) if !value.is_finite() => Some(format!("{} is {value}", objective.name)),
            Some(_) => None,
        };
        let status = if reason.is_none() { TrialStatus::Done } else { TrialStatus::Failed };
        Record {
            iterations: last.map_or(0, |line| line.stats.iteration),
            seconds: last.map_or(0.0, |line| line.train_seconds),
            objective: value.filter(|value| value.is_finite()),
            status,
            measures: objective.measures(evaluation, &trained.log),
            reason,
            ..Record::failed(trial, rung, String::new())
        }
    }
}

/// Trains in a run's directory, begun or taken up again; how the run ended is still to be written into its manifest.
///
/// # Errors
/// If the directory holds a run of other settings, another process works on it, or training fails.
pub(crate) fn train_in(
    config: &RunConfig,
    path: &Path,
    progress: &mut dyn Progress,
) -> Result<(RunDir, Manifest, Trained), RunError> {
    let (directory, mut manifest) = open(config, path)?;
    let trained = train(config, &directory, progress)?;
    manifest.iterations = trained.log.last().map_or(0, |line| line.stats.iteration);
    manifest.train_seconds = trained.log.last().map_or(0.0, |line| line.train_seconds);
    Ok((directory, manifest, trained))
}

/// The trial's run, begun or taken up again.
fn open(config: &RunConfig, path: &Path) -> Result<(RunDir, Manifest), RunError> {
    let begun = path.join(MANIFEST).exists();
    let (directory, mut manifest) = if begun {
        RunDir::open(path)?
    } else {
        clear_beginning(path);
        (RunDir::create(Some(path), false)?, Manifest::new(config))
    };
    if let Some((setting, stored, given)) = first_difference(&manifest.config, &config.identity()) {
        return Err(RunDirError::OtherSettings { path: path.to_owned(), setting, stored, given }.into());
    }
    manifest.status = Status::Running;
    directory.write_manifest(&manifest)?;
    directory.write_settings(config)?;
    Ok((directory, manifest))
}

/// Removes what a kill leaves of a run that has no manifest yet: an empty directory and a part of a file.
fn clear_beginning(path: &Path) {
    let _ = fs::remove_dir(path.join("policy"));
    let _ = fs::remove_file(path.join(format!(".{MANIFEST}.tmp")));
}

/// An error with all that is underneath it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
