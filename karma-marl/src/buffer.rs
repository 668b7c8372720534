//! What the environments of one iteration showed, and what was done: columns of equal length.
//!
//! With E environments of T steps each, every column has E·T rows in the order (environment, step), so that
//! the rows of one environment lie together: a worker thread writes its own part, and advantages run along
//! it. What is the critic's, or is reckoned with its values, has one entry for each of N agents in every row,
//! side by side as the critic's heads are. The columns are allocated once and written anew in each iteration.

mod rows;

use karma_core::{AgentId, PerAgent};
use karma_nn::{Collective, CollectiveError};

use crate::gae::{Boundary, Discount, GaeError, Played, gae};
use crate::seats::{self, Seat};
pub(crate) use rows::{AgentRows, EnvironmentRows};

/// One agent's columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AgentColumns {
    /// (E, T, inputs): the observation, then the agent's one-hot code if actors are shared.
    pub(crate) inputs: Vec<f32>,
    /// (E, T, actions).
    pub(crate) masks: Vec<bool>,
    /// (E, T): whether the agent took part.
    pub(crate) alive: Vec<bool>,
    /// (E, T).
    pub(crate) actions: Vec<usize>,
    /// (E, T): ln π of the action when it was taken.
    pub(crate) log_probs: Vec<f32>,
    /// (E, T, actions): what one that knows better would have done; empty where nobody listens.
    pub(crate) advice: Vec<bool>,
    /// (E, T / chunk, memory): the actor's state before the first row of each sequence.
    pub(crate) states: Vec<f32>,
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
            alive: vec![true; rows],
            actions: vec![0; rows],
            log_probs: vec![0.0; rows],
            advice: Vec::new(),
            states: Vec::new(),
        }
    }

    fn rows<'a>(&'a mut self, seat: &'a Seat) -> AgentRows<'a> {
        AgentRows {
            seat,
            advice: &mut self.advice,
            inputs: &mut self.inputs,
            masks: &mut self.masks,
            alive: &mut self.alive,
            actions: &mut self.actions,
            log_probs: &mut self.log_probs,
            states: &mut self.states,
        }
    }
}

/// The rollout of one iteration. Every agent has rewards, values and advantages of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct RolloutBuffer {
    length: usize,
    /// Rows of a sequence that a recurrent network learns from; 1 for networks that remember nothing.
    chunk: usize,
    global_size: usize,
    seats: PerAgent<Seat>,
    pub(crate) agents: PerAgent<AgentColumns>,
    /// (E, T, global size).
    pub(crate) globals: Vec<f32>,
    /// (E, T): whether an episode begins in the row.
    pub(crate) begins: Vec<bool>,
    /// (E, T / chunk, memory) for each agent: the state of its critic before the first row of each sequence. A critic of
    /// all has that of the first.
    pub(crate) critic_states: PerAgent<Vec<f32>>,
    /// (E, T, N): the critic's outputs as they are, normalised if it normalises.
    pub(crate) outputs: Vec<f32>,
    /// (E, T, N): the same in units of rewards.
    pub(crate) values: Vec<f32>,
    /// (E, T, N).
    pub(crate) rewards: Vec<f32>,
    /// (E, T, N): all agents of a row have the same kind, and each its own final value.
    pub(crate) boundaries: Vec<Boundary>,
    /// (E, T, N).
    pub(crate) advantages: Vec<f32>,
    /// (E, T, N): what the critic learns to predict, in units of rewards.
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
        let each = rows * seats.len();
        let column = || vec![0.0; each];
        Self {
            length,
            chunk: 1,
            global_size,
            seats: seats.clone(),
            agents: seats.map(|seat| AgentColumns::new(seat, rows)),
            globals: vec![0.0; rows * global_size],
            begins: vec![false; rows],
            critic_states: seats.map(|_| Vec::new()),
            outputs: column(),
            values: column(),
            rewards: column(),
            boundaries: vec![Boundary::None; each],
            advantages: column(),
            returns: column(),
        }
    }

    /// The same for networks that remember `memory` numbers, and learn from sequences of `chunk` rows, a divisor of the
    /// length; without memory, the same.
    pub(crate) fn with_memory(mut self, chunk: usize, memory: usize) -> Self {
        self.chunk = chunk;
        let states = self.chunks() * memory;
        for agent in &mut self.agents {
            agent.states = vec![0.0; states];
        }
        self
    }

    /// The same with room for advice, which learners that do not imitate have no use for.
    pub(crate) fn with_advice(mut self) -> Self {
        for agent in &mut self.agents {
            agent.advice = vec![false; agent.masks.len()];
        }
        self
    }

    /// Steps of each environment, T.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Rows of a sequence; 1 without memory.
    pub(crate) fn chunk(&self) -> usize {
        self.chunk
    }

    /// Number of sequences, E · T / chunk.
    pub(crate) fn chunks(&self) -> usize {
        self.rows() / self.chunk
    }

    /// Number of rows, E·T.
    pub fn rows(&self) -> usize {
        self.rewards.len() / self.seats.len()
    }

    /// (E, T, N): each agent's reward of each step.
    pub fn rewards(&self) -> &[f32] {
        &self.rewards
    }

    /// (E, T, N): what followed each step, with each agent's value of a final observation.
    pub fn boundaries(&self) -> &[Boundary] {
        &self.boundaries
    }

    /// (E, T, N): each agent's advantages, normalised for each network once the networks were updated.
    pub fn advantages(&self) -> &[f32] {
        &self.advantages
    }

    /// (E, T): the action of `agent` in each step; empty if there is no such agent.
    pub fn actions(&self, agent: AgentId) -> &[usize] {
        self.agents.get(agent).map_or(&[], |columns| &columns.actions)
    }

    /// (E, T): whether `agent` took part in each step; empty if there is no such agent.
    pub fn alive(&self, agent: AgentId) -> &[bool] {
        self.agents.get(agent).map_or(&[], |columns| &columns.alive)
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
            first: 0,
            chunk: self.chunk,
            begins: &mut self.begins,
            agents: self.seats.iter().zip(&mut self.agents).map(|(seat, c)| c.rows(seat)).collect(),
            globals: &mut self.globals,
            rewards: &mut self.rewards,
            boundaries: &mut self.boundaries,
        };
        (0..environments).map(|_| rest.split_off(self.length, self.global_size)).collect()
    }

    /// Fills advantages and returns from rewards, values and boundaries.
    pub(crate) fn estimate(&mut self, discount: Discount) -> Result<(), GaeError> {
        let agents = self.seats.len();
        let part = self.length * agents;
        let columns = self.rewards.chunks(part).zip(self.values.chunks(part));
        let columns = columns.zip(self.boundaries.chunks(part)).zip(self.advantages.chunks_mut(part));
        for (((rewards, values), boundaries), advantages) in columns {
            gae(Played { agents, rewards, values, boundaries }, discount, advantages)?;
        }
        for ((r, a), v) in self.returns.iter_mut().zip(&self.advantages).zip(&self.values) {
            *r = a + v;
        }
        Ok(())
    }

    /// Shifts and scales the advantages to mean 0 and deviation 1, for each network over all rows of all agents
    /// that it plays and of all ranks, as on-policy does with one actor and with several (and not over each mini-batch).
    /// Rows in which an agent was dead do not count. Advantages that are all equal become 0.
    ///
    /// So an actor of one agent does not feel the scale of its rewards, while agents that share an actor
    /// compete for it: whose rewards are larger counts for more.
    pub(crate) fn normalise_advantages(&mut self, ranks: &mut dyn Collective) -> Result<(), CollectiveError> {
        for network in 0..seats::networks(&self.seats) {
            self.normalise_network(network, ranks)?;
        }
        Ok(())
    }

    /// Sums run in `f64` over the rows of one agent after the other, first for the mean and then for the deviation.
    #[expect(clippy::cast_possible_truncation, reason = "advantages are kept in single precision")]
    fn normalise_network(
        &mut self,
        network: usize,
        ranks: &mut dyn Collective,
    ) -> Result<(), CollectiveError> {
        /// Added to the deviation, as in on-policy.
        const EPSILON: f64 = 1e-5;
        let width = self.seats.len();
        let own = self.seats.iter().zip(&self.agents).enumerate();
        let own: Vec<(usize, &AgentColumns)> =
            own.filter(|(_, (seat, _))| seat.network == network).map(|(i, (_, agent))| (i, agent)).collect();
        let total = |advantages: &[f32], term: &dyn Fn(f64) -> f64| -> f64 {
            let of = |(agent, columns): &(usize, &AgentColumns)| -> f64 {
                let column = advantages.iter().skip(*agent).step_by(width).zip(&columns.alive);
                column.filter(|(_, alive)| **alive).map(|(a, _)| term(f64::from(*a))).sum()
            };
            own.iter().map(of).sum()
        };
        let mut sums = [total(&self.advantages, &|_| 1.0), total(&self.advantages, &|a| a)];
        ranks.sum_f64(&mut sums)?;
        let [count, sum] = sums;
        if count == 0.0 {
            return Ok(());
        }
        let mean = sum / count;
        let mut square = [total(&self.advantages, &|a| (a - mean) * (a - mean))];
        ranks.sum_f64(&mut square)?;
        let deviation = (square[0] / count).sqrt() + EPSILON;
        for (agent, _) in own {
            for a in self.advantages.iter_mut().skip(agent).step_by(width) {
                *a = ((f64::from(*a) - mean) / deviation) as f32;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
