//! The clipped surrogate of one row, and its derivative with respect to the row's logits.

use super::{PolicyBatch, PolicyParams, PolicyStats};
use crate::backprop::RowLoss;
use crate::categorical::{RowSummary, masked_softmax};
use crate::learner::{total_weight, weight};
use crate::{Collective, NetworkError, math};

/// The loss of a batch, row by row.
pub(super) struct Surrogate<'a> {
    batch: &'a PolicyBatch<'a>,
    params: &'a PolicyParams,
    total_weight: f64,
}

/// Sums over rows, each times its weight.
#[derive(Default)]
pub(super) struct Sums {
    log_probs: Vec<f32>,
    probs: Vec<f32>,
    loss: f64,
    entropy: f64,
    kl: f64,
    clipped: f64,
    imitation: f64,
}

impl<'a> Surrogate<'a> {
    pub(super) fn new(
        (batch, params): (&'a PolicyBatch<'a>, &'a PolicyParams),
        (rows, actions): (usize, usize),
        ranks: &mut dyn Collective,
    ) -> Result<Self, NetworkError> {
        NetworkError::length("masks", batch.masks.len(), rows * actions)?;
        NetworkError::length("actions", batch.actions.len(), rows)?;
        NetworkError::length("old_log_probs", batch.old_log_probs.len(), rows)?;
        NetworkError::length("advantages", batch.advantages.len(), rows)?;
        if let Some(advice) = &batch.advice {
            NetworkError::length("advised actions", advice.actions.len(), rows * actions)?;
            NetworkError::finite(advice.weight, || "weight of advice".to_owned())?;
        }
        Ok(Self { batch, params, total_weight: total_weight(batch.weights, rows, ranks)? })
    }

    /// The action and the mask of a row, once they are known to make sense.
    fn row(&self, row: usize, actions: usize) -> Result<(usize, &'a [bool]), NetworkError> {
        let (action, mask) = (self.batch.actions[row], &self.batch.masks[row * actions..][..actions]);
        let legal = mask.get(action).copied().unwrap_or(false);
        if !legal && mask.contains(&true) {
            return Err(NetworkError::IllegalAction { row, action, actions });
        }
        NetworkError::finite(self.batch.advantages[row], || format!("advantage of row {row}"))?;
        NetworkError::finite(self.batch.old_log_probs[row], || format!("old log-probability of row {row}"))?;
        Ok((action, mask))
    }

    /// Adds the row to the sums; returns the derivative of its loss with respect to ln π(action).
    fn surrogate(&self, row: usize, action: usize, weight: f32, sums: &mut Sums) -> f32 {
        let epsilon = self.params.clip_epsilon;
        let advantage = self.batch.advantages[row];
        let log_ratio = sums.log_probs[action] - self.batch.old_log_probs[row];
        let ratio = math::exp(log_ratio);
        let free = ratio * advantage;
        let clipped = ratio.clamp(1.0 - epsilon, 1.0 + epsilon) * advantage;
        let weight = f64::from(weight);
        sums.loss -= weight * f64::from(if free <= clipped { free } else { clipped });
        sums.kl += weight * f64::from(ratio - 1.0 - log_ratio);
        sums.clipped += if (ratio - 1.0).abs() > epsilon { weight } else { 0.0 };
        if free <= clipped { -free } else { 0.0 }
    }

    /// Adds the imitation of a row's advice to its sums and derivatives, if it has any that is legal.
    fn imitate(&self, row: usize, (weight, share): (f32, f32), derivatives: &mut [f32], sums: &mut Sums) {
        let Some(advice) = &self.batch.advice else { return };
        let advised = &advice.actions[row * derivatives.len()..][..derivatives.len()];
        let probs = || sums.probs.iter().zip(advised);
        let total: f32 = probs().filter(|(_, advised)| **advised).map(|(p, _)| p).sum();
        if total <= 0.0 {
            return;
        }
        for (derivative, (p, advised)) in derivatives.iter_mut().zip(probs()) {
            let pull = if *advised { p - p / total } else { *p };
            *derivative += share * advice.weight * pull;
        }
        sums.imitation -= f64::from(weight) * f64::from(total).ln();
    }

    pub(super) fn stats(&self, sums: &Sums, ranks: &mut dyn Collective) -> Result<PolicyStats, NetworkError> {
        let mut means = [sums.loss, sums.entropy, sums.kl, sums.clipped, sums.imitation];
        ranks.sum_f64(&mut means)?;
        let [policy_loss, entropy, approx_kl, clip_fraction, imitation_loss] =
            means.map(|sum| math::narrow(sum / self.total_weight));
        NetworkError::finite(policy_loss, || "policy loss".to_owned())?;
        Ok(PolicyStats { policy_loss, entropy, approx_kl, clip_fraction, imitation_loss, grad_norm: 0.0 })
    }
}

impl RowLoss for Surrogate<'_> {
    type Sums = Sums;

    fn add(
        &self,
        row: usize,
        logits: &[f32],
        derivatives: &mut [f32],
        sums: &mut Sums,
    ) -> Result<(), NetworkError> {
        let weight = weight(self.batch.weights, row);
        if weight == 0.0 {
            return Ok(());
        }
        let (action, mask) = self.row(row, logits.len())?;
        sums.log_probs.resize(logits.len(), 0.0);
        sums.probs.resize(logits.len(), 0.0);
        let RowSummary { entropy } = masked_softmax(row, logits, mask, &mut sums.log_probs, &mut sums.probs)?;
        let share = math::narrow(f64::from(weight) / self.total_weight);
        let slope = self.surrogate(row, action, weight, sums);
        sums.entropy += f64::from(weight) * f64::from(entropy);
        let softmax = sums.probs.iter().zip(&sums.log_probs).zip(mask);
        for (derivative, ((p, log_p), legal)) in derivatives.iter_mut().zip(softmax) {
            // An illegal action has p = 0 and ln p = −∞, whose product would be a NaN.
            let bonus = if *legal { self.params.entropy_coef * p * (log_p + entropy) } else { 0.0 };
            *derivative = share * (bonus - slope * p);
        }
        derivatives[action] += share * slope;
        self.imitate(row, (weight, share), derivatives, sums);
        Ok(())
    }

    fn merge(sums: &mut Sums, later: Sums) {
        sums.loss += later.loss;
        sums.entropy += later.entropy;
        sums.kl += later.kl;
        sums.clipped += later.clipped;
        sums.imitation += later.imitation;
    }
}
