//! What the two trainers share: a network, its gradient buffers, its optimiser, and the step.

use std::num::NonZeroUsize;

use crate::adam::{Adam, AdamConfig, clip_factor, gradient_norm};
use crate::{Backprop, Checkpoint, CheckpointError, Collective, Mlp, NetworkError};

/// A network that can be trained.
#[derive(Debug, Clone)]
pub(crate) struct Learner {
    pub(crate) network: Mlp,
    pub(crate) backprop: Backprop,
    pub(crate) adam: Adam,
    pub(crate) threads: NonZeroUsize,
}

impl Learner {
    /// A learner that has taken no step.
    pub(crate) fn new(network: Mlp, adam: &AdamConfig) -> Self {
        let adam = Adam::new(adam, network.parameters().len());
        Self { backprop: Backprop::new(network.config()), adam, network, threads: NonZeroUsize::MIN }
    }

    /// Adds up the gradients that lie in the ranks' buffers, clips the sum and takes a step; returns its norm before
    /// clipping.
    pub(crate) fn step(
        &mut self,
        max_grad_norm: f32,
        ranks: &mut dyn Collective,
    ) -> Result<f32, NetworkError> {
        let gradient = self.backprop.last_gradient_mut();
        ranks.sum_f32(gradient)?;
        let norm = gradient_norm(gradient);
        NetworkError::finite(norm, || "gradient norm".to_owned())?;
        let scale = clip_factor(norm, max_grad_norm);
        let adam = &mut self.adam;
        self.network.change(|parameters| adam.step(parameters, gradient, scale))?;
        Ok(norm)
    }

    pub(crate) fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        self.network.save(checkpoint, name);
        self.adam.save(checkpoint, name, self.network.layout());
    }

    pub(crate) fn restore(
        checkpoint: &Checkpoint,
        name: &str,
        adam: &AdamConfig,
    ) -> Result<Self, CheckpointError> {
        let network = Mlp::restore(checkpoint, name)?;
        let adam = Adam::restore(checkpoint, name, network.layout(), adam)?;
        Ok(Self { backprop: Backprop::new(network.config()), adam, network, threads: NonZeroUsize::MIN })
    }
}

/// Checks the weights of a batch and sums them over all ranks; no weights count as 1 each.
pub(crate) fn total_weight(
    weights: Option<&[f32]>,
    rows: usize,
    ranks: &mut dyn Collective,
) -> Result<f64, NetworkError> {
    let mut total = rows as f64;
    if let Some(weights) = weights {
        NetworkError::length("weights", weights.len(), rows)?;
        if let Some(row) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
            return Err(NetworkError::Weights { found: format!("{} in row {row}", weights[row]) });
        }
        total = weights.iter().map(|w| f64::from(*w)).sum();
    }
    ranks.sum_f64(std::slice::from_mut(&mut total))?;
    if total > 0.0 { Ok(total) } else { Err(NetworkError::Weights { found: "all are 0".to_owned() }) }
}

/// The weight of one row.
pub(crate) fn weight(weights: Option<&[f32]>, row: usize) -> f32 {
    weights.map_or(1.0, |weights| weights[row])
}
