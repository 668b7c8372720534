//! A whole run: begin or go on, train, compare, write everything down.

use std::path::{Path, PathBuf};

use karma_marl::StopReason;
use karma_nn::{Alone, Collective};
use serde::Serialize;

use crate::config::{RunConfig, Written, first_difference};
use crate::error::RunError;
use crate::evaluation::{Evaluation, evaluate, rivals, team_row};
use crate::progress::Progress;
use crate::report;
use crate::run_dir::{self, Manifest, RunDir, RunDirError, Status};
use crate::train::{Trained, lead};

/// A run that has its directory and its settings.
#[derive(Debug)]
pub struct Run {
    config: RunConfig,
    directory: RunDir,
    manifest: Manifest,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Trained and compared.
    Finished(Box<RunReport>),
    /// Stopped from outside; the run can be resumed.
    Interrupted,
}

/// What a finished run has to say.
#[derive(Clone, Debug, Serialize)]
pub struct RunReport {
    /// The run's directory.
    pub directory: PathBuf,
    /// What the run is.
    pub manifest: Manifest,
    /// The comparison.
    pub evaluation: Evaluation,
}

impl Run {
    /// A new run in `out`, or in the next free directory under `runs`.
    ///
    /// # Errors
    /// If the directory holds anything that must not be replaced, or cannot be written.
    pub fn create(config: RunConfig, out: Option<&Path>, force: bool) -> Result<Self, RunError> {
        let directory = RunDir::create(out, force)?;
        let manifest = Manifest::new(&config);
        // The manifest first: it makes the directory a run of ours, which --force may replace.
        directory.write_manifest(&manifest)?;
        directory.write_settings(&config)?;
        Ok(Self { config, directory, manifest })
    }

    /// The run in `path`, to go on with settings that `change` makes of its own.
    ///
    /// # Errors
    /// If there is no run, another process works on it, or a setting on which results depend differs.
    pub fn resume(path: &Path, change: impl FnOnce(Written) -> Written) -> Result<Self, RunError> {
        let (directory, mut manifest) = RunDir::open(path)?;
        let config = change(Written::read(Some(&directory.config_file()))?).check()?;
        if let Some((setting, stored, given)) = first_difference(&manifest.config, &config.identity()) {
            return Err(RunDirError::OtherSettings { path: path.to_owned(), setting, stored, given }.into());
        }
        manifest.status = Status::Running;
        directory.write_settings(&config)?;
        directory.write_manifest(&manifest)?;
        Ok(Self { config, directory, manifest })
    }

    /// The settings.
    pub const fn config(&self) -> &RunConfig {
        &self.config
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Trains until the budget is spent, compares, and writes everything down.
    ///
    /// # Errors
    /// If the learner fails, or a file cannot be written.
    pub fn work(self, progress: &mut dyn Progress) -> Result<Outcome, RunError> {
        self.work_with(progress, Alone)
    }

    /// [`Run::work`] as the first of several ranks, which train together.
    pub(crate) fn work_with(
        mut self,
        progress: &mut dyn Progress,
        ranks: impl Collective + Copy + 'static,
    ) -> Result<Outcome, RunError> {
        let trained = lead(&self.config, &self.directory, progress, ranks)?;
        self.manifest.iterations = trained.log.last().map_or(0, |line| line.stats.iteration);
        self.manifest.train_seconds = trained.log.last().map_or(0.0, |line| line.train_seconds);
        let evaluation = match trained.stop {
            StopReason::Interrupted => None,
            _ => self.compare(&trained, progress)?,
        };
        match evaluation {
            Some(evaluation) => self.finish(evaluation, &trained),
            None => self.interrupt(),
        }
    }

    fn compare(
        &self,
        trained: &Trained,
        progress: &mut dyn Progress,
    ) -> Result<Option<Evaluation>, RunError> {
        let mut rows = vec![team_row(&self.config, trained.policies.clone())?];
        rows.extend(rivals(&self.config)?);
        Ok(evaluate(&self.config, &rows, progress))
    }

    fn finish(mut self, evaluation: Evaluation, trained: &Trained) -> Result<Outcome, RunError> {
        self.manifest.stop(Status::Finished);
        self.directory.write_json(run_dir::EVALUATION, &evaluation)?;
        self.directory.write(run_dir::TABLE, report::table(&evaluation).as_bytes())?;
        self.directory
            .write(run_dir::REPORT, report::html(&self.manifest, &evaluation, &trained.log).as_bytes())?;
        self.directory.write_manifest(&self.manifest)?;
        let directory = self.directory.path().to_owned();
        Ok(Outcome::Finished(Box::new(RunReport { directory, manifest: self.manifest, evaluation })))
    }

    fn interrupt(mut self) -> Result<Outcome, RunError> {
        self.manifest.stop(Status::Interrupted);
        self.directory.write_manifest(&self.manifest)?;
        Ok(Outcome::Interrupted)
    }
}
