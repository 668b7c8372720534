//! The critic's half of PPO: a Huber loss in normalised space, clipped around the old values.
//!
//! As in MAPPO's reference (`r_mappo.py`; Yu et al., 2022): the statistics of the returns are updated first,
//! in each mini-batch; the target is t = normalise(return); with v the prediction and u the one at the time
//! of the rollout, loss = mean max( h(t − v), h(t − u − clip(v − u, ±ε)) ), where h(e) = e²/2 for |e| ≤ δ
//! and δ(|e| − δ/2) beyond (Huber, 1964). Without clipping it is mean h(t − v).
//!
//! The maximum means: a prediction that has moved by more than ε towards the target gets no gradient.
//!
//! **Several heads.** A critic with k outputs learns k value functions on one trunk: column i of the returns is
//! what output i is to predict, with statistics of its own ([`ValueNorm`]). The loss of a row is the mean over
//! its heads, so neither the reported loss nor the length at which the gradient is clipped grows with k. This is
//! what agents with different rewards need: V of one says nothing about the others (Lowe et al., 2017, give
//! each agent a critic; here they share all but the last layer). One head is the critic of the reference.
//!
//! Example: t = 1, v = u = 0 gives a loss of ½ and the derivative −1 with respect to v.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use crate::backprop::RowLoss;
use crate::learner::{Learner, total_weight, weight};
use crate::{
    AdamConfig, AdamParams, Alone, Checkpoint, CheckpointError, Collective, ConfigError, Mlp, NetworkError,
    Sequences, ValueNorm, math,
};

/// The critic's settings as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ValueParams {
    /// ε of the clipping around old values, in normalised units, above 0; absent: no clipping. Default 0.2,
    /// the policy's ε in the reference.
    pub clip_epsilon: Option<f32>,
    /// δ of the Huber loss, above 0. Default 10 (on-policy).
    pub huber_delta: f32,
    /// Normalise returns by their running mean and variance. Default true; false: the critic predicts returns
    /// in their own units.
    pub normalise_returns: bool,
    /// Longest gradient, above 0. Default 10 (on-policy).
    pub max_grad_norm: f32,
    /// The optimiser.
    pub adam: AdamParams,
}

impl Default for ValueParams {
    fn default() -> Self {
        Self {
            clip_epsilon: Some(0.2),
            huber_delta: 10.0,
            normalise_returns: true,
            max_grad_norm: 10.0,
            adam: AdamParams::default(),
        }
    }
}

impl ValueParams {
    /// The settings to run with.
    ///
    /// # Errors
    /// The first setting that is outside its range.
    pub fn check(&self) -> Result<ValueConfig, ConfigError> {
        self.clip_epsilon.map_or(Ok(()), |epsilon| ConfigError::positive("clip_epsilon", epsilon))?;
        ConfigError::positive("huber_delta", self.huber_delta)?;
        ConfigError::positive("max_grad_norm", self.max_grad_norm)?;
        Ok(ValueConfig { adam: self.adam.check()?, params: self.clone() })
    }
}

/// Checked [`ValueParams`].
#[derive(Debug, Clone, PartialEq)]
pub struct ValueConfig {
    params: ValueParams,
    adam: AdamConfig,
}

impl ValueConfig {
    /// The settings as written.
    pub fn params(&self) -> &ValueParams {
        &self.params
    }
}

/// Rows to learn from; all slices have the same number of rows.
#[derive(Debug, Clone, Copy)]
pub struct ValueBatch<'a> {
    /// rows × input of the critic (a state, or an observation).
    pub states: &'a [f32],
    /// rows × heads: what the network said in each row at the time of the rollout, **normalised** values, as
    /// they left [`Mlp::forward`].
    pub old_values: &'a [f32],
    /// rows × heads: the returns to predict, in units of rewards.
    pub returns: &'a [f32],
    /// How much each row counts, at least 0 (`None`: 1 each). A row of weight 0 needs finite states and
    /// nothing else.
    pub weights: Option<&'a [f32]>,
    /// How the rows follow each other; what a recurrent network needs, and no other.
    pub sequences: Option<Sequences<'a>>,
}

/// What one update came to, before the step.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ValueStats {
    /// The loss, in normalised units, a mean over the heads.
    pub value_loss: f32,
    /// Length of the gradient before clipping.
    pub grad_norm: f32,
}

/// A value network with its optimiser and the statistics of its targets.
#[derive(Debug, Clone)]
pub struct ValueTrainer {
    learner: Learner,
    /// One for each output of the network.
    norms: Vec<ValueNorm>,
    config: ValueConfig,
}

impl ValueTrainer {
    /// A trainer that has taken no step. Each output of the network is a head.
    pub fn new(network: Mlp, config: ValueConfig) -> Self {
        let norms = vec![ValueNorm::new(); network.config().params().output];
        Self { learner: Learner::new(network, &config.adam), norms, config }
    }

    /// The value function as it is now; its outputs are normalised.
    pub fn network(&self) -> &Mlp {
        &self.learner.network
    }

    /// Turns rows of outputs (rows × heads) into units of rewards, in place.
    pub fn denormalise(&self, values: &mut [f32]) {
        if self.config.params.normalise_returns {
            for row in values.chunks_mut(self.heads()) {
                row.iter_mut().zip(&self.norms).for_each(|(value, norm)| *value = norm.denormalise(*value));
            }
        }
    }

    /// How many value functions there are.
    pub fn heads(&self) -> usize {
        self.norms.len()
    }

    /// The statistics of each head's returns.
    pub fn value_norms(&self) -> &[ValueNorm] {
        &self.norms
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.learner.adam.steps()
    }

    /// On how many threads a gradient is computed; the number changes no result. Default 1.
    pub fn set_threads(&mut self, threads: NonZeroUsize) {
        self.learner.threads = threads;
    }

    /// Changes the learning rate for the steps to come.
    ///
    /// # Errors
    /// When it is not a finite number above 0.
    pub fn set_learning_rate(&mut self, learning_rate: f32) -> Result<(), ConfigError> {
        self.learner.adam.set_learning_rate(learning_rate)
    }

    /// Takes the returns into the statistics, then one gradient step on `batch`.
    ///
    /// # Errors
    /// When shapes do not fit or a number is not finite. Then parameters, optimiser and statistics are as
    /// they were before.
    pub fn update(&mut self, batch: &ValueBatch<'_>) -> Result<ValueStats, NetworkError> {
        self.update_with(batch, &mut Alone)
    }

    /// [`ValueTrainer::update`] on the batches of all ranks together: each gives its own, and all take the same
    /// statistics and the same step.
    ///
    /// # Errors
    /// As there, and when ranks cannot add up. After an error on one rank all of them have to be given up.
    pub fn update_with(
        &mut self,
        batch: &ValueBatch<'_>,
        ranks: &mut dyn Collective,
    ) -> Result<ValueStats, NetworkError> {
        let (mut norms, heads) = (self.norms.clone(), self.heads());
        for (head, norm) in norms.iter_mut().enumerate() {
            norm.update_head((head, heads), (batch.returns, batch.weights), ranks)?;
        }
        let value_loss = self.gradient(batch, &norms, ranks)?;
        let grad_norm = self.learner.step(self.config.params.max_grad_norm, ranks)?;
        self.norms = norms;
        Ok(ValueStats { value_loss, grad_norm })
    }

    /// The loss with targets normalised by `norms`; the gradient stays in the buffers.
    pub(crate) fn gradient(
        &mut self,
        batch: &ValueBatch<'_>,
        norms: &[ValueNorm],
        ranks: &mut dyn Collective,
    ) -> Result<f32, NetworkError> {
        let total_weight = total_weight(batch.weights, self.check(batch)?, ranks)? * norms.len() as f64;
        let Learner { network, backprop, threads, .. } = &mut self.learner;
        let loss = ClippedHuber { batch, params: &self.config.params, norms, total_weight };
        let inputs = (batch.states, batch.sequences.as_ref());
        let mut sum = backprop.gradient_of(network, inputs, &loss, *threads)?;
        ranks.sum_f64(std::slice::from_mut(&mut sum))?;
        Ok(math::narrow(sum / total_weight))
    }

    /// The number of rows, if all columns have it and all states are finite.
    fn check(&self, batch: &ValueBatch<'_>) -> Result<usize, NetworkError> {
        let network = &self.learner.network;
        let rows = network.rows(batch.states)?;
        NetworkError::length("returns", batch.returns.len(), rows * self.heads())?;
        NetworkError::length("old_values", batch.old_values.len(), rows * self.heads())?;
        NetworkError::finite_rows("state", batch.states, network.config().params().input)?;
        Ok(rows)
    }

    #[cfg(test)]
    pub(crate) fn last_gradient(&self) -> &[f32] {
        self.learner.backprop.last_gradient()
    }

    /// Puts network, optimiser and statistics into `checkpoint` under `name`. Settings are not saved: give
    /// the same ones (and the learning rate of the moment) to [`ValueTrainer::restore`].
    pub fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        self.learner.save(checkpoint, name);
        ValueNorm::save(&self.norms, checkpoint, name);
    }

    /// The trainer that was saved under `name`; it continues bit for bit.
    ///
    /// # Errors
    /// When a part of it is missing or does not fit.
    pub fn restore(
        checkpoint: &Checkpoint,
        name: &str,
        config: ValueConfig,
    ) -> Result<Self, CheckpointError> {
        let learner = Learner::restore(checkpoint, name, &config.adam)?;
        let heads = learner.network.config().params().output;
        let norms = ValueNorm::restore(checkpoint, name, heads)?;
        Ok(Self { learner, norms, config })
    }
}

/// The loss of a batch, row by row.
struct ClippedHuber<'a> {
    batch: &'a ValueBatch<'a>,
    params: &'a ValueParams,
    norms: &'a [ValueNorm],
    /// Over rows and heads.
    total_weight: f64,
}

impl RowLoss for ClippedHuber<'_> {
    /// The loss of the rows, each times its weight.
    type Sums = f64;

    fn add(
        &self,
        row: usize,
        values: &[f32],
        derivatives: &mut [f32],
        loss: &mut f64,
    ) -> Result<(), NetworkError> {
        let weight = f64::from(weight(self.batch.weights, row));
        if weight == 0.0 {
            return Ok(());
        }
        let first = row * values.len();
        let share = math::narrow(weight / self.total_weight);
        for (head, (value, derivative)) in values.iter().zip(derivatives).enumerate() {
            let (target, old) = (self.batch.returns[first + head], self.batch.old_values[first + head]);
            NetworkError::finite(old, || format!("old value {head} of row {row}"))?;
            let normalise = self.params.normalise_returns;
            let target = if normalise { self.norms[head].normalise(target) } else { target };
            let (row_loss, slope) = row_loss(self.params, target, old, *value);
            NetworkError::finite(row_loss, || format!("value loss {head} of row {row}"))?;
            *loss += weight * f64::from(row_loss);
            *derivative = share * slope;
        }
        Ok(())
    }

    fn merge(loss: &mut f64, later: f64) {
        *loss += later;
    }
}

/// Loss of one row and its derivative with respect to the prediction.
fn row_loss(params: &ValueParams, target: f32, old: f32, value: f32) -> (f32, f32) {
    let free = huber(params.huber_delta, value - target);
    let Some(epsilon) = params.clip_epsilon else { return free };
    let moved = (value - old).clamp(-epsilon, epsilon);
    let clipped = huber(params.huber_delta, old + moved - target);
    // The clipped prediction does not move with the value, so its derivative is 0. `>` on the clipped side
    // sends ties, and with them every prediction that is not clipped, to the free side.
    if clipped.0 > free.0 && moved != value - old { (clipped.0, 0.0) } else { free }
}

/// h(e) and h′(e).
fn huber(delta: f32, error: f32) -> (f32, f32) {
    if error.abs() <= delta {
        (0.5 * error * error, error)
    } else {
        (delta * (error.abs() - 0.5 * delta), delta * error.signum())
    }
}

#[cfg(test)]
mod tests;
