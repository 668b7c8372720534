//! What a network looks like: sizes, activation and the gains of its initialisation.

use serde::{Deserialize, Serialize};

use crate::ConfigError;

/// Widest layer that is accepted; far above what this crate is made for.
const MAX_WIDTH: usize = 16_384;
/// Most hidden layers that are accepted.
const MAX_HIDDEN_LAYERS: usize = 16;
/// Most parts of a row that are accepted.
const MAX_PARTS: usize = 4096;

/// The non-linearity after each hidden layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// Hyperbolic tangent. The default: the scripts with which MAPPO's results were published train with it.
    #[default]
    Tanh,
    /// `max(x, 0)`.
    Relu,
}

impl Activation {
    /// The gain that keeps the variance of a layer's outputs: 5/3 for tanh, √2 for the rectifier
    /// (`torch.nn.init.calculate_gain`; He et al., 2015).
    pub fn gain(self) -> f32 {
        match self {
            Self::Tanh => 5.0 / 3.0,
            Self::Relu => std::f32::consts::SQRT_2,
        }
    }
}

/// A multilayer perceptron as written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MlpParams {
    /// Values in one input row, 1 to 16384 for each part.
    pub input: usize,
    /// Widths of the hidden layers, at most 16 of them, each 1 to 16384. Empty: one linear map.
    #[serde(default = "two_layers_of_64")]
    pub hidden: Vec<usize>,
    /// Values in one output row, 1 to 16384 for each part.
    pub output: usize,
    /// The non-linearity after each hidden layer.
    #[serde(default)]
    pub activation: Activation,
    /// Gain of the output layer's initial weights, above 0.
    #[serde(default = "unit")]
    pub output_gain: f32,
    /// Layer normalisation of each input row ("feature normalisation" of MAPPO's reference; no running statistics).
    #[serde(default)]
    pub input_norm: bool,
    /// Layer normalisation after each hidden layer's non-linearity, as in MAPPO's reference.
    #[serde(default)]
    pub layer_norm: bool,
    /// A gated recurrent unit, as wide as the last hidden layer, between that layer and the output: the network
    /// remembers. Needs a hidden layer. With `layer_norm` what it gives out is normalised too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recurrent: bool,
    /// Equal parts of each input row that go through the same layers, 1 to 4096; the outputs lie side by side as the parts
    /// do. Default 1. One weight then learns from every part, and the network fits any number of them
    /// ([`Mlp::with_parts`](crate::Mlp::with_parts)): what is the same of every service need not be learned for each.
    /// Needs 1 in a recurrent network.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub parts: usize,
}

/// Two hidden layers of 64: what the reference implementation of MAPPO runs with.
fn two_layers_of_64() -> Vec<usize> {
    vec![64, 64]
}

fn unit() -> f32 {
    1.0
}

const fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_one(parts: &usize) -> bool {
    *parts == 1
}

impl MlpParams {
    /// A policy: two hidden layers of 64, and an output gain of 0.01, so that all actions start about equally
    /// likely.
    pub fn actor(input: usize, actions: usize) -> Self {
        Self { output_gain: 0.01, ..Self::critic(input).with_output(actions) }
    }

    /// A value function: two hidden layers of 64, one output, output gain 1.
    pub fn critic(input: usize) -> Self {
        let activation = Activation::default();
        Self {
            input,
            hidden: two_layers_of_64(),
            output: 1,
            activation,
            output_gain: unit(),
            input_norm: false,
            layer_norm: false,
            recurrent: false,
            parts: one(),
        }
    }

    fn with_output(self, output: usize) -> Self {
        Self { output, ..self }
    }

    /// The settings to run with.
    ///
    /// # Errors
    /// The first setting that is outside its range.
    pub fn check(&self) -> Result<MlpConfig, ConfigError> {
        let (layers, allowed) = (self.hidden.len(), "at most 16 layers");
        ConfigError::unless(layers <= MAX_HIDDEN_LAYERS, "hidden", &layers, allowed)?;
        let (parts, allowed) = (self.parts, "1 to 4096, and 1 in a recurrent network");
        let some = (1..=MAX_PARTS).contains(&parts) && (parts == 1 || !self.recurrent);
        ConfigError::unless(some, "parts", &parts, allowed)?;
        self.width("input", self.input)?;
        self.width("output", self.output)?;
        self.hidden.iter().try_for_each(|w| width("hidden", *w))?;
        let fits = !self.recurrent || layers > 0;
        ConfigError::unless(fits, "recurrent", &self.recurrent, "false in a network without hidden layers")?;
        ConfigError::positive("output_gain", self.output_gain)?;
        Ok(MlpConfig(self.clone()))
    }

    /// Whether a row of this width has equal parts that are wide enough, and not too wide.
    fn width(&self, field: &'static str, value: usize) -> Result<(), ConfigError> {
        if self.parts == 1 {
            return width(field, value);
        }
        let fits = value.is_multiple_of(self.parts) && (1..=MAX_WIDTH).contains(&(value / self.parts));
        ConfigError::unless(fits, field, &value, "1 to 16384 for each of the parts, all of them alike")
    }
}

fn width(field: &'static str, value: usize) -> Result<(), ConfigError> {
    ConfigError::unless((1..=MAX_WIDTH).contains(&value), field, &value, "1 to 16384")
}

/// Checked [`MlpParams`].
#[derive(Debug, Clone, PartialEq)]
pub struct MlpConfig(MlpParams);

impl MlpConfig {
    /// The settings as written.
    pub fn params(&self) -> &MlpParams {
        &self.0
    }

    /// (inputs, outputs) of one part of a row.
    pub(crate) const fn part(&self) -> (usize, usize) {
        (self.0.input / self.0.parts, self.0.output / self.0.parts)
    }

    /// The same network on rows of another number of parts.
    pub(crate) fn with_parts(&self, parts: usize) -> Result<Self, ConfigError> {
        let (input, output) = self.part();
        let widths = (input.saturating_mul(parts), output.saturating_mul(parts));
        MlpParams { input: widths.0, output: widths.1, parts, ..self.0.clone() }.check()
    }

    /// Whether the inputs of layer `i` are normalised.
    pub(crate) fn norm(&self, i: usize) -> bool {
        if i == 0 { self.0.input_norm } else { self.0.layer_norm }
    }

    /// Values that the network remembers from one step to the next.
    pub(crate) fn memory(&self) -> usize {
        if self.0.recurrent { self.0.hidden.last().copied().unwrap_or(0) } else { 0 }
    }

    /// Which layer is recurrent.
    pub(crate) fn recurrent_layer(&self) -> Option<usize> {
        self.0.recurrent.then_some(self.0.hidden.len())
    }

    /// (inputs, outputs) of each layer on a part, first to last, the recurrent one included.
    pub(crate) fn layers(&self) -> impl Iterator<Item = (usize, usize)> {
        let (MlpParams { hidden, recurrent, .. }, (input, output)) = (&self.0, self.part());
        let inner = hidden.iter().chain(hidden.last().filter(|_| *recurrent)).copied();
        let inputs = std::iter::once(input).chain(inner.clone());
        inputs.zip(inner.chain(std::iter::once(output)))
    }
}

#[cfg(test)]
mod tests {
    use super::MlpParams;

    #[test]
    fn layers_chain_from_input_to_output() {
        let config = MlpParams { hidden: vec![5, 6], ..MlpParams::actor(3, 4) }.check().unwrap();
        assert_eq!(config.layers().collect::<Vec<_>>(), [(3, 5), (5, 6), (6, 4)]);
        let config = MlpParams { recurrent: true, ..config.params().clone() }.check().unwrap();
        assert_eq!(config.layers().collect::<Vec<_>>(), [(3, 5), (5, 6), (6, 6), (6, 4)]);
    }

    #[test]
    fn a_setting_out_of_range_is_named_with_its_value() {
        let refused = |params: MlpParams| params.check().unwrap_err();
        assert_eq!(refused(MlpParams::critic(0)).to_string(), "input is 0; allowed: 1 to 16384");
        assert_eq!(refused(MlpParams { hidden: vec![8, 0], ..MlpParams::critic(2) }).field, "hidden");
        assert_eq!(refused(MlpParams { hidden: vec![1; 17], ..MlpParams::critic(2) }).value, "17");
        let bare = MlpParams { hidden: vec![], recurrent: true, ..MlpParams::critic(2) };
        let message = "recurrent is true; allowed: false in a network without hidden layers";
        assert_eq!(refused(bare).to_string(), message);
        let gain = f32::NAN;
        assert_eq!(refused(MlpParams { output_gain: gain, ..MlpParams::critic(2) }).field, "output_gain");
    }

    #[test]
    fn parts_are_alike_and_share_the_layers() {
        let params = MlpParams { hidden: vec![5], parts: 4, ..MlpParams::actor(12, 8) };
        let config = params.check().unwrap();
        assert_eq!(config.layers().collect::<Vec<_>>(), [(3, 5), (5, 2)]);
        let wider = config.with_parts(7).unwrap();
        assert_eq!((wider.params().input, wider.params().output), (21, 14));
        assert!(wider.layers().eq(config.layers()));
        let refused = |params: MlpParams| params.check().unwrap_err().to_string();
        let uneven = "input is 13; allowed: 1 to 16384 for each of the parts, all of them alike";
        assert_eq!(refused(MlpParams { input: 13, ..params.clone() }), uneven);
        let allowed = "1 to 4096, and 1 in a recurrent network";
        assert_eq!(
            refused(MlpParams { parts: 0, ..params.clone() }),
            format!("parts is 0; allowed: {allowed}")
        );
        assert_eq!(
            refused(MlpParams { recurrent: true, ..params }),
            format!("parts is 4; allowed: {allowed}")
        );
        assert!(config.with_parts(usize::MAX).is_err());
    }

    #[test]
    fn an_actor_starts_almost_uniform_and_a_critic_does_not() {
        assert_eq!(MlpParams::actor(3, 4).output_gain, 0.01);
        assert_eq!(MlpParams::critic(3).output_gain, 1.0);
    }
}
