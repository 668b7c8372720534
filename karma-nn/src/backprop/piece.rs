//! A few rows, forward and backward.

use std::mem;

use super::{PIECE, Pass};
use crate::kernel::{self, Rows, padded};
use crate::mlp::Layout;
use crate::{NetworkError, rowwise};

/// What one thread keeps of the rows that it works on.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Outputs of each layer, `PIECE × width`.
    activations: Vec<Vec<f32>>,
    /// Normalised inputs of each layer that normalises them, `PIECE × padded(inputs)`.
    normalised: Vec<Vec<f32>>,
    /// What their rows were divided by, inverted.
    scales: Vec<Vec<f32>>,
    /// Derivatives with respect to the pre-activations of each layer, `PIECE × width`.
    deltas: Vec<Vec<f32>>,
    /// As many as the widest layer needs.
    zeros: Vec<f32>,
}

impl Piece {
    pub(super) fn new(layout: &Layout) -> Self {
        let per_layer = || layout.layers.iter().map(|l| vec![0.0; PIECE * l.width]).collect::<Vec<_>>();
        let norms = |len: &dyn Fn(usize) -> usize| {
            let sizes = layout.layers.iter().map(|l| l.norm.as_ref().map_or(0, |_| len(padded(l.inputs))));
            sizes.map(|size| vec![0.0; size]).collect::<Vec<_>>()
        };
        let widest = layout.layers.iter().map(|l| l.width).max().unwrap_or(0);
        Self {
            activations: per_layer(),
            normalised: norms(&|width| PIECE * width),
            scales: norms(&|_| PIECE),
            deltas: per_layer(),
            zeros: vec![0.0; widest],
        }
    }

    /// The gradient of a block whose first row is `first`, written over `gradient`.
    pub(super) fn block<E: From<NetworkError>>(
        &mut self,
        pass: &Pass<'_>,
        (inputs, first): (&[f32], usize),
        gradient: &mut [f32],
        head: &mut impl FnMut(usize, &[f32], &mut [f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        gradient.fill(0.0);
        let width = pass.network.config().params().input;
        for (i, inputs) in inputs.chunks(PIECE * width).enumerate() {
            let rows = inputs.len() / width;
            self.forward(pass, inputs, rows);
            self.head(pass, (first + i * PIECE, rows), head)?;
            self.backward(pass, inputs, rows, gradient);
        }
        Ok(())
    }

    fn forward(&mut self, pass: &Pass<'_>, inputs: &[f32], rows: usize) {
        for (i, layer) in pass.network.layout().layers.iter().enumerate() {
            let (below, here) = self.activations.split_at_mut(i);
            let below = below.last().map_or(inputs, Vec::as_slice);
            let x = if layer.norm.is_some() {
                let stride = if i == 0 { layer.inputs } else { padded(layer.inputs) };
                let x = Rows { values: &below[..rows * stride], stride, used: layer.inputs };
                let normalised = &mut self.normalised[i][..rows * padded(layer.inputs)];
                rowwise::normalise(x, normalised, &mut self.scales[i][..rows]);
                normalised
            } else {
                below
            };
            pass.network.layer(i, x, &mut here[0][..rows * layer.width]);
        }
    }

    fn head<E>(
        &mut self,
        pass: &Pass<'_>,
        (first, rows): (usize, usize),
        head: &mut impl FnMut(usize, &[f32], &mut [f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let last = self.deltas.len() - 1;
        let layer = &pass.network.layout().layers[last];
        let (width, outputs) = (layer.width, layer.outputs);
        let deltas = &mut self.deltas[last][..rows * width];
        deltas.fill(0.0);
        let out = self.activations[last].chunks_exact(width);
        for (row, (delta, out)) in deltas.chunks_exact_mut(width).zip(out).enumerate() {
            head(first + row, &out[..outputs], &mut delta[..outputs])?;
        }
        Ok(())
    }

    fn backward(&mut self, pass: &Pass<'_>, inputs: &[f32], rows: usize, gradient: &mut [f32]) {
        for i in (0..self.deltas.len()).rev() {
            let delta = mem::take(&mut self.deltas[i]);
            let width = pass.network.layout().layers[i].width;
            self.parameter_gradient(pass, (i, inputs), &delta[..rows * width], gradient);
            if i > 0 {
                self.delta_below(pass, (i, rows), &delta);
            }
            self.deltas[i] = delta;
        }
    }

    /// `∂W += yᵀ · δ` and `∂b += Σ δ` of layer `i`.
    fn parameter_gradient(
        &self,
        pass: &Pass<'_>,
        (i, inputs): (usize, &[f32]),
        delta: &[f32],
        gradient: &mut [f32],
    ) {
        let layer = &pass.network.layout().layers[i];
        let (rows, stride) = (delta.len() / layer.width, layer.stride(i));
        let values = match (&layer.norm, i.checked_sub(1)) {
            (Some(_), _) => &self.normalised[i],
            (None, Some(below)) => &self.activations[below],
            (None, None) => inputs,
        };
        let x = Rows { values: &values[..rows * stride], stride, used: layer.inputs };
        kernel::outer(x, delta, layer.width, &mut gradient[layer.weight.clone()]);
        kernel::column_sums(delta, &mut gradient[layer.bias.clone()]);
    }

    /// From the δ of layer `i` to that of layer `i − 1`.
    fn delta_below(&mut self, pass: &Pass<'_>, (i, rows): (usize, usize), delta: &[f32]) {
        let layer = &pass.network.layout().layers[i];
        let width = padded(layer.inputs);
        let below = &mut self.deltas[i - 1][..rows * width];
        let delta = Rows { values: &delta[..rows * layer.width], stride: layer.width, used: layer.outputs };
        kernel::linear(delta, &pass.transposed[i], &self.zeros[..width], below);
        if layer.norm.is_some() {
            let (normalised, scales) = (&self.normalised[i][..rows * width], &self.scales[i][..rows]);
            rowwise::normalise_backward(normalised, scales, layer.inputs, below);
        }
        rowwise::differentiate(pass.activation, &self.activations[i - 1][..rows * width], below);
    }
}
