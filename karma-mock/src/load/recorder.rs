//! Takes down what became of each request.

use std::collections::BTreeMap;
use std::time::Duration;

use karma_core::resilience::Traffic;

use super::histogram::Latencies;
use super::outcome::{Counts, Outcome};
use super::progress::Recent;
use super::report::TrafficReport;
use super::schedule::Due;
use super::seconds::Rows;

/// A request whose fate is known. Times count from the start of the plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decided {
    pub(super) due: Due,
    pub(super) sent: Duration,
    pub(super) done: Duration,
    pub(super) outcome: Outcome,
}

/// Everything measured so far.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    warm_up: Duration,
    lateness: Latencies,
    legitimate: OfTraffic,
    malicious: OfTraffic,
    window: Window,
    recent: Recent,
    last_sent: Duration,
}

#[derive(Debug, Default)]
struct OfTraffic {
    counts: Counts,
    statuses: BTreeMap<u16, u64>,
    latency: Latencies,
    service_time: Latencies,
    rows: Rows,
}

/// The second of the clock that is going on.
#[derive(Debug, Default)]
struct Window {
    began: Duration,
    figures: Recent,
    latency: Latencies,
    lateness: Latencies,
}

impl Recorder {
    /// Leaves requests that are due before `warm_up` out of the distributions of latency.
    pub(super) fn new(warm_up: Duration) -> Self {
        Self { warm_up, ..Self::default() }
    }

    pub(super) fn intend(&mut self, due: &Due) {
        let of = self.of(due.traffic);
        of.counts.intended += 1;
        of.rows.intend(due.at);
    }

    /// The generator has no room for it.
    pub(super) fn leave_out(&mut self, due: &Due) {
        self.decide(&Decided { due: *due, sent: due.at, done: due.at, outcome: Outcome::NotSent });
    }

    /// It goes out now.
    pub(super) fn send(&mut self, due: &Due, now: Duration) {
        self.last_sent = now;
        let late = now.saturating_sub(due.at);
        self.lateness.record(late);
        self.window.lateness.record(late);
        self.window.figures.sent += 1;
    }

    pub(super) fn decide(&mut self, decided: &Decided) {
        let Decided { due, sent, done, outcome } = *decided;
        self.window.add(decided);
        let counts = due.at >= self.warm_up;
        let of = self.of(due.traffic);
        of.counts.add(outcome);
        let latency = done.saturating_sub(due.at);
        of.rows.decide(due.at, outcome, latency);
        if let Outcome::Answered(status) = outcome {
            *of.statuses.entry(status).or_default() += 1;
        }
        if outcome.is_ok() && counts {
            of.latency.record(latency);
            of.service_time.record(done.saturating_sub(sent));
        }
    }

    /// Sums up the seconds whose requests are all decided or beyond the timeout, and moves on to a new second of the clock.
    pub(super) fn tick(&mut self, now: Duration, timeout: Duration) {
        if let Some(recent) = self.window.turn(now) {
            self.recent = recent;
        }
        let settled = now.saturating_sub(timeout + Duration::from_secs(1)).as_secs();
        let settled = usize::try_from(settled).unwrap_or(usize::MAX);
        self.legitimate.rows.settle(settled);
        self.malicious.rows.settle(settled);
    }

    pub(super) const fn recent(&self) -> Recent {
        self.recent
    }

    pub(super) const fn not_sent(&self) -> u64 {
        self.legitimate.counts.not_sent + self.malicious.counts.not_sent
    }

    pub(super) const fn intended(&self) -> u64 {
        self.legitimate.counts.intended + self.malicious.counts.intended
    }

    /// Requests of which it is not known yet what becomes of them.
    pub(super) const fn in_flight(&self) -> u64 {
        self.intended() - self.legitimate.counts.decided() - self.malicious.counts.decided()
    }

    /// When the last request went out.
    pub(super) const fn last_sent(&self) -> Duration {
        self.last_sent
    }

    /// Lateness, legitimate and malicious traffic, of a plan of which so much has passed and whose requests were sent in
    /// this time.
    pub(super) fn finish(
        self,
        passed: Duration,
        sending: Duration,
    ) -> (Latencies, TrafficReport, TrafficReport) {
        (self.lateness, self.legitimate.finish(passed, sending), self.malicious.finish(passed, sending))
    }

    const fn of(&mut self, traffic: Traffic) -> &mut OfTraffic {
        match traffic {
            Traffic::Legitimate => &mut self.legitimate,
            Traffic::Malicious => &mut self.malicious,
        }
    }
}

impl OfTraffic {
    fn finish(mut self, passed: Duration, sending: Duration) -> TrafficReport {
        self.counts.finish();
        let seconds = passed.as_secs() + u64::from(passed.subsec_nanos() > 0);
        let seconds = usize::try_from(seconds).unwrap_or(usize::MAX);
        TrafficReport {
            counts: self.counts,
            rate: if sending.is_zero() { 0.0 } else { self.counts.sent() as f64 / sending.as_secs_f64() },
            statuses: self.statuses,
            latency: self.latency,
            service_time: self.service_time,
            seconds: self.rows.finish(seconds),
        }
    }
}

impl Window {
    fn add(&mut self, decided: &Decided) {
        match decided.outcome {
            Outcome::NotSent => self.figures.not_sent += 1,
            outcome if outcome.is_ok() => {
                self.figures.ok += 1;
                self.latency.record(decided.done.saturating_sub(decided.due.at));
            }
            _ => self.figures.failed += 1,
        }
    }

    /// The figures of the second, if it is over.
    fn turn(&mut self, now: Duration) -> Option<Recent> {
        if now < self.began + Duration::from_secs(1) {
            return None;
        }
        self.began = now;
        let recent = Recent {
            p50: self.latency.quantile(0.5),
            p99: self.latency.quantile(0.99),
            lateness: self.lateness.quantile(0.99),
            ..std::mem::take(&mut self.figures)
        };
        self.latency.clear();
        self.lateness.clear();
        Some(recent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(millis: u64) -> Due {
        Due { at: Duration::from_millis(millis), traffic: Traffic::Legitimate, work: 1.0 }
    }

    #[test]
    fn latency_counts_from_when_a_request_was_due_and_service_time_from_when_it_went_out() {
        let mut recorder = Recorder::default();
        let (due, sent, done) = (due(100), Duration::from_millis(130), Duration::from_millis(180));
        recorder.intend(&due);
        recorder.send(&due, sent);
        recorder.decide(&Decided { due, sent, done, outcome: Outcome::Answered(200) });
        recorder.tick(Duration::from_millis(1001), Duration::from_secs(1));
        assert_eq!((recorder.recent().sent, recorder.recent().ok), (1, 1));
        let (lateness, legitimate, malicious) =
            recorder.finish(Duration::from_secs(1), Duration::from_secs(1));
        let millis = [lateness, legitimate.latency, legitimate.service_time]
            .map(|times| (times.max().unwrap().0 * 1e3).round());
        assert_eq!(millis, [30.0, 80.0, 50.0]);
        assert_eq!(legitimate.statuses, BTreeMap::from([(200, 1)]));
        assert_eq!(malicious.counts, Counts::default());
    }

    #[test]
    fn what_is_left_out_has_neither_lateness_nor_latency() {
        let mut recorder = Recorder::default();
        recorder.intend(&due(5));
        recorder.leave_out(&due(5));
        assert_eq!((recorder.intended(), recorder.not_sent()), (1, 1));
        let (lateness, legitimate, _) = recorder.finish(Duration::from_secs(1), Duration::from_secs(1));
        assert!(lateness.is_empty() && legitimate.latency.is_empty());
        assert_eq!(legitimate.seconds[0].counts.not_sent, 1);
    }
}
