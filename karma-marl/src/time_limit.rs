//! Any game, cut off earlier.

use karma_core::{ActionError, Environment, EnvironmentSpec, JointAction, State, Step};

/// A game whose episodes are truncated after so many steps, if they did not end before (Gymnasium's wrapper of this name).
///
/// What happens in the steps that are left is as without the limit.
pub struct TimeLimit {
    game: Box<dyn Environment>,
    spec: EnvironmentSpec,
    steps: usize,
}

impl std::fmt::Debug for TimeLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TimeLimit").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl TimeLimit {
    /// `game` with episodes of at most `limit` steps, and of one at least.
    pub fn new(game: Box<dyn Environment>, limit: usize) -> Self {
        let spec = game.spec().clone();
        let horizon = spec.horizon.min(limit.max(1));
        Self { game, spec: EnvironmentSpec { horizon, ..spec }, steps: horizon }
    }
}

impl Environment for TimeLimit {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) -> Step {
        self.steps = 0;
        self.game.reset(seed)
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        let mut step = Step::default();
        self.step_into(action, &mut step)?;
        Ok(step)
    }

    fn reset_into(&mut self, seed: u64, step: &mut Step) {
        self.steps = 0;
        self.game.reset_into(seed, step);
    }

    fn step_into(&mut self, action: &JointAction, step: &mut Step) -> Result<(), ActionError> {
        self.spec.check(action)?;
        if self.steps >= self.spec.horizon {
            return Err(ActionError::EpisodeOver);
        }
        self.game.step_into(action, step)?;
        self.steps += 1;
        step.truncated |= self.steps >= self.spec.horizon && !step.terminated;
        Ok(())
    }

    fn state(&self) -> Option<&State> {
        self.game.state()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::{Alternation, Signals};
    use karma_core::Action;

    #[test]
    fn a_game_that_is_cut_off_is_a_conforming_environment() {
        karma_core::testing::environment(|| TimeLimit::new(Box::new(Signals::new(6)), 4));
        karma_core::testing::environment(|| TimeLimit::new(Box::new(Alternation::new(6)), 4));
    }

    #[test]
    fn the_steps_that_are_left_are_those_of_the_game_and_the_last_is_truncated() {
        let (mut whole, mut cut) = (Signals::new(6), TimeLimit::new(Box::new(Signals::new(6)), 2));
        assert_eq!((cut.spec().horizon, whole.reset(3)), (2, cut.reset(3)));
        let joint = vec![Action(0); 2].into();
        assert_eq!(whole.step(&joint), cut.step(&joint));
        let (going_on, last) = (whole.step(&joint).unwrap(), cut.step(&joint).unwrap());
        assert!(last.truncated && !last.terminated);
        assert_eq!(going_on, Step { truncated: false, ..last });
        assert_eq!(cut.step(&joint), Err(ActionError::EpisodeOver));
    }

    #[test]
    fn a_limit_beyond_the_horizon_changes_nothing() {
        assert_eq!(TimeLimit::new(Box::new(Signals::new(6)), 9).spec(), Signals::new(6).spec());
    }
}
