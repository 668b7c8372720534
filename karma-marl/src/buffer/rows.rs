//! Parts of the columns that one thread writes.

use std::ops::Range;

use crate::gae::Boundary;
use crate::seats::Seat;

/// A few rows of one agent's columns.
#[derive(Debug)]
pub(crate) struct AgentRows<'a> {
    pub(crate) seat: &'a Seat,
    pub(crate) inputs: &'a mut [f32],
    pub(crate) masks: &'a mut [bool],
    pub(crate) actions: &'a mut [usize],
    pub(crate) log_probs: &'a mut [f32],
}

impl AgentRows<'_> {
    fn split_off(&mut self, rows: usize) -> Self {
        Self {
            seat: self.seat,
            inputs: self.inputs.split_off_mut(..rows * self.seat.inputs()).unwrap_or_default(),
            masks: self.masks.split_off_mut(..rows * self.seat.actions()).unwrap_or_default(),
            actions: self.actions.split_off_mut(..rows).unwrap_or_default(),
            log_probs: self.log_probs.split_off_mut(..rows).unwrap_or_default(),
        }
    }
}

/// The T rows of one environment.
#[derive(Debug)]
pub(crate) struct EnvironmentRows<'a> {
    pub(crate) agents: Vec<AgentRows<'a>>,
    /// (T, global size); all others are (T, agents).
    pub(crate) globals: &'a mut [f32],
    pub(crate) outputs: &'a mut [f32],
    pub(crate) values: &'a mut [f32],
    pub(crate) rewards: &'a mut [f32],
    pub(crate) boundaries: &'a mut [Boundary],
}

impl EnvironmentRows<'_> {
    pub(super) fn split_off(&mut self, rows: usize, global_size: usize) -> Self {
        let each = rows * self.agents.len();
        Self {
            agents: self.agents.iter_mut().map(|agent| agent.split_off(rows)).collect(),
            globals: self.globals.split_off_mut(..rows * global_size).unwrap_or_default(),
            outputs: self.outputs.split_off_mut(..each).unwrap_or_default(),
            values: self.values.split_off_mut(..each).unwrap_or_default(),
            rewards: self.rewards.split_off_mut(..each).unwrap_or_default(),
            boundaries: self.boundaries.split_off_mut(..each).unwrap_or_default(),
        }
    }

    /// Number of rows, T.
    pub(crate) fn len(&self) -> usize {
        self.boundaries.len() / self.agents.len()
    }

    /// The agents' places in row `t` of a column that is (T, agents).
    pub(crate) fn each(&self, t: usize) -> Range<usize> {
        t * self.agents.len()..(t + 1) * self.agents.len()
    }
}
