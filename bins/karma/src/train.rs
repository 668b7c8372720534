//! Phase 2: training a team in the simulated cluster, until the budget is spent.

use std::time::Duration;

use karma_core::PerAgent;
use karma_marl::{Hooks, Iteration, Mappo, Mode, Runner, StopReason, TrainedPolicy};

use crate::clock::Stopwatch;
use crate::config::{Budget, RunConfig};
use crate::error::RunError;
use crate::progress::{Progress, TrainingProgress};
use crate::run_dir::{MetricsLine, RunDir, TrainingLog};

/// What training came to.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The agents, acting greedily.
    pub policies: PerAgent<TrainedPolicy>,
    /// One line for each iteration, those of earlier sessions included.
    pub log: Vec<MetricsLine>,
    /// Why it ended.
    pub stop: StopReason,
}

/// Trains until the budget is spent, the returns are high and steady (if the settings say what that is), or `progress`
/// says stop, from the run's last checkpoint if it has one. Each iteration ends with a checkpoint.
///
/// # Errors
/// If the learner fails, or a file cannot be written.
pub fn train(
    config: &RunConfig,
    directory: &RunDir,
    progress: &mut dyn Progress,
) -> Result<Trained, RunError> {
    let mut mappo = trainer(config, directory)?;
    let log = TrainingLog::open(directory, mappo.iteration())?;
    let before: Vec<_> = log.lines().iter().map(|line| line.stats.clone()).collect();
    let trained = Duration::from_secs_f64(log.lines().last().map_or(0.0, |line| line.train_seconds));
    let mut session = Session {
        budget: config.params().budget,
        directory,
        log,
        trained,
        watch: Stopwatch::start(),
        progress,
    };
    let report = Runner::new(&mut mappo, config.stop().clone()).run(before.iter(), &mut session)?;
    let log = session.log.lines().to_vec();
    Ok(Trained { policies: mappo.policies(Mode::Greedy), log, stop: report.stop })
}

/// What a run does around its iterations.
struct Session<'a> {
    budget: Budget,
    directory: &'a RunDir,
    log: TrainingLog,
    /// Time spent in iterations and their checkpoints, earlier sessions included.
    trained: Duration,
    /// Since the present iteration began.
    watch: Stopwatch,
    progress: &'a mut dyn Progress,
}

impl Hooks<RunError> for Session<'_> {
    fn before(&mut self, trainer: &Mappo) -> Result<Option<StopReason>, RunError> {
        if self.budget.spent(self.trained, trainer.iteration()) >= 1.0 {
            return Ok(Some(StopReason::Budget));
        }
        self.watch = Stopwatch::start();
        Ok(self.progress.interrupted().then_some(StopReason::Interrupted))
    }

    fn after(&mut self, iteration: Iteration<'_>) -> Result<(), RunError> {
        let Iteration { stats, trainer } = iteration;
        let before = self.log.lines().last().map_or(0, |line| line.stats.steps);
        let bytes = trainer.checkpoint()?;
        let lap = self.watch.elapsed();
        self.trained += lap;
        let steps_per_second = (stats.steps - before) as f64 / lap.as_secs_f64();
        let train_seconds = self.trained.as_secs_f64();
        self.log.append(MetricsLine { stats: stats.clone(), steps_per_second, train_seconds })?;
        self.directory.write_checkpoint(&bytes)?;
        let spent = self.budget.spent(self.trained, trainer.iteration());
        let elapsed = self.trained;
        self.progress.trained(&TrainingProgress { stats, steps_per_second, spent, elapsed });
        Ok(())
    }
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
