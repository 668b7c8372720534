//! Phase 2: training a team in the simulated cluster, until the budget is spent.

use std::time::Duration;

use karma_core::PerAgent;
use karma_marl::{Mappo, Mode, TrainedPolicy};
use serde::Serialize;

use crate::clock::Stopwatch;
use crate::config::RunConfig;
use crate::error::RunError;
use crate::progress::{Progress, TrainingProgress};
use crate::run_dir::{MetricsLine, RunDir, TrainingLog};

/// Why training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stop {
    /// The budget is spent.
    Budget,
    /// Stopped from outside.
    Interrupted,
}

/// What training came to.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The agents, acting greedily.
    pub policies: PerAgent<TrainedPolicy>,
    /// One line for each iteration, those of earlier sessions included.
    pub log: Vec<MetricsLine>,
    /// Why it ended.
    pub stop: Stop,
}

/// Trains until the budget is spent or `progress` says stop, from the run's last checkpoint if it has one. Each
/// iteration ends with a checkpoint.
///
/// # Errors
/// If the learner fails, or a file cannot be written.
pub fn train(
    config: &RunConfig,
    directory: &RunDir,
    progress: &mut dyn Progress,
) -> Result<Trained, RunError> {
    let mut mappo = trainer(config, directory)?;
    let mut log = TrainingLog::open(directory, mappo.iteration())?;
    let mut trained = Duration::from_secs_f64(log.lines().last().map_or(0.0, |line| line.train_seconds));
    let budget = config.params().budget;
    let stop = loop {
        if budget.spent(trained, mappo.iteration()) >= 1.0 {
            break Stop::Budget;
        }
        if progress.interrupted() {
            break Stop::Interrupted;
        }
        let watch = Stopwatch::start();
        let before = log.lines().last().map_or(0, |line| line.stats.steps);
        let stats = mappo.iterate()?;
        let bytes = mappo.checkpoint()?;
        let lap = watch.elapsed();
        trained += lap;
        let steps_per_second = (stats.steps - before) as f64 / lap.as_secs_f64();
        log.append(MetricsLine {
            stats: stats.clone(),
            steps_per_second,
            train_seconds: trained.as_secs_f64(),
        })?;
        directory.write_checkpoint(&bytes)?;
        let spent = budget.spent(trained, mappo.iteration());
        progress.trained(&TrainingProgress { stats: &stats, steps_per_second, spent, elapsed: trained });
    };
    Ok(Trained { policies: mappo.policies(Mode::Greedy), log: log.lines().to_vec(), stop })
}

/// The trainer of the run's last checkpoint, or a fresh one.
fn trainer(config: &RunConfig, directory: &RunDir) -> Result<Mappo, RunError> {
    let (environments, threads) = (config.environments()?, config.threads());
    Ok(match directory.checkpoint()? {
        Some(bytes) => Mappo::restore(&bytes, environments, threads)
            .map_err(|source| RunError::Checkpoint { path: directory.checkpoint_file(), source })?,
        None => Mappo::new(config.learner().clone(), environments, config.params().seed, threads)?,
    })
}
