//! Rows of a rollout in random order, and the copies of them that networks learn from.
//!
//! What is shuffled, cut and copied is a *chunk* of rows that follow each other: a sequence for recurrent networks, and
//! one row for all others.

use karma_core::StreamRng;
use karma_nn::{Advice, PolicyBatch, Sequences, ValueBatch};

use crate::buffer::RolloutBuffer;
use crate::critics::CriticSeat;
use karma_core::draw::shuffle;

/// The mini-batches of one iteration, the same for all networks.
#[derive(Debug)]
pub(super) struct Minibatches {
    /// An order of all chunks for each epoch; one for all of them where the whole rollout is the batch.
    orders: Vec<Vec<usize>>,
    epochs: usize,
    /// Mini-batches in an epoch.
    parts: usize,
}

/// A mini-batch: its epoch, its number in it, and its chunks. It has none if they are those of the one before.
pub(super) type Minibatch<'a> = (usize, usize, Option<&'a [usize]>);

impl Minibatches {
    /// Draws an order for each of `epochs`, to be cut into `parts`. An order of one part would change nothing but the
    /// rounding of sums, so none is drawn for it.
    pub(super) fn draw(chunks: usize, (epochs, parts): (usize, usize), rng: &mut StreamRng) -> Self {
        let mut order: Vec<usize> = (0..chunks).collect();
        if parts == 1 {
            return Self { orders: vec![order], epochs, parts };
        }
        let mut next = || {
            shuffle(&mut order, rng);
            order.clone()
        };
        Self { orders: (0..epochs).map(|_| next()).collect(), epochs, parts }
    }

    /// Each mini-batch, one epoch after the other. Sizes within an epoch differ by at most one.
    pub(super) fn iter(&self) -> impl Iterator<Item = Minibatch<'_>> {
        let parts = self.parts;
        (0..self.epochs).flat_map(move |epoch| {
            let order = self.orders.get(epoch);
            let cut = move |part| {
                let rows =
                    |order: &'_ Vec<usize>| part * order.len() / parts..(part + 1) * order.len() / parts;
                (epoch, part, order.map(|order| &order[rows(order)]))
            };
            (0..parts).map(cut)
        })
    }
}

/// How copied rows follow each other; nothing for networks that remember nothing.
#[derive(Debug, Default)]
struct Past {
    length: usize,
    states: Vec<f32>,
    begins: Vec<bool>,
}

impl Past {
    fn clear(&mut self) {
        self.states.clear();
        self.begins.clear();
    }

    /// Adds `chunks`, of which `states` has the state before each of the rollout.
    fn gather(&mut self, states: &[f32], rollout: &RolloutBuffer, chunks: &[usize]) {
        let memory = states.len() / rollout.chunks();
        if memory > 0 {
            self.length = rollout.chunk();
            gather(&mut self.states, states, memory, chunks);
            gather(&mut self.begins, &rollout.begins, self.length, chunks);
        }
    }

    fn sequences(&self) -> Option<Sequences<'_>> {
        let Self { length, states, begins } = self;
        (!begins.is_empty()).then_some(Sequences { length: *length, states, begins })
    }
}

/// The rows of `chunks` of `length` rows.
fn rows_of(chunks: &[usize], length: usize) -> impl Iterator<Item = usize> {
    chunks.iter().flat_map(move |chunk| chunk * length..(chunk + 1) * length)
}

/// Copies for an actor; the memory is used again for the next mini-batch.
#[derive(Debug, Default)]
pub(super) struct PolicyRows {
    inputs: Vec<f32>,
    masks: Vec<bool>,
    actions: Vec<usize>,
    log_probs: Vec<f32>,
    advantages: Vec<f32>,
    /// rows × actions; empty if nobody advises.
    advice: Vec<bool>,
    /// 1 where the agent took part, 0 where it was dead.
    weights: Vec<f32>,
    past: Past,
}

impl PolicyRows {
    /// Copies `chunks` of all agents that network `network` plays; `factor` multiplies the advantages of each row of the
    /// rollout (HAPPO).
    pub(super) fn gather(
        &mut self,
        network: usize,
        rollout: &RolloutBuffer,
        chunks: &[usize],
        factor: Option<&[f32]>,
    ) {
        self.clear();
        let length = rollout.chunk();
        let agents = rollout.seats().len();
        for (place, (seat, agent)) in rollout.seats().iter().zip(&rollout.agents).enumerate() {
            if seat.network == network {
                gather(&mut self.inputs, &agent.inputs, length * seat.inputs(), chunks);
                gather(&mut self.masks, &agent.masks, length * seat.actions(), chunks);
                gather(&mut self.actions, &agent.actions, length, chunks);
                gather(&mut self.log_probs, &agent.log_probs, length, chunks);
                if !agent.advice.is_empty() {
                    gather(&mut self.advice, &agent.advice, length * seat.actions(), chunks);
                }
                let factor = |row: usize| factor.map_or(1.0, |factor| factor[row]);
                let advantage = |row: usize| factor(row) * rollout.advantages[row * agents + place];
                let weight = |row: usize| if agent.alive[row] { 1.0 } else { 0.0 };
                self.advantages.extend(rows_of(chunks, length).map(advantage));
                self.weights.extend(rows_of(chunks, length).map(weight));
                self.past.gather(&agent.states, rollout, chunks);
            }
        }
    }

    /// What was copied; advice counts `imitation` beside learning.
    pub(super) fn batch(&self, imitation: f32) -> PolicyBatch<'_> {
        let advised = imitation > 0.0 && !self.advice.is_empty();
        let all_alive = self.weights.iter().all(|weight| *weight == 1.0);
        PolicyBatch {
            observations: &self.inputs,
            masks: &self.masks,
            actions: &self.actions,
            old_log_probs: &self.log_probs,
            advantages: &self.advantages,
            weights: (!all_alive).then_some(&self.weights),
            sequences: self.past.sequences(),
            advice: advised.then_some(Advice { actions: &self.advice, weight: imitation }),
        }
    }

    fn clear(&mut self) {
        self.inputs.clear();
        self.masks.clear();
        self.actions.clear();
        self.log_probs.clear();
        self.advantages.clear();
        self.advice.clear();
        self.weights.clear();
        self.past.clear();
    }
}

/// Copies for a critic.
#[derive(Debug, Default)]
pub(super) struct ValueRows {
    states: Vec<f32>,
    outputs: Vec<f32>,
    returns: Vec<f32>,
    past: Past,
}

impl ValueRows {
    /// Copies `chunks` as the critic sees them, with the outputs and returns of its heads.
    pub(super) fn gather(&mut self, seat: &CriticSeat, rollout: &RolloutBuffer, chunks: &[usize]) {
        self.states.clear();
        self.outputs.clear();
        self.returns.clear();
        self.past.clear();
        let (width, length) = (rollout.seats().len(), rollout.chunk());
        match seat {
            CriticSeat::Central { .. } => {
                gather(&mut self.states, &rollout.globals, length * rollout.global_size(), chunks);
                gather(&mut self.outputs, &rollout.outputs, length * width, chunks);
                gather(&mut self.returns, &rollout.returns, length * width, chunks);
                self.past.gather(&rollout.critic_states.as_slice()[0], rollout, chunks);
            }
            CriticSeat::Own { agents, inputs } => {
                for agent in agents {
                    gather(
                        &mut self.states,
                        &rollout.agents.as_slice()[*agent].inputs,
                        length * inputs,
                        chunks,
                    );
                    let rows = || rows_of(chunks, length);
                    self.outputs.extend(rows().map(|row| rollout.outputs[row * width + agent]));
                    self.returns.extend(rows().map(|row| rollout.returns[row * width + agent]));
                    self.past.gather(&rollout.critic_states.as_slice()[*agent], rollout, chunks);
                }
            }
        }
    }

    /// What was copied.
    pub(super) fn batch(&self) -> ValueBatch<'_> {
        ValueBatch {
            states: &self.states,
            old_values: &self.outputs,
            returns: &self.returns,
            weights: None,
            sequences: self.past.sequences(),
        }
    }
}

/// Appends the rows of `width` values that are asked for.
fn gather<T: Copy>(to: &mut Vec<T>, from: &[T], width: usize, rows: &[usize]) {
    for row in rows {
        to.extend_from_slice(&from[row * width..][..width]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::SeedTree;

    #[test]
    fn every_epoch_has_every_row_once_in_another_order() {
        let minibatches = Minibatches::draw(10, (3, 4), &mut SeedTree::new(1).rng());
        let parts: Vec<&[usize]> = minibatches.iter().filter_map(|(_, _, rows)| rows).collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [2, 3, 2, 3].repeat(3));
        let epochs: Vec<Vec<usize>> = parts.chunks(4).map(<[_]>::concat).collect();
        assert_ne!(epochs[0], epochs[1]);
        for mut epoch in epochs {
            epoch.sort_unstable();
            assert_eq!(epoch, (0..10).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_rollout_that_is_one_batch_is_gathered_once_and_used_in_every_epoch() {
        let minibatches = Minibatches::draw(3, (2, 1), &mut SeedTree::new(1).rng());
        let all: Vec<_> = minibatches.iter().collect();
        assert_eq!(all, [(0, 0, Some(&[0, 1, 2][..])), (1, 0, None)]);
    }

    #[test]
    fn rows_are_copied_whole() {
        let mut to = vec![9];
        gather(&mut to, &[0, 1, 2, 3, 4, 5], 2, &[2, 0]);
        assert_eq!(to, [9, 4, 5, 0, 1]);
    }
}
