//! The actor's half of PPO: clipped surrogate with an entropy bonus.
//!
//! Schulman et al., *Proximal Policy Optimization Algorithms*, 2017, equation 7, as MAPPO uses it (Yu et al.,
//! 2022): with r = π(a)/π′(a), where π′ is the policy that took the action, and advantage A,
//! loss = −mean( min(r·A, clip(r, 1−ε, 1+ε)·A) ) − c · mean(entropy), means weighted by the rows' weights.
//!
//! Its derivative with respect to the logit of a legal action j is, with p the masked softmax and H its
//! entropy, −A·r·(1{j=a} − p) where the unclipped term is the smaller one (0 otherwise), plus
//! c·p·(ln p + H). It is written out in `surrogate.rs` and tested against automatic differentiation.
//!
//! **Imitation** ([`Advice`]). Where somebody says which actions A it would take, λ · mean(−ln p(A)) is added, p(A) = Σ p over
//! A: *kickstarting* (Schmitt et al., *Kickstarting Deep Reinforcement Learning*, 2018), for a teacher that names a set of
//! equally good actions instead of a distribution. Its derivative is λ · (p − 1{j ∈ A}·p/p(A)).
//!
//! Example: with the policy unchanged (r = 1) the loss is minus the mean advantage, and nothing is clipped.

mod surrogate;

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use crate::learner::Learner;
use crate::{
    AdamConfig, AdamParams, Alone, Checkpoint, CheckpointError, Collective, ConfigError, Mlp, NetworkError,
    Sequences,
};
use surrogate::Surrogate;

/// The actor's settings as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyParams {
    /// ε of the clipped surrogate, above 0. Default 0.2 (MAPPO's fourth factor: at most 0.2).
    pub clip_epsilon: f32,
    /// Weight c of the entropy bonus, at least 0. Default 0.01.
    pub entropy_coef: f32,
    /// Longest gradient, above 0. Default 10 (on-policy).
    pub max_grad_norm: f32,
    /// The optimiser.
    pub adam: AdamParams,
}

impl Default for PolicyParams {
    fn default() -> Self {
        Self { clip_epsilon: 0.2, entropy_coef: 0.01, max_grad_norm: 10.0, adam: AdamParams::default() }
    }
}

impl PolicyParams {
    /// The settings to run with.
    ///
    /// # Errors
    /// The first setting that is outside its range.
    pub fn check(&self) -> Result<PolicyConfig, ConfigError> {
        ConfigError::positive("clip_epsilon", self.clip_epsilon)?;
        let entropy_coef = self.entropy_coef;
        let allowed = entropy_coef.is_finite() && entropy_coef >= 0.0;
        ConfigError::unless(allowed, "entropy_coef", &entropy_coef, "a finite number, at least 0")?;
        ConfigError::positive("max_grad_norm", self.max_grad_norm)?;
        Ok(PolicyConfig { adam: self.adam.check()?, params: self.clone() })
    }
}

/// Checked [`PolicyParams`].
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyConfig {
    params: PolicyParams,
    adam: AdamConfig,
}

impl PolicyConfig {
    /// The settings as written.
    pub fn params(&self) -> &PolicyParams {
        &self.params
    }
}

/// Rows to learn from; all slices have as many rows as there are actions taken.
#[derive(Debug, Clone, Copy)]
pub struct PolicyBatch<'a> {
    /// rows × input.
    pub observations: &'a [f32],
    /// rows × number of actions, `true` where legal.
    pub masks: &'a [bool],
    /// The action taken in each row.
    pub actions: &'a [usize],
    /// Its log-probability when it was taken.
    pub old_log_probs: &'a [f32],
    /// Its advantage (normalise them over the whole buffer, not here).
    pub advantages: &'a [f32],
    /// How much each row counts, at least 0 (`None`: 1 each). A row of weight 0, a dead agent say, needs
    /// finite observations and nothing else.
    pub weights: Option<&'a [f32]>,
    /// How the rows follow each other; what a recurrent network needs, and no other.
    pub sequences: Option<Sequences<'a>>,
    /// What to imitate beside learning.
    pub advice: Option<Advice<'a>>,
}

/// What one that knows better would do.
#[derive(Debug, Clone, Copy)]
pub struct Advice<'a> {
    /// rows × number of actions: `true` for those of which it would take any. A row without one that is legal has no advice.
    pub actions: &'a [bool],
    /// λ, how much following it counts beside the surrogate, at least 0.
    pub weight: f32,
}

/// What one update came to, all before the step.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PolicyStats {
    /// The clipped surrogate loss, without the entropy bonus.
    pub policy_loss: f32,
    /// Mean entropy over legal actions, in nats.
    pub entropy: f32,
    /// Mean of (r − 1) − ln r, an estimate of KL(old, new) that is never negative (Schulman, 2020).
    pub approx_kl: f32,
    /// Share of rows with r outside 1 ± ε.
    pub clip_fraction: f32,
    /// Mean of −ln p(advised actions), 0 in rows without advice; 0 if there is none at all.
    #[serde(default)]
    pub imitation_loss: f32,
    /// Length of the gradient before clipping.
    pub grad_norm: f32,
}

/// A policy network with its optimiser.
#[derive(Debug, Clone)]
pub struct PolicyTrainer {
    learner: Learner,
    config: PolicyConfig,
}

impl PolicyTrainer {
    /// A trainer that has taken no step.
    pub fn new(network: Mlp, config: PolicyConfig) -> Self {
        Self { learner: Learner::new(network, &config.adam), config }
    }

    /// The policy as it is now.
    pub fn network(&self) -> &Mlp {
        &self.learner.network
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

    /// One gradient step on `batch`.
    ///
    /// # Errors
    /// When shapes do not fit, a row that counts has no legal action or an illegal one taken, or a number is
    /// not finite. Then parameters and optimiser are as they were before.
    pub fn update(&mut self, batch: &PolicyBatch<'_>) -> Result<PolicyStats, NetworkError> {
        self.update_with(batch, &mut Alone)
    }

    /// [`PolicyTrainer::update`] on the batches of all ranks together: each gives its own and takes the same step.
    ///
    /// # Errors
    /// As there, and when ranks cannot add up. After an error on one rank all of them have to be given up.
    pub fn update_with(
        &mut self,
        batch: &PolicyBatch<'_>,
        ranks: &mut dyn Collective,
    ) -> Result<PolicyStats, NetworkError> {
        let stats = self.gradient(batch, ranks)?;
        Ok(PolicyStats { grad_norm: self.learner.step(self.config.params.max_grad_norm, ranks)?, ..stats })
    }

    /// Everything of [`PolicyTrainer::update_with`] but the step; this rank's part of the gradient stays in the buffers.
    pub(crate) fn gradient(
        &mut self,
        batch: &PolicyBatch<'_>,
        ranks: &mut dyn Collective,
    ) -> Result<PolicyStats, NetworkError> {
        let Learner { network, backprop, threads, .. } = &mut self.learner;
        let params = network.config().params();
        NetworkError::finite_rows("observation", batch.observations, params.input)?;
        let sizes = (network.rows(batch.observations)?, params.output);
        let surrogate = Surrogate::new((batch, &self.config.params), sizes, ranks)?;
        let inputs = (batch.observations, batch.sequences.as_ref());
        let sums = backprop.gradient_of(network, inputs, &surrogate, *threads)?;
        surrogate.stats(&sums, ranks)
    }

    #[cfg(test)]
    pub(crate) fn last_gradient(&self) -> &[f32] {
        self.learner.backprop.last_gradient()
    }

    /// Puts network and optimiser into `checkpoint` under `name`. Settings are not saved: give the same ones
    /// (and the learning rate of the moment) to [`PolicyTrainer::restore`].
    pub fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        self.learner.save(checkpoint, name);
    }

    /// The trainer that was saved under `name`; it continues bit for bit.
    ///
    /// # Errors
    /// When a part of it is missing or does not fit.
    pub fn restore(
        checkpoint: &Checkpoint,
        name: &str,
        config: PolicyConfig,
    ) -> Result<Self, CheckpointError> {
        Ok(Self { learner: Learner::restore(checkpoint, name, &config.adam)?, config })
    }
}

#[cfg(test)]
mod tests;
