//! The gradient of any loss that is a sum over rows.
//!
//! Reverse-mode differentiation of the perceptron, written out (Rumelhart, Hinton and Williams, 1986). With
//! `δ` the derivative of the loss with respect to a layer's pre-activation:
//!
//! * `∂W += hᵀ · δ`, `∂b += Σ δ`,
//! * `δ_below = (δ · Wᵀ) ∘ act′`, where act′ follows from the activation itself: 1 − h² for tanh, h > 0 for
//!   the rectifier.
//!
//! The batch is worked through in pieces of [`CHUNK`] rows, forward and backward, so that the activations of
//! a piece are still in the cache on the way back. The pieces are added in order: the result does not depend
//! on anything but the inputs. Cost: three times a forward pass, less the gradient of the inputs.

use std::mem;

use crate::kernel::{self, Rows, padded};
use crate::mlp::Layout;
use crate::{Activation, Mlp, MlpConfig, NetworkError};

/// Rows that go forward and backward together. For 160 → 64 → 64 → 28, pieces of 128 rows took 6 % longer than
/// 64, and 256 rows 10 %.
const CHUNK: usize = 64;

/// Buffers for the gradient of one network shape; reusable, and worth reusing.
#[derive(Debug, Clone)]
pub struct Backprop {
    layout: Layout,
    activation: Activation,
    /// Outputs of each layer, `CHUNK × width`.
    activations: Vec<Vec<f32>>,
    /// Derivatives with respect to the pre-activations of each layer, `CHUNK × width`.
    deltas: Vec<Vec<f32>>,
    /// Transposed weights of each layer but the first, `outputs × padded(inputs)`.
    transposed: Vec<Vec<f32>>,
    gradient: Vec<f32>,
}

impl Backprop {
    /// Buffers for networks of this shape.
    pub fn new(config: &MlpConfig) -> Self {
        let layout = Layout::new(config);
        let per_layer = || layout.layers.iter().map(|l| vec![0.0; CHUNK * l.width]).collect::<Vec<_>>();
        let (activations, deltas) = (per_layer(), per_layer());
        let transposed = layout.layers.iter().map(|l| vec![0.0; l.outputs * padded(l.inputs)]).collect();
        let (activation, gradient) = (config.params().activation, vec![0.0; layout.len]);
        Self { layout, activation, activations, deltas, transposed, gradient }
    }

    /// The gradient of `Σ loss(row)` with respect to the parameters of `network`, in the order of
    /// [`Mlp::parameters`].
    ///
    /// `head(row, outputs, derivatives)` is called once for each row, in order: it reads the outputs of that
    /// row and writes the derivatives of the loss with respect to them (they are 0 when it is called). An
    /// average is a sum whose derivatives were divided by the number of rows.
    ///
    /// # Errors
    /// When `inputs` does not fit, when `network` has another shape, and whatever `head` returns.
    pub fn gradient<E: From<NetworkError>>(
        &mut self,
        network: &Mlp,
        inputs: &[f32],
        mut head: impl FnMut(usize, &[f32], &mut [f32]) -> Result<(), E>,
    ) -> Result<&[f32], E> {
        network.rows(inputs)?;
        if *network.layout() != self.layout || network.config().params().activation != self.activation {
            return Err(NetworkError::OtherNetwork.into());
        }
        self.transpose(network);
        self.gradient.fill(0.0);
        let width = network.config().params().input;
        for (i, inputs) in inputs.chunks(CHUNK * width).enumerate() {
            let rows = inputs.len() / width;
            self.forward(network, inputs, rows);
            self.head(i * CHUNK, rows, &mut head)?;
            self.backward(inputs, rows);
        }
        Ok(&self.gradient)
    }

    /// The gradient that the last call left.
    pub fn last_gradient(&self) -> &[f32] {
        &self.gradient
    }

    fn transpose(&mut self, network: &Mlp) {
        for (layer, transposed) in self.layout.layers.iter().zip(&mut self.transposed).skip(1) {
            let weights = &network.parameters()[layer.weight.clone()];
            let stride = padded(layer.inputs);
            for (i, row) in weights.chunks_exact(layer.width).enumerate() {
                for (o, w) in row[..layer.outputs].iter().enumerate() {
                    transposed[o * stride + i] = *w;
                }
            }
        }
    }

    fn forward(&mut self, network: &Mlp, inputs: &[f32], rows: usize) {
        for i in 0..self.layout.layers.len() {
            let (below, here) = self.activations.split_at_mut(i);
            let x = below.last().map_or(inputs, Vec::as_slice);
            network.layer(i, x, &mut here[0][..rows * self.layout.layers[i].width]);
        }
    }

    fn head<E>(
        &mut self,
        first: usize,
        rows: usize,
        head: &mut impl FnMut(usize, &[f32], &mut [f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let last = self.layout.layers.len() - 1;
        let (width, outputs) = (self.layout.layers[last].width, self.layout.layers[last].outputs);
        let deltas = &mut self.deltas[last][..rows * width];
        deltas.fill(0.0);
        let out = self.activations[last].chunks_exact(width);
        for (row, (delta, out)) in deltas.chunks_exact_mut(width).zip(out).enumerate() {
            head(first + row, &out[..outputs], &mut delta[..outputs])?;
        }
        Ok(())
    }

    fn backward(&mut self, inputs: &[f32], rows: usize) {
        for i in (0..self.layout.layers.len()).rev() {
            let delta = mem::take(&mut self.deltas[i]);
            self.parameter_gradient(i, inputs, &delta[..rows * self.layout.layers[i].width]);
            if i > 0 {
                self.delta_below(i, rows, &delta);
            }
            self.deltas[i] = delta;
        }
    }

    /// `∂W += hᵀ · δ` and `∂b += Σ δ` of layer `i`.
    fn parameter_gradient(&mut self, i: usize, inputs: &[f32], delta: &[f32]) {
        let layer = &self.layout.layers[i];
        let rows = delta.len() / layer.width;
        let (values, stride) = match i.checked_sub(1) {
            None => (inputs, layer.inputs),
            Some(below) => (self.activations[below].as_slice(), self.layout.layers[below].width),
        };
        let x = Rows { values: &values[..rows * stride], stride, used: layer.inputs };
        kernel::outer(x, delta, layer.width, &mut self.gradient[layer.weight.clone()]);
        kernel::column_sums(delta, &mut self.gradient[layer.bias.clone()]);
    }

    /// `δ_below = (δ · Wᵀ) ∘ act′` from layer `i` to layer `i − 1`.
    fn delta_below(&mut self, i: usize, rows: usize, delta: &[f32]) {
        let layer = &self.layout.layers[i];
        let width = self.layout.layers[i - 1].width;
        let below = &mut self.deltas[i - 1][..rows * width];
        let delta = Rows { values: &delta[..rows * layer.width], stride: layer.width, used: layer.outputs };
        kernel::linear(delta, &self.transposed[i], &vec![0.0; width], below);
        differentiate(self.activation, &self.activations[i - 1][..rows * width], below);
    }
}

/// Multiplies each derivative by act′, which is read off the activation `h`.
fn differentiate(activation: Activation, h: &[f32], delta: &mut [f32]) {
    pulp::Arch::new().dispatch(|| match activation {
        Activation::Tanh => delta.iter_mut().zip(h).for_each(|(d, h)| *d *= 1.0 - h * h),
        Activation::Relu => {
            delta.iter_mut().zip(h).for_each(|(d, h)| *d = if *h > 0.0 { *d } else { 0.0 });
        }
    });
}

#[cfg(test)]
mod tests;
