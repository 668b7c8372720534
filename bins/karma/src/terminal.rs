//! Progress on the standard error: bars on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::clock::Stopwatch;
use crate::interrupt::Interrupt;
use crate::progress::{Progress, TrainingProgress};

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);
/// Positions of a training bar.
const PARTS: u64 = 1000;

/// Where progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Bars,
    Lines,
    Quiet,
}

/// Shows the progress of a run, and hears Ctrl-C.
#[derive(Debug)]
pub(crate) struct Terminal {
    mode: Mode,
    interrupt: Interrupt,
    bar: Option<(Phase, ProgressBar)>,
    last_line: Option<Stopwatch>,
    evaluation: Option<Stopwatch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Training,
    Evaluation,
    #[cfg(feature = "transfer")]
    Deciding,
    #[cfg(feature = "transfer")]
    Looking,
}

impl Terminal {
    pub(crate) fn new(quiet: bool, interrupt: Interrupt) -> Self {
        let mode = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Mode::Quiet,
            (false, true) => Mode::Bars,
            (false, false) => Mode::Lines,
        };
        Self { mode, interrupt, bar: None, last_line: None, evaluation: None }
    }

    /// Takes the bars away.
    pub(crate) fn finish(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// The bar of a phase; another phase's is taken away.
    fn bar(&mut self, phase: Phase, length: u64, template: &str) -> &ProgressBar {
        if self.bar.as_ref().is_none_or(|(shown, _)| *shown != phase) {
            self.finish();
        }
        let make = || {
            let style =
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
            bar.set_style(style.progress_chars("━╸─"));
            (phase, bar)
        };
        &self.bar.get_or_insert_with(make).1
    }

    /// `done` of `total` decisions are taken.
    #[cfg(feature = "transfer")]
    pub(crate) fn decided(&mut self, done: usize, total: usize) {
        let text = || format!("deciding {done}/{total}");
        match self.mode {
            Mode::Quiet => {}
            Mode::Lines => self.line(done == total, text),
            Mode::Bars => {
                let bar = self.bar(Phase::Deciding, total as u64, "{bar:30} {msg}");
                bar.set_message(text());
                bar.set_position(done as u64);
            }
        }
    }

    /// Something was looked at, and this is how far it is.
    #[cfg(feature = "transfer")]
    pub(crate) fn looked(&mut self, text: &str) {
        match self.mode {
            Mode::Quiet => {}
            Mode::Lines => self.line(false, || text.to_owned()),
            Mode::Bars => self.bar(Phase::Looking, 0, "{spinner} {msg}").set_message(text.to_owned()),
        }
    }

    /// A line, unless one was written a moment ago; the last one of a phase is always written.
    fn line(&mut self, last: bool, text: impl FnOnce() -> String) {
        if last || self.last_line.is_none_or(|watch| watch.elapsed() >= EVERY) {
            self.last_line = Some(Stopwatch::start());
            say(&text());
        }
    }
}

impl Progress for Terminal {
    fn note(&mut self, text: &str) {
        match (self.mode, &self.bar) {
            (Mode::Quiet, _) => {}
            (_, Some((_, bar))) => bar.println(text),
            (_, None) => say(text),
        }
    }

    fn trained(&mut self, training: &TrainingProgress<'_>) {
        match self.mode {
            Mode::Quiet => {}
            Mode::Lines => self.line(training.spent >= 1.0, || training_text(training)),
            Mode::Bars => {
                let bar = self.bar(Phase::Training, PARTS, "{bar:30} {msg}");
                bar.set_message(training_text(training));
                bar.set_position(parts(training.spent));
            }
        }
    }

    fn evaluated(&mut self, done: usize, total: usize) {
        let watch = *self.evaluation.get_or_insert_with(Stopwatch::start);
        let text = || evaluation_text(done, total, watch.elapsed());
        match self.mode {
            Mode::Quiet => {}
            Mode::Lines => self.line(done == total, text),
            Mode::Bars => {
                let message = text();
                let bar = self.bar(Phase::Evaluation, total as u64, "{bar:30} {msg}");
                bar.set_message(message);
                bar.set_position(done as u64);
            }
        }
    }

    fn interrupted(&self) -> bool {
        self.interrupt.seen()
    }
}

/// Writes a line to the standard error; a reader that has gone away is no reason to stop.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share from 0 to 1")]
fn parts(spent: f64) -> u64 {
    (spent * PARTS as f64) as u64
}

fn training_text(training: &TrainingProgress<'_>) -> String {
    let TrainingProgress { stats, steps_per_second, spent, .. } = training;
    let episodic_return = stats.episodic_return.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
    let shield =
        stats.intervention_rate.map_or_else(String::new, |rate| format!("  shield {:.1} %", 100.0 * rate));
    format!(
        "training {:3.0} %  iteration {}  return {episodic_return}{shield}  {steps_per_second:.0} steps/s  {} left",
        100.0 * spent,
        stats.iteration,
        span(training.time_left())
    )
}

fn evaluation_text(done: usize, total: usize, elapsed: Duration) -> String {
    let rate = done as f64 / elapsed.as_secs_f64().max(1e-9);
    let left = Duration::try_from_secs_f64((total - done) as f64 / rate).unwrap_or(Duration::MAX);
    format!("evaluating {done}/{total} episodes  {rate:.1}/s  {} left", span(left))
}

/// A time to read: `45s`, `2m 05s`, `1h 02m`.
fn span(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        seconds if seconds < 1000 * 3600 => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
        _ => "a long time".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_to_read() {
        let spans = [0, 59, 65, 3720, u64::MAX].map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(spans, ["0s", "59s", "1m 05s", "1h 02m", "a long time"]);
    }

    #[test]
    fn an_evaluation_tells_its_rate_and_the_time_left() {
        let text = evaluation_text(30, 120, Duration::from_secs(10));
        assert_eq!(text, "evaluating 30/120 episodes  3.0/s  30s left");
        assert_eq!(evaluation_text(0, 5, Duration::ZERO), "evaluating 0/5 episodes  0.0/s  a long time left");
    }
}
