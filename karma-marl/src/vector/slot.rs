//! One environment at its place, and the loop that plays it.

use karma_core::{Action, Environment, JointAction, SeedTree, Step, StreamRng};
use karma_nn::{MaskedCategorical, NetworkError};
use serde::{Deserialize, Serialize};

use super::Players;
use crate::buffer::{AgentRows, EnvironmentRows};
use crate::error::RolloutError;
use crate::gae::Boundary;
use crate::policy::action;

/// What of an environment a checkpoint keeps between rollouts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SlotState {
    /// Episodes begun so far.
    pub(crate) episodes: u64,
    /// Draws the actions.
    pub(crate) actions: StreamRng,
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
}

impl Played {
    fn count(&mut self, step: &Step) {
        self.reviewed += u64::from(step.corrected.is_some());
        self.corrected += u64::from(step.corrected == Some(true));
    }

    /// Adds what another environment, or a later one in the order of places, came to.
    pub(crate) fn append(mut self, other: Self) -> Self {
        self.returns.extend(other.returns);
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
        let (seeds, actions) = (root.child("train"), root.child("actions"));
        let actions = actions.index(place as u64).rng();
        let state = SlotState { episodes: 0, actions };
        Self { place, environment, seeds: seeds.index(place as u64), state }
    }

    /// Plays one step for each row.
    pub(super) fn play(
        &mut self,
        players: &Players<'_>,
        mut rows: EnvironmentRows<'_>,
    ) -> Result<Played, RolloutError> {
        let length = rows.len();
        let mut joint = JointAction::filled(Action(0), rows.agents.len());
        let (mut played, mut so_far) = (Played::default(), 0.0);
        let mut step = self.begin()?;
        for t in 0..length {
            self.decide(players, &step, (&mut rows, t), &mut joint)?;
            step = self.advance(&joint)?;
            let each = rows.each(t);
            rows.rewards[each].copy_from_slice(step.rewards.as_slice());
            self.close(players, &step, (&mut rows, t))?;
            so_far += mean_reward(&step);
            played.count(&step);
            if step.is_last() {
                played.returns.push(std::mem::take(&mut so_far));
                if t + 1 < length {
                    step = self.begin()?;
                }
            }
        }
        Ok(played)
    }

    /// Begins the next episode.
    fn begin(&mut self) -> Result<Step, RolloutError> {
        let seed = self.seeds.index(self.state.episodes).seed();
        self.state.episodes += 1;
        let step = self.environment.reset(seed);
        self.check(&step).map(|()| step)
    }

    fn advance(&mut self, joint: &JointAction) -> Result<Step, RolloutError> {
        let (environment, episode) = self.name();
        let step = self.environment.step(joint);
        let step = step.map_err(|source| RolloutError::Refused { environment, episode, source })?;
        self.check(&step).map(|()| step)
    }

    /// Writes what is seen into row `t`, and draws every agent's action.
    fn decide(
        &mut self,
        players: &Players<'_>,
        step: &Step,
        (rows, t): (&mut EnvironmentRows<'_>, usize),
        joint: &mut JointAction,
    ) -> Result<(), RolloutError> {
        let (environment, episode) = self.name();
        let name = |source| RolloutError::Inference { environment, episode, source };
        let each = rows.each(t);
        let global = &mut rows.globals[t * step.global.len()..][..step.global.len()];
        global.copy_from_slice(&step.global);
        let (outputs, values) = (&mut rows.outputs[each.clone()], &mut rows.values[each]);
        players.values_into(global, outputs, values).map_err(name)?;
        let seen = step.observations.iter().zip(&step.masks);
        for ((agent, (observation, mask)), chosen) in rows.agents.iter_mut().zip(seen).zip(joint) {
            agent.see(t, &observation.0, mask.as_slice());
            *chosen = agent.act(t, players, &mut self.state.actions).map_err(name)?;
        }
        Ok(())
    }

    /// Writes what followed the step of row `t`.
    fn close(
        &self,
        players: &Players<'_>,
        step: &Step,
        (rows, t): (&mut EnvironmentRows<'_>, usize),
    ) -> Result<(), RolloutError> {
        let (each, last_row) = (rows.each(t), t + 1 == rows.len());
        let boundaries = &mut rows.boundaries[each];
        if step.terminated {
            boundaries.fill(Boundary::Terminated);
        } else if step.truncated || last_row {
            let (environment, episode) = self.name();
            let finals = players.values(&step.global);
            let finals = finals.map_err(|source| RolloutError::Inference { environment, episode, source })?;
            for (boundary, final_value) in boundaries.iter_mut().zip(finals) {
                *boundary = Boundary::Truncated { final_value };
            }
        } else {
            boundaries.fill(Boundary::None);
        }
        Ok(())
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
        for ((agent, observation), mask) in spec.agents.iter().zip(&step.observations).zip(&step.masks) {
            size("an observation", observation.0.len(), agent.observation_size)?;
            size("a mask", mask.as_slice().len(), agent.action_space.len())?;
        }
        let finite = step.rewards.iter().all(|reward| reward.is_finite());
        if finite { Ok(()) } else { Err(RolloutError::Reward { environment, episode }) }
    }
}

impl AgentRows<'_> {
    /// Writes what the agent sees into row `t`; its one-hot code is there already.
    fn see(&mut self, t: usize, observation: &[f32], mask: &[bool]) {
        self.inputs[t * self.seat.inputs()..][..observation.len()].copy_from_slice(observation);
        self.masks[t * mask.len()..][..mask.len()].copy_from_slice(mask);
    }

    /// Draws the action of row `t`.
    fn act(&mut self, t: usize, players: &Players<'_>, rng: &mut StreamRng) -> Result<Action, NetworkError> {
        let (inputs, actions) = (self.seat.inputs(), self.seat.actions());
        let logits = players.actors[self.seat.network].forward(&self.inputs[t * inputs..][..inputs])?;
        let head = MaskedCategorical::new(&logits, &self.masks[t * actions..][..actions])?;
        self.actions[t] = head.sample(rng);
        self.log_probs[t] = head.log_probs()[self.actions[t]];
        Ok(action(self.actions[t]))
    }
}

/// The mean of the agents' rewards, which is what is reported; each agent learns from its own. Where all earn
/// the same, it is that.
fn mean_reward(step: &Step) -> f64 {
    step.rewards.iter().map(|reward| f64::from(*reward)).sum::<f64>() / step.rewards.len() as f64
}
