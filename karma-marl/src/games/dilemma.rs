//! A game in which what is best for an agent is not what is best for the mean.

use karma_core::{
    ActionError, Environment, EnvironmentSpec, JointAction, PerAgent, SeedTree, Step, StreamRng,
};

use super::{AGENTS, both, shared_step, two_defenders};
use karma_core::draw::below;

/// What an agent earns for playing its bit; the other pays twice that.
const WAGES: [f32; AGENTS] = [1.0, 10.0];

/// A repeated prisoner's dilemma (Flood and Dresher, 1950) with unequal wages and a bit for each agent.
///
/// In each step two bits are drawn and seen by both. An agent that plays its own bit earns its wage, 1 for the
/// first and 10 for the second, and costs the other **twice** that; an agent that plays the opposite earns and
/// costs nothing. The rewards, by who plays its bit:
///
/// | | second does | second does not |
/// |---|---|---|
/// | first does | 1 − 20, 10 − 2 | 1, −2 |
/// | first does not | −20, 10 | 0, 0 |
///
/// Playing the bit is the dominant strategy: whatever the other does, it is worth one wage more. So each agent
/// that learns from **its own** reward comes to play its bit in every step. For the **mean** of the rewards every
/// bit played is a loss: a learner of the mean comes to play none. The two are as far apart as they can be, and
/// knowing nothing lies in the middle, so the game shows which of the two a learner does. The wages show
/// whether the agent that earns little learns next to the one that earns much.
#[derive(Clone, Debug)]
pub struct Dilemma {
    spec: EnvironmentSpec,
    rng: StreamRng,
    bits: [usize; AGENTS],
    played: usize,
    over: bool,
}

impl Dilemma {
    /// A game that is truncated after `horizon` steps (at least 1).
    pub fn new(horizon: usize) -> Self {
        let spec = two_defenders(2, AGENTS, horizon);
        Self { spec, rng: SeedTree::new(0).rng(), bits: [0; AGENTS], played: 0, over: true }
    }

    /// The agents' rewards of a step, by which of them play their bits.
    ///
    /// ```
    /// use karma_marl::games::Dilemma;
    /// assert_eq!(Dilemma::rewards([true, true]), [-19.0, 8.0], "where each does what is best for itself");
    /// assert_eq!(Dilemma::rewards([false, false]), [0.0, 0.0], "the best mean");
    /// ```
    pub fn rewards(plays: [bool; AGENTS]) -> [f32; AGENTS] {
        let [first, second] = [0, 1].map(|agent| if plays[agent] { WAGES[agent] } else { 0.0 });
        [first - 2.0 * second, second - 2.0 * first]
    }

    fn show(&mut self, rewards: [f32; AGENTS]) -> Step {
        self.bits = [0; AGENTS].map(|_| below(&mut self.rng, 2));
        let features = self.bits.map(|bit| f32::from(u8::from(bit == 1))).to_vec();
        Step {
            rewards: PerAgent::from(rewards.to_vec()),
            truncated: self.over,
            ..shared_step(&self.spec, features, 0.0)
        }
    }
}

impl Environment for Dilemma {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) -> Step {
        (self.rng, self.played, self.over) = (SeedTree::new(seed).child("dilemma").rng(), 0, false);
        self.show([0.0; AGENTS])
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        let actions = both(&self.spec, action, self.over)?;
        let plays = [0, 1].map(|agent| actions[agent].0 as usize == self.bits[agent]);
        self.played += 1;
        self.over = self.played == self.spec.horizon;
        Ok(self.show(Self::rewards(plays)))
    }
}
