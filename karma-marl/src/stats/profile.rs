//! Performance profiles: whole distributions of scores instead of one number each.

use karma_core::StreamRng;

use super::bootstrap::resample;
use super::{Bootstrap, Estimate, Scores};

impl Bootstrap {
    /// The share of runs that score above each threshold τ, as many as there are thresholds and in their order, with a
    /// pointwise interval each.
    ///
    /// The run-score distribution of Agarwal et al. (2021, section 4.3), after Dolan and Moré, *Benchmarking
    /// Optimization Software with Performance Profiles*, 2002. Where one policy's curve lies above another's
    /// throughout, it is better by every summary; where they cross, which is better depends on the summary. The
    /// intervals hold for one threshold at a time, not for the curve as a whole. All thresholds see the same
    /// resamples, so that a resampled curve falls as the curve itself does.
    ///
    /// Cost: resamples × scores × thresholds in time, resamples × thresholds numbers in memory.
    ///
    /// Example: of the scores 0, 1, 1, 3 three quarters lie above ½ and one quarter above 1.
    pub fn performance_profile(
        &self,
        scores: &Scores,
        thresholds: &[f64],
        rng: &mut StreamRng,
    ) -> Vec<Estimate> {
        let mut pooled = scores.pooled();
        let values: Vec<f64> = thresholds.iter().map(|threshold| share_above(&pooled, *threshold)).collect();
        let resamples = self.params().resamples;
        let mut shares = vec![Vec::with_capacity(resamples); thresholds.len()];
        for _ in 0..resamples {
            resample(scores, &mut pooled, rng);
            for (shares, threshold) in shares.iter_mut().zip(thresholds) {
                shares.push(share_above(&pooled, *threshold));
            }
        }
        values.into_iter().zip(shares).map(|(value, shares)| self.interval(value, shares)).collect()
    }
}

fn share_above(scores: &[f64], threshold: f64) -> f64 {
    scores.iter().filter(|score| **score > threshold).count() as f64 / scores.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::testing::{bootstrap, rng, table};
    use super::*;
    use proptest::prelude::*;

    /// `create_performance_profile` of rliable 1.2.0, 50 000 resamples: over three runs of it the ends do not vary.
    #[test]
    fn profiles_are_those_of_rliable() {
        let golden = [
            [-1.0, 1.0, 1.0, 1.0],
            [0.0, 0.9, 0.8, 1.0],
            [0.2, 0.8, 2.0 / 3.0, 14.0 / 15.0],
            [0.5, 19.0 / 30.0, 14.0 / 30.0, 0.8],
            [0.8, 8.0 / 30.0, 4.0 / 30.0, 13.0 / 30.0],
            [1.7, 1.0 / 30.0, 0.0, 0.1],
            [2.0, 0.0, 0.0, 0.0],
        ];
        let thresholds = golden.map(|point| point[0]);
        let profile = bootstrap(50_000).performance_profile(&table(), &thresholds, &mut rng(1));
        for ([threshold, value, low, high], got) in golden.into_iter().zip(profile) {
            assert!((got.value - value).abs() < 1e-12, "τ = {threshold}: {got:?}");
            assert!(
                (got.low - low).abs() < 1e-12 && (got.high - high).abs() < 1e-12,
                "τ = {threshold}: {got:?}"
            );
        }
    }

    #[test]
    fn a_score_at_the_threshold_is_not_above_it() {
        let scores = Scores::new(vec![vec![0.0, 1.0], vec![1.0, 3.0]]).unwrap();
        let profile = bootstrap(10).performance_profile(&scores, &[0.5, 1.0, 3.0], &mut rng(1));
        assert_eq!(profile.iter().map(|point| point.value).collect::<Vec<_>>(), [0.75, 0.25, 0.0]);
    }

    /// A stratum of one score is drawn as it is; only the other half of the runs varies.
    #[test]
    fn strata_are_drawn_apart_from_each_other() {
        let scores = Scores::new(vec![vec![5.0, 5.0], vec![0.0, 1.0]]).unwrap();
        let profile = bootstrap(2_000).performance_profile(&scores, &[0.5], &mut rng(1));
        assert_eq!(profile, [Estimate { value: 0.75, low: 0.5, high: 1.0 }]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_profile_and_its_bands_never_rise(
            scores in prop::collection::vec(-9.0..9.0_f64, 1..12),
            mut thresholds in prop::collection::vec(-9.0..9.0_f64, 2..9),
            seed: u64,
        ) {
            thresholds.sort_by(f64::total_cmp);
            let scores = Scores::new(vec![scores]).unwrap();
            let profile = bootstrap(100).performance_profile(&scores, &thresholds, &mut rng(seed));
            for pair in profile.windows(2) {
                prop_assert!(pair[0].value >= pair[1].value);
                prop_assert!(pair[0].low >= pair[1].low && pair[0].high >= pair[1].high);
            }
        }
    }
}
