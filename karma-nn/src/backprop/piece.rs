//! A few rows, forward and backward.

use std::mem;

use super::recurrence::Recurrence;
use super::{Cut, Pass};
use crate::kernel::{self, Rows, padded};
use crate::mlp::Layout;
use crate::{NetworkError, rowwise};

/// What one thread keeps of the rows that it works on, which lie in order of time: the first step of each sequence, then
/// the second of each.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Inputs in order of time, if that is not how they are given.
    inputs: Vec<f32>,
    /// Outputs of each layer, rows × width.
    activations: Vec<Vec<f32>>,
    /// Normalised inputs of each layer that normalises them, rows × `padded(inputs)`.
    normalised: Vec<Vec<f32>>,
    /// What their rows were divided by, inverted.
    scales: Vec<Vec<f32>>,
    /// Derivatives with respect to the sums of each layer, rows × columns.
    deltas: Vec<Vec<f32>>,
    recurrence: Recurrence,
    /// Outputs of a row of several parts side by side, and the derivatives with respect to them.
    joined: (Vec<f32>, Vec<f32>),
    /// As many as the widest layer needs.
    zeros: Vec<f32>,
}

/// Which rows of a batch a piece holds: whole sequences.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// Number of the first row in the batch.
    pub(super) first: usize,
    pub(super) sequences: usize,
    /// Steps in each.
    pub(super) length: usize,
}

impl Span {
    pub(super) const fn rows(self) -> usize {
        self.sequences * self.length
    }

    /// Every row: its number in the batch, and its place in the piece.
    fn places(self) -> impl Iterator<Item = (usize, usize)> {
        let of = move |s| (0..self.length).map(move |t| (self.row(s, t), t * self.sequences + s));
        (0..self.sequences).flat_map(of)
    }

    /// The number in the batch of a step of a sequence.
    pub(super) const fn row(self, sequence: usize, step: usize) -> usize {
        self.first + sequence * self.length + step
    }
}

impl Piece {
    pub(super) fn new(layout: &Layout) -> Self {
        let empty = vec![Vec::new(); layout.layers.len()];
        Self {
            inputs: Vec::new(),
            activations: empty.clone(),
            normalised: empty.clone(),
            scales: empty.clone(),
            deltas: empty,
            recurrence: Recurrence::default(),
            joined: Default::default(),
            zeros: vec![0.0; layout.layers.iter().map(|l| l.width).max().unwrap_or(0)],
        }
    }

    /// Makes room for the pieces of a batch.
    fn reserve(&mut self, layout: &Layout, cut: Cut) {
        for (i, layer) in layout.layers.iter().enumerate() {
            let normalised = layer.norm.as_ref().map_or(0, |_| cut.piece);
            grow(&mut self.activations[i], cut.piece * layer.width);
            grow(&mut self.normalised[i], normalised * padded(layer.inputs));
            grow(&mut self.scales[i], normalised);
            grow(&mut self.deltas[i], cut.piece * layer.columns());
            if layer.hidden.is_some() {
                self.recurrence.reserve(layer, cut);
            }
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
        let (width, length, piece) = (pass.width(), pass.cut.length, pass.cut.piece);
        self.reserve(pass.network.layout(), pass.cut);
        for (i, inputs) in inputs.chunks(piece * width).enumerate() {
            let sequences = inputs.len() / width / length;
            let span = Span { first: first + i * piece, sequences, length };
            let mut ordered = mem::take(&mut self.inputs);
            let inputs = if length == 1 { inputs } else { by_time(inputs, (width, span), &mut ordered) };
            self.forward(pass, inputs, span);
            self.head(pass, span, head)?;
            self.backward(pass, inputs, span, gradient);
            self.inputs = ordered;
        }
        Ok(())
    }

    fn forward(&mut self, pass: &Pass<'_>, inputs: &[f32], span: Span) {
        let rows = span.rows();
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
            let out = &mut here[0][..rows * layer.width];
            if layer.hidden.is_some() {
                pass.network.layer(i, x, self.recurrence.gates_mut(layer, span));
                self.recurrence.forward(pass, (layer, span), out);
            } else {
                pass.network.layer(i, x, out);
            }
        }
    }

    /// Asks for the derivatives of the rows, in the order of the batch.
    fn head<E>(
        &mut self,
        pass: &Pass<'_>,
        span: Span,
        head: &mut impl FnMut(usize, &[f32], &mut [f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let last = self.deltas.len() - 1;
        let layer = &pass.network.layout().layers[last];
        let (width, outputs) = (layer.width, layer.outputs);
        let (deltas, out) = (&mut self.deltas[last][..span.rows() * width], &self.activations[last]);
        deltas.fill(0.0);
        let parts = pass.cut.parts;
        if parts > 1 {
            let (joined, slopes) = &mut self.joined;
            let rows = deltas.chunks_exact_mut(parts * width).zip(out.chunks_exact(parts * width));
            for (i, (deltas, out)) in rows.enumerate() {
                joined.clear();
                joined.extend(out.chunks_exact(width).flat_map(|part| &part[..outputs]));
                slopes.clear();
                slopes.resize(joined.len(), 0.0);
                head(span.first / parts + i, joined, slopes)?;
                let slopes = slopes.chunks_exact(outputs).zip(deltas.chunks_exact_mut(width));
                slopes.for_each(|(slopes, delta)| delta[..outputs].copy_from_slice(slopes));
            }
            return Ok(());
        }
        for (row, place) in span.places() {
            let at = place * width..place * width + outputs;
            head(row, &out[at.clone()], &mut deltas[at])?;
        }
        Ok(())
    }

    fn backward(&mut self, pass: &Pass<'_>, inputs: &[f32], span: Span, gradient: &mut [f32]) {
        for (i, layer) in pass.network.layout().layers.iter().enumerate().rev() {
            let mut deltas = mem::take(&mut self.deltas[i]);
            let delta = &mut deltas[..span.rows() * layer.columns()];
            if layer.hidden.is_some() {
                self.recurrence.backward(pass, (layer, span), delta, gradient);
            }
            self.parameter_gradient(pass, (i, inputs), delta, gradient);
            if i > 0 {
                self.delta_below(pass, (i, span), delta);
            }
            self.deltas[i] = deltas;
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
        let (rows, stride) = (delta.len() / layer.columns(), layer.stride(i));
        let values = match (&layer.norm, i.checked_sub(1)) {
            (Some(_), _) => &self.normalised[i],
            (None, Some(below)) => &self.activations[below],
            (None, None) => inputs,
        };
        let x = Rows { values: &values[..rows * stride], stride, used: layer.inputs };
        kernel::outer(x, delta, layer.columns(), &mut gradient[layer.weight.clone()]);
        rowwise::column_sums(delta, &mut gradient[layer.bias.clone()]);
    }

    /// From the δ of layer `i` to that of layer `i − 1`.
    fn delta_below(&mut self, pass: &Pass<'_>, (i, span): (usize, Span), delta: &[f32]) {
        let (layer, below) = (&pass.network.layout().layers[i], &pass.network.layout().layers[i - 1]);
        let (rows, width, recurrent) = (span.rows(), below.width, below.hidden.is_some());
        let outputs = if recurrent { self.recurrence.slopes_mut() } else { &mut self.deltas[i - 1] };
        let outputs = &mut outputs[..rows * width];
        let delta = Rows { values: delta, stride: layer.columns(), used: layer.used() };
        kernel::linear(delta, &pass.transposed[i], &self.zeros[..width], outputs);
        if layer.norm.is_some() {
            let (normalised, scales) = (&self.normalised[i][..rows * width], &self.scales[i][..rows]);
            rowwise::normalise_backward(normalised, scales, layer.inputs, outputs);
        }
        if !recurrent {
            rowwise::differentiate(pass.activation, &self.activations[i - 1][..rows * width], outputs);
        }
    }
}

/// Room for `len` values.
pub(super) fn grow(values: &mut Vec<f32>, len: usize) {
    values.resize(values.len().max(len), 0.0);
}

/// The rows of `inputs` in order of time.
fn by_time<'a>(inputs: &[f32], (width, span): (usize, Span), ordered: &'a mut Vec<f32>) -> &'a [f32] {
    grow(ordered, inputs.len());
    for (row, (_, place)) in inputs.chunks_exact(width).zip(span.places()) {
        ordered[place * width..][..width].copy_from_slice(row);
    }
    &ordered[..inputs.len()]
}
