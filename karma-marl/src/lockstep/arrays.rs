//! The arrays that environments write.

use karma_core::{ActionMask, EnvironmentSpec, Observation, Step};

use super::LockstepError;

/// How many numbers stand in a row of each array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Rows.
    pub environments: usize,
    /// Agents of each environment.
    pub agents: usize,
    /// Features of the longest observation; shorter ones are followed by zeros.
    pub features: usize,
    /// Actions of the agent with the most; the masks of others are followed by zeros.
    pub actions: usize,
    /// Features of the whole state.
    pub globals: usize,
}

impl Layout {
    /// The layout of so many environments.
    pub fn of(spec: &EnvironmentSpec, environments: usize) -> Self {
        Self {
            environments,
            agents: spec.agents.len(),
            features: spec.agents.iter().map(|agent| agent.observation_size).max().unwrap_or(0),
            actions: spec.agents.iter().map(|agent| agent.action_space.len()).max().unwrap_or(0),
            globals: spec.global_size,
        }
    }
}

/// What environments show, row by row, each array in C order. Flags are 0 or 1.
#[derive(Debug)]
pub struct Arrays<'a> {
    /// Environments × agents × features.
    pub observations: &'a mut [f32],
    /// Environments × agents × actions: 1 where an action may be taken.
    pub masks: &'a mut [u8],
    /// Environments × globals.
    pub globals: &'a mut [f32],
    /// Environments × agents.
    pub rewards: &'a mut [f32],
    /// Environments: the episode ended in this step, and nothing follows it.
    pub terminated: &'a mut [u8],
    /// Environments: the horizon cut the episode off in this step.
    pub truncated: &'a mut [u8],
    /// As `observations`, of the last step of the last episode that ended; what stood there, before one has.
    pub final_observations: &'a mut [f32],
    /// As `globals`, of the same step.
    pub final_globals: &'a mut [f32],
}

/// One environment's part of the arrays.
#[derive(Debug, Default)]
pub(super) struct Row<'a> {
    observations: &'a mut [f32],
    masks: &'a mut [u8],
    globals: &'a mut [f32],
    rewards: &'a mut [f32],
    terminated: &'a mut [u8],
    truncated: &'a mut [u8],
    final_observations: &'a mut [f32],
    final_globals: &'a mut [f32],
}

impl<'a> Arrays<'a> {
    /// The arrays part by part, if they have the sizes of `layout`.
    pub(super) fn rows(mut self, layout: &Layout) -> Result<Vec<Row<'a>>, LockstepError> {
        let Layout { environments, agents, features, actions, globals } = *layout;
        self.check(layout)?;
        let row = |_| Row {
            observations: self.observations.split_off_mut(..agents * features).unwrap_or_default(),
            masks: self.masks.split_off_mut(..agents * actions).unwrap_or_default(),
            globals: self.globals.split_off_mut(..globals).unwrap_or_default(),
            rewards: self.rewards.split_off_mut(..agents).unwrap_or_default(),
            terminated: self.terminated.split_off_mut(..1).unwrap_or_default(),
            truncated: self.truncated.split_off_mut(..1).unwrap_or_default(),
            final_observations: self
                .final_observations
                .split_off_mut(..agents * features)
                .unwrap_or_default(),
            final_globals: self.final_globals.split_off_mut(..globals).unwrap_or_default(),
        };
        Ok((0..environments).map(row).collect())
    }

    fn check(&self, layout: &Layout) -> Result<(), LockstepError> {
        let Layout { environments, agents, features, actions, globals } = *layout;
        let sizes = [
            ("observations", self.observations.len(), agents * features),
            ("masks", self.masks.len(), agents * actions),
            ("globals", self.globals.len(), globals),
            ("rewards", self.rewards.len(), agents),
            ("terminated", self.terminated.len(), 1),
            ("truncated", self.truncated.len(), 1),
            ("final_observations", self.final_observations.len(), agents * features),
            ("final_globals", self.final_globals.len(), globals),
        ];
        for (array, found, width) in sizes {
            let expected = environments * width;
            if found != expected {
                return Err(LockstepError::Size { array, found, expected });
            }
        }
        Ok(())
    }
}

impl Row<'_> {
    /// No reward yet, and no end.
    pub(super) fn clear(&mut self) {
        self.rewards.fill(0.0);
        self.terminated.fill(0);
        self.truncated.fill(0);
    }

    /// Rewards and flags of a step.
    pub(super) fn close(&mut self, step: &Step) {
        self.rewards.copy_from_slice(step.rewards.as_slice());
        self.terminated.fill(u8::from(step.terminated));
        self.truncated.fill(u8::from(step.truncated));
    }

    /// What an agent decides on next.
    pub(super) fn show(&mut self, layout: &Layout, step: &Step) {
        write_observations(self.observations, layout, step);
        self.globals.copy_from_slice(&step.global);
        let masks = self.masks.chunks_exact_mut(layout.actions.max(1));
        for (mask, shown) in masks.zip(step.masks.iter().map(ActionMask::as_slice)) {
            let (flags, rest) = mask.split_at_mut(shown.len());
            flags.iter_mut().zip(shown).for_each(|(flag, allowed)| *flag = u8::from(*allowed));
            rest.fill(0);
        }
    }

    /// What was seen last in an episode.
    pub(super) fn keep_final(&mut self, layout: &Layout, step: &Step) {
        write_observations(self.final_observations, layout, step);
        self.final_globals.copy_from_slice(&step.global);
    }
}

fn write_observations(array: &mut [f32], layout: &Layout, step: &Step) {
    let agents = array.chunks_exact_mut(layout.features.max(1));
    for (row, Observation(seen)) in agents.zip(&step.observations) {
        let (features, rest) = row.split_at_mut(seen.len());
        features.copy_from_slice(seen);
        rest.fill(0.0);
    }
}
