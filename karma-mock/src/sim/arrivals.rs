//! Non-homogeneous Poisson arrivals whose rate is constant within each second.
//!
//! An arrival falls where the integrated rate has grown by an exponential draw of mean 1 ([`crossing`]). The stream
//! does not depend on what the cluster does with its requests. A stream can also follow moments that were recorded.

use std::sync::Arc;

use karma_core::resilience::Traffic;
use karma_core::{Seconds, StreamRng};
use rand_distr::{Distribution as _, Exp1};

use super::calendar::NEVER;
use crate::inversion::crossing;
use crate::timeline::second_of;

/// One stream of requests into one entry point.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    pub(super) service: u32,
    pub(super) entry: u32,
    pub(super) traffic: Traffic,
    rates: Vec<f64>,
    /// Requests per second beside those of the timeline.
    extra: f64,
    /// Requests per second that take the place of those of the timeline, without end, and how many are still to come at once.
    held: Option<(f64, u32)>,
    rng: StreamRng,
    now: f64,
    /// Moments in order of time that take the place of drawn ones, and how many have passed.
    recorded: Option<(Arc<[f64]>, usize)>,
}

impl Arrivals {
    pub(super) fn new(service: u32, entry: u32, traffic: Traffic, rates: &[f64], rng: StreamRng) -> Self {
        Self {
            service,
            entry,
            traffic,
            rates: rates.to_vec(),
            extra: 0.0,
            held: None,
            rng,
            now: 0.0,
            recorded: None,
        }
    }

    /// From `now` on, which is not after the next arrival, `extra` requests per second arrive beside those of the timeline,
    /// in its seconds. The next arrival is drawn anew, which is exact: a Poisson stream does not remember.
    pub(super) fn press(&mut self, now: f64, extra: f64) {
        (self.now, self.extra) = (now, extra);
    }

    /// Whether exactly `extra` requests per second arrive beside those of the timeline.
    pub(super) fn is_pressed_by(&self, extra: f64) -> bool {
        self.extra.to_bits() == extra.to_bits()
    }

    /// Requests arrive at these moments, in order of time, and at no others.
    pub(super) fn follow(&mut self, moments: Arc<[f64]>) {
        self.recorded = Some((moments, 0));
    }

    /// From `now` on, which is not after the next arrival, the rate is the mean of the last `window` seconds, to the end;
    /// draws are of `rng`. Moments that were recorded count as what came of a rate.
    pub(super) fn persist(&mut self, now: f64, window: f64, rng: StreamRng) {
        let rate = self.mean_rate((now - window).max(0.0), now);
        self.rates.iter_mut().skip(second_of(Seconds(now))).for_each(|second| *second = rate);
        (self.now, self.rng, self.recorded) = (now, rng, None);
    }

    /// From `now` on, as many requests per second arrive, without end, after so many at once; draws are of `rng`.
    pub(super) fn hold(&mut self, now: f64, (rate, at_once): (f64, u32), rng: StreamRng) {
        (self.held, self.now, self.rng, self.recorded) = (Some((rate, at_once)), now, rng, None);
    }

    /// Whether these are the requests of those for whom the service is there.
    pub(super) fn is_legitimate(&self) -> bool {
        self.traffic == Traffic::Legitimate
    }

    /// Requests per second between two moments, those beside the timeline's left out.
    fn mean_rate(&self, from: f64, to: f64) -> f64 {
        if from >= to {
            return self.rates.get(second_of(Seconds(to))).copied().unwrap_or(0.0);
        }
        if let Some((moments, _)) = &self.recorded {
            return moments.iter().filter(|moment| (from..to).contains(*moment)).count() as f64 / (to - from);
        }
        let overlap = |second: usize| (to.min(second as f64 + 1.0) - from.max(second as f64)).max(0.0);
        let seconds = self
            .rates
            .iter()
            .enumerate()
            .skip(second_of(Seconds(from)))
            .take_while(|(second, _)| (*second as f64) < to);
        seconds.map(|(second, rate)| rate * overlap(second)).sum::<f64>() / (to - from)
    }

    /// The moment of the next arrival; [`NEVER`] after the last second, or the last moment that was recorded.
    pub(super) fn next_time(&mut self) -> f64 {
        if let Some((moments, passed)) = &mut self.recorded {
            *passed += 1;
            return moments.get(*passed - 1).copied().unwrap_or(NEVER);
        }
        if let Some((rate, at_once)) = &mut self.held {
            if *at_once > 0 {
                *at_once -= 1;
                return self.now;
            }
            let amount: f64 = Exp1.sample(&mut self.rng);
            self.now = if *rate > 0.0 { self.now + amount / *rate } else { NEVER };
            return self.now;
        }
        let amount = Exp1.sample(&mut self.rng);
        let next = crossing(&self.rates, self.extra, self.now, amount);
        self.now = next.unwrap_or_else(|| self.now.max(self.rates.len() as f64));
        next.unwrap_or(NEVER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::SeedTree;

    fn times(rates: &[f64]) -> Vec<f64> {
        let rng = SeedTree::new(1).child("arrivals").rng();
        let mut stream = Arrivals::new(0, 0, Traffic::Legitimate, rates, rng);
        std::iter::from_fn(|| Some(stream.next_time()).filter(|time| *time < NEVER)).collect()
    }

    #[test]
    fn seconds_without_a_rate_have_no_arrivals() {
        let times = times(&[0.0, 50.0, 0.0, 50.0]);
        assert!(times.iter().all(|t| (1.0..2.0).contains(t) || (3.0..4.0).contains(t)));
        assert!(times.len() > 50);
        assert!(times.is_sorted());
    }

    #[test]
    fn pressure_comes_and_goes_at_once_and_ends_with_the_timeline() {
        let rng = SeedTree::new(1).child("arrivals").rng();
        let mut stream = Arrivals::new(0, 0, Traffic::Malicious, &[0.0; 30], rng);
        assert_eq!(stream.next_time(), NEVER);
        stream.press(10.5, 100.0);
        let mut times = Vec::new();
        let late = loop {
            match stream.next_time() {
                time if time > 19.25 => break time,
                time => times.push(time),
            }
        };
        assert!(late < 19.5 && times[0] > 10.5 && times[0] < 10.6, "{times:?}");
        assert!((times.len() as f64 - 875.0).abs() < 120.0, "{}", times.len());
        stream.press(19.25, 0.0);
        assert_eq!(stream.next_time(), NEVER);
        stream.press(29.0, 100.0);
        let last = std::iter::from_fn(|| Some(stream.next_time()).filter(|time| *time < NEVER)).last();
        assert!(last.is_some_and(|last| (29.5..30.0).contains(&last)));
    }

    #[test]
    fn recorded_moments_are_followed_exactly() {
        let rng = SeedTree::new(1).child("arrivals").rng();
        let mut stream = Arrivals::new(0, 0, Traffic::Legitimate, &[100.0; 9], rng);
        stream.follow([0.5, 0.5, 7.25].into());
        assert_eq!([0; 5].map(|_| stream.next_time()), [0.5, 0.5, 7.25, NEVER, NEVER]);
    }

    /// The rate that goes on from second 2.5, over a window of so many seconds.
    fn persistent(stream: &Arrivals, window: f64) -> f64 {
        let mut stream = stream.clone();
        stream.persist(2.5, window, SeedTree::new(2).rng());
        stream.rates[3]
    }

    #[test]
    fn what_persists_is_the_mean_of_the_window_or_of_what_was_recorded_in_it() {
        let rng = SeedTree::new(1).child("arrivals").rng();
        let mut stream = Arrivals::new(0, 0, Traffic::Legitimate, &[10.0, 20.0, 40.0, 900.0], rng);
        assert_eq!([1.0, 2.5, 60.0, 0.0].map(|window| persistent(&stream, window)), [30.0, 20.0, 20.0, 40.0]);
        stream.follow([0.5, 1.75, 2.0, 2.25, 3.0].into());
        assert_eq!([1.0, 2.5].map(|window| persistent(&stream, window)), [3.0, 1.6]);
        stream.persist(2.5, 1.0, SeedTree::new(2).rng());
        assert!((stream.recorded.is_none()) && stream.next_time() > 2.5);
    }

    #[test]
    fn the_count_is_poisson_in_mean_and_variance() {
        // 20 000 seconds at 5/s: mean and variance of the count per second are both 5.
        let times = times(&vec![5.0; 20_000]);
        let mut counts = vec![0.0; 20_000];
        for (second, count) in counts.iter_mut().enumerate() {
            let (from, to) = (second as f64, (second + 1) as f64);
            *count = (times.partition_point(|t| *t < to) - times.partition_point(|t| *t < from)) as f64;
        }
        let mean = counts.iter().sum::<f64>() / 20_000.0;
        let variance = counts.iter().map(|c| (c - mean) * (c - mean)).sum::<f64>() / 20_000.0;
        assert!((mean - 5.0).abs() < 0.07, "{mean}");
        assert!((variance - 5.0).abs() < 0.25, "{variance}");
    }
}
