//! Parts of the columns that one thread writes.

use std::ops::Range;

use karma_core::{ActionMask, Step};

use crate::gae::Boundary;
use crate::seats::Seat;
use crate::vector::{Final, Played};

/// A few rows of one agent's columns.
#[derive(Debug)]
pub(crate) struct AgentRows<'a> {
    pub(crate) seat: &'a Seat,
    pub(crate) inputs: &'a mut [f32],
    pub(crate) masks: &'a mut [bool],
    pub(crate) alive: &'a mut [bool],
    pub(crate) actions: &'a mut [usize],
    pub(crate) log_probs: &'a mut [f32],
    /// Empty where nobody listens.
    pub(crate) advice: &'a mut [bool],
    /// (T / chunk, memory).
    pub(crate) states: &'a mut [f32],
}

impl AgentRows<'_> {
    fn split_off(&mut self, rows: usize) -> Self {
        let states = self.states.len() * rows / self.actions.len().max(1);
        Self {
            seat: self.seat,
            inputs: self.inputs.split_off_mut(..rows * self.seat.inputs()).unwrap_or_default(),
            masks: self.masks.split_off_mut(..rows * self.seat.actions()).unwrap_or_default(),
            alive: self.alive.split_off_mut(..rows).unwrap_or_default(),
            actions: self.actions.split_off_mut(..rows).unwrap_or_default(),
            log_probs: self.log_probs.split_off_mut(..rows).unwrap_or_default(),
            advice: self.advice.split_off_mut(..rows * self.seat.actions()).unwrap_or_default(),
            states: self.states.split_off_mut(..states).unwrap_or_default(),
        }
    }

    /// Writes what one that knows better would do into row `t`, if anybody listens.
    pub(crate) fn hear(&mut self, t: usize, advised: Option<&ActionMask>) {
        let actions = self.seat.actions();
        if let Some(advice) = self.advice.get_mut(t * actions..(t + 1) * actions) {
            match advised {
                Some(advised) => advice.copy_from_slice(advised.as_slice()),
                None => advice.fill(false),
            }
        }
    }

    /// Writes what the agent sees into row `t`; its one-hot code is there already. A dead agent sees zeros (the death
    /// masking of MAPPO's authors): whatever an environment shows of it would have to be learned for nothing.
    pub(crate) fn see(&mut self, t: usize, observation: &[f32], mask: &[bool], alive: bool) {
        let seen = &mut self.inputs[t * self.seat.inputs()..][..observation.len()];
        if alive {
            seen.copy_from_slice(observation);
        } else {
            seen.fill(0.0);
        }
        self.masks[t * mask.len()..][..mask.len()].copy_from_slice(mask);
        self.alive[t] = alive;
    }
}

/// The T rows of one environment.
#[derive(Debug)]
pub(crate) struct EnvironmentRows<'a> {
    /// Where the first of them lies in the buffer.
    pub(crate) first: usize,
    /// Rows of a sequence.
    pub(crate) chunk: usize,
    pub(crate) agents: Vec<AgentRows<'a>>,
    /// (T).
    pub(crate) begins: &'a mut [bool],
    /// (T, global size); those after it are (T, agents).
    pub(crate) globals: &'a mut [f32],
    pub(crate) rewards: &'a mut [f32],
    pub(crate) boundaries: &'a mut [Boundary],
}

impl EnvironmentRows<'_> {
    pub(super) fn split_off(&mut self, rows: usize, global_size: usize) -> Self {
        let (each, first) = (rows * self.agents.len(), self.first);
        self.first += rows;
        Self {
            first,
            chunk: self.chunk,
            begins: self.begins.split_off_mut(..rows).unwrap_or_default(),
            agents: self.agents.iter_mut().map(|agent| agent.split_off(rows)).collect(),
            globals: self.globals.split_off_mut(..rows * global_size).unwrap_or_default(),
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

    /// Writes what followed row `t`, and keeps what is to be valued there: the final values are still 0.
    pub(crate) fn close(&mut self, t: usize, step: &Step, played: &mut Played) {
        let (each, last_row) = (self.each(t), t + 1 == self.len());
        let boundary = if step.terminated {
            Boundary::Terminated
        } else if step.truncated || last_row {
            played.finals.push(self.final_of(t, step));
            Boundary::Truncated { final_value: 0.0 }
        } else {
            Boundary::None
        };
        self.boundaries[each].fill(boundary);
    }

    fn final_of(&self, t: usize, step: &Step) -> Final {
        let mut inputs = Vec::new();
        for ((agent, observation), id) in self.agents.iter().zip(&step.observations).zip(step.rewards.ids()) {
            let alive = if step.is_alive(id) { 1.0 } else { 0.0 };
            inputs.extend(observation.0.iter().map(|feature| alive * feature));
            inputs.extend_from_slice(&agent.seat.identity);
        }
        Final { row: self.first + t, global: step.global.clone(), inputs }
    }
}
