//! How much could somebody take who has studied an autoscaler, be it a team or a rule?
//!
//! An attacker is trained in the simulated cluster against the autoscaler, which stays as it is and stands behind its shield as
//! ever, within a budget of malicious requests ([`Assault`]). Nothing else happens in these episodes. The autoscaler then plays
//! the same episodes of the evaluation against nobody, against an attacker that has learned nothing, and against the trained one.
//!
//! What an attacker finds is a lower bound of what there is to find: another one may find more.

use std::sync::Arc;

use karma_core::{ActionError, Environment, PerAgent};
use karma_marl::{Mappo, MappoError, Mode, TrainedPolicy, episodic_returns};
use karma_mock::environment::{Assault, Defence, NoScenario, SiegeConfig, SiegeParams, SiegeParamsError};
use karma_mock::{Scenario, Split};
use thiserror::Error;

use crate::clock::Stopwatch;
use crate::config::RunConfig;
use crate::error::RunError;
use crate::evaluation::{EpisodeRecord, Row, parallel};
use crate::progress::{Progress, TrainingProgress};

/// Who attacks, with what is said of them: nobody, one that has learned nothing, one that has studied.
pub(crate) const ATTACKERS: [(&str, &str); 3] = [
    ("nobody", "no attack"),
    ("untrained", "an attacker that has learned nothing"),
    ("trained", "an attacker that has studied whom it attacks"),
];

/// Why nobody is attacked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AssaultError {
    /// The run cannot be read, or gives no autoscaler.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The attacker's limits are out of their range.
    #[error(transparent)]
    Limits(#[from] SiegeParamsError),
    /// There is nothing to play.
    #[error(transparent)]
    Scenario(#[from] NoScenario),
    /// Training failed.
    #[error("the attacker cannot be trained")]
    Training(#[from] MappoError),
    /// The game refused an action.
    #[error("the game refused an action")]
    Refused(#[from] ActionError),
}

impl AssaultError {
    /// Whether the user's arguments are to blame.
    pub(crate) const fn is_usage(&self) -> bool {
        match self {
            Self::Run(error) => error.is_usage(),
            Self::Limits(_) => true,
            _ => false,
        }
    }
}

/// How an attacker studies, and what it is allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Study {
    pub(crate) limits: SiegeParams,
    /// Iterations of its learner, each of as many episodes as the run's learner plays at once.
    pub(crate) iterations: u64,
    /// The root of all randomness of its training.
    pub(crate) seed: u64,
    /// Episodes on which attackers are compared.
    pub(crate) episodes: u64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Studied {
    /// Iterations that the attacker learned.
    pub(crate) iterations: u64,
    /// The same episodes against each of [`ATTACKERS`], which are their scenarios' names.
    pub(crate) episodes: [Vec<EpisodeRecord>; 3],
}

/// Lets an attacker study `row` in the cluster of `config`; `None` if `progress` said stop.
///
/// # Errors
/// If the attacker's limits are out of range, or training fails.
pub(crate) fn study(
    config: &RunConfig,
    row: &Arc<Row>,
    study: Study,
    progress: &mut dyn Progress,
) -> Result<Option<Studied>, AssaultError> {
    let quiet = Scenario::by_name("nominal").map_err(|_| NoScenario)?;
    let ground = Ground { config, quiet, row: Arc::clone(row), limits: study.limits.try_into()? };
    let mut trainer = ground.trainer(study.seed)?;
    let untrained = trainer.policies(Mode::Sampled);
    let watch = Stopwatch::start();
    while trainer.iteration() < study.iterations && !progress.interrupted() {
        let stats = trainer.iterate()?;
        let elapsed = watch.elapsed();
        progress.trained(&TrainingProgress {
            stats: &stats,
            steps_per_second: stats.steps as f64 / elapsed.as_secs_f64(),
            spent: stats.iteration as f64 / study.iterations as f64,
            elapsed,
        });
    }
    if trainer.iteration() < study.iterations {
        return Ok(None);
    }
    let trained = trainer.policies(Mode::Sampled);
    let mut episodes = [const { Vec::new() }; 3];
    let attackers = [None, Some(&untrained), Some(&trained)];
    for ((played, attacker), (name, _)) in episodes.iter_mut().zip(attackers).zip(ATTACKERS) {
        match ground.play(name, attacker, study.episodes, progress)? {
            Some(records) => *played = records,
            None => return Ok(None),
        }
    }
    Ok(Some(Studied { iterations: trainer.iteration(), episodes }))
}

/// A cluster where nothing happens by itself, and who scales it.
struct Ground<'a> {
    config: &'a RunConfig,
    quiet: Scenario,
    row: Arc<Row>,
    limits: SiegeConfig,
}

impl Ground<'_> {
    fn game(&self, split: Split) -> Assault {
        let (config, row) = (self.config.clone(), Arc::clone(&self.row));
        let defence: Defence = Arc::new(move |foresight| row.guarded(&config, foresight));
        let played = (self.quiet.clone(), split);
        let (setup, observer) = (Arc::clone(self.config.setup()), self.config.observer());
        Assault::new(setup, played, observer, defence, self.limits)
    }

    /// A learner for the attacker, with the settings of the run's.
    fn trainer(&self, seed: u64) -> Result<Mappo, AssaultError> {
        let learner = self.config.learner().clone();
        let game = |_| Box::new(self.game(Split::Train)) as Box<dyn Environment>;
        let games = (0..learner.params().num_envs).map(game).collect();
        Ok(Mappo::new(learner, games, seed, self.config.threads())?)
    }

    /// The first `episodes` of the evaluation's split, against nobody or an attacker that samples.
    fn play(
        &self,
        name: &str,
        attacker: Option<&PerAgent<TrainedPolicy>>,
        episodes: u64,
        progress: &mut dyn Progress,
    ) -> Result<Option<Vec<EpisodeRecord>>, AssaultError> {
        let (total, split) =
            (usize::try_from(episodes).unwrap_or(usize::MAX), self.config.params().evaluation.split);
        let play = |episode: usize| -> Result<EpisodeRecord, AssaultError> {
            let seed = episode as u64 + 1;
            let report = match attacker {
                None => self.row.play(self.config, &self.quiet, (split, seed)),
                Some(attacker) => {
                    let mut game = self.game(split);
                    episodic_returns(&mut game, attacker, [seed])?;
                    game.report().ok_or(ActionError::EpisodeOver)?
                }
            };
            Ok(EpisodeRecord { scenario: name.to_owned(), seed, report })
        };
        let played = parallel::run_all(total, self.config.threads(), play, |done| {
            progress.evaluated(done, total);
            !progress.interrupted()
        });
        played.map(|played| played.into_iter().collect()).transpose()
    }
}

#[cfg(test)]
mod tests {
    use karma_baseline::StaticReplicas;

    use super::*;
    use crate::config::{RunParams, Written};
    use crate::progress::Silent;

    /// Wants to stop after an iteration.
    struct Once(bool);

    impl Progress for Once {
        fn note(&mut self, _text: &str) {}
        fn trained(&mut self, _training: &TrainingProgress<'_>) {
            self.0 = true;
        }
        fn evaluated(&mut self, _done: usize, _total: usize) {}
        fn interrupted(&self) -> bool {
            self.0
        }
    }

    #[test]
    fn an_attacker_that_was_interrupted_has_studied_nothing() {
        let mut params = RunParams { threads: Some(4), ..RunParams::default() };
        (params.learner.num_envs, params.learner.num_minibatches) = (1, 1);
        let config = Written::from(params).check().unwrap();
        let plan = Study { limits: SiegeParams::default(), iterations: 2, seed: 1, episodes: 2 };
        let row = Arc::new(Row::of("static", "", StaticReplicas::initial(&config.setup().topology)));
        assert!(study(&config, &row, plan, &mut Once(false)).unwrap().is_none());
        let whole = study(&config, &row, plan, &mut Silent).unwrap().unwrap();
        assert_eq!((whole.iterations, whole.episodes.each_ref().map(Vec::len)), (2, [2; 3]));
    }
}
