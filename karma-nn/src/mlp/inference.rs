//! The forward pass with buffers that are used again.

use super::Mlp;
use crate::kernel::{Rows, padded};
use crate::{NetworkError, rowwise};

/// Rows that go through all layers together: their activations stay in the cache.
const PIECE: usize = 96;

/// Memory of a forward pass; one of them serves networks of any shape, and after the first pass through the largest of
/// them allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Inference {
    /// What a layer reads and what it writes, by turns.
    buffers: [Vec<f32>; 2],
    scales: Vec<f32>,
}

impl Inference {
    /// Outputs of `network` for rows of inputs: `inputs` is rows × input, `outputs` rows × output.
    ///
    /// # Errors
    /// When `inputs` is empty or not a whole number of rows, or `outputs` has another number of rows.
    pub fn forward(
        &mut self,
        network: &Mlp,
        inputs: &[f32],
        outputs: &mut [f32],
    ) -> Result<(), NetworkError> {
        let (rows, params) = (network.rows(inputs)?, network.config.params());
        NetworkError::length("outputs", outputs.len(), rows * params.output)?;
        self.reserve(network, rows.min(PIECE));
        let width = padded(params.output);
        let pieces = inputs.chunks(PIECE * params.input).zip(outputs.chunks_mut(PIECE * params.output));
        for (x, y) in pieces {
            let padded = self.piece(network, x);
            for (y, padded) in y.chunks_exact_mut(params.output).zip(padded.chunks_exact(width)) {
                y.copy_from_slice(&padded[..params.output]);
            }
        }
        Ok(())
    }

    fn reserve(&mut self, network: &Mlp, rows: usize) {
        let layers = &network.layout.layers;
        let widest = layers.iter().map(|l| l.width.max(padded(l.inputs))).max().unwrap_or(0);
        for buffer in &mut self.buffers {
            buffer.resize(buffer.len().max(rows * widest), 0.0);
        }
        self.scales.resize(self.scales.len().max(rows), 0.0);
    }

    /// The padded outputs of a few rows, which end up in one of the two buffers.
    fn piece(&mut self, network: &Mlp, x: &[f32]) -> &[f32] {
        let rows = x.len() / network.config.params().input;
        let [from, to] = &mut self.buffers;
        let (mut from, mut to) = (from, to);
        for (i, layer) in network.layout.layers.iter().enumerate() {
            if layer.norm.is_some() {
                let (x, stride) = if i == 0 { (x, layer.inputs) } else { (&from[..], padded(layer.inputs)) };
                let x = Rows { values: &x[..rows * stride], stride, used: layer.inputs };
                rowwise::normalise(x, &mut to[..rows * padded(layer.inputs)], &mut self.scales[..rows]);
                std::mem::swap(&mut from, &mut to);
            }
            let bare = i == 0 && layer.norm.is_none();
            network.layer(i, if bare { x } else { from }, &mut to[..rows * layer.width]);
            std::mem::swap(&mut from, &mut to);
        }
        from
    }
}
