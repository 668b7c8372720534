//! A multilayer perceptron and its forward pass.
//!
//! `h₀ = x`, `hᵢ₊₁ = act(hᵢ · Wᵢ + bᵢ)`, and no activation after the last layer. One row through a network of
//! 160 → 64 → 64 → 28 costs 16 thousand multiply-adds, about a microsecond.

mod config;
mod init;
mod layout;

use rand_xoshiro::Xoshiro256PlusPlus;

use crate::{Checkpoint, CheckpointError, NetworkError, kernel, math};
pub use config::{Activation, MlpConfig, MlpParams};
pub(crate) use layout::Layout;

/// Rows that go through all layers together: their activations stay in the cache.
const FORWARD_ROWS: usize = 64;

/// A multilayer perceptron with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    config: MlpConfig,
    layout: Layout,
    parameters: Vec<f32>,
}

impl Mlp {
    /// A fresh network: orthogonal weights with the activation's gain (the output layer with `output_gain`),
    /// biases 0. The same state of `rng` gives the same network.
    pub fn orthogonal(config: &MlpConfig, rng: &mut Xoshiro256PlusPlus) -> Self {
        let mut network = Self::zeros(config);
        let params = config.params();
        let last = network.layout.layers.len() - 1;
        for (i, place) in network.layout.places().step_by(2).enumerate() {
            let gain = if i == last { params.output_gain } else { params.activation.gain() };
            let weights = init::orthogonal(place.shape[0], place.shape[1], gain, rng);
            place.write(&weights, &mut network.parameters);
        }
        network
    }

    /// This network with the given biases of its output layer, one for each output: what a policy prefers
    /// before it has learned anything.
    ///
    /// # Errors
    /// When there is not one bias for each output.
    pub fn with_output_bias(mut self, biases: &[f32]) -> Result<Self, NetworkError> {
        let (expected, found) = (self.config.params().output, biases.len());
        if found != expected {
            return Err(NetworkError::Shape { what: "biases", expected, found });
        }
        if let Some(place) = self.layout.places().last() {
            place.write(biases, &mut self.parameters);
        }
        Ok(self)
    }

    /// All parameters 0.
    pub(crate) fn zeros(config: &MlpConfig) -> Self {
        let layout = Layout::new(config);
        Self { config: config.clone(), parameters: vec![0.0; layout.len], layout }
    }

    /// The network that `checkpoint` holds under `name`.
    ///
    /// # Errors
    /// When the network, one of its tensors, or a fitting shape is missing.
    pub fn restore(checkpoint: &Checkpoint, name: &str) -> Result<Self, CheckpointError> {
        let config = checkpoint.network(name)?;
        let layout = Layout::new(&config);
        let parameters = checkpoint.read_flat(name, &layout)?;
        Ok(Self { config, layout, parameters })
    }

    /// Puts the network into `checkpoint` under `name`: its settings, and tensors `{name}.layers.{i}.weight`
    /// (inputs × outputs) and `{name}.layers.{i}.bias`.
    pub fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        checkpoint.put_network(name, self.config.params());
        checkpoint.put_flat(name, &self.layout, &self.parameters);
    }

    /// What the network looks like.
    pub fn config(&self) -> &MlpConfig {
        &self.config
    }

    /// How many weights and biases there are.
    pub fn parameter_count(&self) -> usize {
        self.config.layers().map(|(inputs, outputs)| (inputs + 1) * outputs).sum()
    }

    /// The parameters in the order of this crate's memory, padding included: two networks of one
    /// configuration are equal if and only if these are.
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// The parameters to change in place, in the order of [`Mlp::parameters`].
    pub fn parameters_mut(&mut self) -> &mut [f32] {
        &mut self.parameters
    }

    /// Outputs for rows of inputs: `inputs` is rows × input, the result rows × output.
    ///
    /// # Errors
    /// When `inputs` is empty or not a whole number of rows.
    pub fn forward(&self, inputs: &[f32]) -> Result<Vec<f32>, NetworkError> {
        let rows = self.rows(inputs)?;
        let mut outputs = vec![0.0; rows * self.config.params().output];
        self.forward_into(inputs, &mut outputs)?;
        Ok(outputs)
    }

    /// [`Mlp::forward`] into a buffer of rows × output that the caller keeps.
    ///
    /// # Errors
    /// When `inputs` is empty or not a whole number of rows, or `outputs` has another number of rows.
    pub fn forward_into(&self, inputs: &[f32], outputs: &mut [f32]) -> Result<(), NetworkError> {
        let (rows, params) = (self.rows(inputs)?, self.config.params());
        NetworkError::length("outputs", outputs.len(), rows * params.output)?;
        let widest = self.layout.layers.iter().map(|l| l.width).max().unwrap_or(0);
        let mut scratch = [(); 2].map(|()| vec![0.0; rows.min(FORWARD_ROWS) * widest]);
        let chunks = inputs.chunks(FORWARD_ROWS * params.input);
        for (x, y) in chunks.zip(outputs.chunks_mut(FORWARD_ROWS * params.output)) {
            let padded = self.forward_chunk(x, &mut scratch);
            let width = kernel::padded(params.output);
            for (y, padded) in y.chunks_exact_mut(params.output).zip(padded.chunks_exact(width)) {
                y.copy_from_slice(&padded[..params.output]);
            }
        }
        Ok(())
    }

    /// The padded outputs of a few rows, which end up in one of the two buffers.
    fn forward_chunk<'a>(&self, x: &[f32], [here, there]: &'a mut [Vec<f32>; 2]) -> &'a [f32] {
        let rows = x.len() / self.config.params().input;
        self.layer(0, x, &mut here[..rows * self.layout.layers[0].width]);
        let (mut from, mut to) = (here, there);
        for i in 1..self.layout.layers.len() {
            self.layer(i, from, &mut to[..rows * self.layout.layers[i].width]);
            std::mem::swap(&mut from, &mut to);
        }
        from
    }

    /// Layer `i` on rows of its (padded) inputs; `out` says how many rows.
    pub(crate) fn layer(&self, i: usize, x: &[f32], out: &mut [f32]) {
        let layer = &self.layout.layers[i];
        let stride = if i == 0 { layer.inputs } else { kernel::padded(layer.inputs) };
        let x = &x[..out.len() / layer.width * stride];
        let x = kernel::Rows { values: x, stride, used: layer.inputs };
        let parameters = &self.parameters;
        kernel::linear(x, &parameters[layer.weight.clone()], &parameters[layer.bias.clone()], out);
        if i + 1 < self.layout.layers.len() {
            activate(self.config.params().activation, out);
        }
    }

    /// The layers' places.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How many rows `inputs` holds.
    pub(crate) fn rows(&self, inputs: &[f32]) -> Result<usize, NetworkError> {
        NetworkError::rows("inputs", inputs.len(), self.config.params().input)
    }
}

/// Applies the activation in place.
fn activate(activation: Activation, values: &mut [f32]) {
    pulp::Arch::new().dispatch(|| match activation {
        Activation::Tanh => values.iter_mut().for_each(|v| *v = math::tanh(*v)),
        // Written so that a NaN passes through; `max(v, 0)` would hide it.
        Activation::Relu => values.iter_mut().for_each(|v| *v = if *v < 0.0 { 0.0 } else { *v }),
    });
}

#[cfg(test)]
mod tests;
