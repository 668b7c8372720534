//! A trainer as bytes, and back.
//!
//! A checkpoint holds all that the next iteration depends on: parameters and optimiser of every network,
//! the statistics of returns, the streams of randomness, the episode counters, and how far the run has
//! come. Training 2N iterations, and training N, writing, reading and training N more, give the same bits;
//! a test holds this. Environments are not in it: between iterations they hold nothing (each rollout begins
//! with new episodes).
//!
//! It is a [`karma_nn::Checkpoint`]: networks `actor.{i}` and `critic`, and the note `mappo` for the rest.
//! Its digest is that of the agents' specifications and the length of the global features, so that a policy
//! cannot be loaded for other agents.
//!
//! | version of the note | the critic's outputs | what can be done with it |
//! |---|---|---|
//! | 1 (not written in it) | one value, of the mean of the agents' rewards | load its policies |
//! | 2 | a value for each agent, of its own rewards | that, and continue it |

use std::fmt;
use std::num::NonZeroUsize;

use karma_core::{Digest, Environment, EnvironmentSpec, StreamRng};
use karma_nn::{Checkpoint, CheckpointError, PolicyTrainer, ValueTrainer};
use serde::{Deserialize, Serialize};

use super::{Mappo, MappoParams, Progress, rollout_buffer};
use crate::error::{MappoError, SetupError};
use crate::vector::{SlotState, VectorEnvironment};

const NOTE: &str = "mappo";
/// The version of the note that is written, and that can be continued.
const VERSION: u32 = 2;
const CRITIC: &str = "critic";

/// What is not a tensor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrainerState {
    #[serde(default = "first_version")]
    version: u32,
    pub(crate) params: MappoParams,
    pub(crate) spec: EnvironmentSpec,
    seed: u64,
    progress: Progress,
    environments: Vec<SlotState>,
    minibatches: StreamRng,
}

/// What a note is that does not say.
const fn first_version() -> u32 {
    1
}

/// The name under which a checkpoint has an actor.
pub(crate) fn actor_name(number: usize) -> String {
    format!("actor.{number}")
}

/// Reads what a trainer of the agents of `spec` wrote.
pub(crate) fn read(bytes: &[u8], spec: &EnvironmentSpec) -> Result<(Checkpoint, TrainerState), MappoError> {
    let checkpoint = Checkpoint::from_bytes(bytes, &schema_digest(spec)?)?;
    let note = checkpoint.note(NOTE).ok_or_else(|| unusable(&"it is missing"))?;
    // Before the rest is read: of a later version it may be anything.
    let version = note.get("version").map_or(Ok(first_version()), u32::deserialize);
    let version = version.map_err(|error| unusable(&error))?;
    if !(first_version()..=VERSION).contains(&version) {
        return Err(unusable(&format!("it has version {version}; 1 to {VERSION} can be read")));
    }
    let state = TrainerState::deserialize(note).map_err(|error| unusable(&error))?;
    Ok((checkpoint, state))
}

impl TrainerState {
    /// Refuses what can be played, but not trained further.
    fn check_version(&self) -> Result<(), MappoError> {
        if self.version == VERSION {
            return Ok(());
        }
        Err(unusable(&format!(
            "it has version {}, whose critic has one value for the whole team; only version {VERSION}, with a \
             value for each agent, can be continued (policies of both can be loaded)",
            self.version
        )))
    }
}

/// The digest of what the networks' inputs and outputs mean.
pub(super) fn schema_digest(spec: &EnvironmentSpec) -> Result<String, MappoError> {
    Digest::of_json(&(&spec.agents, spec.global_size))
        .map(|digest| digest.to_string())
        .map_err(|error| unusable(&error))
}

fn unusable(reason: &dyn fmt::Display) -> MappoError {
    MappoError::Note { note: NOTE, reason: reason.to_string() }
}

impl Mappo {
    /// Everything that the next iteration depends on, as bytes; the same state gives the same bytes.
    ///
    /// # Errors
    /// If a parameter is not finite.
    pub fn checkpoint(&self) -> Result<Vec<u8>, MappoError> {
        let mut checkpoint = Checkpoint::new(&schema_digest(self.spec())?);
        for (number, actor) in self.actors.iter().enumerate() {
            actor.save(&mut checkpoint, &actor_name(number));
        }
        self.critic.save(&mut checkpoint, CRITIC);
        let state = TrainerState {
            version: VERSION,
            params: self.config.params().clone(),
            spec: self.spec().clone(),
            seed: self.seed,
            progress: self.progress,
            environments: self.environments.states(),
            minibatches: self.minibatches.clone(),
        };
        checkpoint.put_note(NOTE, serde_json::to_value(state).map_err(|error| unusable(&error))?);
        Ok(checkpoint.to_bytes()?)
    }

    /// The trainer that wrote `bytes`, with its settings, seed and progress; it continues bit for bit.
    ///
    /// `environments` are made as for the first run; the number of threads may differ.
    ///
    /// # Errors
    /// If the bytes are damaged or hold something else, or the environments are not those of the run.
    pub fn restore(
        bytes: &[u8],
        environments: Vec<Box<dyn Environment>>,
        threads: NonZeroUsize,
    ) -> Result<Self, MappoError> {
        let Some(first) = environments.first() else {
            return Err(SetupError::Environments { found: 0, expected: 1 }.into());
        };
        let (checkpoint, state) = read(bytes, first.spec())?;
        state.check_version()?;
        let config = state.params.check()?;
        let mut environments = VectorEnvironment::new(environments, state.seed)?;
        if *environments.spec() != state.spec || environments.len() != state.environments.len() {
            return Err(unusable(&"it was written with other environments (horizon or number)"));
        }
        environments.restore(state.environments);
        let buffer = rollout_buffer(&config, &environments)?;
        let actor = |number| PolicyTrainer::restore(&checkpoint, &actor_name(number), config.policy());
        let networks = buffer.seats().iter().map(|seat| seat.network + 1).max().unwrap_or(0);
        let actors = (0..networks).map(actor).collect::<Result<Vec<_>, CheckpointError>>()?;
        let critic = ValueTrainer::restore(&checkpoint, CRITIC, config.value())?;
        let (heads, agents) = (critic.heads(), buffer.seats().len());
        if heads != agents {
            return Err(unusable(&format!("its critic has {heads} heads, but there are {agents} agents")));
        }
        let (seed, progress, minibatches) = (state.seed, state.progress, state.minibatches);
        Ok(Self { config, seed, threads, environments, actors, critic, minibatches, progress, buffer })
    }
}
