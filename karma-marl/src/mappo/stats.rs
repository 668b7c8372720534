//! What an iteration came to.

use karma_nn::{Collective, CollectiveError};
use serde::{Deserialize, Serialize};

use super::update::Losses;
use crate::buffer::RolloutBuffer;
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
    /// Mean of −ln of the probability of what was advised; absent without imitation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imitation_loss: Option<f64>,
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
            imitation_loss: None,
            entropy: losses.entropy,
            approx_kl: losses.approx_kl,
            clip_fraction: losses.clip_fraction,
            policy_grad_norm: losses.policy_grad_norm,
            value_grad_norm: losses.value_grad_norm,
            explained_variance,
        }
    }
}

/// 1 − Var(returns − values) / Var(returns) over all ranks, the mean over agents whose returns vary; `None` if there is
/// none. Not of all returns at once: a critic that knows only who earns more foresees nothing.
pub(super) fn explained_variance(
    buffer: &RolloutBuffer,
    ranks: &mut dyn Collective,
) -> Result<Option<f64>, CollectiveError> {
    let agents = buffer.seats().len();
    let mut shares = Vec::new();
    for agent in 0..agents {
        let column = |all: &'_ [f32]| -> Vec<f64> {
            all.iter().skip(agent).step_by(agents).map(|x| f64::from(*x)).collect()
        };
        let (values, returns) = (column(&buffer.values), column(&buffer.returns));
        let errors: Vec<f64> = returns.iter().zip(values).map(|(r, v)| r - v).collect();
        let (spread, error) = (variance(&returns, ranks)?, variance(&errors, ranks)?);
        if spread > 0.0 {
            shares.push(1.0 - error / spread);
        }
    }
    Ok(mean(&shares))
}

/// Of the values of all ranks.
fn variance(values: &[f64], ranks: &mut dyn Collective) -> Result<f64, CollectiveError> {
    let mut sums = [values.len() as f64, values.iter().sum()];
    ranks.sum_f64(&mut sums)?;
    let [count, mean] = [sums[0], sums[1] / sums[0]];
    let mut square = [values.iter().map(|value| (value - mean).powi(2)).sum()];
    ranks.sum_f64(&mut square)?;
    Ok(square[0] / count)
}

/// Joins what all ranks played: returns in the order of ranks.
pub(super) fn join(played: &mut Played, ranks: &mut dyn Collective) -> Result<(), CollectiveError> {
    if ranks.size() == 1 {
        return Ok(());
    }
    let mine: Vec<u8> = played.returns.iter().flat_map(|value| value.to_le_bytes()).collect();
    let all = ranks.all_gather(&mine)?.concat();
    played.returns = all.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    let counts = [played.reviewed, played.corrected].map(u64::to_le_bytes).concat();
    let all = ranks.all_gather(&counts)?;
    let sum = |place: usize| {
        all.iter()
            .filter_map(|theirs| theirs.as_chunks().0.get(place))
            .map(|bytes| u64::from_le_bytes(*bytes))
            .sum()
    };
    (played.reviewed, played.corrected) = (sum(0), sum(1));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::Signals;
    use crate::seats::{Sharing, seats};
    use karma_core::Environment as _;
    use karma_nn::Alone;

    /// Of columns of two agents, (rows, agents).
    fn of(values: &[f32], returns: &[f32]) -> Option<f64> {
        let spec = Signals::new(2).spec().clone();
        let rows = values.len() / 2;
        let mut buffer =
            RolloutBuffer::new(&seats(&spec, Sharing::Separate).unwrap(), spec.global_size, rows, 1);
        buffer.values.copy_from_slice(values);
        buffer.returns.copy_from_slice(returns);
        explained_variance(&buffer, &mut Alone).unwrap()
    }

    #[test]
    fn explained_variance_is_one_for_a_perfect_critic_and_zero_for_a_constant_one() {
        let both = |column: [f32; 2]| column.map(|x| [x, x]).concat();
        assert_eq!(of(&both([1.0, 3.0]), &both([1.0, 3.0])), Some(1.0));
        assert_eq!(of(&both([2.0, 2.0]), &both([1.0, 3.0])), Some(0.0));
        assert_eq!(of(&both([3.0, 1.0]), &both([1.0, 3.0])), Some(-3.0));
        assert_eq!(of(&both([0.0, 1.0]), &both([2.0, 2.0])), None);
    }

    #[test]
    fn explained_variance_is_a_mean_over_the_agents_whose_returns_vary() {
        // The first agent's returns are foreseen, the second's only in their mean; then the second's do not vary.
        assert_eq!(of(&[1.0, 200.0, 3.0, 200.0], &[1.0, 100.0, 3.0, 300.0]), Some(0.5));
        assert_eq!(of(&[1.0, 7.0, 3.0, 9.0], &[1.0, 7.0, 3.0, 7.0]), Some(1.0));
    }
}
