//! A trained agent, ready to act without its trainer.

use karma_core::{Action, ActionMask, EnvironmentSpec, Memory, Observation, PerAgent, Policy, StreamRng};
use karma_nn::{Inference, MaskedCategorical, Mlp, NetworkError};
use serde::{Deserialize, Serialize};

use crate::error::MappoError;
use crate::mappo::checkpoint;
use crate::seats::{Seat, seats};

/// How a policy picks among legal actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Draws from its distribution, as in training.
    Sampled,
    /// Takes the most probable one, the first of them if several are, as on-policy does in evaluation. All of a defender's
    /// ways to hold still, one for each service, count as one: together they may be more probable than any move, though each
    /// is less so.
    #[default]
    Greedy,
}

/// One agent's trained actor.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainedPolicy {
    network: Mlp,
    identity: Vec<f32>,
    /// Which of a defender's actions are changes of 0.
    holds: Vec<bool>,
    mode: Mode,
}

/// What one decision needs; used again for the next.
#[derive(Default)]
struct Room {
    inference: Inference,
    inputs: Vec<f32>,
    logits: Vec<f32>,
    head: MaskedCategorical,
}

impl TrainedPolicy {
    pub(crate) fn new(network: Mlp, seat: &Seat, mode: Mode) -> Self {
        Self { network, identity: seat.identity.clone(), holds: seat.holds(), mode }
    }

    /// The policies of all agents, from the bytes of a trainer's checkpoint.
    ///
    /// `spec` is that of the environment to act in: names, sides, actions and observation sizes of its
    /// agents must be those of the training, and where observations have parts, those of a part. Its horizon and the number
    /// of parts need not be.
    ///
    /// # Errors
    /// If the bytes are damaged, hold something else, or were trained for other agents.
    pub fn load(bytes: &[u8], spec: &EnvironmentSpec, mode: Mode) -> Result<PerAgent<Self>, MappoError> {
        let (checkpoint, params) = checkpoint::read(bytes, spec)?;
        let load = |seat: &Seat| {
            let network = Mlp::restore(&checkpoint, &checkpoint::actor_name(seat.network))?;
            Ok(Self::new(network.with_parts(seat.parts)?, seat, mode))
        };
        seats(spec, params.sharing())?.iter().map(load).collect()
    }

    /// The actor.
    pub fn network(&self) -> &Mlp {
        &self.network
    }

    /// The same policy with another way to pick.
    #[must_use]
    pub fn with_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// How much the policy inclines to each action, for each of several observations that stand one after the other: the
    /// logits of its actor, before any mask, row by row. A recurrent policy inclines as at the begin of an episode.
    ///
    /// # Errors
    /// If the length is no multiple of an observation's, or an observation is not finite.
    pub fn inclinations(&self, observations: &[f32]) -> Result<Vec<f32>, NetworkError> {
        let params = self.network.config().params();
        let size = params.input - self.identity.len();
        let rows = observations.len().div_ceil(size);
        let row = |observation: &[f32]| [observation, &self.identity].concat();
        let inputs: Vec<f32> = observations.chunks(size).flat_map(row).collect();
        let (mut state, mut logits) =
            (vec![0.0; rows * self.network.memory()], vec![0.0; rows * params.output]);
        Inference::default().step(&self.network, &inputs, &mut state, &mut logits)?;
        Ok(logits)
    }

    /// An action that the mask allows. [`Mode::Sampled`] takes one number from `rng`, [`Mode::Greedy`] none. A recurrent
    /// policy acts as at the begin of an episode.
    ///
    /// # Errors
    /// If the observation or the mask has the wrong length, the observation is not finite, or no action is
    /// legal.
    pub fn try_act(
        &self,
        observation: &Observation,
        mask: &ActionMask,
        rng: &mut StreamRng,
    ) -> Result<Action, NetworkError> {
        self.try_act_on(&mut Memory::default(), observation, mask, rng)
    }

    /// [`TrainedPolicy::try_act`] in the course of an episode: a recurrent policy goes on from `memory`, which is empty where
    /// an episode begins, and keeps there what it remembers. From the second decision on the same memory nothing is
    /// allocated.
    ///
    /// # Errors
    /// As there; the memory is to be cleared then.
    pub fn try_act_on(
        &self,
        memory: &mut Memory,
        observation: &Observation,
        mask: &ActionMask,
        rng: &mut StreamRng,
    ) -> Result<Action, NetworkError> {
        let (state, Room { inference, inputs, logits, head }) = memory.parts();
        inputs.clear();
        inputs.extend_from_slice(&observation.0);
        inputs.extend_from_slice(&self.identity);
        state.resize(self.network.memory(), 0.0);
        logits.resize(self.network.config().params().output, 0.0);
        inference.step(&self.network, inputs, state, logits)?;
        head.renew(logits, mask.as_slice())?;
        Ok(action(match self.mode {
            Mode::Sampled => head.sample(rng),
            Mode::Greedy => head.mode_among(&self.holds),
        }))
    }
}

impl Policy for TrainedPolicy {
    /// As [`TrainedPolicy::try_act`], which is the one to call with observations that no [`Observer`]
    /// vouches for.
    ///
    /// [`Observer`]: karma_core::Observer
    ///
    /// # Panics
    /// If the observation is not finite or not of the promised length, or the mask is empty.
    #[expect(
        clippy::expect_used,
        reason = "observers promise finite features of a fixed length, and masks an action"
    )]
    fn act(&self, observation: &Observation, mask: &ActionMask, rng: &mut StreamRng) -> Action {
        self.try_act(observation, mask, rng).expect("observations and masks keep their promises")
    }

    /// As [`TrainedPolicy::try_act_on`].
    ///
    /// # Panics
    /// As [`TrainedPolicy::act`](Policy::act).
    #[expect(
        clippy::expect_used,
        reason = "observers promise finite features of a fixed length, and masks an action"
    )]
    fn act_on(
        &self,
        memory: &mut Memory,
        observation: &Observation,
        mask: &ActionMask,
        rng: &mut StreamRng,
    ) -> Action {
        self.try_act_on(memory, observation, mask, rng).expect("observations and masks keep their promises")
    }
}

/// The index as an action.
#[expect(clippy::cast_possible_truncation, reason = "an action space has at most 2^32 actions")]
pub(crate) const fn action(index: usize) -> Action {
    Action(index as u32)
}
