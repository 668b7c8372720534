//! What a phase tells while it runs, and how it is asked to stop.

use std::time::Duration;

use karma_marl::IterationStats;

/// Listens to a run. Also the way to stop one: phases ask between iterations and between episodes.
pub trait Progress {
    /// Something worth a line.
    fn note(&mut self, text: &str);

    /// An iteration of training ended.
    fn trained(&mut self, training: &TrainingProgress<'_>);

    /// `done` of `total` evaluation episodes are played.
    fn evaluated(&mut self, done: usize, total: usize);

    /// Whether to stop as soon as possible.
    fn interrupted(&self) -> bool;
}

/// How far training is.
#[derive(Clone, Copy, Debug)]
pub struct TrainingProgress<'a> {
    /// The iteration that just ended.
    pub stats: &'a IterationStats,
    /// Joint steps per second of this iteration.
    pub steps_per_second: f64,
    /// Share of the budget that is spent, 0 to 1.
    pub spent: f64,
    /// Time of training so far, all sessions of the run together.
    pub elapsed: Duration,
}

impl TrainingProgress<'_> {
    /// Time until the budget is spent, at the mean speed so far.
    pub fn time_left(&self) -> Duration {
        let factor = if self.spent > 0.0 { (1.0 - self.spent) / self.spent } else { 0.0 };
        Duration::try_from_secs_f64(self.elapsed.as_secs_f64() * factor).unwrap_or(Duration::MAX)
    }
}

/// Hears nothing and never stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn note(&mut self, _text: &str) {}

    fn trained(&mut self, _training: &TrainingProgress<'_>) {}

    fn evaluated(&mut self, _done: usize, _total: usize) {}

    fn interrupted(&self) -> bool {
        false
    }
}
