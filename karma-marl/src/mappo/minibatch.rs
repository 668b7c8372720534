//! Rows of a rollout in random order, and the copies of them that networks learn from.

use karma_core::StreamRng;
use karma_nn::{PolicyBatch, ValueBatch};

use crate::buffer::RolloutBuffer;
use karma_core::draw::shuffle;

/// The mini-batches of one iteration, the same for all networks.
#[derive(Debug)]
pub(super) struct Minibatches {
    /// One order of all rows for each epoch.
    epochs: Vec<Vec<usize>>,
    /// Mini-batches in an epoch.
    parts: usize,
}

impl Minibatches {
    /// Draws an order for each of `epochs`, to be cut into `parts`.
    pub(super) fn draw(rows: usize, (epochs, parts): (usize, usize), rng: &mut StreamRng) -> Self {
        let mut order: Vec<usize> = (0..rows).collect();
        let mut next = || {
            shuffle(&mut order, rng);
            order.clone()
        };
        Self { epochs: (0..epochs).map(|_| next()).collect(), parts }
    }

    /// The rows of each mini-batch, one epoch after the other. Sizes within an epoch differ by at most one.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[usize]> {
        let parts = self.parts;
        self.epochs.iter().flat_map(move |order| {
            let start = move |part| part * order.len() / parts;
            (0..parts).map(move |part| &order[start(part)..start(part + 1)])
        })
    }
}

/// Copies for an actor; the memory is used again for the next mini-batch.
#[derive(Debug, Default)]
pub(super) struct PolicyRows {
    inputs: Vec<f32>,
    masks: Vec<bool>,
    actions: Vec<usize>,
    log_probs: Vec<f32>,
    advantages: Vec<f32>,
}

impl PolicyRows {
    /// Copies `rows` of all agents that network `network` plays.
    pub(super) fn gather(
        &mut self,
        network: usize,
        rollout: &RolloutBuffer,
        rows: &[usize],
    ) -> PolicyBatch<'_> {
        self.clear();
        let agents = rollout.seats().len();
        for (place, (seat, agent)) in rollout.seats().iter().zip(&rollout.agents).enumerate() {
            if seat.network == network {
                gather(&mut self.inputs, &agent.inputs, seat.inputs(), rows);
                gather(&mut self.masks, &agent.masks, seat.actions(), rows);
                gather(&mut self.actions, &agent.actions, 1, rows);
                gather(&mut self.log_probs, &agent.log_probs, 1, rows);
                self.advantages.extend(rows.iter().map(|row| rollout.advantages[row * agents + place]));
            }
        }
        PolicyBatch {
            observations: &self.inputs,
            masks: &self.masks,
            actions: &self.actions,
            old_log_probs: &self.log_probs,
            advantages: &self.advantages,
            weights: None,
        }
    }

    fn clear(&mut self) {
        self.inputs.clear();
        self.masks.clear();
        self.actions.clear();
        self.log_probs.clear();
        self.advantages.clear();
    }
}

/// Copies for the critic.
#[derive(Debug, Default)]
pub(super) struct ValueRows {
    globals: Vec<f32>,
    outputs: Vec<f32>,
    returns: Vec<f32>,
}

impl ValueRows {
    /// Copies `rows`, with one output and return for each agent: those of its head.
    pub(super) fn gather(&mut self, rollout: &RolloutBuffer, rows: &[usize]) -> ValueBatch<'_> {
        self.globals.clear();
        self.outputs.clear();
        self.returns.clear();
        gather(&mut self.globals, &rollout.globals, rollout.global_size(), rows);
        gather(&mut self.outputs, &rollout.outputs, rollout.seats().len(), rows);
        gather(&mut self.returns, &rollout.returns, rollout.seats().len(), rows);
        ValueBatch { states: &self.globals, old_values: &self.outputs, returns: &self.returns, weights: None }
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
        let parts: Vec<&[usize]> = minibatches.iter().collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [2, 3, 2, 3].repeat(3));
        let epochs: Vec<Vec<usize>> = parts.chunks(4).map(<[_]>::concat).collect();
        assert_ne!(epochs[0], epochs[1]);
        for mut epoch in epochs {
            epoch.sort_unstable();
            assert_eq!(epoch, (0..10).collect::<Vec<_>>());
        }
    }

    #[test]
    fn rows_are_copied_whole() {
        let mut to = vec![9];
        gather(&mut to, &[0, 1, 2, 3, 4, 5], 2, &[2, 0]);
        assert_eq!(to, [9, 4, 5, 0, 1]);
    }
}
