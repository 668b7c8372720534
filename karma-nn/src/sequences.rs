//! Rows that follow each other in time.

use crate::{Mlp, NetworkError};

/// How the rows of a batch follow each other: sequences of equal length, one after the other, each from its first
/// step to its last.
///
/// What a recurrent network learns from (truncated back-propagation through time; Williams and Peng, 1990). The
/// gradient flows back through the steps of a sequence, up to a row where an episode begins, and never into
/// `states`.
#[derive(Debug, Clone, Copy)]
pub struct Sequences<'a> {
    /// Steps in each sequence, at least 1.
    pub length: usize,
    /// sequences × [`Mlp::memory`]: the state before the first row of each, as it was at the time of the rollout.
    pub states: &'a [f32],
    /// rows: `true` where an episode begins, so that the state before the row is 0.
    pub begins: &'a [bool],
}

impl Sequences<'_> {
    /// Refuses what does not fit `rows` rows of `network`.
    pub(crate) fn check(sequences: Option<&Self>, network: &Mlp, rows: usize) -> Result<(), NetworkError> {
        let memory = network.memory();
        let Sequences { length, states, begins } = match (sequences, memory) {
            (None, 0) => return Ok(()),
            (None, _) => return Err(NetworkError::SequencesMissing),
            (Some(_), 0) => return Err(NetworkError::SequencesUnused),
            (Some(sequences), _) => *sequences,
        };
        if length == 0 || !rows.is_multiple_of(length) {
            return Err(NetworkError::Sequences { length, rows });
        }
        NetworkError::length("states of sequences", states.len(), rows / length * memory)?;
        NetworkError::length("begins", begins.len(), rows)?;
        match states.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(i) => {
                Err(NetworkError::NonFinite { what: format!("the state before sequence {}", i / memory) })
            }
        }
    }
}
