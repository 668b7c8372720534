//! How far a load is, on the standard error: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use karma_core::Seconds;
use karma_mock::load::Progress;

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// Shows the last full second of a load.
#[derive(Debug)]
pub(in crate::lab) enum Meter {
    /// On a terminal.
    Bar(ProgressBar),
    /// Elsewhere; until when the last line holds.
    Lines(Duration),
    /// Nowhere.
    Quiet,
}

impl Meter {
    pub(in crate::lab) fn new(quiet: bool) -> Self {
        match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Self::Quiet,
            (false, false) => Self::Lines(EVERY),
            (false, true) => {
                let style = ProgressStyle::with_template("{bar:30} {msg}");
                let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
                let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
                bar.set_style(style.progress_chars("━╸─"));
                Self::Bar(bar)
            }
        }
    }

    pub(in crate::lab) fn show(&mut self, progress: &Progress) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(progress.planned.as_secs());
                bar.set_position(progress.elapsed.min(progress.planned).as_secs());
                bar.set_message(text(progress));
            }
            Self::Lines(until) if progress.elapsed >= *until => {
                *until = progress.elapsed + EVERY;
                let _ = writeln!(std::io::stderr(), "{}", text(progress));
            }
            Self::Lines(_) | Self::Quiet => {}
        }
    }

    /// Takes the bar away.
    pub(in crate::lab) fn finish(self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn text(progress: &Progress) -> String {
    let Progress { elapsed, planned, in_flight, recent, .. } = progress;
    let lost = if recent.not_sent > 0 { format!("  not sent {}", recent.not_sent) } else { String::new() };
    format!(
        "{}/{} s  {}/s  p50 {}  p99 {}  failed {}  in flight {in_flight}  late {}{lost}",
        elapsed.as_secs(),
        planned.as_secs(),
        recent.sent,
        millis(recent.p50),
        millis(recent.p99),
        recent.failed,
        millis(recent.lateness),
    )
}

fn millis(time: Option<Seconds>) -> String {
    time.map_or_else(|| "–".to_owned(), |Seconds(time)| format!("{:.1} ms", 1e3 * time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_mock::load::Recent;

    #[test]
    fn a_second_is_told_in_one_line() {
        let recent = Recent {
            sent: 2000,
            ok: 1990,
            failed: 10,
            not_sent: 3,
            p50: Some(Seconds(0.006)),
            p99: None,
            lateness: Some(Seconds(0.0002)),
        };
        let (elapsed, planned) = (Duration::from_millis(12_300), Duration::from_mins(1));
        let progress = Progress { elapsed, planned, sent: 24_000, in_flight: 12, recent };
        assert_eq!(
            text(&progress),
            "12/60 s  2000/s  p50 6.0 ms  p99 –  failed 10  in flight 12  late 0.2 ms  not sent 3"
        );
    }
}
