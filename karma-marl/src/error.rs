//! What can go wrong in training.

use karma_core::ActionError;
use karma_nn::{CheckpointError, CollectiveError, ConfigError, NetworkError};
use thiserror::Error;

use crate::gae::GaeError;

/// Environments and settings that do not go together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SetupError {
    /// The number of environments is not the configured one.
    #[error("there are {found} environments, but num_envs is {expected}")]
    Environments {
        /// How many were given.
        found: usize,
        /// What the settings say.
        expected: usize,
    },
    /// Two environments have different agents, sizes or horizons.
    #[error("environment {environment} has another specification than environment 0; all must be equal")]
    Specification {
        /// The first that differs.
        environment: usize,
    },
    /// There is nobody to train.
    #[error("the environment has no agents; at least one is needed")]
    NoAgents,
    /// Environments cannot be dealt out to the ranks.
    #[error("num_envs is {num_envs}; allowed: a multiple of the {ranks} ranks")]
    Ranks {
        /// What the settings say.
        num_envs: usize,
        /// How many there are.
        ranks: usize,
    },
    /// Agents that differ cannot share one actor.
    #[error(
        "agent {agent} differs from the first of its side in actions or observation size; parameter_sharing needs \
         equals"
    )]
    Sharing {
        /// The first that differs.
        agent: String,
    },
    /// Parts of observations and actions that are no parts.
    #[error(
        "agent {agent} has {parts} parts, but {observation} features and {actions} actions; both have to be multiples of \
         the parts"
    )]
    Parts {
        /// Whose.
        agent: String,
        /// How many.
        parts: usize,
        /// Length of the observation.
        observation: usize,
        /// Number of actions.
        actions: usize,
    },
    /// A network that sees parts of an observation has no place for a code of the agent.
    #[error(
        "agent {agent} sees {parts} parts of an observation, which have no place for whom an actor plays; \
         parameter_sharing needs agent_identity = false there"
    )]
    IdentityOfParts {
        /// The first that would share.
        agent: String,
        /// How many parts.
        parts: usize,
    },
    /// A rollout does not consist of whole episodes.
    #[error("rollout_length is {rollout_length}; allowed: a multiple of the horizon, {horizon}")]
    RolloutLength {
        /// What the settings say.
        rollout_length: usize,
        /// Steps of an episode.
        horizon: usize,
    },
    /// A rollout does not consist of whole sequences.
    #[error("chunk_length is {chunk_length}; allowed: a divisor of the rollout's length, {rollout_length}")]
    ChunkLength {
        /// What the settings say.
        chunk_length: usize,
        /// Steps that an environment plays in an iteration.
        rollout_length: usize,
    },
    /// There are more mini-batches than sequences for recurrent networks.
    #[error(
        "num_minibatches is {num_minibatches}; allowed: at most the sequences of an iteration, {sequences}"
    )]
    Sequences {
        /// What the settings say.
        num_minibatches: usize,
        /// Environments times steps, divided by the length of a sequence.
        sequences: usize,
    },
    /// There are more mini-batches than rows.
    #[error("num_minibatches is {num_minibatches}; allowed: at most the rows of an iteration, {rows}")]
    Minibatches {
        /// What the settings say.
        num_minibatches: usize,
        /// Environments times steps.
        rows: usize,
    },
}

/// An environment broke its promises during a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RolloutError {
    /// It refused a legal joint action.
    #[error("environment {environment} refused the joint action of episode {episode}")]
    Refused {
        /// Which environment.
        environment: usize,
        /// Its how-manieth episode, from 0.
        episode: u64,
        /// Why.
        source: ActionError,
    },
    /// A part of a step has another size than the specification says.
    #[error(
        "environment {environment}, episode {episode}: {what} has {found} values, but {expected} are promised"
    )]
    Shape {
        /// Which environment.
        environment: usize,
        /// Its how-manieth episode, from 0.
        episode: u64,
        /// Which part.
        what: &'static str,
        /// Its size.
        found: usize,
        /// The promised size.
        expected: usize,
    },
    /// A reward is NaN or infinite.
    #[error("environment {environment}, episode {episode}: the rewards of a step are not finite")]
    Reward {
        /// Which environment.
        environment: usize,
        /// Its how-manieth episode, from 0.
        episode: u64,
    },
    /// An actor or the critic cannot work with what the environment shows.
    #[error("environment {environment}, episode {episode}: an observation or a mask cannot be used")]
    Inference {
        /// Which environment.
        environment: usize,
        /// Its how-manieth episode, from 0.
        episode: u64,
        /// Why.
        source: NetworkError,
    },
}

/// Training cannot begin, go on, or be continued.
///
/// After an error in an iteration the trainer may have taken some of its steps: go back to the last
/// checkpoint.
#[derive(Debug, Error)]
pub enum MappoError {
    /// Environments and settings do not go together.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// A setting of a network is outside its range, for instance the length of observations.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An environment broke its promises.
    #[error(transparent)]
    Rollout(#[from] RolloutError),
    /// The rollout does not end with a boundary.
    #[error(transparent)]
    Advantages(#[from] GaeError),
    /// A network cannot learn from a part of the rollout.
    #[error("{learner} cannot be updated in epoch {epoch}, mini-batch {minibatch}")]
    Update {
        /// Which network.
        learner: String,
        /// The pass over the rollout, from 0.
        epoch: usize,
        /// The part of it, from 0.
        minibatch: usize,
        /// Why.
        source: NetworkError,
    },
    /// A network cannot be made, or cannot be asked.
    #[error("{learner} cannot be used")]
    Network {
        /// Which network.
        learner: String,
        /// Why.
        source: NetworkError,
    },
    /// Learners that step together lost each other.
    #[error("the ranks cannot go on together")]
    Ranks(#[from] CollectiveError),
    /// A checkpoint cannot be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A checkpoint is sound but is not one of this trainer.
    #[error("the checkpoint's note `{note}` cannot be used: {reason}")]
    Note {
        /// Which note.
        note: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// A team without exactly one policy for each of its roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the team has {expected} roles, but {found} policies were given")]
pub struct TeamError {
    /// How many policies were given.
    pub found: usize,
    /// How many roles the team has.
    pub expected: usize,
}
