//! One row for each second of a load: what became of the requests that were due in it.
//!
//! Times of a second's requests are kept as they are until its last request must be decided, and are then
//! summed up: exact percentiles, and memory for no more than the requests of one timeout.

use std::time::Duration;

use karma_core::Seconds;
use serde::{Deserialize, Serialize};

use super::outcome::{Counts, Outcome};

/// The requests that were due in one second. Times are those of its answered requests, from the moment they were due;
/// `None` if there are none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SecondRow {
    /// Seconds from the start of the plan.
    pub second: u32,
    /// What became of them.
    #[serde(flatten)]
    pub counts: Counts,
    /// Mean time.
    pub mean: Option<Seconds>,
    /// Median.
    pub p50: Option<Seconds>,
    /// 95th percentile.
    pub p95: Option<Seconds>,
    /// 99th percentile.
    pub p99: Option<Seconds>,
}

impl SecondRow {
    fn sum_up(&mut self, mut micros: Vec<u32>) {
        micros.sort_unstable();
        let total: f64 = micros.iter().copied().map(f64::from).sum();
        self.mean = (!micros.is_empty()).then(|| Seconds(total / micros.len() as f64 / 1e6));
        self.p50 = nearest_rank(&micros, 50);
        self.p95 = nearest_rank(&micros, 95);
        self.p99 = nearest_rank(&micros, 99);
    }
}

/// The smallest value that at least `percent` of all do not exceed.
fn nearest_rank(sorted: &[u32], percent: usize) -> Option<Seconds> {
    let rank = (sorted.len() * percent).div_ceil(100);
    let micros = sorted.get(rank.checked_sub(1)?)?;
    Some(Seconds(f64::from(*micros) / 1e6))
}

/// The rows so far.
#[derive(Debug, Default)]
pub(super) struct Rows {
    of_second: Vec<SecondRow>,
    /// Times in microseconds of the rows from `summed` on.
    times: Vec<Vec<u32>>,
    summed: usize,
}

impl Rows {
    pub(super) fn intend(&mut self, at: Duration) {
        self.row(at).counts.intended += 1;
    }

    pub(super) fn decide(&mut self, at: Duration, outcome: Outcome, latency: Duration) {
        self.row(at).counts.add(outcome);
        let second = second_of(at);
        if outcome.is_ok() && second >= self.summed {
            self.times[second].push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
        }
    }

    /// Sums up all seconds before this one.
    pub(super) fn settle(&mut self, before: usize) {
        let until = before.min(self.of_second.len());
        while self.summed < until {
            let times = std::mem::take(&mut self.times[self.summed]);
            self.of_second[self.summed].sum_up(times);
            self.summed += 1;
        }
    }

    pub(super) fn finish(mut self, seconds: usize) -> Vec<SecondRow> {
        self.grow(seconds);
        self.settle(usize::MAX);
        self.of_second.iter_mut().for_each(|row| row.counts.finish());
        self.of_second
    }

    fn row(&mut self, at: Duration) -> &mut SecondRow {
        let second = second_of(at);
        self.grow(second + 1);
        &mut self.of_second[second]
    }

    fn grow(&mut self, seconds: usize) {
        while self.of_second.len() < seconds {
            let second = u32::try_from(self.of_second.len()).unwrap_or(u32::MAX);
            self.of_second.push(SecondRow { second, ..SecondRow::default() });
            self.times.push(Vec::new());
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a plan has at most a day of seconds")]
const fn second_of(at: Duration) -> usize {
    at.as_secs() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_exact_percentiles_of_the_requests_due_in_its_second() {
        let mut rows = Rows::default();
        for k in 1..=100 {
            let at = Duration::from_millis(1000 + 5 * k);
            rows.intend(at);
            rows.decide(at, Outcome::Answered(200), Duration::from_millis(k));
        }
        rows.intend(Duration::from_millis(1999));
        rows.settle(2);
        rows.decide(Duration::from_millis(1999), Outcome::TimedOut, Duration::from_secs(30));
        let rows = rows.finish(3);
        assert_eq!(rows.len(), 3);
        assert_eq!((rows[0].counts, rows[0].p50), (Counts::default(), None));
        assert_eq!((rows[1].counts.intended, rows[1].counts.ok, rows[1].counts.timed_out), (101, 100, 1));
        let times = [rows[1].mean, rows[1].p50, rows[1].p95, rows[1].p99].map(|time| time.unwrap().0);
        assert_eq!(times, [0.0505, 0.05, 0.095, 0.099]);
    }

    #[test]
    fn what_is_due_and_never_decided_is_unfinished() {
        let mut rows = Rows::default();
        rows.intend(Duration::from_millis(10));
        assert_eq!(rows.finish(1)[0].counts.unfinished, 1);
    }
}
