//! A multilayer perceptron and its forward pass.
//!
//! `h₀ = x`, `hᵢ₊₁ = act(yᵢ · Wᵢ + bᵢ)`, and no activation after the last layer; yᵢ is hᵢ, or what layer normalisation
//! makes of it. A recurrent network has a gated recurrent unit (`gru.rs`) between the last hidden layer and the output;
//! it is called once for each step, with the states that the call before left ([`Inference::step`]).
//!
//! **Parts** ([`MlpParams::parts`]). A row may consist of equal parts that go through the same layers, one for each service
//! of a cluster say: `h(x₁ … xₙ) = (h(x₁) … h(xₙ))`, equivariant under any order of the parts (Zaheer et al., *Deep Sets*,
//! 2017, without the pooling, which is left to whoever makes the inputs). In memory that is the same as `n` rows, so it
//! costs what they cost, and nothing is copied.
//!
//! One row through a network of 160 → 64 → 64 → 28 costs 16 thousand multiply-adds, about a microsecond.

mod config;
mod fold;
mod inference;
mod init;
mod layout;

use rand_xoshiro::Xoshiro256PlusPlus;

use crate::{Checkpoint, CheckpointError, ConfigError, NetworkError, kernel, rowwise};
pub use config::{Activation, MlpConfig, MlpParams};
pub use inference::Inference;
pub(crate) use layout::{HiddenLayout, LayerLayout, Layout, PlaceKind};

/// A multilayer perceptron with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    config: MlpConfig,
    layout: Layout,
    parameters: Vec<f32>,
    /// What the products run with where inputs are normalised (see `fold`); empty where none are.
    folded: Vec<f32>,
}

impl Mlp {
    /// A fresh network: orthogonal weights with the activation's gain (the output layer with `output_gain`, each gate of
    /// a recurrent layer with gain 1), biases 0. The same state of `rng` gives the same network.
    pub fn orthogonal(config: &MlpConfig, rng: &mut Xoshiro256PlusPlus) -> Self {
        let (layout, params) = (Layout::new(config), config.params());
        let (mut parameters, last) = (vec![0.0; layout.len], layout.layers.len() - 1);
        for place in layout.places() {
            let gain = match place.layer {
                layer if layer == last => params.output_gain,
                layer if Some(layer) == config.recurrent_layer() => 1.0,
                _ => params.activation.gain(),
            };
            match place.kind {
                PlaceKind::Weight => place.write(&init::gates(&place, gain, rng), &mut parameters),
                PlaceKind::Gain => place.write(&vec![1.0; place.shape[0]], &mut parameters),
                PlaceKind::Bias | PlaceKind::Shift => {}
            }
        }
        Self::new(config.clone(), layout, parameters)
    }

    fn new(config: MlpConfig, layout: Layout, parameters: Vec<f32>) -> Self {
        let folded = if layout.normalises() { parameters.clone() } else { Vec::new() };
        let mut network = Self { config, layout, parameters, folded };
        network.fold();
        network
    }

    /// This network with the given biases of its output layer, one for each output of a part: what a policy prefers
    /// before it has learned anything.
    ///
    /// # Errors
    /// When there is not one bias for each output of a part.
    pub fn with_output_bias(mut self, biases: &[f32]) -> Result<Self, NetworkError> {
        let ((_, expected), found) = (self.config.part(), biases.len());
        if found != expected {
            return Err(NetworkError::Shape { what: "biases", expected, found });
        }
        if let Some(layer) = self.layout.layers.last() {
            self.parameters[layer.bias.clone()][..expected].copy_from_slice(biases);
        }
        self.fold();
        Ok(self)
    }

    /// The same layers on rows of another number of parts, whose widths stay what they are.
    ///
    /// # Errors
    /// When the number is 0, too large, or more than 1 for a recurrent network.
    pub fn with_parts(self, parts: usize) -> Result<Self, ConfigError> {
        Ok(Self { config: self.config.with_parts(parts)?, ..self })
    }

    /// All parameters 0.
    #[cfg(test)]
    pub(crate) fn zeros(config: &MlpConfig) -> Self {
        let layout = Layout::new(config);
        let parameters = vec![0.0; layout.len];
        Self::new(config.clone(), layout, parameters)
    }

    /// The network that `checkpoint` holds under `name`.
    ///
    /// # Errors
    /// When the network, one of its tensors, or a fitting shape is missing.
    pub fn restore(checkpoint: &Checkpoint, name: &str) -> Result<Self, CheckpointError> {
        let config = checkpoint.network(name)?;
        let layout = Layout::new(&config);
        let parameters = checkpoint.read_flat(name, &layout)?;
        Ok(Self::new(config, layout, parameters))
    }

    /// Puts the network into `checkpoint` under `name`: its settings, and tensors `{name}.layers.{i}.weight`
    /// (inputs × outputs), `{name}.layers.{i}.bias` and, where inputs are normalised, `{name}.layers.{i}.norm.gain`
    /// and `{name}.layers.{i}.norm.bias` (inputs). A recurrent layer has `{name}.layers.{i}.gru.input.weight` (inputs ×
    /// 3 · outputs: r, z and n), `.gru.input.bias`, `.gru.hidden.weight` (outputs × 3 · outputs) and `.gru.hidden.bias`.
    pub fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        checkpoint.put_network(name, self.config.params());
        checkpoint.put_flat(name, &self.layout, &self.parameters);
    }

    /// What the network looks like.
    pub fn config(&self) -> &MlpConfig {
        &self.config
    }

    /// How many weights, biases and gains there are.
    pub fn parameter_count(&self) -> usize {
        self.layout.places().map(|place| place.shape.iter().product::<usize>()).sum()
    }

    /// The parameters in the order of this crate's memory, padding included: two networks of one
    /// configuration are equal if and only if these are.
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// Changes the parameters in place, in the order of [`Mlp::parameters`]. What is 0 as padding has gradient 0 and is
    /// to stay 0.
    pub fn change<R>(&mut self, change: impl FnOnce(&mut [f32]) -> R) -> R {
        let result = change(&mut self.parameters);
        self.fold();
        result
    }

    /// How many values the network remembers from one step to the next: 0, or the width of its recurrent layer.
    pub fn memory(&self) -> usize {
        self.config.memory()
    }

    /// Outputs for rows of inputs: `inputs` is rows × input, the result rows × output. For a recurrent network each row
    /// is the first of an episode.
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
        Inference::default().forward(self, inputs, outputs)
    }

    /// Layer `i` on rows of its (padded, normalised) inputs; `out` says how many rows. A recurrent layer ends here with
    /// the inputs' part of its gates.
    pub(crate) fn layer(&self, i: usize, x: &[f32], out: &mut [f32]) {
        let layer = &self.layout.layers[i];
        let stride = layer.stride(i);
        let x = &x[..out.len() / layer.columns() * stride];
        let x = kernel::Rows { values: x, stride, used: layer.inputs };
        let weights = self.effective();
        kernel::linear(x, &weights[layer.weight.clone()], &weights[layer.bias.clone()], out);
        if i + 1 < self.layout.layers.len() && layer.hidden.is_none() {
            rowwise::activate(self.config.params().activation, out);
        }
    }

    /// The part of the gates of the recurrent `layer` that the (padded) states before give.
    pub(crate) fn recall(&self, layer: &LayerLayout, before: &[f32], gates: &mut [f32]) {
        let Some(HiddenLayout { weight, bias }) = &layer.hidden else { return };
        let before = kernel::Rows { values: before, stride: layer.width, used: layer.outputs };
        kernel::linear(before, &self.parameters[weight.clone()], &self.parameters[bias.clone()], gates);
    }

    /// The weights and biases that the products of inputs run with.
    pub(crate) fn effective(&self) -> &[f32] {
        if self.folded.is_empty() { &self.parameters } else { &self.folded }
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

#[cfg(test)]
mod tests;
