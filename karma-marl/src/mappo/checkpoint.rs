//! A trainer as bytes, and back.
//!
//! A checkpoint holds all that the next iteration depends on: parameters and optimiser of every network,
//! the statistics of returns, the streams of randomness, the episode counters, and how far the run has
//! come. Training 2N iterations, and training N, writing, reading and training N more, give the same bits;
//! a test holds this. Environments are not in it: between iterations they hold nothing (each rollout begins
//! with new episodes).
//!
//! It is a [`karma_nn::Checkpoint`]: networks `actor.{i}`, `critic` (under IPPO `critic.{i}`), and the note `mappo` for the
//! rest. Its digest is that of the agents' specifications and the length of the global features, so that a policy
//! cannot be loaded for other agents. Of actors that see an observation in parts it is that of a part: they can be loaded
//! for any number of them.
//!
//! Learners of several ranks write one checkpoint, the same on each of them, with the environments and streams of all.
//!
//! | version of the note | what is different | what can be done with it |
//! |---|---|---|
//! | 1 (not written in it) | the critic has one value for the team | load its policies |
//! | 2 | sums were rounded in another way, streams of one rank | load its policies |
//! | 3 | nobody was imitated, all step sizes were steady | load its policies |
//! | 4 | | that, and continue it |

use std::fmt;
use std::num::NonZeroUsize;

use karma_core::{AgentSpec, Digest, Environment, EnvironmentSpec, SeedTree, StreamRng, Team as Side};
use karma_nn::{Alone, Checkpoint, CheckpointError, Collective, Mlp, PolicyTrainer, ValueTrainer};
use serde::{Deserialize, Serialize};

use super::{Mappo, MappoParams, Progress, Streams, Team, rollout_buffer};
use crate::critics::critics;
use crate::error::{MappoError, SetupError};
use crate::seats::networks;
use crate::vector::{SlotState, VectorEnvironment};

const NOTE: &str = "mappo";
/// The version of the note that is written, and that can be continued.
const VERSION: u32 = 4;

/// What is not a tensor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrainerState {
    version: u32,
    params: MappoParams,
    spec: EnvironmentSpec,
    seed: u64,
    progress: Progress,
    /// By place, those of all ranks.
    environments: Vec<SlotState>,
    /// By rank.
    minibatches: Vec<StreamRng>,
    turns: StreamRng,
    /// By number of network.
    frozen: Vec<bool>,
}

/// What has to be known to play its policies; the same in all versions.
#[derive(Debug, Deserialize)]
struct Played {
    params: MappoParams,
}

/// The note of a checkpoint whose policies can be played and not trained.
#[derive(Debug, Serialize)]
struct PlayedOnly {
    version: u32,
    params: MappoParams,
}

/// The name under which a checkpoint has an actor.
pub(crate) fn actor_name(number: usize) -> String {
    format!("actor.{number}")
}

/// The name under which a checkpoint has one of `count` critics.
fn critic_name(number: usize, count: usize) -> String {
    if count == 1 { "critic".to_owned() } else { format!("critic.{number}") }
}

/// Reads what a trainer of the agents of `spec` wrote, and the settings that its policies were trained with.
pub(crate) fn read(bytes: &[u8], spec: &EnvironmentSpec) -> Result<(Checkpoint, MappoParams), MappoError> {
    let checkpoint = Checkpoint::from_bytes(bytes, &schema_digest(spec)?)?;
    let note = checkpoint.note(NOTE).ok_or_else(|| unusable(&"it is missing"))?;
    version(note)?;
    let Played { params } = Played::deserialize(note).map_err(|error| unusable(&error))?;
    Ok((checkpoint, params))
}

/// Notes what has to be known to play the policies in `checkpoint`, and no more.
pub(crate) fn put_played(checkpoint: &mut Checkpoint, params: MappoParams) -> Result<(), MappoError> {
    let note = serde_json::to_value(PlayedOnly { version: VERSION, params });
    checkpoint.put_note(NOTE, note.map_err(|error| unusable(&error))?);
    Ok(())
}

/// Before the rest is read: of a later version it may be anything.
fn version(note: &serde_json::Value) -> Result<u32, MappoError> {
    let version = note.get("version").map_or(Ok(1), u32::deserialize).map_err(|error| unusable(&error))?;
    let readable = (1..=VERSION).contains(&version);
    if readable {
        Ok(version)
    } else {
        Err(unusable(&format!("it has version {version}; 1 to {VERSION} can be read")))
    }
}

impl TrainerState {
    /// Refuses what can be played, but not trained further.
    fn read(checkpoint: &Checkpoint) -> Result<Self, MappoError> {
        let note = checkpoint.note(NOTE).ok_or_else(|| unusable(&"it is missing"))?;
        let found = version(note)?;
        if found != VERSION {
            return Err(unusable(&format!(
                "it has version {found}; only version {VERSION} can be continued (policies of all can be loaded)"
            )));
        }
        Self::deserialize(note).map_err(|error| unusable(&error))
    }
}

/// The digest of what the actors' inputs and outputs mean, and, where they see all at once, of the critic's.
pub(super) fn schema_digest(spec: &EnvironmentSpec) -> Result<String, MappoError> {
    let in_parts = spec.agents.iter().any(|agent| agent.parts > 1);
    let digest = if in_parts {
        Digest::of_json(&spec.agents.iter().map(PartSpec::of).collect::<Vec<_>>())
    } else {
        Digest::of_json(&(&spec.agents, spec.global_size))
    };
    digest.map(|digest| digest.to_string()).map_err(|error| unusable(&error))
}

/// What an agent is on one part of its observation.
#[derive(Serialize)]
struct PartSpec<'a> {
    name: &'a str,
    team: Side,
    actions: usize,
    features: usize,
}

impl<'a> PartSpec<'a> {
    fn of(agent: &'a AgentSpec) -> Self {
        let (parts, actions) = (agent.parts.max(1), agent.action_space.len());
        let AgentSpec { name, team, observation_size, .. } = agent;
        Self { name, team: *team, actions: actions / parts, features: observation_size / parts }
    }
}

fn unusable(reason: &dyn fmt::Display) -> MappoError {
    MappoError::Note { note: NOTE, reason: reason.to_string() }
}

/// What each rank has, in the order of ranks.
fn gather<T: Serialize + for<'de> Deserialize<'de>>(
    mine: &T,
    ranks: &mut dyn Collective,
) -> Result<Vec<T>, MappoError> {
    let bytes = serde_json::to_vec(mine).map_err(|error| unusable(&error))?;
    let all = ranks.all_gather(&bytes)?;
    all.iter().map(|bytes| serde_json::from_slice(bytes).map_err(|error| unusable(&error))).collect()
}

impl Mappo {
    /// Everything that the next iteration depends on, as bytes; the same state gives the same bytes. All ranks call it,
    /// and get the same.
    ///
    /// # Errors
    /// If a parameter is not finite, or a rank has left.
    pub fn checkpoint(&mut self) -> Result<Vec<u8>, MappoError> {
        let mut checkpoint = Checkpoint::new(&schema_digest(self.spec())?);
        for (number, actor) in self.team.actors.iter().enumerate() {
            actor.save(&mut checkpoint, &actor_name(number));
        }
        for (number, critic) in self.team.critics.iter().enumerate() {
            critic.save(&mut checkpoint, &critic_name(number, self.team.critics.len()));
        }
        let ranks = self.ranks.as_mut();
        let state = TrainerState {
            version: VERSION,
            params: self.config.params().clone(),
            spec: self.environments.spec().clone(),
            seed: self.seed,
            progress: self.progress,
            environments: gather(&self.environments.states(), ranks)?.concat(),
            minibatches: gather(&self.streams.minibatches, ranks)?,
            turns: self.streams.turns.clone(),
            frozen: self.team.frozen.clone(),
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
        Self::restore_with(bytes, environments, threads, Box::new(Alone))
    }

    /// [`Mappo::restore`] as one of several `ranks`, of which there are as many as wrote it.
    ///
    /// # Errors
    /// As there, and if there were more ranks or fewer.
    pub fn restore_with(
        bytes: &[u8],
        environments: Vec<Box<dyn Environment>>,
        threads: NonZeroUsize,
        ranks: Box<dyn Collective>,
    ) -> Result<Self, MappoError> {
        let Some(first) = environments.first() else {
            return Err(SetupError::Environments { found: 0, expected: 1 }.into());
        };
        let checkpoint = Checkpoint::from_bytes(bytes, &schema_digest(first.spec())?)?;
        let state = TrainerState::read(&checkpoint)?;
        let config = state.params.check()?;
        let (rank, size, count) = (ranks.rank(), ranks.size(), environments.len());
        if state.minibatches.len() != size {
            let written = state.minibatches.len();
            return Err(unusable(&format!("it was written by {written} ranks, and there are {size}")));
        }
        let mut environments = VectorEnvironment::new(environments, rank * count, state.seed)?;
        if *environments.spec() != state.spec || count * size != state.environments.len() {
            return Err(unusable(&"it was written with other environments (horizon or number)"));
        }
        environments.restore(&state.environments[rank * count..]);
        let buffer = rollout_buffer(&config, &environments, size)?;
        let critic_seats = critics(config.params().algorithm, buffer.seats());
        let actor = |number| PolicyTrainer::restore(&checkpoint, &actor_name(number), config.policy());
        let actors = (0..networks(buffer.seats())).map(actor).collect::<Result<Vec<_>, CheckpointError>>()?;
        let name = |number| critic_name(number, critic_seats.len());
        let critic = |number| ValueTrainer::restore(&checkpoint, &name(number), config.value());
        let critics = (0..critic_seats.len()).map(critic).collect::<Result<Vec<_>, CheckpointError>>()?;
        for (critic, seat) in critics.iter().zip(&critic_seats) {
            let (found, (_, expected)) = (critic.heads(), seat.shape(state.spec.global_size));
            if found != expected {
                return Err(unusable(&format!("a critic has {found} heads, but {expected} are needed")));
            }
        }
        if state.frozen.len() != actors.len() {
            return Err(unusable(&"it does not say of each actor whether it learns"));
        }
        let remembers = |network: &Mlp| network.memory() == config.recurrence().1;
        let networks =
            actors.iter().map(PolicyTrainer::network).chain(critics.iter().map(ValueTrainer::network));
        if !networks.into_iter().all(remembers) {
            return Err(unusable(&"its networks remember more or less than its settings say"));
        }
        let team = Team { actors, frozen: state.frozen, critics, critic_seats };
        let fresh = Streams::new(SeedTree::new(state.seed), rank);
        let minibatches = state.minibatches.into_iter().nth(rank).unwrap_or(fresh.minibatches);
        let streams = Streams { minibatches, turns: state.turns };
        let (seed, progress) = (state.seed, state.progress);
        Ok(Self { config, seed, threads, environments, team, streams, progress, buffer, ranks })
    }
}
