//! How well a system withstood what happened to it: the only implementation of KARMA's metrics, for
//! simulated, twin and live runs alike.
//!
//! | metric | definition |
//! |---|---|
//! | success rate | legitimate requests answered without error within the timeout, over those whose fate was decided |
//! | latency compliance | share of answered legitimate requests within the SLO |
//! | pending ratio | mean over scrapes of queued / (queued + completed in that interval) |
//! | recovery | from the attack's start (and, apart, from its end) to the first moment from which success stays at 95 % of its mean before the attack, or more, for 30 s; censored at the horizon |
//! | availability | share of (service, second) with a ready pod whose queue accepts |
//! | cost | pod-hours and requested CPU-hours of pods that hold a place on a node |
//!
//! Success is judged second by second for the recovery; a second in which no legitimate request was decided
//! repeats the one before. The figures over all traffic, malicious included, stand beside the legitimate ones.

mod histogram;

pub use histogram::LatencyHistogram;

use serde::{Deserialize, Serialize};

use crate::{Conduct, Interventions, Seconds};

/// Share of the mean before the attack that counts as recovered.
pub const RECOVERED_SHARE: f64 = 0.95;
/// Seconds for which success must stay recovered.
pub const RECOVERED_FOR: usize = 30;

/// Who sent a request. A simulator knows; an observation never tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Traffic {
    /// A client that wants an answer.
    Legitimate,
    /// The attacker.
    Malicious,
}

/// Time from a disturbance to recovery.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Recovery {
    /// Recovered after this time; 0 if the system never left the recovered band.
    After(Seconds),
    /// Not recovered when the episode ended, this long after.
    Censored(Seconds),
}

impl Recovery {
    /// The time, or the time until the horizon if it is censored: a lower bound then.
    pub const fn seconds(self) -> f64 {
        match self {
            Self::After(time) | Self::Censored(time) => time.0,
        }
    }

    /// Whether the horizon came first.
    pub const fn is_censored(self) -> bool {
        matches!(self, Self::Censored(_))
    }
}

/// Decided requests of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Answered without error within the timeout.
    pub answered: u64,
    /// Of these, within the SLO.
    pub within_slo: u64,
    /// Refused, failed, or given up by the client.
    pub failed: u64,
}

impl Tally {
    /// Answered over decided; `None` if nothing was decided.
    pub fn success_rate(&self) -> Option<f64> {
        ratio(self.answered, self.answered + self.failed)
    }

    /// Within the SLO over answered; `None` if nothing was answered.
    pub fn latency_compliance(&self) -> Option<f64> {
        ratio(self.within_slo, self.answered)
    }

    fn sum(self, other: Self) -> Self {
        Self {
            answered: self.answered + other.answered,
            within_slo: self.within_slo + other.within_slo,
            failed: self.failed + other.failed,
        }
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// What one episode amounted to. A ratio of nothing is `None`, never 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeReport {
    /// Legitimate requests.
    pub legitimate: Tally,
    /// All requests, malicious included.
    pub all: Tally,
    /// Success rate of legitimate requests.
    pub success_rate: Option<f64>,
    /// Latency compliance of legitimate requests.
    pub latency_compliance: Option<f64>,
    /// Mean time of the answered legitimate requests.
    pub latency_mean: Option<Seconds>,
    /// 95th percentile of the answered legitimate requests' time.
    pub latency_p95: Option<Seconds>,
    /// Mean pending ratio over scrapes.
    pub pending_ratio: Option<f64>,
    /// Recovery counted from the disturbance's start; `None` without a disturbance.
    pub recovery: Option<Recovery>,
    /// Recovery counted from the disturbance's end.
    pub recovery_after_end: Option<Recovery>,
    /// Share of (service, second) that was available.
    pub availability: Option<f64>,
    /// Pod-hours.
    pub pod_hours: f64,
    /// Requested CPU-hours.
    pub cpu_hours: f64,
    /// Pods started or stopped by decisions.
    pub replica_changes: u64,
    /// Times that a service was scaled in the direction opposite to its last change.
    pub reversals: u64,
    /// Defenders' return, undiscounted, if rewards were counted.
    pub episodic_return: Option<f64>,
    /// How the team kept to its organisation, if it is one and has one.
    pub conduct: Option<Conduct>,
    /// How often a safeguard changed what was decided, if there was one.
    #[serde(default)]
    pub interventions: Option<Interventions>,
}

/// Collects an episode's outcomes and reports them.
///
/// ```
/// use karma_core::resilience::{ResilienceMeter, Traffic};
/// use karma_core::Seconds;
///
/// let mut meter = ResilienceMeter::new(Seconds(0.1));
/// meter.answered(Traffic::Legitimate, Seconds(0.05));
/// meter.answered(Traffic::Legitimate, Seconds(0.5));
/// meter.failed(Traffic::Malicious);
/// meter.second(3, 4);
/// let report = meter.report(None);
/// assert_eq!(report.success_rate, Some(1.0));
/// assert_eq!(report.latency_compliance, Some(0.5));
/// assert_eq!(report.availability, Some(0.75));
/// ```
#[derive(Clone, Debug)]
pub struct ResilienceMeter {
    slo: f64,
    legitimate: Tally,
    malicious: Tally,
    latency: LatencyHistogram,
    latency_sum: f64,
    this_second: Tally,
    success: Vec<f64>,
    pending: (f64, u64),
    available: (u64, u64),
    pod_seconds: f64,
    core_seconds: f64,
    replica_changes: u64,
    reversals: u64,
    episodic_return: Option<f64>,
}

impl ResilienceMeter {
    /// A meter for a system with this SLO, at the start of the episode.
    pub fn new(slo: Seconds) -> Self {
        Self {
            slo: slo.0,
            legitimate: Tally::default(),
            malicious: Tally::default(),
            latency: LatencyHistogram::new(),
            latency_sum: 0.0,
            this_second: Tally::default(),
            success: Vec::new(),
            pending: (0.0, 0),
            available: (0, 0),
            pod_seconds: 0.0,
            core_seconds: 0.0,
            replica_changes: 0,
            reversals: 0,
            episodic_return: None,
        }
    }

    /// A request was answered without error within the timeout.
    pub fn answered(&mut self, traffic: Traffic, latency: Seconds) {
        let tally = Tally { answered: 1, within_slo: u64::from(latency.0 <= self.slo), failed: 0 };
        if traffic == Traffic::Legitimate {
            self.latency.record(latency);
            self.latency_sum += latency.0;
        }
        self.count(traffic, tally);
    }

    /// A request was refused, failed, or given up.
    pub fn failed(&mut self, traffic: Traffic) {
        self.count(traffic, Tally { failed: 1, ..Tally::default() });
    }

    fn count(&mut self, traffic: Traffic, tally: Tally) {
        match traffic {
            Traffic::Legitimate => {
                self.legitimate = self.legitimate.sum(tally);
                self.this_second = self.this_second.sum(tally);
            }
            Traffic::Malicious => self.malicious = self.malicious.sum(tally),
        }
    }

    /// One second ended, in which `available` of `services` services had a ready pod whose queue accepts.
    pub fn second(&mut self, available: usize, services: usize) {
        let last = self.success.last().copied().unwrap_or(1.0);
        self.success.push(self.this_second.success_rate().unwrap_or(last));
        self.this_second = Tally::default();
        self.available.0 += available as u64;
        self.available.1 += services as u64;
    }

    /// A scrape found `queued` requests waiting; `completed` were answered since the scrape before.
    pub fn scrape(&mut self, queued: u64, completed: u64) {
        if let Some(share) = ratio(queued, queued + completed) {
            self.pending.0 += share;
            self.pending.1 += 1;
        }
    }

    /// `pods` pods that request `cores` cores held their places for `time`.
    pub fn held(&mut self, pods: f64, cores: f64, time: Seconds) {
        self.pod_seconds += pods * time.0;
        self.core_seconds += cores * time.0;
    }

    /// A decision moved one service by `change` replicas; `reversed` if its last change went the other way.
    pub fn scaled(&mut self, change: i32, reversed: bool) {
        self.replica_changes += u64::from(change.unsigned_abs());
        self.reversals += u64::from(reversed);
    }

    /// The defenders were rewarded.
    pub fn rewarded(&mut self, reward: f32) {
        *self.episodic_return.get_or_insert(0.0) += f64::from(reward);
    }

    /// The time below which a share `q` of the answered legitimate requests took.
    pub fn latency_quantile(&self, q: f64) -> Option<Seconds> {
        self.latency.quantile(q)
    }

    /// Success of legitimate requests in each second so far.
    pub fn success_by_second(&self) -> &[f64] {
        &self.success
    }

    /// The report so far. `disturbance`: start and end, in seconds since the meter began.
    pub fn report(&self, disturbance: Option<(Seconds, Seconds)>) -> EpisodeReport {
        let recoveries = disturbance.map(|(start, end)| recovery(&self.success, start, end));
        EpisodeReport {
            legitimate: self.legitimate,
            all: self.legitimate.sum(self.malicious),
            success_rate: self.legitimate.success_rate(),
            latency_compliance: self.legitimate.latency_compliance(),
            latency_mean: (!self.latency.is_empty())
                .then(|| Seconds(self.latency_sum / self.latency.len() as f64)),
            latency_p95: self.latency.quantile(0.95),
            pending_ratio: (self.pending.1 > 0).then(|| self.pending.0 / self.pending.1 as f64),
            recovery: recoveries.map(|(from_start, _)| from_start),
            recovery_after_end: recoveries.map(|(_, after_end)| after_end),
            availability: ratio(self.available.0, self.available.1),
            pod_hours: self.pod_seconds / 3600.0,
            cpu_hours: self.core_seconds / 3600.0,
            replica_changes: self.replica_changes,
            reversals: self.reversals,
            episodic_return: self.episodic_return,
            conduct: None,
            interventions: None,
        }
    }
}

/// Recovery from a disturbance's start and from its end, given success in each second.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturating cast of a time to a second"
)]
fn recovery(success: &[f64], start: Seconds, end: Seconds) -> (Recovery, Recovery) {
    let begin = (start.0.max(0.0) as usize).min(success.len());
    let before = &success[..begin];
    let mean = if before.is_empty() { 1.0 } else { before.iter().sum::<f64>() / before.len() as f64 };
    let recovered = success
        .windows(RECOVERED_FOR)
        .skip(begin)
        .position(|window| window.iter().all(|share| *share >= RECOVERED_SHARE * mean));
    let horizon = success.len() as f64;
    match recovered {
        Some(seconds) => {
            let moment = (begin + seconds) as f64;
            (Recovery::After(Seconds(seconds as f64)), Recovery::After(Seconds((moment - end.0).max(0.0))))
        }
        None => (
            Recovery::Censored(Seconds(horizon - begin as f64)),
            Recovery::Censored(Seconds((horizon - end.0).max(0.0))),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(shares: &[(usize, f64)]) -> Vec<f64> {
        shares.iter().flat_map(|(n, share)| std::iter::repeat_n(*share, *n)).collect()
    }

    #[test]
    fn a_system_that_never_leaves_the_band_recovers_at_once() {
        let success = seconds(&[(100, 1.0)]);
        let (from_start, after_end) = recovery(&success, Seconds(20.0), Seconds(40.0));
        assert_eq!(from_start, Recovery::After(Seconds(0.0)));
        assert_eq!(after_end, Recovery::After(Seconds(0.0)));
    }

    #[test]
    fn recovery_counts_from_the_start_and_needs_thirty_good_seconds() {
        // 20 s well, 15 s bad, 10 s well, 5 s bad, then well: the ten good seconds do not count.
        let success = seconds(&[(20, 1.0), (15, 0.2), (10, 1.0), (5, 0.5), (60, 0.96)]);
        let (from_start, after_end) = recovery(&success, Seconds(20.0), Seconds(40.0));
        assert_eq!(from_start, Recovery::After(Seconds(30.0)));
        assert_eq!(after_end, Recovery::After(Seconds(10.0)));
    }

    #[test]
    fn recovery_is_relative_to_the_mean_before() {
        let success = seconds(&[(20, 0.8), (10, 0.5), (60, 0.77)]);
        assert_eq!(recovery(&success, Seconds(20.0), Seconds(30.0)).0, Recovery::After(Seconds(10.0)));
    }

    #[test]
    fn without_recovery_the_time_is_censored_at_the_horizon() {
        let success = seconds(&[(20, 1.0), (50, 0.2), (29, 1.0)]);
        let (from_start, after_end) = recovery(&success, Seconds(20.0), Seconds(60.0));
        assert_eq!(from_start, Recovery::Censored(Seconds(79.0)));
        assert_eq!(after_end, Recovery::Censored(Seconds(39.0)));
        assert!(from_start.is_censored());
    }

    #[test]
    fn malicious_requests_do_not_touch_the_headline() {
        let mut meter = ResilienceMeter::new(Seconds(1.0));
        meter.answered(Traffic::Legitimate, Seconds(0.5));
        meter.failed(Traffic::Malicious);
        meter.second(1, 1);
        let report = meter.report(None);
        assert_eq!(report.success_rate, Some(1.0));
        assert_eq!(report.all.success_rate(), Some(0.5));
    }

    #[test]
    fn a_quiet_second_repeats_the_one_before() {
        let mut meter = ResilienceMeter::new(Seconds(1.0));
        meter.second(1, 1);
        meter.failed(Traffic::Legitimate);
        meter.second(1, 1);
        meter.second(1, 1);
        assert_eq!(meter.success_by_second(), &[1.0, 0.0, 0.0]);
    }

    #[test]
    fn an_empty_episode_reports_nothing_rather_than_zero() {
        let report = ResilienceMeter::new(Seconds(1.0)).report(Some((Seconds(5.0), Seconds(9.0))));
        assert_eq!(report.success_rate, None);
        assert_eq!(report.pending_ratio, None);
        assert_eq!(report.availability, None);
        assert!(report.recovery.is_some_and(Recovery::is_censored));
    }

    #[test]
    fn pending_is_the_mean_of_the_scrapes_shares() {
        let mut meter = ResilienceMeter::new(Seconds(1.0));
        meter.scrape(0, 0); // nothing there: no share
        meter.scrape(1, 3);
        meter.scrape(3, 1);
        assert_eq!(meter.report(None).pending_ratio, Some(0.5));
    }
}
