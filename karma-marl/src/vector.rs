//! Several copies of an environment, played side by side.
//!
//! An environment of a cluster costs milliseconds a step, so they run on threads. The actors do not change
//! during a rollout, so a whole rollout of an environment is one job: its thread plays T steps *and* asks
//! the actors, and threads meet only at the end.
//!
//! **Same results for any number of threads.** Episode e of environment i has the seed `train → i → e`, and
//! the actions of environment i are drawn from the stream `actions → i`; an environment meets no other.
//!
//! **Every rollout begins with new episodes**, so between two rollouts an environment holds nothing that a
//! checkpoint would have to save. A rollout is a whole number of horizons long. If an episode ends early,
//! the next begins in the following row; what is unfinished after the last row is truncated, valued by the
//! critic, and not counted as an episode.

mod slot;

use std::fmt;
use std::num::NonZeroUsize;

use karma_core::{Environment, EnvironmentSpec, SeedTree};
use karma_nn::{Mlp, NetworkError, ValueTrainer};

use crate::buffer::RolloutBuffer;
use crate::error::{RolloutError, SetupError};
use karma_core::parallel::run_all;
use slot::Slot;
pub(crate) use slot::{Played, SlotState};

/// The networks that play, as they are during one rollout.
pub(crate) struct Players<'a> {
    /// By number of network.
    pub(crate) actors: Vec<&'a Mlp>,
    pub(crate) critic: &'a ValueTrainer,
}

impl Players<'_> {
    /// The critic's output for each agent in one state, and the same in units of rewards.
    fn values_into(
        &self,
        global: &[f32],
        outputs: &mut [f32],
        values: &mut [f32],
    ) -> Result<(), NetworkError> {
        self.critic.network().forward_into(global, outputs)?;
        values.copy_from_slice(outputs);
        self.critic.denormalise(values);
        Ok(())
    }

    /// [`Players::values_into`] without the outputs, and with an allocation: for the ends of episodes.
    pub(crate) fn values(&self, global: &[f32]) -> Result<Vec<f32>, NetworkError> {
        let mut values = self.critic.network().forward(global)?;
        self.critic.denormalise(&mut values);
        Ok(values)
    }
}

/// Environments of one specification.
pub(crate) struct VectorEnvironment {
    spec: EnvironmentSpec,
    slots: Vec<Slot>,
}

impl fmt::Debug for VectorEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VectorEnvironment")
            .field("spec", &self.spec)
            .field("environments", &self.slots.len())
            .finish_non_exhaustive()
    }
}

impl VectorEnvironment {
    /// Environments whose episodes and actions all come from `seed`.
    pub(crate) fn new(environments: Vec<Box<dyn Environment>>, seed: u64) -> Result<Self, SetupError> {
        let Some(first) = environments.first() else {
            return Err(SetupError::Environments { found: 0, expected: 1 });
        };
        let spec = first.spec().clone();
        if let Some(environment) = environments.iter().position(|other| *other.spec() != spec) {
            return Err(SetupError::Specification { environment });
        }
        let root = SeedTree::new(seed);
        let slots = environments.into_iter().enumerate();
        let slots = slots.map(|(place, environment)| Slot::new(place, environment, root));
        Ok(Self { spec, slots: slots.collect() })
    }

    pub(crate) fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// What a checkpoint keeps, by place.
    pub(crate) fn states(&self) -> Vec<SlotState> {
        self.slots.iter().map(|slot| slot.state.clone()).collect()
    }

    /// Goes on where `states` were taken.
    pub(crate) fn restore(&mut self, states: Vec<SlotState>) {
        for (slot, state) in self.slots.iter_mut().zip(states) {
            slot.state = state;
        }
    }

    /// Fills the buffer; returns of finished episodes are in the order (environment, episode).
    pub(crate) fn collect(
        &mut self,
        buffer: &mut RolloutBuffer,
        players: &Players<'_>,
        threads: NonZeroUsize,
    ) -> Result<Played, RolloutError> {
        let jobs: Vec<_> = self.slots.iter_mut().zip(buffer.split()).collect();
        let played = run_all(threads, jobs, |(slot, rows)| slot.play(players, rows));
        played.into_iter().try_fold(Played::default(), |all, played| Ok(all.append(played?)))
    }
}

#[cfg(test)]
mod tests;
