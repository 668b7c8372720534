//! The forward pass with buffers that are used again.

use super::{LayerLayout, Mlp};
use crate::kernel::{Rows, padded};
use crate::{NetworkError, gru, rowwise};

/// Rows that go through all layers together: their activations stay in the cache.
const PIECE: usize = 96;

/// Memory of a forward pass; one of them serves networks of any shape, and after the first pass through the largest of
/// them allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Inference {
    /// What a layer reads and what it writes, by turns.
    buffers: [Vec<f32>; 2],
    scales: Vec<f32>,
    /// Padded states before the step.
    before: Vec<f32>,
    /// What they add to the gates.
    hidden: Vec<f32>,
}

impl Inference {
    /// Outputs of `network` for rows of inputs: `inputs` is rows × input, `outputs` rows × output. For a recurrent
    /// network each row is the first of an episode.
    ///
    /// # Errors
    /// When `inputs` is empty or not a whole number of rows, or `outputs` has another number of rows.
    pub fn forward(
        &mut self,
        network: &Mlp,
        inputs: &[f32],
        outputs: &mut [f32],
    ) -> Result<(), NetworkError> {
        self.run(network, inputs, &mut [], outputs)
    }

    /// One step of each of several episodes: `inputs` is rows × input, `states` rows × [`Mlp::memory`], `outputs` rows ×
    /// output. The states are those before the step, 0 where an episode begins, and then those after it.
    ///
    /// # Errors
    /// When `inputs` is empty or not a whole number of rows, or `states` or `outputs` has another number of rows.
    pub fn step(
        &mut self,
        network: &Mlp,
        inputs: &[f32],
        states: &mut [f32],
        outputs: &mut [f32],
    ) -> Result<(), NetworkError> {
        NetworkError::length("states", states.len(), network.rows(inputs)? * network.memory())?;
        self.run(network, inputs, states, outputs)
    }

    /// A step from `states`, or, if there are none, from 0.
    fn run(
        &mut self,
        network: &Mlp,
        inputs: &[f32],
        states: &mut [f32],
        outputs: &mut [f32],
    ) -> Result<(), NetworkError> {
        let (rows, params) = (network.rows(inputs)?, network.config.params());
        NetworkError::length("outputs", outputs.len(), rows * params.output)?;
        self.reserve(network, (rows * params.parts).min(PIECE));
        // From here on each part is a row.
        let (input, output) = network.config.part();
        let (width, memory) = (padded(output), network.memory());
        let mut states = states.chunks_mut((PIECE * memory).max(1));
        let pieces = inputs.chunks(PIECE * input).zip(outputs.chunks_mut(PIECE * output));
        for (x, y) in pieces {
            let padded = self.piece(network, x, states.next().unwrap_or_default());
            for (y, padded) in y.chunks_exact_mut(output).zip(padded.chunks_exact(width)) {
                y.copy_from_slice(&padded[..output]);
            }
        }
        Ok(())
    }

    fn reserve(&mut self, network: &Mlp, rows: usize) {
        let layers = &network.layout.layers;
        let widest = layers.iter().map(|l| l.columns().max(padded(l.inputs))).max().unwrap_or(0);
        for buffer in &mut self.buffers {
            buffer.resize(buffer.len().max(rows * widest), 0.0);
        }
        self.scales.resize(self.scales.len().max(rows), 0.0);
        let memory = padded(network.memory());
        self.before.resize(self.before.len().max(rows * memory), 0.0);
        self.hidden.resize(self.hidden.len().max(rows * gru::GATES * memory), 0.0);
    }

    /// The padded outputs of a few rows, which end up in one of the two buffers.
    fn piece(&mut self, network: &Mlp, x: &[f32], states: &mut [f32]) -> &[f32] {
        let rows = x.len() / network.layout.layers[0].inputs;
        let Self { buffers: [from, to], scales, before, hidden } = self;
        let (mut from, mut to) = (from, to);
        for (i, layer) in network.layout.layers.iter().enumerate() {
            if layer.norm.is_some() {
                let (x, stride) = if i == 0 { (x, layer.inputs) } else { (&from[..], padded(layer.inputs)) };
                let x = Rows { values: &x[..rows * stride], stride, used: layer.inputs };
                rowwise::normalise(x, &mut to[..rows * padded(layer.inputs)], &mut scales[..rows]);
                std::mem::swap(&mut from, &mut to);
            }
            let bare = i == 0 && layer.norm.is_none();
            network.layer(i, if bare { x } else { from }, &mut to[..rows * layer.columns()]);
            std::mem::swap(&mut from, &mut to);
            if layer.hidden.is_some() {
                let (width, columns) = (layer.width, layer.columns());
                let (before, hidden) = (&mut before[..rows * width], &mut hidden[..rows * columns]);
                pad(layer, states, before);
                network.recall(layer, before, hidden);
                let (gates, states_after) = (&mut from[..rows * columns], &mut to[..rows * width]);
                gru::Forward { gates, hidden, before, states: states_after }.run(width);
                let after = states.chunks_exact_mut(layer.outputs).zip(to.chunks_exact(width));
                after.for_each(|(state, padded)| state.copy_from_slice(&padded[..layer.outputs]));
                std::mem::swap(&mut from, &mut to);
            }
        }
        from
    }
}

/// Writes the states of the recurrent `layer` over `padded`, or 0 if there are none.
fn pad(layer: &LayerLayout, states: &[f32], padded: &mut [f32]) {
    padded.fill(0.0);
    let rows = padded.chunks_exact_mut(layer.width).zip(states.chunks_exact(layer.outputs));
    rows.for_each(|(padded, state)| padded[..layer.outputs].copy_from_slice(state));
}
