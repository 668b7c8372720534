//! Confidence intervals by resampling.

use karma_core::StreamRng;
use karma_nn::ConfigError;
use serde::{Deserialize, Serialize};

use super::{Scores, Statistic};
use karma_core::draw::below;

/// Settings of a bootstrap as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BootstrapParams {
    /// How often scores are drawn anew, 1 to 10⁷. Default 10 000: the ends of a 95 % interval then vary by
    /// about one hundredth of its width (`rliable` takes 50 000 for its tables and 2 000 for its figures).
    pub resamples: usize,
    /// Probability that the interval is meant to cover, above 0 and below 1. Default 0.95.
    pub confidence: f64,
}

impl Default for BootstrapParams {
    fn default() -> Self {
        Self { resamples: 10_000, confidence: 0.95 }
    }
}

impl BootstrapParams {
    /// The settings to run with.
    ///
    /// # Errors
    /// The first setting that is outside its range.
    pub fn check(&self) -> Result<Bootstrap, ConfigError> {
        let refuse = |field, value: String, allowed| Err(ConfigError { field, value, allowed });
        if !(1..=10_000_000).contains(&self.resamples) {
            return refuse("resamples", self.resamples.to_string(), "1 to 10000000");
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            return refuse("confidence", self.confidence.to_string(), "above 0 and below 1");
        }
        Ok(Bootstrap { params: self.clone() })
    }
}

/// A statistic with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The statistic of the scores.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// The stratified percentile bootstrap.
///
/// From each stratum as many scores as it has are drawn with replacement, all strata are pooled, and the
/// statistic is taken; the interval runs between the (1 − c)/2 and (1 + c)/2 quantiles of these statistics
/// (Efron, 1979; stratified as in Agarwal et al., 2021, so that every resample has the scenarios in the
/// proportions of the experiment). Quantiles are interpolated linearly, as in `numpy.percentile`.
///
/// With very few seeds the interval is too narrow, as every bootstrap's is: two seeds know of four
/// resamples only.
///
/// Cost: resamples × n log n in time, resamples + n numbers in memory.
///
/// Example: one stratum with the scores 0 and 1 has the resamples 00, 01, 10, 11, so its mean is ½ with a
/// 95 % interval from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Bootstrap {
    params: BootstrapParams,
}

impl Bootstrap {
    /// The settings as written.
    pub fn params(&self) -> &BootstrapParams {
        &self.params
    }

    /// The statistic of all scores, pooled, with its interval. The same state of `rng` gives the same
    /// interval.
    pub fn estimate(&self, scores: &Scores, statistic: Statistic, rng: &mut StreamRng) -> Estimate {
        let mut pooled = scores.pooled();
        let value = statistic.of(&mut pooled);
        let statistics = (0..self.params.resamples).map(|_| {
            resample(scores, &mut pooled, rng);
            statistic.of(&mut pooled)
        });
        let statistics = statistics.collect();
        self.interval(value, statistics)
    }

    /// `value` between the outer quantiles of the statistics of all resamples.
    pub(super) fn interval(&self, value: f64, mut statistics: Vec<f64>) -> Estimate {
        statistics.sort_by(f64::total_cmp);
        let tail = (1.0 - self.params.confidence) / 2.0;
        Estimate { value, low: quantile(&statistics, tail), high: quantile(&statistics, 1.0 - tail) }
    }
}

/// Draws each stratum anew into `pooled`.
pub(super) fn resample(scores: &Scores, mut pooled: &mut [f64], rng: &mut StreamRng) {
    for stratum in scores.strata() {
        let (drawn, rest) = pooled.split_at_mut(stratum.len());
        drawn.fill_with(|| stratum[below(rng, stratum.len())]);
        pooled = rest;
    }
}

/// The `q`-quantile of sorted values, interpolated between neighbours.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "q lies in [0, 1]")]
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (place - place.floor())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{bootstrap, rng, table};
    use super::*;
    use proptest::prelude::*;

    fn estimate(strata: Vec<Vec<f64>>, statistic: Statistic, seed: u64) -> Estimate {
        bootstrap(50_000).estimate(&Scores::new(strata).unwrap(), statistic, &mut rng(seed))
    }

    /// `StratifiedBootstrap` of rliable 1.2.0, 50 000 resamples, percentile method: over three of its seeds
    /// the ends vary by up to 0.001.
    #[test]
    fn intervals_are_those_of_rliable() {
        let golden = [
            (Statistic::InterquartileMean, [0.640_625, 0.4902, 0.7602]),
            (Statistic::Mean, [0.623_333, 0.4241, 0.8202]),
            (Statistic::OptimalityGap, [0.456_667, 0.3174, 0.6082]),
        ];
        for (statistic, expected) in golden {
            let Estimate { value, low, high } = bootstrap(50_000).estimate(&table(), statistic, &mut rng(3));
            for (got, expected) in [value, low, high].into_iter().zip(expected) {
                assert!((got - expected).abs() < 0.003, "{statistic:?}: {got} is not {expected}");
            }
        }
    }

    /// The 4 resamples of (0, 1) and the single one of (5): means 5/3, 2, 2, 7/3.
    #[test]
    fn strata_are_drawn_apart_from_each_other() {
        let Estimate { value, low, high } = estimate(vec![vec![0.0, 1.0], vec![5.0]], Statistic::Mean, 1);
        assert_eq!((value, low, high), (2.0, 5.0 / 3.0, 7.0 / 3.0));
    }

    #[test]
    fn the_same_stream_gives_the_same_interval_and_another_stream_another() {
        let run = |seed| estimate(vec![(0..9).map(|i| f64::from(i).sin()).collect()], Statistic::Mean, seed);
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn quantiles_are_interpolated_as_in_numpy() {
        assert_eq!(quantile(&[0.0, 10.0, 20.0, 30.0], 0.25), 7.5);
        assert_eq!(quantile(&[4.0], 0.975), 4.0);
        assert_eq!(quantile(&[1.0, 2.0], 1.0), 2.0);
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let refused = |params: BootstrapParams| params.check().unwrap_err().field;
        assert_eq!(refused(BootstrapParams { resamples: 0, ..BootstrapParams::default() }), "resamples");
        assert_eq!(
            refused(BootstrapParams { confidence: f64::NAN, ..BootstrapParams::default() }),
            "confidence"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn an_interval_lies_within_the_scores(
            scores in prop::collection::vec(-9.0..9.0_f64, 1..12), seed: u64,
        ) {
            let bootstrap = BootstrapParams { resamples: 200, confidence: 0.9 }.check().unwrap();
            let (least, most) = scores.iter().fold((9.0_f64, -9.0_f64), |(l, m), s| (l.min(*s), m.max(*s)));
            let scores = Scores::new(vec![scores]).unwrap();
            let got = bootstrap.estimate(&scores, Statistic::InterquartileMean, &mut rng(seed));
            prop_assert!(least - 1e-9 <= got.low && got.low <= got.high && got.high <= most + 1e-9);
        }
    }
}
