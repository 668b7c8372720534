//! The conformance check of environments passes a correct game and finds each way of breaking a promise.

mod common;

use std::sync::atomic::{AtomicU64, Ordering};

use common::assert_complains;
use karma_core::{
    Action, ActionError, ActionMask, ActionSpace, AgentSpec, Environment, EnvironmentSpec, JointAction,
    Observation, PerAgent, SeedTree, Step, StreamRng, Team, testing,
};
use rand::Rng as _;

const SPACE: ActionSpace = ActionSpace::Discrete { actions: 3 };
const HORIZON: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    Nothing,
    IgnoresItsSeedFromTheSecondStep,
    RemembersTheEpisodeBefore,
    EmptyMask,
    ShortMask,
    TakesActionsOutside,
    TakesShortJointActions,
    CountsRefusedActions,
    NeverEnds,
    GoesOnAfterTheEnd,
    EndsForTwoReasons,
    ShowsNotANumber,
    ShowsTooMuch,
    ShortGlobal,
    RewardsTheReset,
    EndsAtOnce,
    ChangesItsSpecification,
    RevivesTheDead,
    LeavesOldMemory,
}

use Flaw::*;

/// Two agents guess the next number of a stream; the one that is right is rewarded.
struct Guess {
    flaw: Flaw,
    spec: EnvironmentSpec,
    rng: StreamRng,
    steps: usize,
    over: bool,
    /// Different for every instance: what a game that ignores its seed draws from.
    instance: u64,
}

impl Guess {
    fn new(flaw: Flaw) -> Self {
        static INSTANCES: AtomicU64 = AtomicU64::new(0);
        let agent = |name: &str| AgentSpec {
            name: name.to_owned(),
            team: Team::Defender,
            action_space: SPACE,
            observation_size: 2,
            parts: 1,
        };
        Self {
            flaw,
            spec: EnvironmentSpec {
                agents: vec![agent("left"), agent("right")].into(),
                global_size: 1,
                horizon: HORIZON,
            },
            rng: SeedTree::new(0).rng(),
            steps: 0,
            over: true,
            instance: INSTANCES.fetch_add(1, Ordering::Relaxed),
        }
    }

    fn draw(&mut self) -> u64 {
        if self.flaw == IgnoresItsSeedFromTheSecondStep && self.steps >= 2 {
            self.instance
        } else {
            self.rng.next_u64()
        }
    }

    fn show(&mut self, rewards: Vec<f32>) -> Step {
        let seen = (self.draw() % 1_000_000) as f32;
        let size = if self.flaw == ShowsTooMuch { 3 } else { 2 };
        let mut features = vec![seen; size];
        if self.flaw == ShowsNotANumber && self.steps == HORIZON {
            features[0] = f32::NAN;
        }
        let legal = |action: Action| self.flaw != EmptyMask && action.0 != 1;
        let shown = if self.flaw == ShortMask { ActionSpace::Discrete { actions: 2 } } else { SPACE };
        let mask = ActionMask::from_fn(shown, legal);
        let last = self.over && self.flaw != NeverEnds;
        Step {
            observations: vec![Observation(features.clone()), Observation(features)].into(),
            masks: vec![mask.clone(), mask].into(),
            global: if self.flaw == ShortGlobal { Vec::new() } else { vec![seen] },
            rewards: rewards.into(),
            terminated: last && self.flaw == EndsForTwoReasons,
            truncated: last,
            corrected: None,
            alive: if self.flaw == RevivesTheDead {
                vec![true, self.steps != 1].into()
            } else {
                PerAgent::default()
            },
            advice: PerAgent::default(),
        }
    }

    fn check(&self, joint: &JointAction) -> Result<(), ActionError> {
        if self.over && !matches!(self.flaw, GoesOnAfterTheEnd | NeverEnds) {
            return Err(ActionError::EpisodeOver);
        }
        if joint.len() > 2 || (joint.len() < 2 && self.flaw != TakesShortJointActions) {
            return Err(ActionError::WrongAgents { got: joint.len(), expected: 2 });
        }
        let outside = joint.iter().position(|action| action.0 >= 3);
        outside.filter(|_| self.flaw != TakesActionsOutside).map_or(Ok(()), |agent| {
            Err(ActionError::OutOfRange { agent, action: joint.as_slice()[agent].0, last: 2 })
        })
    }
}

impl Environment for Guess {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) -> Step {
        if self.flaw != RemembersTheEpisodeBefore || self.steps == 0 {
            self.rng = SeedTree::new(seed).rng();
        }
        if self.flaw == ChangesItsSpecification && self.steps > 0 {
            self.spec.horizon += 1;
        }
        (self.steps, self.over) = (0, self.flaw == EndsAtOnce);
        let bonus = if self.flaw == RewardsTheReset { 1.0 } else { 0.0 };
        self.show(vec![bonus, bonus])
    }

    fn step(&mut self, joint: &JointAction) -> Result<Step, ActionError> {
        self.check(joint).inspect_err(|_| {
            if self.flaw == CountsRefusedActions {
                self.rng.next_u64();
            }
        })?;
        self.steps += 1;
        self.over = self.steps >= HORIZON;
        let right = self.draw() % 3;
        let reward = |action: &Action| if u64::from(action.0) == right { 1.0 } else { 0.0 };
        let mut rewards: Vec<f32> = joint.iter().map(reward).collect();
        rewards.resize(2, 0.0);
        Ok(self.show(rewards))
    }

    fn reset_into(&mut self, seed: u64, step: &mut Step) {
        let alive = std::mem::take(&mut step.alive);
        *step = self.reset(seed);
        if self.flaw == LeavesOldMemory {
            step.alive = if alive.is_empty() { vec![true; 2].into() } else { alive };
        }
    }
}

#[test]
fn a_correct_game_passes() {
    testing::environment(|| Guess::new(Nothing));
}

#[test]
fn each_broken_promise_is_found() {
    for (flaw, complaint) in [
        (IgnoresItsSeedFromTheSecondStep, "step 1: the same seed and actions give the same step"),
        (RemembersTheEpisodeBefore, "reset: the same seed gives the same first step"),
        (EmptyMask, "a mask is never empty"),
        (ShortMask, "a mask has a flag for each action"),
        (TakesActionsOutside, "an action outside is refused"),
        (TakesShortJointActions, "a joint action of 1 for 2 agents is refused"),
        (CountsRefusedActions, "step 0: the same seed and actions give the same step"),
        (NeverEnds, "an episode ends at its horizon of 4"),
        (GoesOnAfterTheEnd, "nothing follows the last step"),
        (EndsForTwoReasons, "an episode ends for one reason"),
        (ShowsNotANumber, "an observation is finite"),
        (ShowsTooMuch, "an observation has the promised length"),
        (ShortGlobal, "the global features have the promised length"),
        (RewardsTheReset, "reset: nothing is rewarded before an action"),
        (EndsAtOnce, "reset: an episode has at least one step"),
        (ChangesItsSpecification, "a specification does not change"),
        (RevivesTheDead, "an agent cannot be revived once dead"),
        (LeavesOldMemory, "reset_into: nothing of what stood in the step is left"),
    ] {
        assert_complains(complaint, || testing::environment(|| Guess::new(flaw)));
    }
}
