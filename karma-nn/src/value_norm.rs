//! Running normalisation of value targets.
//!
//! `ValueNorm` of on-policy (`utils/valuenorm.py`; Yu et al., *The Surprising Effectiveness of PPO in
//! Cooperative Multi-Agent Games*, 2022, their first factor): exponential means of returns and of squared
//! returns with β = 0.99999, divided by 1 − βᵗ so that the start does not count as zeros; variance at least
//! 0.01. The critic predicts in normalised space; advantages are computed with [`ValueNorm::denormalise`]d
//! values, the targets normalised after each update.
//!
//! Where we differ: sums in `f64` (the difference of squares cancels in `f32`), and rows of weight 0 (dead
//! agents) do not enter the statistics.
//!
//! A critic of several heads has statistics of its own for **each** head. With joint ones the largest returns
//! would set the scale of all: of returns 1 ± 1 and 0 ± 100 the first would be left with targets of deviation
//! 0.014, which a Huber loss can hardly tell from a constant.
//!
//! Example: after one update with (1, 3) the mean is 2 and the variance 1, so 3 normalises to 1.

use crate::learner::{total_weight, weight};
use crate::{Alone, Checkpoint, CheckpointError, Collective, NetworkError, Tensor, math};

/// Weight of the past in each update.
const BETA: f64 = 0.99999;
/// Smallest variance, so that constant returns do not divide by 0.
const MIN_VARIANCE: f64 = 1e-2;
/// Smallest divisor of the debiased means.
const MIN_DEBIAS: f64 = 1e-5;

/// Running mean and variance of value targets.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ValueNorm {
    mean: f64,
    mean_square: f64,
    /// 1 − βᵗ after t updates.
    debias: f64,
}

impl ValueNorm {
    /// Statistics that have seen nothing: mean 0, variance 0.01 (as in the reference).
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one batch of returns into the statistics, each with its weight (`None`: 1 each).
    ///
    /// # Errors
    /// When lengths differ, no weight is above 0, or a return that counts is not finite; then nothing changes.
    pub fn update(&mut self, returns: &[f32], weights: Option<&[f32]>) -> Result<(), NetworkError> {
        self.update_head((0, 1), (returns, weights), &mut Alone)
    }

    /// [`ValueNorm::update`] with column `head` of returns that have `heads` columns, those of all ranks together.
    pub(crate) fn update_head(
        &mut self,
        (head, heads): (usize, usize),
        (returns, weights): (&[f32], Option<&[f32]>),
        ranks: &mut dyn Collective,
    ) -> Result<(), NetworkError> {
        let rows = NetworkError::rows("returns", returns.len(), heads)?;
        let total = total_weight(weights, rows, ranks)?;
        let mut sums = [0.0, 0.0];
        for (row, value) in returns.iter().skip(head).step_by(heads).enumerate() {
            let w = f64::from(weight(weights, row));
            if w > 0.0 {
                NetworkError::finite(*value, || format!("return {head} of row {row}"))?;
                sums[0] += w * f64::from(*value);
                sums[1] += w * f64::from(*value) * f64::from(*value);
            }
        }
        ranks.sum_f64(&mut sums)?;
        self.mean = BETA * self.mean + (1.0 - BETA) * sums[0] / total;
        self.mean_square = BETA * self.mean_square + (1.0 - BETA) * sums[1] / total;
        self.debias = BETA * self.debias + (1.0 - BETA);
        Ok(())
    }

    /// The mean of the returns seen.
    pub fn mean(&self) -> f64 {
        self.mean / self.debias.max(MIN_DEBIAS)
    }

    /// Their variance, at least 0.01.
    pub fn variance(&self) -> f64 {
        (self.mean_square / self.debias.max(MIN_DEBIAS) - self.mean().powi(2)).max(MIN_VARIANCE)
    }

    /// From the units of rewards to the units of the critic.
    pub fn normalise(&self, value: f32) -> f32 {
        math::narrow((f64::from(value) - self.mean()) / self.variance().sqrt())
    }

    /// From the units of the critic to the units of rewards.
    pub fn denormalise(&self, value: f32) -> f32 {
        math::narrow(f64::from(value) * self.variance().sqrt() + self.mean())
    }

    /// Puts the statistics of all heads into `checkpoint` as the tensor `{name}.value_norm`: mean, mean square
    /// and debias of each, one head after the other.
    pub(crate) fn save(heads: &[Self], checkpoint: &mut Checkpoint, name: &str) {
        let values: Vec<f64> = heads.iter().flat_map(|n| [n.mean, n.mean_square, n.debias]).collect();
        let shape = vec![values.len()];
        checkpoint.put_tensor(&format!("{name}.value_norm"), Tensor::F64 { shape, values });
    }

    /// The statistics of all `heads`.
    pub(crate) fn restore(
        checkpoint: &Checkpoint,
        name: &str,
        heads: usize,
    ) -> Result<Vec<Self>, CheckpointError> {
        let values = checkpoint.f64_tensor(&format!("{name}.value_norm"), &[3 * heads])?;
        let heads = values.chunks_exact(3);
        Ok(heads.map(|n| Self { mean: n[0], mean_square: n[1], debias: n[2] }).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Alone, ValueNorm};

    fn after(batches: &[&[f32]]) -> ValueNorm {
        let mut norm = ValueNorm::new();
        for batch in batches {
            norm.update(batch, None).unwrap();
        }
        norm
    }

    #[test]
    fn one_batch_is_normalised_by_its_own_mean_and_variance() {
        let norm = after(&[&[1.0, 3.0]]);
        assert!((norm.mean() - 2.0).abs() < 1e-9 && (norm.variance() - 1.0).abs() < 1e-9);
        assert!((norm.normalise(3.0) - 1.0).abs() < 1e-6);
    }

    /// Two batches with means 0 and 1 weigh β and 1: the second counts by a hundred-thousandth more.
    #[test]
    fn later_batches_weigh_more_by_beta() {
        let expected = 1.0 / (1.0 + 0.99999);
        assert!((after(&[&[0.0], &[1.0]]).mean() - expected).abs() < 1e-9);
    }

    #[test]
    fn constant_returns_keep_the_least_variance() {
        assert_eq!(after(&[&[5.0, 5.0]]).variance(), 0.01);
        assert_eq!(ValueNorm::new().variance(), 0.01);
    }

    #[test]
    fn rows_of_weight_zero_do_not_count_and_bad_returns_change_nothing() {
        let mut norm = ValueNorm::new();
        norm.update(&[1.0, f32::NAN, 3.0], Some(&[1.0, 0.0, 1.0])).unwrap();
        assert_eq!(norm, after(&[&[1.0, 3.0]]));
        let before = norm;
        let refused = norm.update(&[1.0, f32::NAN], None).unwrap_err();
        assert_eq!(refused.to_string(), "return 0 of row 1 is not finite");
        assert!(norm.update(&[1.0], Some(&[0.0])).is_err());
        assert!(norm.update(&[], None).is_err());
        assert_eq!(norm, before);
    }

    #[test]
    fn each_head_counts_its_own_column() {
        let (returns, weights) = ([1.0, 10.0, 7.0, 70.0, 3.0, 30.0], [1.0, 0.0, 1.0]);
        let heads = [0, 1].map(|head| {
            let mut norm = ValueNorm::new();
            norm.update_head((head, 2), (&returns, Some(&weights)), &mut Alone).unwrap();
            norm
        });
        assert_eq!(heads, [after(&[&[1.0, 3.0]]), after(&[&[10.0, 30.0]])]);
        assert!(
            ValueNorm::new().update_head((0, 2), (&returns[..5], None), &mut Alone).is_err(),
            "not whole rows"
        );
    }

    proptest! {
        #[test]
        fn denormalise_undoes_normalise(batch in prop::collection::vec(-500_f32..500.0, 1..50), value in -500_f32..500.0) {
            let norm = after(&[&batch]);
            prop_assert!((norm.denormalise(norm.normalise(value)) - value).abs() < 1e-2);
        }
    }
}
