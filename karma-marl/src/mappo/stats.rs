//! What an iteration came to.

use serde::{Deserialize, Serialize};

use super::update::Losses;
use crate::stats::{mean, standard_deviation};
use crate::vector::Played;

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
    /// Mean return of the episodes finished in this iteration, not discounted; absent if none was finished. A
    /// return is the mean over agents of the rewards that they learn from: if an environment adds something to
    /// the reward of a role (shaping), it is counted here too.
    pub episodic_return: Option<f64>,
    /// Standard deviation of these returns.
    pub episodic_return_std: Option<f64>,
    /// Share of the joint actions of which a safeguard changed what they asked for; absent without one.
    #[serde(default)]
    pub intervention_rate: Option<f64>,
    /// The clipped surrogate loss, without the entropy bonus.
    pub policy_loss: f64,
    /// The critic's loss, in normalised units, a mean over the agents' heads.
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
    /// constant. A mean over agents whose returns vary; absent if there is none.
    pub explained_variance: Option<f64>,
}

impl IterationStats {
    pub(super) fn new(
        progress: &Progress,
        played: &Played,
        losses: &Losses,
        explained_variance: Option<f64>,
    ) -> Self {
        Self {
            iteration: progress.iteration,
            steps: progress.steps,
            episodes: progress.episodes,
            episodic_return: mean(&played.returns),
            episodic_return_std: standard_deviation(&played.returns),
            intervention_rate: played.intervention_rate(),
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

/// 1 − Var(returns − values) / Var(returns), the mean over agents of columns that are (rows, agents); `None` if
/// no agent's returns vary. Not of all returns at once: a critic that knows only who earns more foresees nothing.
pub(super) fn explained_variance(values: &[f32], returns: &[f32], agents: usize) -> Option<f64> {
    let of = |agent: usize| {
        let column = |all: &[f32]| -> Vec<f64> {
            all.iter().skip(agent).step_by(agents).map(|x| f64::from(*x)).collect()
        };
        let (values, returns) = (column(values), column(returns));
        let errors: Vec<f64> = returns.iter().zip(values).map(|(r, v)| r - v).collect();
        let (spread, error) = (standard_deviation(&returns)?, standard_deviation(&errors)?);
        (spread > 0.0).then(|| 1.0 - (error / spread).powi(2))
    };
    let shares: Vec<f64> = (0..agents).filter_map(of).collect();
    mean(&shares)
}

#[cfg(test)]
mod tests {
    use super::explained_variance;

    #[test]
    fn explained_variance_is_one_for_a_perfect_critic_and_zero_for_a_constant_one() {
        assert_eq!(explained_variance(&[1.0, 3.0], &[1.0, 3.0], 1), Some(1.0));
        assert_eq!(explained_variance(&[2.0, 2.0], &[1.0, 3.0], 1), Some(0.0));
        assert_eq!(explained_variance(&[3.0, 1.0], &[1.0, 3.0], 1), Some(-3.0));
        assert_eq!(explained_variance(&[0.0, 1.0], &[2.0, 2.0], 1), None);
    }

    #[test]
    fn explained_variance_is_a_mean_over_agents_whatever_they_earn() {
        // The first agent's returns are foreseen, the second's only in their mean, the third's do not vary.
        let (returns, values) = ([1.0, 100.0, 7.0, 3.0, 300.0, 7.0], [1.0, 200.0, 7.0, 3.0, 200.0, 9.0]);
        assert_eq!(explained_variance(&values, &returns, 3), Some(0.5));
    }
}
