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
}

/// The places of all layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// First to last.
    pub(crate) layers: Vec<LayerLayout>,
    /// Length of the whole vector.
    pub(crate) len: usize,
}

/// A weight matrix or a bias vector under its name in a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// As in `layers.0.weight`.
    pub(crate) name: String,
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

    fn columns(&self) -> usize {
        self.shape.last().copied().unwrap_or(0)
    }
}

impl Layout {
    /// Lays out the layers of `config` one after the other.
    pub(crate) fn new(config: &MlpConfig) -> Self {
        let mut len = 0;
        let layers = config.layers().map(|(inputs, outputs)| {
            let width = padded(outputs);
            let weight = len..len + inputs * width;
            let bias = weight.end..weight.end + width;
            len = bias.end;
            LayerLayout { inputs, outputs, width, weight, bias }
        });
        let layers = layers.collect();
        Self { layers, len }
    }

    /// Every weight and bias, in order.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        self.layers.iter().enumerate().flat_map(|(i, layer)| {
            let LayerLayout { inputs, outputs, width, .. } = *layer;
            let place = |part: &str, shape, range: &Range<usize>| Place {
                name: format!("layers.{i}.{part}"),
                shape,
                width,
                range: range.clone(),
            };
            [place("weight", vec![inputs, outputs], &layer.weight), place("bias", vec![outputs], &layer.bias)]
        })
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
