//! Phase 2: training a team in the simulated cluster, until the budget is spent.

use std::path::PathBuf;
use std::time::Duration;

use karma_core::PerAgent;
use karma_marl::{Hooks, Iteration, Mappo, MappoError, Mode, Runner, StopReason, TrainedPolicy};
use karma_nn::{Alone, Collective};

use crate::clock::Stopwatch;
use crate::config::{Budget, RunConfig};
use crate::error::RunError;
#[cfg(feature = "mpi")]
use crate::interrupt::Interrupt;
use crate::progress::{Progress, TrainingProgress};
use crate::ranks;
#[cfg(feature = "mpi")]
use crate::ranks::Start;
#[cfg(feature = "mpi")]
use crate::run_dir::CHECKPOINT;
use crate::run_dir::{MetricsLine, RunDir, TrainingLog};

/// What training came to.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The defenders, acting greedily.
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
    lead(config, directory, progress, Alone)
}

/// [`train`] as the first of several ranks.
pub(crate) fn lead<R: Collective + Copy + 'static>(
    config: &RunConfig,
    directory: &RunDir,
    progress: &mut dyn Progress,
    ranks: R,
) -> Result<Trained, RunError> {
    let checkpoint = Written { bytes: directory.checkpoint()?, path: directory.checkpoint_file() };
    let mut mappo = trainer(config, &checkpoint, ranks)?;
    let log = TrainingLog::open(directory, mappo.iteration())?;
    let before: Vec<_> = log.lines().iter().map(|line| line.stats.clone()).collect();
    let trained = Duration::from_secs_f64(log.lines().last().map_or(0.0, |line| line.train_seconds));
    #[cfg(feature = "mpi")]
    if ranks.size() > 1 {
        let (run, settings) = (directory.path().to_owned(), config.to_toml());
        let mut ranks = ranks;
        Start { run, settings, earlier: before.clone(), checkpoint: checkpoint.bytes }.tell(&mut ranks)?;
    }
    let mut session = Session {
        budget: config.params().budget,
        directory,
        log,
        trained,
        watch: Stopwatch::start(),
        progress,
        ranks,
    };
    let report = Runner::new(&mut mappo, config.stop().clone()).run(before.iter(), &mut session)?;
    let log = session.log.lines().to_vec();
    Ok(Trained { policies: config.defenders(&mappo.policies(Mode::Greedy)), log, stop: report.stop })
}

/// What a run does around its iterations.
struct Session<'a, R> {
    budget: Budget,
    directory: &'a RunDir,
    log: TrainingLog,
    /// Time spent in iterations and their checkpoints, earlier sessions included.
    trained: Duration,
    /// Since the present iteration began.
    watch: Stopwatch,
    progress: &'a mut dyn Progress,
    ranks: R,
}

impl<R: Collective> Hooks<RunError> for Session<'_, R> {
    fn before(&mut self, trainer: &Mappo) -> Result<Option<StopReason>, RunError> {
        let spent = self.budget.spent(self.trained, trainer.iteration()) >= 1.0;
        let interrupted = || self.progress.interrupted().then_some(StopReason::Interrupted);
        let mine = if spent { Some(StopReason::Budget) } else { interrupted() };
        let stop = ranks::agree(&mut self.ranks, mine).map_err(MappoError::from)?;
        self.watch = Stopwatch::start();
        Ok(stop)
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

/// Trains as a later one of several ranks, until the first one says stop.
#[cfg(feature = "mpi")]
pub(crate) fn follow<R: Collective + Copy + 'static>(
    interrupt: &Interrupt,
    mut ranks: R,
) -> Result<(), RunError> {
    let start = Start::hear(&mut ranks)?;
    let config = start.config(&ranks)?;
    let checkpoint = Written { path: start.run.join(CHECKPOINT), bytes: start.checkpoint };
    let mut mappo = trainer(&config, &checkpoint, ranks)?;
    let mut follower = Follower { interrupt, ranks };
    Runner::new(&mut mappo, config.stop().clone()).run(start.earlier.iter(), &mut follower)?;
    Ok(())
}

/// What a later rank does around iterations: its part in what all do together.
#[cfg(feature = "mpi")]
struct Follower<'a, R> {
    interrupt: &'a Interrupt,
    ranks: R,
}

#[cfg(feature = "mpi")]
impl<R: Collective> Hooks<RunError> for Follower<'_, R> {
    fn before(&mut self, _trainer: &Mappo) -> Result<Option<StopReason>, RunError> {
        let mine = self.interrupt.seen().then_some(StopReason::Interrupted);
        Ok(ranks::agree(&mut self.ranks, mine).map_err(MappoError::from)?)
    }

    fn after(&mut self, iteration: Iteration<'_>) -> Result<(), RunError> {
        iteration.trainer.checkpoint()?;
        Ok(())
    }
}

/// The last checkpoint of a run, if there is one, and its file.
struct Written {
    path: PathBuf,
    bytes: Option<Vec<u8>>,
}

/// The trainer of the run's last checkpoint, or a fresh one, with this rank's share of the environments.
fn trainer(
    config: &RunConfig,
    checkpoint: &Written,
    ranks: impl Collective + 'static,
) -> Result<Mappo, RunError> {
    let share = ranks::share(&ranks, config.learner().params().num_envs);
    let (environments, threads) = (config.environments_at(share)?, config.threads());
    let (learner, seed, ranks) = (config.learner().clone(), config.params().seed, Box::new(ranks));
    let refused = |source| RunError::Checkpoint { path: checkpoint.path.clone(), source };
    Ok(match &checkpoint.bytes {
        Some(bytes) => Mappo::restore_with(bytes, environments, threads, ranks).map_err(refused)?,
        None => Mappo::new_with(learner, environments, seed, threads, ranks)?,
    })
}
