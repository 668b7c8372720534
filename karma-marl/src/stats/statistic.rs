//! Numbers that summarise scores.

use serde::{Deserialize, Serialize};

/// How scores are summarised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// The mean of the middle half; see [`interquartile_mean`].
    #[default]
    InterquartileMean,
    /// The mean of all.
    Mean,
    /// How far the scores fall short of 1, the target of normalised scores; see [`optimality_gap`].
    OptimalityGap,
    /// The mean of the lowest tenth; see [`lowest_tenth`].
    LowestTenth,
    /// The mean of the highest tenth: the same of scores of which less is better.
    HighestTenth,
}

impl Statistic {
    /// Summarises `scores`, which it may reorder; NaN if there are none.
    pub(super) fn of(self, scores: &mut [f64]) -> f64 {
        match self {
            Self::Mean => sum_over(scores),
            Self::InterquartileMean => middle_half(scores),
            Self::OptimalityGap => shortfall(scores, 1.0),
            Self::LowestTenth => tail(scores, f64::total_cmp),
            Self::HighestTenth => tail(scores, |one, other| other.total_cmp(one)),
        }
    }
}

/// The mean; `None` of nothing.
pub fn mean(scores: &[f64]) -> Option<f64> {
    (!scores.is_empty()).then(|| sum_over(scores))
}

/// The standard deviation of the population (divided by n, as `numpy.std` does); `None` of nothing.
pub fn standard_deviation(scores: &[f64]) -> Option<f64> {
    let mean = mean(scores)?;
    Some(sum_over(&scores.iter().map(|score| (score - mean).powi(2)).collect::<Vec<_>>()).sqrt())
}

/// The interquartile mean: the lowest and the highest quarter of the scores are left out and the rest
/// averaged.
///
/// It is as robust as the median against a lucky or a broken seed and needs half as many runs for the same
/// certainty (Agarwal et al., 2021, figure 3). ⌊n/4⌋ scores are cut at each end, as `scipy.stats.trim_mean`
/// and so `rliable` do. Sorting makes it O(n log n). `None` of nothing.
///
/// ```
/// use karma_marl::stats::interquartile_mean;
/// // Of 1, 2, 3, 4, 100 one is cut at each end: (2 + 3 + 4) / 3.
/// assert_eq!(interquartile_mean(&[100.0, 1.0, 2.0, 3.0, 4.0]), Some(3.0));
/// ```
pub fn interquartile_mean(scores: &[f64]) -> Option<f64> {
    (!scores.is_empty()).then(|| middle_half(&mut scores.to_vec()))
}

/// The mean of the lowest tenth of the scores, ⌈n/10⌉ of them: what is to be expected when things go badly.
///
/// In finance it is the *expected shortfall*, or conditional value at risk, at 10 % (Rockafellar and Uryasev, *Optimization of
/// Conditional Value-at-Risk*, Journal of Risk 2, 2000). An interquartile mean says nothing of it: it leaves out the worst quarter.
/// Sorting makes it O(n log n). `None` of nothing.
///
/// ```
/// use karma_marl::stats::lowest_tenth;
/// // Two of eleven.
/// assert_eq!(lowest_tenth(&[9.0, 9.0, 1.0, 9.0, 9.0, 3.0, 9.0, 9.0, 9.0, 9.0, 9.0]), Some(2.0));
/// ```
pub fn lowest_tenth(scores: &[f64]) -> Option<f64> {
    (!scores.is_empty()).then(|| tail(&mut scores.to_vec(), f64::total_cmp))
}

/// The optimality gap: by how much the scores fall short of `target` (γ) on average, a score above it counting as the
/// target itself.
///
/// Unlike the mean it cannot be bought with one scenario that is solved far better than needed, so lower is better
/// (Agarwal et al., 2021, section 4.2). `None` of nothing.
///
/// ```
/// use karma_marl::stats::optimality_gap;
/// // Shortfalls of ½ and 0.
/// assert_eq!(optimality_gap(&[0.5, 7.0], 1.0), Some(0.25));
/// ```
pub fn optimality_gap(scores: &[f64], target: f64) -> Option<f64> {
    (!scores.is_empty()).then(|| shortfall(scores, target))
}

/// The standard deviation of episodic returns in percent of their mean: 100 · std / |mean|, over the
/// evaluation episodes of one policy. Small means predictable, not good: a policy that always fails has 0
/// %.
///
/// `None` of nothing, or if the mean is 0.
///
/// ```
/// use karma_marl::stats::reward_std_percent;
/// // Mean −3, standard deviation 1.
/// let percent = reward_std_percent(&[-2.0, -4.0]).unwrap();
/// assert!((percent - 33.333).abs() < 0.001);
/// ```
pub fn reward_std_percent(returns: &[f64]) -> Option<f64> {
    let (mean, deviation) = (mean(returns)?, standard_deviation(returns)?);
    (mean != 0.0).then(|| 100.0 * deviation / mean.abs())
}

pub(super) fn sum_over(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len() as f64
}

fn shortfall(scores: &[f64], target: f64) -> f64 {
    target - scores.iter().map(|score| score.min(target)).sum::<f64>() / scores.len() as f64
}

/// The mean of the first tenth in an order.
fn tail(scores: &mut [f64], order: impl Fn(&f64, &f64) -> std::cmp::Ordering) -> f64 {
    scores.sort_by(order);
    sum_over(&scores[..scores.len().div_ceil(10)])
}

fn middle_half(scores: &mut [f64]) -> f64 {
    scores.sort_by(f64::total_cmp);
    let cut = scores.len() / 4;
    sum_over(&scores[cut..scores.len() - cut])
}

#[cfg(test)]
mod tests {
    use super::super::testing::table;
    use super::*;
    use proptest::prelude::*;

    /// `scipy.stats.trim_mean(np.arange(1, n + 1) ** 2, 0.25)` of scipy 1.x.
    #[test]
    fn the_interquartile_mean_is_that_of_scipy() {
        let golden =
            [(1, 1.0), (2, 2.5), (3, 14.0 / 3.0), (4, 6.5), (5, 29.0 / 3.0), (7, 18.0), (10, 199.0 / 6.0)];
        for (n, expected) in golden {
            let squares: Vec<f64> = (1..=n).map(|i| f64::from(i * i)).collect();
            let got = interquartile_mean(&squares).unwrap();
            assert!((got - expected).abs() < 1e-12, "n = {n}: {got} is not {expected}");
        }
    }

    /// `aggregate_optimality_gap` of rliable 1.2.0, with targets 1 and ½.
    #[test]
    fn the_optimality_gap_is_that_of_rliable() {
        let scores = table().pooled();
        for (target, expected) in [(1.0, 0.456_666_666_666_666_67), (0.5, 0.143_333_333_333_333_37)] {
            assert!((optimality_gap(&scores, target).unwrap() - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn a_tail_is_a_tenth_at_its_end() {
        let mut scores: Vec<f64> = (1..=20).map(f64::from).collect();
        scores.reverse();
        assert_eq!(lowest_tenth(&scores), Some(1.5));
        assert_eq!(Statistic::LowestTenth.of(&mut scores), 1.5);
        assert_eq!(Statistic::HighestTenth.of(&mut scores), 19.5);
        assert_eq!((lowest_tenth(&[7.0]), lowest_tenth(&[])), (Some(7.0), None));
        assert!(Statistic::HighestTenth.of(&mut []).is_nan());
    }

    #[test]
    fn nothing_has_no_mean_and_a_mean_of_zero_has_no_percent() {
        assert_eq!((mean(&[]), interquartile_mean(&[]), standard_deviation(&[])), (None, None, None));
        assert_eq!(reward_std_percent(&[1.0, -1.0]), None);
        assert_eq!(reward_std_percent(&[]), None);
        assert_eq!(optimality_gap(&[], 1.0), None);
    }

    #[test]
    fn the_deviation_is_that_of_the_population() {
        assert_eq!(standard_deviation(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]), Some(2.0));
    }

    proptest! {
        #[test]
        fn the_interquartile_mean_ignores_the_order_and_how_far_out_the_outer_quarters_are(
            mut scores in prop::collection::vec(-10.0..10.0_f64, 4..40),
        ) {
            let before = interquartile_mean(&scores).unwrap();
            scores.reverse();
            prop_assert!((interquartile_mean(&scores).unwrap() - before).abs() < 1e-9);
            scores.sort_by(f64::total_cmp);
            scores[0] -= 1e6;
            *scores.last_mut().unwrap() += 1e6;
            prop_assert!((interquartile_mean(&scores).unwrap() - before).abs() < 1e-9);
        }
    }
}
