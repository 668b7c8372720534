//! What can become of a request, and how many each came to.

use karma_core::resilience::Tally;
use serde::{Deserialize, Serialize};

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// An answer with this status came whole.
    Answered(u16),
    /// Nobody listens.
    Refused,
    /// The connection was reset or closed before the whole answer.
    Reset,
    /// The answer is not HTTP.
    Malformed,
    /// No way to the host.
    Unreachable,
    /// No whole answer within the timeout.
    TimedOut,
    /// The generator could not send it: too many in flight, no file descriptor or port left, or the generator itself
    /// was later than the timeout.
    NotSent,
}

impl Outcome {
    /// Whether it is an answer without error: a status below 400.
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::Answered(..400))
    }
}

/// How many requests came to which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// That were due. All others are parts of these.
    pub intended: u64,
    /// Answered with a status below 400.
    pub ok: u64,
    /// Answered with a status from 400 to 499.
    pub client_error: u64,
    /// Answered with a status of 500 or more.
    pub server_error: u64,
    /// Nobody listened.
    pub refused: u64,
    /// The connection was reset or closed before the whole answer.
    pub reset: u64,
    /// The answer was not HTTP.
    pub malformed: u64,
    /// There was no way to the host.
    pub unreachable: u64,
    /// No whole answer came within the timeout.
    pub timed_out: u64,
    /// The generator could not send them.
    pub not_sent: u64,
    /// In flight when the load was stopped: neither answered nor failed.
    pub unfinished: u64,
}

impl Counts {
    pub(super) fn add(&mut self, outcome: Outcome) {
        *self.of(outcome) += 1;
    }

    fn of(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Answered(..400) => &mut self.ok,
            Outcome::Answered(400..500) => &mut self.client_error,
            Outcome::Answered(_) => &mut self.server_error,
            Outcome::Refused => &mut self.refused,
            Outcome::Reset => &mut self.reset,
            Outcome::Malformed => &mut self.malformed,
            Outcome::Unreachable => &mut self.unreachable,
            Outcome::TimedOut => &mut self.timed_out,
            Outcome::NotSent => &mut self.not_sent,
        }
    }

    /// Requests that went out.
    pub const fn sent(&self) -> u64 {
        self.intended - self.not_sent
    }

    /// Requests that went out and failed: errors, broken connections and timeouts.
    pub const fn failed(&self) -> u64 {
        self.client_error
            + self.server_error
            + self.refused
            + self.reset
            + self.malformed
            + self.unreachable
            + self.timed_out
    }

    /// Requests of which it is known what became of them.
    pub const fn decided(&self) -> u64 {
        self.ok + self.failed() + self.not_sent
    }

    /// Answered without error over decided, of those that went out; `None` if there are none.
    pub fn success_rate(&self) -> Option<f64> {
        Tally { answered: self.ok, within_slo: 0, failed: self.failed() }.success_rate()
    }

    /// What is intended and not decided is unfinished.
    pub(super) const fn finish(&mut self) {
        self.unfinished = self.intended - self.decided();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_is_counted_once_and_what_was_not_sent_is_no_failure() {
        let ends = [
            Outcome::Answered(200),
            Outcome::Answered(304),
            Outcome::Answered(404),
            Outcome::Answered(503),
            Outcome::Refused,
            Outcome::Reset,
            Outcome::Malformed,
            Outcome::Unreachable,
            Outcome::TimedOut,
            Outcome::NotSent,
        ];
        let mut counts = Counts { intended: 12, ..Counts::default() };
        for outcome in ends {
            counts.add(outcome);
        }
        counts.finish();
        assert_eq!((counts.ok, counts.failed(), counts.not_sent, counts.unfinished), (2, 7, 1, 2));
        assert_eq!(counts.sent(), 11);
        assert_eq!(counts.success_rate(), Some(2.0 / 9.0));
        assert_eq!(Counts::default().success_rate(), None);
    }
}
