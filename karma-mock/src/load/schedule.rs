//! When each request is due: computed one after the other, the same for the same plan.

use std::iter::Peekable;
use std::time::Duration;

use karma_core::StreamRng;
use karma_core::resilience::Traffic;
use rand_distr::{Distribution as _, Exp1};
use serde::{Deserialize, Serialize};

use super::plan::LoadPlan;
use crate::inversion::crossing;

/// How requests are spread over a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pacing {
    /// As independent users send them: a Poisson process.
    #[default]
    Poisson,
    /// Evenly spaced: request k where the integral of the rate reaches k + ½, so that a second at a whole rate has
    /// exactly so many.
    Uniform,
}

/// A request that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due {
    /// When, counted from the start of the plan.
    pub at: Duration,
    /// Who sends it.
    pub traffic: Traffic,
    /// Work that it asks for, as a multiple of a legitimate request's.
    pub work: f64,
}

/// The requests of a plan, in the order of their times.
#[derive(Debug)]
pub struct Schedule<'a> {
    plan: &'a LoadPlan,
    legitimate: Peekable<Moments<'a>>,
    malicious: Peekable<Moments<'a>>,
}

impl<'a> Schedule<'a> {
    pub(super) fn new(plan: &'a LoadPlan) -> Self {
        let moments = |name, rates| Moments::new(rates, plan.pacing(), plan.seeds().child(name).rng());
        Self {
            plan,
            legitimate: moments("legitimate", plan.legitimate()).peekable(),
            malicious: moments("malicious", plan.malicious()).peekable(),
        }
    }
}

impl Iterator for Schedule<'_> {
    type Item = Due;

    fn next(&mut self) -> Option<Due> {
        let malicious_first = match (self.legitimate.peek(), self.malicious.peek()) {
            (Some(legitimate), Some(malicious)) => malicious < legitimate,
            (legitimate, _) => legitimate.is_none(),
        };
        let (traffic, time) = if malicious_first {
            (Traffic::Malicious, self.malicious.next()?)
        } else {
            (Traffic::Legitimate, self.legitimate.next()?)
        };
        let work = self.plan.work_of(traffic, time);
        Some(Due { at: Duration::from_secs_f64(time), traffic, work })
    }
}

/// The moments of one stream, in seconds.
#[derive(Debug)]
struct Moments<'a> {
    rates: &'a [f64],
    now: f64,
    spread: Spread,
}

#[derive(Debug)]
enum Spread {
    Poisson(StreamRng),
    /// How much the integral has to grow until the next one.
    Uniform(f64),
}

impl<'a> Moments<'a> {
    fn new(rates: &'a [f64], pacing: Pacing, rng: StreamRng) -> Self {
        let spread = match pacing {
            Pacing::Poisson => Spread::Poisson(rng),
            Pacing::Uniform => Spread::Uniform(0.5),
        };
        Self { rates, now: 0.0, spread }
    }
}

impl Iterator for Moments<'_> {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        let amount = match &mut self.spread {
            Spread::Poisson(rng) => Exp1.sample(rng),
            Spread::Uniform(amount) => std::mem::replace(amount, 1.0),
        };
        let next = crossing(self.rates, 0.0, self.now, amount);
        self.now = next.unwrap_or(self.rates.len() as f64);
        next
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn times(plan: &LoadPlan) -> Vec<f64> {
        plan.schedule().map(|due| due.at.as_secs_f64()).collect()
    }

    fn in_second(times: &[f64], second: usize) -> usize {
        let (from, to) = (second as f64, (second + 1) as f64);
        times.partition_point(|time| *time < to) - times.partition_point(|time| *time < from)
    }

    #[test]
    fn uniform_requests_of_four_a_second_are_due_at_the_eighths() {
        let plan = LoadPlan::constant(4.0, 1).unwrap().paced(Pacing::Uniform);
        assert_eq!(times(&plan), [0.125, 0.375, 0.625, 0.875]);
    }

    #[test]
    fn uniform_spacing_does_not_drift_over_an_hour() {
        let plan = LoadPlan::constant(30.0, 3600).unwrap().paced(Pacing::Uniform);
        let times = times(&plan);
        assert_eq!(times.len(), 108_000);
        for (k, time) in times.iter().enumerate() {
            let exact = (k as f64 + 0.5) / 30.0;
            assert!((time - exact).abs() < 1e-7, "request {k} at {time}, not at {exact}");
        }
    }

    #[test]
    fn poisson_counts_have_equal_mean_and_variance_and_gaps_are_exponential() {
        let plan = LoadPlan::constant(50.0, 4000).unwrap().seeded(3);
        let times = times(&plan);
        let counts: Vec<f64> = (0..4000).map(|second| in_second(&times, second) as f64).collect();
        let mean = counts.iter().sum::<f64>() / 4000.0;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 3999.0;
        // Standard errors: 0.11 of the mean, 1.1 of the variance.
        assert!((mean - 50.0).abs() < 0.45, "{mean}");
        assert!((variance - 50.0).abs() < 4.5, "{variance}");
        let long = times.windows(2).filter(|pair| pair[1] - pair[0] > 1.0 / 50.0).count() as f64;
        let share = long / times.len() as f64;
        assert!((share - (-1.0_f64).exp()).abs() < 0.005, "{share}");
    }

    #[test]
    fn malicious_requests_are_a_stream_of_their_own() {
        let quiet = LoadPlan::new(vec![40.0; 5], vec![0.0; 5]).unwrap();
        let attacked = LoadPlan::new(vec![40.0; 5], vec![90.0; 5]).unwrap();
        let legitimate = |plan: &LoadPlan| -> Vec<Due> {
            plan.schedule().filter(|due| due.traffic == Traffic::Legitimate).collect()
        };
        assert_eq!(legitimate(&quiet), legitimate(&attacked));
        assert!(attacked.schedule().count() > 500);
    }

    proptest! {
        #[test]
        fn a_second_of_a_whole_rate_has_exactly_so_many_uniform_requests(
            rates in prop::collection::vec(0_u16..300, 1..20),
        ) {
            let written = rates.iter().copied().map(f64::from).collect::<Vec<_>>();
            let none = vec![0.0; rates.len()];
            let plan = LoadPlan::new(written, none).unwrap().paced(Pacing::Uniform);
            let times = times(&plan);
            prop_assert!(times.is_sorted());
            for (second, rate) in rates.iter().enumerate() {
                prop_assert_eq!(in_second(&times, second), usize::from(*rate));
            }
        }

        #[test]
        fn one_seed_gives_one_schedule_in_order_and_within_the_plan(
            seed in any::<u64>(),
            rates in prop::collection::vec((0.0..200.0, 0.0..200.0), 1..8),
        ) {
            let (legitimate, malicious) = rates.iter().copied().unzip();
            let plan = LoadPlan::new(legitimate, malicious).unwrap().seeded(seed);
            let first: Vec<Due> = plan.schedule().collect();
            prop_assert!(first.iter().map(|due| due.at).is_sorted());
            prop_assert!(first.iter().all(|due| due.at < Duration::from_secs(rates.len() as u64)));
            prop_assert_eq!(first, plan.schedule().collect::<Vec<_>>());
        }
    }
}
