//! The clipped surrogate of one row, and its derivative with respect to the row's logits.

use super::{PolicyBatch, PolicyParams, PolicyStats};
use crate::categorical::{RowSummary, masked_softmax};
use crate::learner::{total_weight, weight};
use crate::{NetworkError, math};

/// The loss of one row after the other, and the sums over them.
pub(super) struct RowLoss<'a> {
    batch: &'a PolicyBatch<'a>,
    params: &'a PolicyParams,
    total_weight: f64,
    log_probs: Vec<f32>,
    probs: Vec<f32>,
    loss: f64,
    entropy: f64,
    kl: f64,
    clipped: f64,
}

impl<'a> RowLoss<'a> {
    pub(super) fn new(
        batch: &'a PolicyBatch<'a>,
        params: &'a PolicyParams,
        (rows, actions): (usize, usize),
    ) -> Result<Self, NetworkError> {
        NetworkError::length("masks", batch.masks.len(), rows * actions)?;
        NetworkError::length("actions", batch.actions.len(), rows)?;
        NetworkError::length("old_log_probs", batch.old_log_probs.len(), rows)?;
        NetworkError::length("advantages", batch.advantages.len(), rows)?;
        let total_weight = total_weight(batch.weights, rows)?;
        let [log_probs, probs] = [(); 2].map(|()| vec![0.0; actions]);
        let (loss, entropy, kl, clipped) = (0.0, 0.0, 0.0, 0.0);
        Ok(Self { batch, params, total_weight, log_probs, probs, loss, entropy, kl, clipped })
    }

    pub(super) fn add(
        &mut self,
        row: usize,
        logits: &[f32],
        derivatives: &mut [f32],
    ) -> Result<(), NetworkError> {
        let weight = weight(self.batch.weights, row);
        if weight == 0.0 {
            return Ok(());
        }
        let (action, mask) = self.row(row, logits.len())?;
        let (log_probs, probs) = (&mut self.log_probs, &mut self.probs);
        let RowSummary { entropy } = masked_softmax(row, logits, mask, log_probs, probs)?;
        let share = math::narrow(f64::from(weight) / self.total_weight);
        let slope = self.surrogate(row, action, weight);
        self.entropy += f64::from(weight) * f64::from(entropy);
        for j in 0..logits.len() {
            let (p, log_p) = (self.probs[j], self.log_probs[j]);
            // An illegal action has p = 0 and ln p = −∞, whose product would be a NaN.
            let bonus = if mask[j] { self.params.entropy_coef * p * (log_p + entropy) } else { 0.0 };
            derivatives[j] = share * (bonus - slope * p);
        }
        derivatives[action] += share * slope;
        Ok(())
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
    fn surrogate(&mut self, row: usize, action: usize, weight: f32) -> f32 {
        let epsilon = self.params.clip_epsilon;
        let advantage = self.batch.advantages[row];
        let log_ratio = self.log_probs[action] - self.batch.old_log_probs[row];
        let ratio = math::exp(log_ratio);
        let free = ratio * advantage;
        let clipped = ratio.clamp(1.0 - epsilon, 1.0 + epsilon) * advantage;
        let weight = f64::from(weight);
        self.loss -= weight * f64::from(if free <= clipped { free } else { clipped });
        self.kl += weight * f64::from(ratio - 1.0 - log_ratio);
        self.clipped += if (ratio - 1.0).abs() > epsilon { weight } else { 0.0 };
        if free <= clipped { -free } else { 0.0 }
    }

    pub(super) fn stats(&self) -> Result<PolicyStats, NetworkError> {
        let mean = |sum: f64| math::narrow(sum / self.total_weight);
        let policy_loss = mean(self.loss);
        NetworkError::finite(policy_loss, || "policy loss".to_owned())?;
        Ok(PolicyStats {
            policy_loss,
            entropy: mean(self.entropy),
            approx_kl: mean(self.kl),
            clip_fraction: mean(self.clipped),
            grad_norm: 0.0,
        })
    }
}
