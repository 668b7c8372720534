//! Environments that step together, for a learner that lives elsewhere.
//!
//! All that is shown is written into arrays of the learner's own ([`Arrays`]), a row for each environment, on several
//! threads. Nothing is handed over but plain numbers, so the learner may be another library, or another language.
//!
//! **Auto-reset.** An environment whose episode ends in a step begins its next one in the same step (Gymnasium's
//! `SAME_STEP`): the reward and the flags are those of the step that ended, the observations are the first of the new
//! episode, and the final ones stand in arrays of their own, for whoever bootstraps from them.
//!
//! **Seeds.** Episode e of environment i has the seed `train → i → e`, as in [`Mappo`](crate::Mappo): an environment
//! meets no other, and results do not depend on the number of threads.

mod arrays;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;

use karma_core::parallel::run_all;
use karma_core::{
    Action, ActionError, AgentId, Environment, EnvironmentSpec, Id as _, JointAction, SeedTree, Step,
};
use thiserror::Error;

pub use arrays::{Arrays, Layout};

use crate::error::SetupError;
use crate::vector::{common_spec, episode_seeds};
use arrays::Row;

/// Parts of the work for each thread, so that a slow one does not keep all waiting.
const SHARE: usize = 4;

/// Environments of one specification that step together.
pub struct Lockstep {
    spec: EnvironmentSpec,
    layout: Layout,
    places: Vec<Place>,
    threads: NonZeroUsize,
}

/// An environment with the episode that it plays.
struct Place {
    environment: Box<dyn Environment>,
    seeds: SeedTree,
    /// Episodes begun since the last reset.
    episodes: u64,
    step: Step,
    joint: JointAction,
}

/// Why nothing was played.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LockstepError {
    /// An array does not have a number for each environment, agent and feature.
    #[error("{array} holds {found} numbers; {expected} are needed")]
    Size {
        /// Its name.
        array: &'static str,
        /// Its length.
        found: usize,
        /// As it should be.
        expected: usize,
    },
    /// No episode has begun.
    #[error("no episode has begun: call reset before the first step")]
    NotBegun,
    /// An action is none.
    #[error("environment {environment}: {source}")]
    Refused {
        /// The first whose actions are refused.
        environment: usize,
        /// Why.
        source: ActionError,
    },
}

impl std::fmt::Debug for Lockstep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lockstep")
            .field("layout", &self.layout)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

impl Lockstep {
    /// These environments, on at most so many threads.
    ///
    /// # Errors
    /// If there is none, or they differ in agents, sizes or horizon.
    pub fn new(environments: Vec<Box<dyn Environment>>, threads: NonZeroUsize) -> Result<Self, SetupError> {
        let spec = common_spec(&environments)?;
        let layout = Layout::of(&spec, environments.len());
        let place = |environment| Place {
            environment,
            seeds: SeedTree::new(0),
            episodes: 0,
            step: Step::default(),
            joint: JointAction::filled(Action(0), spec.agents.len()),
        };
        let places = environments.into_iter().map(place).collect();
        Ok(Self { spec, layout, places, threads })
    }

    /// Agents, sizes and horizon of each environment.
    pub const fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    /// The sizes of the arrays.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The seed of the episode that each environment plays; `None` before the first reset.
    pub fn seeds(&self) -> Option<Vec<u64>> {
        self.places.iter().map(Place::seed).collect()
    }

    /// Begins the first episode of `seed` in every environment, and shows it.
    ///
    /// # Errors
    /// If an array has another size; nothing is changed then.
    pub fn reset(&mut self, seed: u64, arrays: Arrays<'_>) -> Result<(), LockstepError> {
        let rows = arrays.rows(&self.layout)?;
        let root = SeedTree::new(seed);
        for (index, place) in self.places.iter_mut().enumerate() {
            (place.seeds, place.episodes) = (episode_seeds(root, index), 0);
        }
        let layout = self.layout;
        self.on_threads(rows, |place, row| {
            place.begin();
            row.clear();
            row.show(&layout, &place.step);
            Ok(())
        })
    }

    /// Plays a joint action in every environment, agent by agent in the order of the specification, and shows what
    /// followed.
    ///
    /// # Errors
    /// If an array has another size, an action is none, or no episode has begun; nothing is changed then.
    pub fn step(&mut self, actions: &[u32], arrays: Arrays<'_>) -> Result<(), LockstepError> {
        let rows = arrays.rows(&self.layout)?;
        self.take(actions)?;
        let layout = self.layout;
        self.on_threads(rows, |place, row| place.play(&layout, row))
    }

    /// The first action that its agent's mask forbids, with its environment and agent. An environment takes such an action
    /// all the same: what becomes of it is the environment's to say.
    pub fn masked(&self, actions: &[u32]) -> Option<(usize, AgentId)> {
        let agents = self.layout.agents.max(1);
        let joints = self.places.iter().zip(actions.chunks(agents)).enumerate();
        joints.into_iter().find_map(|(environment, (place, actions))| {
            let masks = place.step.masks.iter().zip(actions);
            let allows = |(mask, action): (&karma_core::ActionMask, &u32)| mask.allows(Action(*action));
            let agent = masks.into_iter().position(|pair| !allows(pair))?;
            Some((environment, AgentId::from_index(agent)))
        })
    }

    /// Writes down the actions that are to be played, if all of them are actions.
    fn take(&mut self, actions: &[u32]) -> Result<(), LockstepError> {
        let Layout { environments, agents, .. } = self.layout;
        let (found, expected) = (actions.len(), environments * agents);
        if found != expected {
            return Err(LockstepError::Size { array: "actions", found, expected });
        }
        if self.places.iter().any(|place| place.episodes == 0) {
            return Err(LockstepError::NotBegun);
        }
        for (environment, (place, actions)) in
            self.places.iter_mut().zip(actions.chunks_exact(agents)).enumerate()
        {
            place.joint.iter_mut().zip(actions).for_each(|(action, index)| *action = Action(*index));
            let refused = |source| LockstepError::Refused { environment, source };
            self.spec.check(&place.joint).map_err(refused)?;
        }
        Ok(())
    }

    /// Does `work` for every environment and its row.
    fn on_threads(
        &mut self,
        rows: Vec<Row<'_>>,
        work: impl Fn(&mut Place, &mut Row<'_>) -> Result<(), ActionError> + Sync,
    ) -> Result<(), LockstepError> {
        let size = self.places.len().div_ceil(SHARE * self.threads.get());
        let mut pairs: Vec<_> = self.places.iter_mut().zip(rows).enumerate().collect();
        let parts: Vec<_> = pairs.chunks_mut(size).collect();
        let finished = run_all(self.threads, parts, |part| {
            part.iter_mut().try_for_each(|(environment, (place, row))| {
                let refused = |source| LockstepError::Refused { environment: *environment, source };
                work(place, row).map_err(refused)
            })
        });
        finished.into_iter().collect()
    }
}

impl Place {
    fn seed(&self) -> Option<u64> {
        self.episodes.checked_sub(1).map(|episode| self.seeds.index(episode).seed())
    }

    /// Begins the next episode.
    fn begin(&mut self) {
        let seed = self.seeds.index(self.episodes).seed();
        self.episodes += 1;
        self.environment.reset_into(seed, &mut self.step);
    }

    /// Plays the joint action that was taken down, and begins the next episode where this one ends.
    fn play(&mut self, layout: &Layout, row: &mut Row<'_>) -> Result<(), ActionError> {
        self.environment.step_into(&self.joint, &mut self.step)?;
        row.close(&self.step);
        if self.step.is_last() {
            row.keep_final(layout, &self.step);
            self.begin();
        }
        row.show(layout, &self.step);
        Ok(())
    }
}
