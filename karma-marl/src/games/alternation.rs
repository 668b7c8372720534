//! A masked game with an end: never the same action twice, and 0 to quit.

use karma_core::{
    Action, ActionError, ActionMask, Environment, EnvironmentSpec, JointAction, PerAgent, Step,
};

use super::{AGENTS, both, shared_step, two_defenders};

const ACTIONS: u32 = 4;

/// Each of two agents plays one of 0 to 3, but not what it played in the step before: that is masked. An
/// agent earns its action, the team the mean of both. If both play 0 the game is over (`terminated`).
///
/// The best play alternates 3, 2, 3, 2, … . An action that the mask forbids earns nothing and changes nothing
/// but the clock, so a learner that ignores masks shows.
#[derive(Clone, Debug)]
pub struct Alternation {
    spec: EnvironmentSpec,
    last: [Option<Action>; AGENTS],
    played: usize,
    over: bool,
}

impl Alternation {
    /// A game that is truncated after `horizon` steps (at least 1).
    pub fn new(horizon: usize) -> Self {
        let features = AGENTS * ACTIONS as usize;
        Self { spec: two_defenders(ACTIONS, features, horizon), last: [None; AGENTS], played: 0, over: true }
    }

    /// The highest return of an episode.
    ///
    /// ```
    /// use karma_marl::games::Alternation;
    /// assert_eq!(Alternation::new(5).optimum(), 3.0 + 2.0 + 3.0 + 2.0 + 3.0);
    /// ```
    pub fn optimum(&self) -> f32 {
        let (twos, threes) = (self.spec.horizon / 2, self.spec.horizon.div_ceil(2));
        (2 * twos + 3 * threes) as f32
    }

    /// One-hot codes of both last actions, all zeros before the first.
    fn features(&self) -> Vec<f32> {
        let one_hot = |last: &Option<Action>| {
            let last = *last;
            (0..ACTIONS).map(move |action| f32::from(u8::from(last == Some(Action(action)))))
        };
        self.last.iter().flat_map(one_hot).collect()
    }

    fn show(&self, rewards: PerAgent<f32>, terminated: bool) -> Step {
        let space = self.spec.agents.as_slice()[0].action_space;
        let mask = |last: &Option<Action>| ActionMask::from_fn(space, |action| *last != Some(action));
        Step {
            masks: self.last.iter().map(mask).collect(),
            rewards,
            terminated,
            truncated: self.over && !terminated,
            ..shared_step(&self.spec, self.features(), 0.0)
        }
    }
}

impl Environment for Alternation {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, _seed: u64) -> Step {
        (self.last, self.played, self.over) = ([None; AGENTS], 0, false);
        self.show(PerAgent::filled(0.0, AGENTS), false)
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        let actions = both(&self.spec, action, self.over)?;
        let legal = |agent: usize| self.last[agent] != Some(actions[agent]);
        let earned = |agent: usize| if legal(agent) { actions[agent].0 as f32 } else { 0.0 };
        let rewards = (0..AGENTS).map(earned).collect();
        let terminated = (0..AGENTS).all(|agent| legal(agent) && actions[agent] == Action(0));
        self.last = actions.map(Some);
        self.played += 1;
        self.over = terminated || self.played == self.spec.horizon;
        Ok(self.show(rewards, terminated))
    }
}
