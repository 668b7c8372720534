//! The canary: some services first, then all or none.
//!
//! | phase | which services are scaled | next |
//! |---|---|---|
//! | [`CanaryPhase::Watching`] | the canary's | promoted after a watch that went well, rolled back after bad decisions in a row |
//! | [`CanaryPhase::Promoted`] | all | rolled back after bad decisions in a row |
//! | [`CanaryPhase::RolledBack`] | none | nothing, until the specification changes |
//!
//! A decision is **bad** if a scaled service shows, at that decision, more failed requests, a longer latency or more failing
//! pods than the specification allows. A sample that is missing is not bad by itself: a shield that cannot see holds
//! already. The watch **went well** if it lasted its time, the agents were listened to in nine of ten of its decisions, and at
//! most one in twenty was bad.

use karma_core::{Metric, MetricRow, Seconds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What makes the canary go on, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CanaryConfig {
    /// How long the canary is watched.
    pub watch: Seconds,
    /// Whether all services are scaled after a watch that went well.
    pub promote: bool,
    /// Share of failed requests above which a decision is bad.
    pub max_error_rate: f64,
    /// Mean latency above which a decision is bad.
    pub max_latency: Option<Seconds>,
    /// Share of failing pods above which a decision is bad.
    pub max_failed_pods: f64,
    /// Bad decisions in a row after which nothing is scaled any more.
    pub roll_back_after: u32,
}

impl Default for CanaryConfig {
    fn default() -> Self {
        Self {
            watch: Seconds(1800.0),
            promote: true,
            max_error_rate: 0.05,
            max_latency: None,
            max_failed_pods: 0.5,
            roll_back_after: 3,
        }
    }
}

/// How far the canary is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CanaryPhase {
    /// Its services are scaled and watched.
    #[default]
    Watching,
    /// All services are scaled.
    Promoted,
    /// None is.
    RolledBack,
}

/// How the scaled services were at a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nothing to object to.
    Good,
    /// Why not.
    Bad(String),
}

/// The course of a canary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Canary {
    phase: CanaryPhase,
    /// When the watch began, seconds since 1970.
    since: Option<f64>,
    decisions: u64,
    listened: u64,
    bad: u64,
    bad_in_a_row: u32,
}

impl CanaryConfig {
    /// How a scaled service is.
    pub fn health(&self, name: &str, row: &MetricRow) -> Health {
        let above = |metric, most: f64| row.get(metric).map(f64::from).filter(|value| *value > most);
        if let Some(share) = above(Metric::ErrorRate, self.max_error_rate) {
            let (share, most) = (100.0 * share, 100.0 * self.max_error_rate);
            return Health::Bad(format!("{name}: {share:.1} % of requests fail, {most:.1} % are allowed"));
        }
        if let Some(share) = above(Metric::PodsFailedRatio, self.max_failed_pods) {
            let (share, most) = (100.0 * share, 100.0 * self.max_failed_pods);
            return Health::Bad(format!("{name}: {share:.0} % of pods fail, {most:.0} % are allowed"));
        }
        let slow = self.max_latency.and_then(|most| Some((above(Metric::LatencyMean, most.0)?, most.0)));
        slow.map_or(Health::Good, |(latency, most)| {
            Health::Bad(format!("{name}: requests take {latency:.3} s, {most:.3} s are allowed"))
        })
    }
}

impl Canary {
    /// How far it is.
    pub const fn phase(&self) -> CanaryPhase {
        self.phase
    }

    /// One more decision at `now`, and whether the agents were listened to. Answers the phase if it changes.
    pub fn note(
        &mut self,
        now: Seconds,
        health: &Health,
        listened: bool,
        config: &CanaryConfig,
    ) -> Option<CanaryPhase> {
        let bad = *health != Health::Good;
        self.bad_in_a_row = if bad { self.bad_in_a_row.saturating_add(1) } else { 0 };
        let next = match self.phase {
            CanaryPhase::RolledBack => CanaryPhase::RolledBack,
            _ if self.bad_in_a_row >= config.roll_back_after => CanaryPhase::RolledBack,
            CanaryPhase::Promoted => CanaryPhase::Promoted,
            CanaryPhase::Watching => self.watch(now, health, listened, config),
        };
        let changed = next != self.phase;
        self.phase = next;
        changed.then_some(next)
    }

    fn watch(&mut self, now: Seconds, health: &Health, listened: bool, config: &CanaryConfig) -> CanaryPhase {
        let since = *self.since.get_or_insert(now.0);
        self.decisions += 1;
        self.listened += u64::from(listened);
        self.bad += u64::from(*health != Health::Good);
        let over = now.0 - since >= config.watch.0;
        let well = 10 * self.listened >= 9 * self.decisions && 20 * self.bad <= self.decisions;
        if over && !well {
            // Watched anew: an early bad time does not count forever.
            *self = Self { phase: self.phase, bad_in_a_row: self.bad_in_a_row, ..Self::default() };
        }
        if over && well && config.promote { CanaryPhase::Promoted } else { CanaryPhase::Watching }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: CanaryConfig = CanaryConfig {
        watch: Seconds(300.0),
        promote: true,
        max_error_rate: 0.05,
        max_latency: Some(Seconds(0.5)),
        max_failed_pods: 0.5,
        roll_back_after: 3,
    };

    fn bad() -> Health {
        Health::Bad("api: slow".to_owned())
    }

    /// The phase after decisions every 15 s.
    fn after(course: impl IntoIterator<Item = (Health, bool)>) -> Canary {
        let mut canary = Canary::default();
        for (number, (health, listened)) in course.into_iter().enumerate() {
            canary.note(Seconds(1e9 + 15.0 * number as f64), &health, listened, &CONFIG);
        }
        canary
    }

    #[test]
    fn a_watch_that_goes_well_promotes_when_it_is_over_and_not_before() {
        let good = || (Health::Good, true);
        assert_eq!(after((0..20).map(|_| good())).phase(), CanaryPhase::Watching);
        assert_eq!(after((0..21).map(|_| good())).phase(), CanaryPhase::Promoted);
        let by_hand = CanaryConfig { promote: false, ..CONFIG };
        let mut canary = Canary::default();
        for number in 0..100 {
            canary.note(Seconds(15.0 * f64::from(number)), &Health::Good, true, &by_hand);
        }
        assert_eq!(canary.phase(), CanaryPhase::Watching);
    }

    #[test]
    fn three_bad_decisions_in_a_row_end_it_for_good() {
        let course = [(bad(), true), (bad(), true), (Health::Good, true), (bad(), true), (bad(), true)];
        assert_eq!(after(course.clone()).phase(), CanaryPhase::Watching);
        let ended = course.into_iter().chain([(bad(), true)]);
        assert_eq!(after(ended.clone()).phase(), CanaryPhase::RolledBack);
        let later = ended.chain((0..500).map(|_| (Health::Good, true)));
        assert_eq!(after(later).phase(), CanaryPhase::RolledBack);
        let promoted = (0..30).map(|_| (Health::Good, true)).chain((0..3).map(|_| (bad(), true)));
        assert_eq!(after(promoted).phase(), CanaryPhase::RolledBack, "what was promoted is still watched");
    }

    #[test]
    fn a_watch_in_which_the_fallback_decided_begins_anew() {
        let course = (0..21).map(|number| (Health::Good, number > 5));
        assert_eq!(after(course.clone()).phase(), CanaryPhase::Watching);
        let longer = course.chain((0..22).map(|_| (Health::Good, true)));
        assert_eq!(after(longer).phase(), CanaryPhase::Promoted);
    }

    #[test]
    fn what_is_bad_is_said_with_its_bound_and_what_is_missing_is_not_bad() {
        let mut row = MetricRow::default();
        assert_eq!(CONFIG.health("api", &row), Health::Good);
        row.set(Metric::LatencyMean, 0.75);
        assert_eq!(
            CONFIG.health("api", &row),
            Health::Bad("api: requests take 0.750 s, 0.500 s are allowed".into())
        );
        row.set(Metric::ErrorRate, 0.125);
        assert_eq!(
            CONFIG.health("api", &row),
            Health::Bad("api: 12.5 % of requests fail, 5.0 % are allowed".into())
        );
    }
}
