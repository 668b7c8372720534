//! One environment at its place.

use karma_core::{Environment, JointAction, SeedTree, Step, StreamRng};
use karma_nn::NetworkError;
use serde::{Deserialize, Serialize};

use crate::error::RolloutError;

/// What of an environment a checkpoint keeps between rollouts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SlotState {
    /// Episodes begun so far.
    pub(crate) episodes: u64,
    /// Draws the actions.
    pub(crate) actions: StreamRng,
}

/// What was seen after a row that was cut off: the critics are to value it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Final {
    /// The row of the buffer that it follows.
    pub(crate) row: usize,
    /// As [`Step::global`].
    pub(crate) global: Vec<f32>,
    /// Each agent's inputs, one after the other.
    pub(crate) inputs: Vec<f32>,
}

/// What an environment came to in a rollout.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Played {
    /// Returns of the finished episodes.
    pub(crate) returns: Vec<f64>,
    /// Steps whose joint action a safeguard reviewed.
    pub(crate) reviewed: u64,
    /// Those of them in which it changed what was asked for.
    pub(crate) corrected: u64,
    /// In the order of rows.
    pub(crate) finals: Vec<Final>,
}

impl Played {
    pub(super) fn count(&mut self, step: &Step) {
        self.reviewed += u64::from(step.corrected.is_some());
        self.corrected += u64::from(step.corrected == Some(true));
    }

    /// Adds what another environment, or a later one in the order of places, came to.
    pub(crate) fn append(mut self, other: Self) -> Self {
        self.returns.extend(other.returns);
        self.finals.extend(other.finals);
        self.reviewed += other.reviewed;
        self.corrected += other.corrected;
        self
    }

    /// Share of the reviewed steps that were changed; `None` without a safeguard.
    pub(crate) fn intervention_rate(&self) -> Option<f64> {
        (self.reviewed > 0).then(|| self.corrected as f64 / self.reviewed as f64)
    }
}

/// One environment at its place.
pub(super) struct Slot {
    place: usize,
    environment: Box<dyn Environment>,
    seeds: SeedTree,
    pub(super) state: SlotState,
}

impl Slot {
    /// An environment that has played nothing yet.
    pub(super) fn new(place: usize, environment: Box<dyn Environment>, root: SeedTree) -> Self {
        let actions = root.child("actions").index(place as u64).rng();
        let state = SlotState { episodes: 0, actions };
        Self { place, environment, seeds: super::episode_seeds(root, place), state }
    }

    pub(super) fn environment(&mut self) -> &mut dyn Environment {
        self.environment.as_mut()
    }

    /// Begins the next episode.
    pub(super) fn begin(&mut self, step: &mut Step) -> Result<(), RolloutError> {
        let seed = self.seeds.index(self.state.episodes).seed();
        self.state.episodes += 1;
        self.environment.reset_into(seed, step);
        self.check(step)
    }

    /// Plays a joint action.
    pub(super) fn advance(&mut self, joint: &JointAction, step: &mut Step) -> Result<(), RolloutError> {
        let (environment, episode) = self.name();
        let played = self.environment.step_into(joint, step);
        played.map_err(|source| RolloutError::Refused { environment, episode, source })?;
        self.check(step)
    }

    /// What an actor refuses.
    pub(super) fn unusable(&self, source: NetworkError) -> RolloutError {
        let (environment, episode) = self.name();
        RolloutError::Inference { environment, episode, source }
    }

    /// This environment and the episode it plays, for messages.
    fn name(&self) -> (usize, u64) {
        (self.place, self.state.episodes.saturating_sub(1))
    }

    /// Refuses a step that does not fit the specification.
    fn check(&self, step: &Step) -> Result<(), RolloutError> {
        let (environment, episode) = self.name();
        let size = |what, found: usize, expected: usize| {
            let wrong = RolloutError::Shape { environment, episode, what, found, expected };
            if found == expected { Ok(()) } else { Err(wrong) }
        };
        let spec = self.environment.spec();
        size("observations", step.observations.len(), spec.agents.len())?;
        size("masks", step.masks.len(), spec.agents.len())?;
        size("rewards", step.rewards.len(), spec.agents.len())?;
        size("global", step.global.len(), spec.global_size)?;
        for (agent, advised) in spec.agents.iter().zip(&step.advice) {
            size("advice", advised.as_slice().len(), agent.action_space.len())?;
        }
        for ((agent, observation), mask) in spec.agents.iter().zip(&step.observations).zip(&step.masks) {
            size("an observation", observation.0.len(), agent.observation_size)?;
            size("a mask", mask.as_slice().len(), agent.action_space.len())?;
        }
        let finite = step.rewards.iter().all(|reward| reward.is_finite());
        if finite { Ok(()) } else { Err(RolloutError::Reward { environment, episode }) }
    }
}
