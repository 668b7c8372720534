//! What can be wrong with recordings.

use std::io;

use thiserror::Error;

use super::{FORMAT, VERSION};

/// Why an episode is not added.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EpisodeError {
    /// Nothing happened in it.
    #[error("the episode has no transitions: leave it out")]
    Empty,
    /// A vector of another length.
    #[error("step {step} has {found} {what}, but the cast has {expected}")]
    Count {
        /// Which step, from 0.
        step: usize,
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// An action that nobody has.
    #[error("step {step}: agent {agent:?} has action {action}, but actions are 0 to {}", actions - 1)]
    Action {
        /// Which step, from 0.
        step: usize,
        /// Whose action.
        agent: String,
        /// The action.
        action: u32,
        /// Number of actions.
        actions: usize,
    },
}

/// Why a file of recordings is not read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordingsError {
    /// The bytes cannot be had.
    #[error("line {line} cannot be read")]
    Read {
        /// Which line, from 1.
        line: usize,
        /// Why.
        source: io::Error,
    },
    /// A line is longer than any episode.
    #[error("line {line} is longer than {limit} bytes, the most that an episode may have")]
    TooLong {
        /// Which line, from 1.
        line: usize,
        /// Most bytes of a line.
        limit: u64,
    },
    /// The file is something else.
    #[error(
        "line 1: these are no trajectories: the first line of a file of them is {{\"format\":\"{FORMAT}\",\"version\":{VERSION},\"cast\":…}} ({reason})"
    )]
    Foreign {
        /// What is wrong with it.
        reason: String,
    },
    /// A line is no episode.
    #[error("line {line} is no episode")]
    Syntax {
        /// Which line, from 1.
        line: usize,
        /// What is wrong, and in which column.
        source: serde_json::Error,
    },
    /// An episode does not fit the first line.
    #[error("line {line}: the episode does not fit the cast of line 1")]
    Episode {
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        source: EpisodeError,
    },
}
