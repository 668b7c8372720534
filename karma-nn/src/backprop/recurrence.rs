//! The recurrent layer of a piece, step after step and back.
//!
//! The inputs' part of the gates, x·W + b, is one product for all steps, and so are the gradients of all weights. Only the
//! states' part, h·U + c forward and δ·Uᵀ backward, has to go step by step. Where an episode begins, the state before is
//! 0 and no derivative goes further back.

use super::piece::{Span, grow};
use super::{Cut, Pass, SEQUENCES};
use crate::kernel::{self, Rows};
use crate::mlp::LayerLayout;
use crate::{Sequences, gru, rowwise};

/// What is kept of a piece, rows in order of time.
#[derive(Debug, Clone, Default)]
pub(super) struct Recurrence {
    /// x·W + b, then r, z and n: rows × columns.
    gates: Vec<f32>,
    /// h·U + c, then the derivatives with respect to it: rows × columns.
    hidden: Vec<f32>,
    /// h, the states before each row: rows × width.
    before: Vec<f32>,
    /// Derivatives with respect to the states after each row: rows × width.
    slopes: Vec<f32>,
    /// What a step gives back to the one before it: sequences × width.
    carry: Vec<f32>,
    zeros: Vec<f32>,
}

impl Recurrence {
    pub(super) fn reserve(&mut self, layer: &LayerLayout, cut: Cut) {
        grow(&mut self.gates, cut.piece * layer.columns());
        grow(&mut self.hidden, cut.piece * layer.columns());
        grow(&mut self.before, cut.piece * layer.width);
        grow(&mut self.slopes, cut.piece * layer.width);
        grow(&mut self.carry, SEQUENCES * layer.width);
        grow(&mut self.zeros, layer.width);
    }

    /// Where the inputs' part of the gates goes.
    pub(super) fn gates_mut(&mut self, layer: &LayerLayout, span: Span) -> &mut [f32] {
        &mut self.gates[..span.rows() * layer.columns()]
    }

    /// Where the derivatives with respect to the layer's outputs go.
    pub(super) fn slopes_mut(&mut self) -> &mut [f32] {
        &mut self.slopes
    }

    /// From the inputs' part of the gates to the states after each row.
    pub(super) fn forward(
        &mut self,
        pass: &Pass<'_>,
        (layer, span): (&LayerLayout, Span),
        states: &mut [f32],
    ) {
        let Some(sequences) = pass.sequences else { return };
        let (step, columns) = (span.sequences * layer.width, span.sequences * layer.columns());
        for t in 0..span.length {
            let (earlier, states) = states.split_at_mut(t * step);
            let before = &mut self.before[t * step..][..step];
            match t {
                0 => given(sequences, (layer, span), before),
                t => before.copy_from_slice(&earlier[(t - 1) * step..]),
            }
            forget(sequences, span, t, before);
            let hidden = &mut self.hidden[t * columns..][..columns];
            pass.network.recall(layer, before, hidden);
            let gates = &mut self.gates[t * columns..][..columns];
            gru::Forward { gates, hidden, before, states: &mut states[..step] }.run(layer.width);
        }
    }

    /// From the derivatives with respect to the outputs to those with respect to the inputs' part of the gates, `delta`;
    /// adds the gradient of the states' part.
    pub(super) fn backward(
        &mut self,
        pass: &Pass<'_>,
        (layer, span): (&LayerLayout, Span),
        delta: &mut [f32],
        gradient: &mut [f32],
    ) {
        let (Some(sequences), Some(places)) = (pass.sequences, &layer.hidden) else { return };
        let (step, columns) = (span.sequences * layer.width, span.sequences * layer.columns());
        let carry = &mut self.carry[..step];
        carry.fill(0.0);
        for t in (0..span.length).rev() {
            let slopes = &mut self.slopes[t * step..][..step];
            add(slopes, carry);
            let hidden = &mut self.hidden[t * columns..][..columns];
            let (gates, before) = (&self.gates[t * columns..][..columns], &self.before[t * step..][..step]);
            let delta = &mut delta[t * columns..][..columns];
            gru::Backward { gates, before, hidden, slopes, delta }.run(layer.width);
            if t > 0 {
                let delta = Rows { values: hidden, stride: layer.columns(), used: layer.used() };
                kernel::linear(delta, pass.recall, &self.zeros[..layer.width], carry);
                add(carry, slopes);
                forget(sequences, span, t, carry);
            }
        }
        let before = &self.before[..span.length * step];
        let x = Rows { values: before, stride: layer.width, used: layer.outputs };
        let hidden = &self.hidden[..span.length * columns];
        kernel::outer(x, hidden, layer.columns(), &mut gradient[places.weight.clone()]);
        rowwise::column_sums(hidden, &mut gradient[places.bias.clone()]);
    }
}

/// The given states before the sequences.
fn given(sequences: &Sequences<'_>, (layer, span): (&LayerLayout, Span), before: &mut [f32]) {
    before.fill(0.0);
    let states = &sequences.states[span.first / span.length * layer.outputs..];
    let rows = before.chunks_exact_mut(layer.width).zip(states.chunks_exact(layer.outputs));
    rows.for_each(|(before, state)| before[..layer.outputs].copy_from_slice(state));
}

/// Sets to 0 what belongs to a sequence in which an episode begins at step `t`.
fn forget(sequences: &Sequences<'_>, span: Span, t: usize, values: &mut [f32]) {
    let rows = values.chunks_exact_mut(values.len() / span.sequences);
    rows.enumerate().filter(|(s, _)| sequences.begins[span.row(*s, t)]).for_each(|(_, row)| row.fill(0.0));
}

fn add(sums: &mut [f32], values: &[f32]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}
