//! What the environments of one iteration showed, and what was done: columns of equal length.
//!
//! With E environments of T steps each, every column has E·T rows in the order (environment, step), so that
//! the rows of one environment lie together: a worker thread writes its own part, and advantages run along
//! it. The columns are allocated once and written anew in each iteration.

mod rows;

use karma_core::{AgentId, PerAgent};

use crate::gae::{Boundary, Discount, GaeError, Played, gae};
use crate::seats::Seat;
use crate::stats::{mean, standard_deviation};
pub(crate) use rows::{AgentRows, EnvironmentRows};

/// One agent's columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AgentColumns {
    /// (E, T, inputs): the observation, then the agent's one-hot code if actors are shared.
    pub(crate) inputs: Vec<f32>,
    /// (E, T, actions).
    pub(crate) masks: Vec<bool>,
    /// (E, T).
    pub(crate) actions: Vec<usize>,
    /// (E, T): ln π of the action when it was taken.
    pub(crate) log_probs: Vec<f32>,
}

impl AgentColumns {
    fn new(seat: &Seat, rows: usize) -> Self {
        let mut inputs = vec![0.0; rows * seat.inputs()];
        for row in inputs.chunks_exact_mut(seat.inputs().max(1)) {
            row[seat.observation..].copy_from_slice(&seat.identity);
        }
        Self {
            inputs,
            masks: vec![false; rows * seat.actions()],
            actions: vec![0; rows],
            log_probs: vec![0.0; rows],
        }
    }

    fn rows<'a>(&'a mut self, seat: &'a Seat) -> AgentRows<'a> {
        AgentRows {
            seat,
            inputs: &mut self.inputs,
            masks: &mut self.masks,
            actions: &mut self.actions,
            log_probs: &mut self.log_probs,
        }
    }
}

/// The rollout of one iteration. All agents are one team and share its reward, values and advantages.
#[derive(Clone, Debug, PartialEq)]
pub struct RolloutBuffer {
    length: usize,
    global_size: usize,
    seats: PerAgent<Seat>,
    pub(crate) agents: PerAgent<AgentColumns>,
    /// (E, T, global size).
    pub(crate) globals: Vec<f32>,
    /// (E, T): the critic's outputs as they are, normalised if it normalises.
    pub(crate) outputs: Vec<f32>,
    /// (E, T): the same in units of rewards.
    pub(crate) values: Vec<f32>,
    /// (E, T): the mean of the agents' rewards.
    pub(crate) rewards: Vec<f32>,
    /// (E, T).
    pub(crate) boundaries: Vec<Boundary>,
    /// (E, T).
    pub(crate) advantages: Vec<f32>,
    /// (E, T): what the critic learns to predict, in units of rewards.
    pub(crate) returns: Vec<f32>,
}

impl RolloutBuffer {
    /// Columns for `environments` × `length` rows.
    pub(crate) fn new(
        seats: &PerAgent<Seat>,
        global_size: usize,
        environments: usize,
        length: usize,
    ) -> Self {
        let rows = environments * length;
        let column = || vec![0.0; rows];
        Self {
            length,
            global_size,
            seats: seats.clone(),
            agents: seats.map(|seat| AgentColumns::new(seat, rows)),
            globals: vec![0.0; rows * global_size],
            outputs: column(),
            values: column(),
            rewards: column(),
            boundaries: vec![Boundary::None; rows],
            advantages: column(),
            returns: column(),
        }
    }

    /// Number of rows, E·T.
    pub fn rows(&self) -> usize {
        self.rewards.len()
    }

    /// (E, T): the team's reward of each step.
    pub fn rewards(&self) -> &[f32] {
        &self.rewards
    }

    /// (E, T): what followed each step.
    pub fn boundaries(&self) -> &[Boundary] {
        &self.boundaries
    }

    /// (E, T): the advantages, normalised over all rows once the networks were updated.
    pub fn advantages(&self) -> &[f32] {
        &self.advantages
    }

    /// (E, T): the action of `agent` in each step; empty if there is no such agent.
    pub fn actions(&self, agent: AgentId) -> &[usize] {
        self.agents.get(agent).map_or(&[], |columns| &columns.actions)
    }

    /// (E, T, actions): what `agent` was allowed to do in each step; empty if there is no such agent.
    pub fn masks(&self, agent: AgentId) -> &[bool] {
        self.agents.get(agent).map_or(&[], |columns| &columns.masks)
    }

    pub(crate) fn seats(&self) -> &PerAgent<Seat> {
        &self.seats
    }

    pub(crate) fn global_size(&self) -> usize {
        self.global_size
    }

    /// The rows of each environment, so that each can be written by its own thread.
    pub(crate) fn split(&mut self) -> Vec<EnvironmentRows<'_>> {
        let environments = self.rows() / self.length;
        let mut rest = EnvironmentRows {
            agents: self.seats.iter().zip(&mut self.agents).map(|(seat, c)| c.rows(seat)).collect(),
            globals: &mut self.globals,
            outputs: &mut self.outputs,
            values: &mut self.values,
            rewards: &mut self.rewards,
            boundaries: &mut self.boundaries,
        };
        (0..environments).map(|_| rest.split_off(self.length, self.global_size)).collect()
    }

    /// Fills advantages and returns from rewards, values and boundaries.
    pub(crate) fn estimate(&mut self, discount: Discount) -> Result<(), GaeError> {
        let columns = self.rewards.chunks(self.length).zip(self.values.chunks(self.length));
        let columns = columns.zip(self.boundaries.chunks(self.length));
        for (((rewards, values), boundaries), advantages) in
            columns.zip(self.advantages.chunks_mut(self.length))
        {
            gae(Played { rewards, values, boundaries }, discount, advantages)?;
        }
        for ((r, a), v) in self.returns.iter_mut().zip(&self.advantages).zip(&self.values) {
            *r = a + v;
        }
        Ok(())
    }

    /// Shifts and scales the advantages to mean 0 and deviation 1 over all rows, as on-policy does (not
    /// over each mini-batch). Advantages that are all equal become 0.
    #[expect(clippy::cast_possible_truncation, reason = "advantages are kept in single precision")]
    pub(crate) fn normalise_advantages(&mut self) {
        /// Added to the deviation, as in on-policy.
        const EPSILON: f64 = 1e-5;
        let wide: Vec<f64> = self.advantages.iter().map(|a| f64::from(*a)).collect();
        if let (Some(mean), Some(deviation)) = (mean(&wide), standard_deviation(&wide)) {
            for (advantage, wide) in self.advantages.iter_mut().zip(wide) {
                *advantage = ((wide - mean) / (deviation + EPSILON)) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests;
