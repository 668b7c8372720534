//! Several copies of an environment, played side by side.
//!
//! Environments are played in groups. Those of a group step together, so that their observations go through each actor
//! as one batch; each group is a job for a thread, for its whole rollout: the actors do not change during a rollout, so
//! threads meet only at the end. The critics are not asked here: what they say of a state decides nothing, so they see
//! all states at once when the rollout is over (`values.rs`).
//!
//! **Same results for any number of threads, groups and ranks.** Episode e of environment i has the seed
//! `train → i → e`, and the actions of environment i are drawn from the stream `actions → i`; an environment meets no
//! other, and a row of a batch knows nothing of its neighbours.
//!
//! **Every rollout begins with new episodes**, so between two rollouts an environment holds nothing that a
//! checkpoint would have to save. A rollout is a whole number of horizons long. If an episode ends early,
//! the next begins in the following row; what is unfinished after the last row is truncated, valued by the
//! critic, and not counted as an episode.

mod group;
mod slot;

use std::fmt;
use std::num::NonZeroUsize;

use karma_core::{Environment, EnvironmentSpec, SeedTree};
use karma_nn::Mlp;

use crate::buffer::RolloutBuffer;
use crate::error::{RolloutError, SetupError};
use group::Group;
use karma_core::parallel::run_all;
use slot::Slot;
pub(crate) use slot::{Final, Played, SlotState};

/// Largest group: enough rows for the kernels to be fast, and few enough that their states stay in the cache.
const GROUP: usize = 64;
/// Groups for each thread, so that a slow one does not keep all waiting.
const SHARE: usize = 2;

/// The specification that all environments have, of which there is at least one.
pub(crate) fn common_spec(environments: &[Box<dyn Environment>]) -> Result<EnvironmentSpec, SetupError> {
    let Some(one) = environments.first() else {
        return Err(SetupError::Environments { found: 0, expected: 1 });
    };
    let spec = one.spec().clone();
    if let Some(environment) = environments.iter().position(|other| *other.spec() != spec) {
        return Err(SetupError::Specification { environment });
    }
    Ok(spec)
}

/// The seeds of the episodes of the environment at `place`.
pub(crate) fn episode_seeds(root: SeedTree, place: usize) -> SeedTree {
    root.child("train").index(place as u64)
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
    /// Environments whose episodes and actions all come from `seed`; the first has the place `first` among those of all
    /// ranks.
    pub(crate) fn new(
        environments: Vec<Box<dyn Environment>>,
        first: usize,
        seed: u64,
    ) -> Result<Self, SetupError> {
        let spec = common_spec(&environments)?;
        let root = SeedTree::new(seed);
        let slots = environments.into_iter().zip(first..);
        let slots = slots.map(|(environment, place)| Slot::new(place, environment, root));
        Ok(Self { spec, slots: slots.collect() })
    }

    pub(crate) fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    /// The first of them, of which there is at least one.
    pub(crate) fn first(&mut self) -> &mut dyn Environment {
        self.slots[0].environment()
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// What a checkpoint keeps, by place.
    pub(crate) fn states(&self) -> Vec<SlotState> {
        self.slots.iter().map(|slot| slot.state.clone()).collect()
    }

    /// Goes on where `states` were taken.
    pub(crate) fn restore(&mut self, states: &[SlotState]) {
        for (slot, state) in self.slots.iter_mut().zip(states) {
            slot.state = state.clone();
        }
    }

    /// Plays `actors`, by number of network, and fills the buffer, values and advantages excepted; returns of finished
    /// episodes are in the order (environment, episode).
    pub(crate) fn collect(
        &mut self,
        buffer: &mut RolloutBuffer,
        actors: &[&Mlp],
        threads: NonZeroUsize,
    ) -> Result<Played, RolloutError> {
        let size = (self.slots.len() / (SHARE * threads.get())).clamp(1, GROUP);
        let mut rows = buffer.split().into_iter();
        let groups = self.slots.chunks_mut(size);
        let groups: Vec<Group<'_>> =
            groups.map(|slots| Group::new(slots.iter_mut().zip(&mut rows))).collect();
        let played = run_all(threads, groups, |group| group.play(actors));
        played.into_iter().try_fold(Played::default(), |all, played| Ok(all.append(played?)))
    }
}

#[cfg(test)]
mod tests;
