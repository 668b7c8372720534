//! Where each layer's numbers lie in the one vector that holds a network.
//!
//! Weights are stored `inputs × outputs`, rows padded with zeros to a multiple of the kernel's width. The
//! padding has gradient 0 and stays 0 under Adam, so parameters, gradients and moments share one layout and
//! the optimiser is one loop. Outside this crate's memory (files, reference) only the real values exist.

use std::ops::Range;

use crate::gru::GATES;
use crate::{MlpConfig, Tensor, kernel::padded};

/// One layer's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LayerLayout {
    /// Values in.
    pub(crate) inputs: usize,
    /// Values out.
    pub(crate) outputs: usize,
    /// Values out, padded.
    pub(crate) width: usize,
    /// `inputs × columns` weights.
    pub(crate) weight: Range<usize>,
    /// `columns` biases.
    pub(crate) bias: Range<usize>,
    /// What the inputs are scaled and shifted by, if they are normalised.
    pub(crate) norm: Option<NormLayout>,
    /// What the state before is multiplied with and shifted by, in a recurrent layer.
    pub(crate) hidden: Option<HiddenLayout>,
}

/// The place of the parameters that take a recurrent layer's state to its gates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HiddenLayout {
    /// `outputs × columns` weights.
    pub(crate) weight: Range<usize>,
    /// `columns` biases.
    pub(crate) bias: Range<usize>,
}

/// The place of a normalisation's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NormLayout {
    /// `padded(inputs)` gains.
    pub(crate) gain: Range<usize>,
    /// `padded(inputs)` biases.
    pub(crate) bias: Range<usize>,
}

impl LayerLayout {
    /// Sums that a row of inputs goes into: one for each (padded) output, or for each gate of each.
    pub(crate) const fn columns(&self) -> usize {
        self.gates() * self.width
    }

    /// How many of them count; behind those is only padding.
    pub(crate) const fn used(&self) -> usize {
        if self.hidden.is_some() { self.columns() } else { self.outputs }
    }

    const fn gates(&self) -> usize {
        if self.hidden.is_some() { GATES } else { 1 }
    }

    /// Distance from one row of the inputs of this layer, which is the `i`-th, to the next.
    pub(crate) const fn stride(&self, i: usize) -> usize {
        if i == 0 && self.norm.is_none() { self.inputs } else { padded(self.inputs) }
    }

    /// Its parameters, in the order in which they lie.
    fn places(&self, layer: usize) -> impl Iterator<Item = Place> {
        let (inputs, outputs, gates) = (self.inputs, self.outputs, self.gates());
        let place = |part: &str, kind: PlaceKind, shape: Vec<usize>, range: &Range<usize>| {
            let columns = shape.last().copied().unwrap_or(0) / if kind.scales_inputs() { 1 } else { gates };
            let (name, range) = (format!("layers.{layer}.{part}{}", kind.name()), range.clone());
            Place { name, layer, kind, shape, columns, range }
        };
        let part = if self.hidden.is_some() { "gru.input." } else { "" };
        let weight = place(part, PlaceKind::Weight, vec![inputs, gates * outputs], &self.weight);
        let bias = place(part, PlaceKind::Bias, vec![gates * outputs], &self.bias);
        let norm = self.norm.iter().flat_map(|NormLayout { gain, bias }| {
            [(PlaceKind::Gain, gain), (PlaceKind::Shift, bias)]
                .map(|(kind, range)| place("", kind, vec![inputs], range))
        });
        let hidden = self.hidden.iter().flat_map(|HiddenLayout { weight, bias }| {
            let (kind, shape) = (PlaceKind::Weight, vec![outputs, gates * outputs]);
            let weight = place("gru.hidden.", kind, shape, weight);
            [weight, place("gru.hidden.", PlaceKind::Bias, vec![gates * outputs], bias)]
        });
        [weight, bias].into_iter().chain(norm).chain(hidden).collect::<Vec<_>>().into_iter()
    }

    /// The place of layer `i`, which begins at `start`, and where the next begins.
    fn new(config: &MlpConfig, i: usize, (inputs, outputs): (usize, usize), start: usize) -> (Self, usize) {
        let (norm, recurrent) = (config.norm(i), config.recurrent_layer() == Some(i));
        let (width, mut end) = (padded(outputs), start);
        let mut take = |len: usize| {
            end += len;
            end - len..end
        };
        let (columns, scales) = (if recurrent { GATES * width } else { width }, padded(inputs));
        let (weight, bias) = (take(inputs * columns), take(columns));
        let norm = norm.then(|| NormLayout { gain: take(scales), bias: take(scales) });
        let hidden = recurrent.then(|| HiddenLayout { weight: take(outputs * columns), bias: take(columns) });
        (Self { inputs, outputs, width, weight, bias, norm, hidden }, end)
    }
}

/// The places of all layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// First to last.
    pub(crate) layers: Vec<LayerLayout>,
    /// Length of the whole vector.
    pub(crate) len: usize,
}

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceKind {
    Weight,
    Bias,
    /// What a normalised input is multiplied by.
    Gain,
    /// What is then added to it.
    Shift,
}

impl PlaceKind {
    /// Whether it is part of a normalisation, with one value for each input.
    const fn scales_inputs(self) -> bool {
        matches!(self, Self::Gain | Self::Shift)
    }

    /// The end of its name in a file.
    const fn name(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Bias => "bias",
            Self::Gain => "norm.gain",
            Self::Shift => "norm.bias",
        }
    }
}

/// A weight matrix or a vector under its name in a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// As in `layers.0.weight`.
    pub(crate) name: String,
    /// The layer that it belongs to.
    pub(crate) layer: usize,
    /// Which of its parameters.
    pub(crate) kind: PlaceKind,
    /// Real shape; the gates of a recurrent layer lie side by side, as in r, z, n.
    pub(crate) shape: Vec<usize>,
    /// Real values that lie together, before padding.
    columns: usize,
    range: Range<usize>,
}

impl Place {
    /// The real values inside `flat`.
    pub(crate) fn read(&self, flat: &[f32]) -> Vec<f32> {
        let rows = flat[self.range.clone()].chunks_exact(padded(self.columns));
        rows.flat_map(|row| &row[..self.columns]).copied().collect()
    }

    /// Puts the real values into `flat`.
    pub(crate) fn write(&self, values: &[f32], flat: &mut [f32]) {
        let rows = flat[self.range.clone()].chunks_exact_mut(padded(self.columns));
        for (row, values) in rows.zip(values.chunks_exact(self.columns)) {
            row[..self.columns].copy_from_slice(values);
        }
    }

    /// Where its real values lie in the whole vector.
    #[cfg(test)]
    pub(crate) fn indices(&self) -> impl Iterator<Item = usize> {
        let (columns, width) = (self.columns, padded(self.columns));
        self.range.clone().filter(move |i| (i - self.range.start) % width < columns)
    }

    /// How many matrices lie side by side in it.
    pub(crate) fn gates(&self) -> usize {
        self.shape.last().map_or(0, |values| values / self.columns)
    }
}

impl Layout {
    /// Lays out the layers of `config` one after the other.
    pub(crate) fn new(config: &MlpConfig) -> Self {
        let mut len = 0;
        let layers = config.layers().enumerate().map(|(i, shape)| {
            let (layer, end) = LayerLayout::new(config, i, shape, len);
            len = end;
            layer
        });
        let layers = layers.collect();
        Self { layers, len }
    }

    /// Whether any layer normalises its inputs.
    pub(crate) fn normalises(&self) -> bool {
        self.layers.iter().any(|layer| layer.norm.is_some())
    }

    /// Every weight, bias and gain, in order.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        self.layers.iter().enumerate().flat_map(|(i, layer)| layer.places(i))
    }

    /// The real values of `flat` as named tensors, `prefix` before each name.
    pub(crate) fn tensors(&self, prefix: &str, flat: &[f32]) -> Vec<(String, Tensor)> {
        self.places()
            .map(|place| {
                (
                    format!("{prefix}.{}", place.name),
                    Tensor::F32 { values: place.read(flat), shape: place.shape },
                )
            })
            .collect()
    }
}
