//! How often one policy beats another.

use karma_core::StreamRng;

use super::bootstrap::resample;
use super::statistic::sum_over;
use super::{Bootstrap, Estimate, Scores, ScoresError};

impl Bootstrap {
    /// The probability that a run of `ours` scores higher than a run of `theirs` in the same scenario, ties counted
    /// half, as a mean over scenarios; ½ says that neither is better.
    ///
    /// P(X > Y) of Agarwal et al. (2021, section 4.3): the U statistic of Mann and Whitney (1947) divided by the number
    /// of pairs. It asks how often, not by how much, so that one outlier counts as one win. Both policies are
    /// drawn anew on their own, scenario by scenario; runs need not share seeds, nor be equally many. For runs on the
    /// same seeds the paired differences of [`Scores::minus`] are the sharper question.
    ///
    /// Cost: resamples × n log n in time, resamples + n numbers in memory, for n scores of both.
    ///
    /// Example: of 1, 3 against 2, 3 the pairs are a loss, a loss, a win and a tie: 1½ of 4, or ⅜.
    ///
    /// # Errors
    /// If the two have different numbers of scenarios.
    pub fn probability_of_improvement(
        &self,
        ours: &Scores,
        theirs: &Scores,
        rng: &mut StreamRng,
    ) -> Result<Estimate, ScoresError> {
        let (left, right) = (ours.strata().len(), theirs.strata().len());
        if left != right {
            return Err(ScoresError::OtherStrata { left, right });
        }
        let sizes: Vec<_> =
            ours.strata().iter().zip(theirs.strata()).map(|(a, b)| (a.len(), b.len())).collect();
        let (mut a, mut b) = (ours.pooled(), theirs.pooled());
        let value = mean_of_wins(&sizes, &a, &mut b);
        let draw = |_| {
            resample(ours, &mut a, rng);
            resample(theirs, &mut b, rng);
            mean_of_wins(&sizes, &a, &mut b)
        };
        let shares = (0..self.params().resamples).map(draw).collect();
        Ok(self.interval(value, shares))
    }
}

/// The mean over strata of the share of pairs that `a` wins; `sizes` are those of the strata of both. Sorts those of `b`.
fn mean_of_wins(sizes: &[(usize, usize)], mut a: &[f64], mut b: &mut [f64]) -> f64 {
    let share = |&(ours, theirs): &(usize, usize)| {
        let (mine, rest) = a.split_at(ours);
        a = rest;
        let (other, rest) = std::mem::take(&mut b).split_at_mut(theirs);
        b = rest;
        wins(mine, other)
    };
    sum_over(&sizes.iter().map(share).collect::<Vec<_>>())
}

/// The share of pairs that `a` wins, ties counted half: twice the U statistic is, for each score of `a`, how many of `b` lie
/// below it and how many do not lie above it.
fn wins(a: &[f64], b: &mut [f64]) -> f64 {
    b.sort_by(f64::total_cmp);
    let twice =
        |score: &f64| b.partition_point(|other| other < score) + b.partition_point(|other| other <= score);
    a.iter().map(twice).sum::<usize>() as f64 / (2 * a.len() * b.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::super::testing::{bootstrap, other_table, rng, table};
    use super::*;
    use proptest::prelude::*;

    fn probability(ours: Vec<Vec<f64>>, theirs: Vec<Vec<f64>>) -> Result<f64, ScoresError> {
        let (ours, theirs) = (Scores::new(ours)?, Scores::new(theirs)?);
        Ok(bootstrap(1).probability_of_improvement(&ours, &theirs, &mut rng(1))?.value)
    }

    /// `probability_of_improvement` of rliable 1.2.0 with its `StratifiedIndependentBootstrap`, 20 000 resamples: over
    /// three runs of it the ends vary by up to 0.002.
    #[test]
    fn probabilities_are_those_of_rliable() {
        let got =
            bootstrap(20_000).probability_of_improvement(&table(), &other_table(), &mut rng(1)).unwrap();
        assert!((got.value - 0.643_75).abs() < 1e-12, "{got:?}");
        assert!((got.low - 0.4993).abs() < 0.006 && (got.high - 0.781_25).abs() < 0.006, "{got:?}");
    }

    #[test]
    fn ties_count_half() {
        assert_eq!(probability(vec![vec![1.0, 3.0]], vec![vec![2.0, 3.0]]), Ok(0.375));
        assert_eq!(probability(vec![vec![0.0]], vec![vec![-0.0]]), Ok(0.5));
    }

    #[test]
    fn every_scenario_weighs_the_same_however_many_runs_it_has() {
        assert_eq!(probability(vec![vec![1.0], vec![0.0; 9]], vec![vec![0.0; 3], vec![1.0]]), Ok(0.5));
    }

    #[test]
    fn other_scenarios_are_not_compared() {
        let refused = probability(vec![vec![1.0]], vec![vec![1.0], vec![2.0]]).unwrap_err();
        assert_eq!(refused, ScoresError::OtherStrata { left: 1, right: 2 });
        assert_eq!(
            refused.to_string(),
            "1 and 2 strata cannot be compared: take the same scenarios for both"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn one_of_the_two_wins(
            a in prop::collection::vec(prop::collection::vec(-3..3_i8, 1..6), 3),
            b in prop::collection::vec(prop::collection::vec(-3..3_i8, 1..6), 3),
        ) {
            let scores = |all: &[Vec<i8>]| -> Vec<Vec<f64>> {
                all.iter().map(|stratum| stratum.iter().copied().map(f64::from).collect()).collect()
            };
            let (p, q) = (probability(scores(&a), scores(&b)).unwrap(), probability(scores(&b), scores(&a)).unwrap());
            prop_assert!((p + q - 1.0).abs() < 1e-12);
        }
    }
}
