//! Where each layer's numbers lie in the one vector that holds a network.
//!
//! Weights are stored `inputs × outputs`, rows padded with zeros to a multiple of the kernel's width. The
//! padding has gradient 0 and stays 0 under Adam, so parameters, gradients and moments share one layout and
//! the optimiser is one loop. Outside this crate's memory (files, reference) only the real values exist.

use std::ops::Range;

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
    /// `inputs × width` weights.
    pub(crate) weight: Range<usize>,
    /// `width` biases.
    pub(crate) bias: Range<usize>,
    /// What the inputs are scaled and shifted by, if they are normalised.
    pub(crate) norm: Option<NormLayout>,
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
    /// Distance from one row of the inputs of this layer, which is the `i`-th, to the next.
    pub(crate) const fn stride(&self, i: usize) -> usize {
        if i == 0 && self.norm.is_none() { self.inputs } else { padded(self.inputs) }
    }

    /// Its parameters, in the order in which they lie.
    fn places(&self, layer: usize) -> impl Iterator<Item = Place> {
        let Self { inputs, outputs, width, .. } = *self;
        let place = move |kind: PlaceKind, shape, width, range: &Range<usize>| Place {
            name: format!("layers.{layer}.{}", kind.name()),
            layer,
            kind,
            shape,
            width,
            range: range.clone(),
        };
        let weight = place(PlaceKind::Weight, vec![inputs, outputs], width, &self.weight);
        let bias = place(PlaceKind::Bias, vec![outputs], width, &self.bias);
        let scales = move |kind, range| place(kind, vec![inputs], padded(inputs), range);
        let norm = self.norm.iter().flat_map(move |norm| {
            [scales(PlaceKind::Gain, &norm.gain), scales(PlaceKind::Shift, &norm.bias)]
        });
        [weight, bias].into_iter().chain(norm.collect::<Vec<_>>())
    }

    /// The place of a layer that begins at `start`, and where the next begins.
    fn new(start: usize, (inputs, outputs): (usize, usize), norm: bool) -> (Self, usize) {
        let width = padded(outputs);
        let (weight, scales) = (start..start + inputs * width, padded(inputs));
        let bias = weight.end..weight.end + width;
        let norm = norm.then(|| {
            let gain = bias.end..bias.end + scales;
            NormLayout { bias: gain.end..gain.end + scales, gain }
        });
        let end = norm.as_ref().map_or(bias.end, |norm| norm.bias.end);
        (Self { inputs, outputs, width, weight, bias, norm }, end)
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
    /// Real shape.
    pub(crate) shape: Vec<usize>,
    width: usize,
    range: Range<usize>,
}

impl Place {
    /// The real values inside `flat`.
    pub(crate) fn read(&self, flat: &[f32]) -> Vec<f32> {
        let columns = self.columns();
        flat[self.range.clone()].chunks_exact(self.width).flat_map(|row| &row[..columns]).copied().collect()
    }

    /// Puts the real values into `flat`.
    pub(crate) fn write(&self, values: &[f32], flat: &mut [f32]) {
        let columns = self.columns();
        let rows = flat[self.range.clone()].chunks_exact_mut(self.width);
        for (row, values) in rows.zip(values.chunks_exact(columns)) {
            row[..columns].copy_from_slice(values);
        }
    }

    /// Where its real values lie in the whole vector.
    #[cfg(test)]
    pub(crate) fn indices(&self) -> impl Iterator<Item = usize> {
        let (columns, width) = (self.columns(), self.width);
        self.range.clone().filter(move |i| (i - self.range.start) % width < columns)
    }

    fn columns(&self) -> usize {
        self.shape.last().copied().unwrap_or(0)
    }
}

impl Layout {
    /// Lays out the layers of `config` one after the other.
    pub(crate) fn new(config: &MlpConfig) -> Self {
        let mut len = 0;
        let layers = config.layers().enumerate().map(|(i, shape)| {
            let (layer, end) = LayerLayout::new(len, shape, config.norm(i));
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
