//! Progress on the standard error: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::clock::Stopwatch;

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// Shows how much is done.
#[derive(Debug)]
pub(super) enum Meter {
    /// On a terminal.
    Bar(ProgressBar),
    /// Elsewhere.
    Lines {
        /// Since the last line.
        last: Option<Stopwatch>,
        /// What the last line told.
        told: Option<u64>,
    },
    /// Nowhere.
    Quiet,
}

impl Meter {
    /// A meter of things such as `episodes`.
    pub(super) fn new(quiet: bool, things: &str) -> Self {
        match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Self::Quiet,
            (false, false) => Self::Lines { last: None, told: None },
            (false, true) => {
                let template = format!("{{bar:30}} {{pos}}/{{len}} {things}  {{per_sec}}  {{eta}} left");
                let style = ProgressStyle::with_template(&template);
                let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
                let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
                bar.set_style(style.progress_chars("━╸─"));
                Self::Bar(bar)
            }
        }
    }

    /// `done` of `total` are done.
    pub(super) fn show(&mut self, done: u64, total: u64) {
        match self {
            Self::Quiet => {}
            Self::Bar(bar) => {
                bar.set_length(total);
                bar.set_position(done);
            }
            Self::Lines { last, told } => {
                let due = last.is_none_or(|watch| watch.elapsed() >= EVERY) || done == total;
                if due && *told != Some(done) {
                    (*last, *told) = (Some(Stopwatch::start()), Some(done));
                    let _ = writeln!(std::io::stderr(), "{done}/{total}");
                }
            }
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
