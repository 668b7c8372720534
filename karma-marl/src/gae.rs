//! Generalised advantage estimation that knows why an episode ended.
//!
//! Schulman, Moritz, Levine, Jordan and Abbeel, *High-Dimensional Continuous Control Using Generalized
//! Advantage Estimation*, ICLR 2016, equation 16. With the one-step surprise δ = r + γ·V(next) − V(now),
//! the advantage is A(t) = δ(t) + γλ·A(t+1), and at the end of an episode A(t) = δ(t). What V(next) means
//! there is the whole point (Pardo et al., *Time Limits in Reinforcement Learning*, 2018):
//!
//! | boundary | V(next) |
//! |---|---|
//! | none | the value of the next row |
//! | terminated | 0: the game is over |
//! | truncated | V(final observation): the game went on, only we did not watch |
//!
//! The reference implementation of MAPPO takes a time limit for the end of the game; values near the
//! horizon are then too small, and the policy learns to be careless there. Merging both into one "done"
//! flag makes the right treatment impossible, so here the boundary is a type and the final value is part of
//! it.
//!
//! **Several agents** with rewards of their own have a value and an advantage each: the same equation on the
//! agent's own rewards, values and final value. Their columns lie side by side, and no agent's numbers enter
//! another's.
//!
//! Cost: one pass backwards for each agent, O(T) time, no memory beyond the result. Sums run in `f64`.
//!
//! Example: one step of reward 1, γ = 0.5, V = 2: A = 1 − 2 = −1 if terminated, and 1 + 0.5·4 − 2 = 1 if
//! truncated in front of a state worth 4.

use thiserror::Error;

/// What follows a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Boundary {
    /// The next step of the same episode.
    #[default]
    None,
    /// Nothing: the game is over.
    Terminated,
    /// More of the same game, which is not shown.
    Truncated {
        /// The value of the final observation, in units of rewards.
        final_value: f32,
    },
}

/// How the future counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Discount {
    /// γ: the weight of a reward one step later.
    pub gamma: f32,
    /// λ: 0 trusts the critic after one step, 1 only at the end of the episode.
    pub lambda: f32,
}

/// Columns that do not make a sequence of whole episodes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GaeError {
    /// The columns have different lengths, or do not hold one value for each agent in every step.
    #[error(
        "rewards, values, boundaries and advantages have lengths {lengths:?}; they must be equal and a multiple \
         of the agents, {agents}"
    )]
    Lengths {
        /// Their lengths.
        lengths: [usize; 4],
        /// Number of agents.
        agents: usize,
    },
    /// The last step has no boundary, so there is no value to follow it.
    #[error(
        "step {last} is the last one but has no boundary for agent {agent}: truncate it with the value of what \
         follows"
    )]
    OpenEnd {
        /// Its position.
        last: usize,
        /// Index of the first agent for which it is open.
        agent: usize,
    },
}

/// One environment's steps in the order of play: any number of episodes, the last of which has a boundary
/// too. Every column is (T, agents): the agents of one step lie together.
#[derive(Clone, Copy, Debug)]
pub struct Played<'a> {
    /// Number of agents, at least 1.
    pub agents: usize,
    /// Each agent's reward of each step.
    pub rewards: &'a [f32],
    /// The critic's value for each agent before each step, in units of rewards.
    pub values: &'a [f32],
    /// What followed each step; a final value is that for the agent.
    pub boundaries: &'a [Boundary],
}

impl Played<'_> {
    /// Whether the columns are whole and closed.
    fn check(&self, advantages: usize) -> Result<(), GaeError> {
        let agents = self.agents;
        let lengths = [self.rewards.len(), self.values.len(), self.boundaries.len(), advantages];
        let whole = agents > 0 && advantages.is_multiple_of(agents);
        if !whole || lengths.iter().any(|length| *length != advantages) {
            return Err(GaeError::Lengths { lengths, agents });
        }
        let Some(last) = (advantages / agents).checked_sub(1) else { return Ok(()) };
        let open = self.boundaries[last * agents..].iter().position(|boundary| *boundary == Boundary::None);
        open.map_or(Ok(()), |agent| Err(GaeError::OpenEnd { last, agent }))
    }
}

/// Writes the advantage of each agent in each step into `advantages`, which is (T, agents) too. Returns to learn
/// values from are `advantage + value`.
///
/// # Errors
/// If the lengths do not fit or the last step has no boundary; then nothing is written.
pub fn gae(played: Played<'_>, discount: Discount, advantages: &mut [f32]) -> Result<(), GaeError> {
    played.check(advantages.len())?;
    for agent in 0..played.agents {
        column(&played, agent, discount, advantages);
    }
    Ok(())
}

/// The advantages of one agent.
fn column(played: &Played<'_>, agent: usize, discount: Discount, advantages: &mut [f32]) {
    let Played { agents, rewards, values, boundaries } = *played;
    let (gamma, lambda) = (f64::from(discount.gamma), f64::from(discount.lambda));
    let (mut next_value, mut next_advantage) = (0.0, 0.0);
    for t in (agent..rewards.len()).step_by(agents).rev() {
        match boundaries[t] {
            Boundary::None => {}
            Boundary::Terminated => (next_value, next_advantage) = (0.0, 0.0),
            Boundary::Truncated { final_value } => {
                (next_value, next_advantage) = (f64::from(final_value), 0.0);
            }
        }
        let value = f64::from(values[t]);
        let delta = f64::from(rewards[t]) + gamma * next_value - value;
        next_advantage = delta + gamma * lambda * next_advantage;
        next_value = value;
        advantages[t] = narrow(next_advantage);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "advantages are kept in single precision")]
fn narrow(x: f64) -> f32 {
    x as f32
}

#[cfg(test)]
mod tests;
