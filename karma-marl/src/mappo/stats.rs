//! What an iteration came to.

use serde::{Deserialize, Serialize};

use super::update::Losses;
use crate::stats::{mean, standard_deviation};

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) iteration: u64,
    pub(crate) steps: u64,
    pub(crate) episodes: u64,
}

impl Progress {
    pub(super) fn advance(&mut self, steps: usize, episodes: usize) {
        self.iteration += 1;
        self.steps += steps as u64;
        self.episodes += episodes as u64;
    }
}

/// One line of a training log. Losses are means over all gradient steps of the iteration and all actors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IterationStats {
    /// Number of this iteration, from 1.
    pub iteration: u64,
    /// Joint steps played since the beginning of the run.
    pub steps: u64,
    /// Episodes finished since then.
    pub episodes: u64,
    /// Mean return of the episodes finished in this iteration, not discounted, of the team's reward; absent
    /// if none was finished.
    pub episodic_return: Option<f64>,
    /// Standard deviation of these returns.
    pub episodic_return_std: Option<f64>,
    /// The clipped surrogate loss, without the entropy bonus.
    pub policy_loss: f64,
    /// The critic's loss, in normalised units.
    pub value_loss: f64,
    /// Entropy of the policies over legal actions, in nats.
    pub entropy: f64,
    /// Mean of (r − 1) − ln r: how far the policies moved from those of the rollout.
    pub approx_kl: f64,
    /// Share of rows whose probability ratio left 1 ± ε.
    pub clip_fraction: f64,
    /// Length of an actor's gradient before clipping.
    pub policy_grad_norm: f64,
    /// Length of the critic's gradient before clipping.
    pub value_grad_norm: f64,
    /// Share of the variance of the returns that the critic foresaw: 1 is perfect, 0 no better than a
    /// constant; absent if all returns are equal.
    pub explained_variance: Option<f64>,
}

impl IterationStats {
    pub(super) fn new(
        progress: &Progress,
        returns: &[f64],
        losses: &Losses,
        explained_variance: Option<f64>,
    ) -> Self {
        Self {
            iteration: progress.iteration,
            steps: progress.steps,
            episodes: progress.episodes,
            episodic_return: mean(returns),
            episodic_return_std: standard_deviation(returns),
            policy_loss: losses.policy_loss,
            value_loss: losses.value_loss,
            entropy: losses.entropy,
            approx_kl: losses.approx_kl,
            clip_fraction: losses.clip_fraction,
            policy_grad_norm: losses.policy_grad_norm,
            value_grad_norm: losses.value_grad_norm,
            explained_variance,
        }
    }
}

/// 1 − Var(returns − values) / Var(returns); `None` if all returns are equal.
pub(super) fn explained_variance(values: &[f32], returns: &[f32]) -> Option<f64> {
    let wide: Vec<f64> = returns.iter().map(|r| f64::from(*r)).collect();
    let errors: Vec<f64> = wide.iter().zip(values).map(|(r, v)| r - f64::from(*v)).collect();
    let (spread, error) = (standard_deviation(&wide)?, standard_deviation(&errors)?);
    (spread > 0.0).then(|| 1.0 - (error / spread).powi(2))
}

#[cfg(test)]
mod tests {
    use super::explained_variance;

    #[test]
    fn explained_variance_is_one_for_a_perfect_critic_and_zero_for_a_constant_one() {
        assert_eq!(explained_variance(&[1.0, 3.0], &[1.0, 3.0]), Some(1.0));
        assert_eq!(explained_variance(&[2.0, 2.0], &[1.0, 3.0]), Some(0.0));
        assert_eq!(explained_variance(&[3.0, 1.0], &[1.0, 3.0]), Some(-3.0));
        assert_eq!(explained_variance(&[0.0, 1.0], &[2.0, 2.0]), None);
    }
}
