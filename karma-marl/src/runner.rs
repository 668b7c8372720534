//! Training until there is a reason to stop.
//!
//! A [`Runner`] iterates a trainer and asks after each iteration, in this order: the caller's [`Hooks`], which write
//! logs and checkpoints, show progress and may know of a deadline or an interruption (this crate reads no clock), and the
//! rules of [`StopParams`]. Among those is the criterion of KARMA's paper: training has converged when, over the last
//! iterations, the standard deviation of the episodes' returns is below μ and their mean above λ. (With as many episodes in
//! every iteration that is the deviation over all of them; else each iteration counts the same.)
//!
//! Example: iterations of one episode each with returns 1, 9, 9.1, 8.9, a window of 3, μ = 0.2 and λ = 8 stop after the
//! fourth.

use std::collections::VecDeque;

use karma_nn::ConfigError;
use serde::{Deserialize, Serialize};

use crate::error::MappoError;
use crate::mappo::{IterationStats, Mappo};
use crate::stats::mean;

/// When to stop, as written. Without any rule the hooks decide alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StopParams {
    /// Iterations of the whole run, those before a checkpoint included.
    pub iterations: Option<u64>,
    /// Joint steps of the whole run.
    pub steps: Option<u64>,
    /// μ: training has converged if the returns of the last iterations deviate by less, above 0. Needs `return_above`.
    pub std_below: Option<f64>,
    /// λ: and their mean is larger. Needs `std_below`.
    pub return_above: Option<f64>,
    /// Iterations that the criterion looks back, at least 2. Default 20.
    pub window: usize,
}

impl Default for StopParams {
    fn default() -> Self {
        Self { iterations: None, steps: None, std_below: None, return_above: None, window: 20 }
    }
}

impl StopParams {
    /// The rules to run with.
    ///
    /// # Errors
    /// The first setting that is outside its range, or one of the criterion's two that is alone.
    pub fn check(&self) -> Result<StopConfig, ConfigError> {
        let refuse = |field, value: String, allowed| Err(ConfigError { field, value, allowed });
        match (self.std_below, self.return_above) {
            (Some(mu), _) if !(mu.is_finite() && mu > 0.0) => {
                refuse("std_below", mu.to_string(), "a finite number above 0")
            }
            (_, Some(lambda)) if !lambda.is_finite() => {
                refuse("return_above", lambda.to_string(), "a finite number")
            }
            (Some(_), None) => refuse("return_above", "absent".to_owned(), "a number, as std_below is given"),
            (None, Some(_)) => refuse("std_below", "absent".to_owned(), "a number, as return_above is given"),
            _ if self.window < 2 => refuse("window", self.window.to_string(), "at least 2"),
            _ => Ok(StopConfig(self.clone())),
        }
    }
}

/// Checked [`StopParams`].
#[derive(Clone, Debug, PartialEq)]
pub struct StopConfig(StopParams);

impl StopConfig {
    /// The rules as written.
    pub fn params(&self) -> &StopParams {
        &self.0
    }

    /// Whether training is to end after an iteration, with what the last ones earned, newest last.
    fn reason(&self, stats: &IterationStats, recent: &VecDeque<Earned>) -> Option<StopReason> {
        let rules = &self.0;
        if rules.iterations.is_some_and(|limit| stats.iteration >= limit) {
            return Some(StopReason::Iterations);
        }
        if rules.steps.is_some_and(|limit| stats.steps >= limit) {
            return Some(StopReason::Steps);
        }
        let (mu, lambda) = (rules.std_below?, rules.return_above?);
        if recent.len() < rules.window {
            return None;
        }
        let over = |term: &dyn Fn(&Earned) -> f64| mean(&recent.iter().map(term).collect::<Vec<_>>());
        let earned = over(&|e| e.mean)?;
        let variance = over(&|e| e.std * e.std + (e.mean - earned) * (e.mean - earned))?;
        (variance.sqrt() < mu && earned > lambda).then_some(StopReason::Converged)
    }
}

/// Mean and deviation of the returns of an iteration's episodes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Earned {
    mean: f64,
    std: f64,
}

impl Earned {
    fn of(stats: &IterationStats) -> Option<Self> {
        Some(Self { mean: stats.episodic_return?, std: stats.episodic_return_std? })
    }
}

/// Why training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// Its iterations are played.
    Iterations,
    /// Its steps are played.
    Steps,
    /// The returns are high and steady.
    Converged,
    /// Its time, or whatever else the caller gives, is spent.
    Budget,
    /// It was stopped from outside.
    Interrupted,
}

/// What an iteration was, for those who look on.
#[derive(Debug)]
pub struct Iteration<'a> {
    /// What it came to.
    pub stats: &'a IterationStats,
    /// The trainer after it; a checkpoint can be taken.
    pub trainer: &'a mut Mappo,
}

/// What a caller does around iterations. The unit type does nothing.
pub trait Hooks<E = MappoError> {
    /// Before an iteration: whether to stop instead.
    ///
    /// # Errors
    /// Whatever ends training.
    fn before(&mut self, trainer: &Mappo) -> Result<Option<StopReason>, E> {
        let _ = trainer;
        Ok(None)
    }

    /// After an iteration.
    ///
    /// # Errors
    /// Whatever ends training.
    fn after(&mut self, iteration: Iteration<'_>) -> Result<(), E> {
        let _ = iteration;
        Ok(())
    }
}

impl<E> Hooks<E> for () {}

/// How training went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Why it ended.
    pub stop: StopReason,
    /// Iterations played by this runner.
    pub iterations: u64,
    /// The last of them; absent if there was none.
    pub last: Option<IterationStats>,
}

/// A trainer on its way to a reason to stop.
#[derive(Debug)]
pub struct Runner<'a> {
    trainer: &'a mut Mappo,
    stop: StopConfig,
}

impl<'a> Runner<'a> {
    /// A runner that has played nothing yet.
    pub fn new(trainer: &'a mut Mappo, stop: StopConfig) -> Self {
        Self { trainer, stop }
    }

    /// Trains until a rule or a hook says stop. At least one of them has to say so some day.
    ///
    /// `before` are the earlier iterations of the same run, newest last: what the criterion looks back on after a checkpoint
    /// was restored.
    ///
    /// # Errors
    /// What an iteration or a hook returns. The trainer is not to be continued then; its last checkpoint is.
    pub fn run<'s, E: From<MappoError>>(
        self,
        before: impl DoubleEndedIterator<Item = &'s IterationStats>,
        hooks: &mut impl Hooks<E>,
    ) -> Result<Report, E> {
        let window = self.stop.params().window;
        let mut recent: VecDeque<Earned> = VecDeque::new();
        for earned in before.rev().filter_map(Earned::of).take(window) {
            recent.push_front(earned);
        }
        let mut report = Report { stop: StopReason::Budget, iterations: 0, last: None };
        loop {
            if let Some(stop) = hooks.before(self.trainer)? {
                return Ok(Report { stop, ..report });
            }
            let stats = self.trainer.iterate()?;
            if let Some(earned) = Earned::of(&stats) {
                recent.push_back(earned);
                recent.drain(..recent.len().saturating_sub(window));
            }
            hooks.after(Iteration { stats: &stats, trainer: self.trainer })?;
            let reason = self.stop.reason(&stats, &recent);
            report = Report { iterations: report.iterations + 1, last: Some(stats), ..report };
            if let Some(stop) = reason {
                return Ok(Report { stop, ..report });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use karma_core::Environment;

    use super::*;
    use crate::MappoParams;
    use crate::games::{Signals, Stipend};

    fn trainer(game: &(impl Environment + Clone + 'static)) -> Mappo {
        let params = MappoParams { num_envs: 2, hidden: vec![8], ..MappoParams::published() };
        let environments = (0..2).map(|_| Box::new(game.clone()) as Box<dyn Environment>).collect();
        Mappo::new(params.check().unwrap(), environments, 1, NonZeroUsize::MIN).unwrap()
    }

    fn run(game: &(impl Environment + Clone + 'static), stop: &StopParams) -> Report {
        let mut trainer = trainer(game);
        Runner::new(&mut trainer, stop.check().unwrap()).run::<MappoError>([].iter(), &mut ()).unwrap()
    }

    #[test]
    fn it_stops_when_its_iterations_or_steps_are_played() {
        let report = run(&Signals::new(4), &StopParams { iterations: Some(3), ..StopParams::default() });
        assert_eq!((report.stop, report.iterations), (StopReason::Iterations, 3));
        let report = run(&Signals::new(4), &StopParams { steps: Some(17), ..StopParams::default() });
        assert_eq!((report.stop, report.last.unwrap().steps), (StopReason::Steps, 24));
    }

    /// Every step of the game earns 1, so returns are high and steady as soon as there are enough of them.
    #[test]
    fn it_stops_when_returns_are_high_and_steady() {
        let criterion = |return_above| StopParams {
            iterations: Some(9),
            std_below: Some(0.1),
            return_above: Some(return_above),
            window: 5,
            ..StopParams::default()
        };
        let report = run(&Stipend::new(4), &criterion(3.5));
        assert_eq!((report.stop, report.iterations), (StopReason::Converged, 5));
        assert_eq!(run(&Stipend::new(4), &criterion(4.0)).stop, StopReason::Iterations, "not above λ");
        let unsteady = run(&Signals::new(4), &StopParams { std_below: Some(1e-9), ..criterion(-1.0) });
        assert_eq!(unsteady.stop, StopReason::Iterations);
    }

    #[test]
    fn the_criterion_looks_back_beyond_a_checkpoint() {
        let stop =
            StopParams { std_below: Some(0.1), return_above: Some(3.5), window: 5, ..StopParams::default() };
        let mut trainer = trainer(&Stipend::new(4));
        let first = StopParams { iterations: Some(3), ..StopParams::default() };
        let report =
            Runner::new(&mut trainer, first.check().unwrap()).run::<MappoError>([].iter(), &mut ()).unwrap();
        let before = vec![report.last.unwrap(); 3];
        let runner = Runner::new(&mut trainer, stop.check().unwrap());
        assert_eq!(runner.run::<MappoError>(before.iter(), &mut ()).unwrap().iterations, 2);
    }

    #[test]
    fn hooks_see_every_iteration_and_may_stop_before_the_next() {
        struct Two(Vec<u64>);
        impl Hooks for Two {
            fn before(&mut self, trainer: &Mappo) -> Result<Option<StopReason>, MappoError> {
                Ok((trainer.iteration() == 2).then_some(StopReason::Interrupted))
            }
            fn after(&mut self, iteration: Iteration<'_>) -> Result<(), MappoError> {
                iteration.trainer.checkpoint()?;
                self.0.push(iteration.stats.iteration);
                Ok(())
            }
        }
        let (mut trainer, mut hooks) = (trainer(&Signals::new(4)), Two(Vec::new()));
        let runner = Runner::new(&mut trainer, StopParams::default().check().unwrap());
        assert_eq!(runner.run([].iter(), &mut hooks).unwrap().stop, StopReason::Interrupted);
        assert_eq!(hooks.0, [1, 2]);
    }

    #[test]
    fn half_a_criterion_is_refused() {
        let refused = |params: StopParams| params.check().unwrap_err().to_string();
        let half = StopParams { std_below: Some(1.0), ..StopParams::default() };
        assert_eq!(refused(half), "return_above is absent; allowed: a number, as std_below is given");
        let negative = StopParams { std_below: Some(-1.0), return_above: Some(0.0), ..StopParams::default() };
        assert_eq!(refused(negative), "std_below is -1; allowed: a finite number above 0");
        assert!(refused(StopParams { window: 1, ..StopParams::default() }).starts_with("window is 1"));
    }
}
