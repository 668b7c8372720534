//! A game that is cut off, not finished: its value must not drop towards the horizon.

use karma_core::{ActionError, Environment, EnvironmentSpec, JointAction, Step};

use super::{both, shared_step, two_defenders};

/// A reward of 1 in every step, whatever is played, and one observation that never changes.
///
/// The horizon only truncates it, so each state is worth 1 / (1 − γ): 10 for γ = 0.9. A learner that takes
/// the horizon for the end finds no more than the rewards it sees: 4.1 with a horizon of 5.
#[derive(Clone, Debug)]
pub struct Stipend {
    spec: EnvironmentSpec,
    played: usize,
    over: bool,
}

impl Stipend {
    /// A game that is truncated after `horizon` steps (at least 1).
    pub fn new(horizon: usize) -> Self {
        Self { spec: two_defenders(2, 1, horizon), played: 0, over: true }
    }

    /// What each of its states is worth.
    pub fn value(gamma: f32) -> f32 {
        1.0 / (1.0 - gamma)
    }
}

impl Environment for Stipend {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, _seed: u64) -> Step {
        (self.played, self.over) = (0, false);
        shared_step(&self.spec, vec![1.0], 0.0)
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        both(&self.spec, action, self.over)?;
        self.played += 1;
        self.over = self.played == self.spec.horizon;
        Ok(Step { truncated: self.over, ..shared_step(&self.spec, vec![1.0], 1.0) })
    }
}
