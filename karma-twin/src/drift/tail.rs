//! How sure it is that there are too few hits.

/// Probability of as few hits, if the common probability of hits is itself drawn from a beta distribution of shape
/// (a, b) and neighbouring outcomes depend on each other as much as they do here.
///
/// Outcomes that come in clumps carry less evidence: hits, trials, a and b are all divided by the [`dependence`], so
/// the calibration is taken to be as clumped as what it is compared with.
pub(super) fn p_value(outcomes: &[bool], (a, b): (f64, f64)) -> f64 {
    let share = 1.0 / dependence(outcomes);
    let independent = |count: usize| whole((count as f64 * share).ceil());
    let hits = outcomes.iter().filter(|hit| **hit).count();
    at_most(independent(hits), independent(outcomes.len()), (a * share, b * share))
}

/// How many outcomes are worth one independent outcome, at least 1: the variance of the means of blocks of √n outcomes,
/// as a multiple of what it would be without dependence (batch means; Conway, *Management Science* 1963).
fn dependence(outcomes: &[bool]) -> f64 {
    let length = outcomes.len().isqrt();
    let share = |block: &[bool]| block.iter().filter(|hit| **hit).count() as f64 / block.len() as f64;
    let blocks: Vec<f64> = outcomes.chunks_exact(length.max(1)).map(share).collect();
    let mean = blocks.iter().sum::<f64>() / blocks.len() as f64;
    let independent = mean * (1.0 - mean) / length as f64;
    if blocks.len() < 2 || independent <= 0.0 {
        return 1.0;
    }
    let squares: f64 = blocks.iter().map(|block| (block - mean).powi(2)).sum();
    (squares / (blocks.len() - 1) as f64 / independent).max(1.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number from 0 to a count"
)]
const fn whole(count: f64) -> usize {
    count as usize
}

/// Probability of at most `hits` hits among independent `trials`, if their common probability is itself drawn from a beta
/// distribution of shape (a, b), both above 0.
///
/// Terms follow from one to the next: P(k + 1) / P(k) = (m − k)(k + a) / ((k + 1)(m − k − 1 + b)), beginning with
/// P(0) = ∏ (b + j) / (a + b + j) for j below m. Kept as logarithms; cost in proportion to the number of trials.
///
/// Example: a = b = 1 makes every number of hits as likely: at most 1 of 3 has probability ½.
fn at_most(hits: usize, trials: usize, (a, b): (f64, f64)) -> f64 {
    let mut logarithm: f64 = (0..trials).map(|j| ((b + j as f64) / (a + b + j as f64)).ln()).sum();
    let mut total = 0.0;
    for k in 0..=hits.min(trials) {
        total += logarithm.exp();
        let (k, left) = (k as f64, (trials - k) as f64);
        logarithm += (left * (k + a) / ((k + 1.0) * (left - 1.0 + b))).ln();
    }
    total.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::{at_most, dependence, p_value};

    #[test]
    fn outcomes_in_clumps_count_as_fewer() {
        let clumps: Vec<bool> = (0..400).map(|i| i / 20 % 4 != 0).collect();
        let scattered: Vec<bool> = (0..400).map(|i| i * 7 % 20 >= 5).collect();
        assert_eq!(dependence(&scattered), 1.0);
        assert!((dependence(&clumps) - 20.0 * 20.0 / 19.0).abs() < 1e-9, "one block is one outcome");
        let [sure, unsure] = [scattered, clumps].map(|outcomes| p_value(&outcomes, (9000.0, 1000.0)));
        assert!(sure < 1e-12 && unsure > 0.01, "300 of 400 where 360 are due: {sure} {unsure}");
        assert_eq!([&[][..], &[true], &[false; 9]].map(dependence), [1.0; 3]);
    }

    #[test]
    fn it_is_known_for_small_numbers() {
        assert!((at_most(1, 3, (1.0, 1.0)) - 0.5).abs() < 1e-12);
        assert_eq!(at_most(0, 0, (90.0, 10.0)), 1.0);
        assert!((at_most(7, 7, (90.0, 10.0)) - 1.0).abs() < 1e-9);
        assert!((at_most(0, 2, (2.0, 1.0)) - 1.0 / 6.0).abs() < 1e-12, "1/3 · 2/4");
    }

    /// With a sure rate it is binomial: at most 1 of 3 at one half is 4 of 8.
    #[test]
    fn it_becomes_binomial_as_the_rate_becomes_sure() {
        assert!((at_most(1, 3, (1e9, 1e9)) - 0.5).abs() < 1e-6);
        assert!((at_most(8, 10, (9e9, 1e9)) - 0.263_901_070_7).abs() < 1e-6);
    }

    #[test]
    fn many_trials_neither_overflow_nor_vanish() {
        let p = at_most(89_000, 100_000, (9e6, 1e6));
        assert!(p > 0.0 && p < 1e-10, "{p}");
    }
}
