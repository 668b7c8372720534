//! The slow reference: the same network and losses on candle's automatic differentiation.
//!
//! Nothing trains with it. It is what the hand-written passes are compared with, on the processor or, with
//! feature `cuda`, on a device. It is composed of primitive operations only: candle's own `LayerNorm`,
//! `softmax_last_dim` and `rms_norm` pass no gradient upstream (candle issues 2168 and 3569).

use candle_core::{D, Device as CandleDevice, Error, Tensor, Var};
use thiserror::Error as ThisError;

use crate::mlp::Layout;
use crate::{Activation, Mlp, PolicyBatch, PolicyConfig, Sequences, ValueBatch, ValueConfig, ValueNorm};

/// Where the reference runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// The NVIDIA device of this number; needs feature `cuda`.
    Cuda(usize),
}

/// Candle refused an operation (a shape that does not fit, a device that is not there).
#[derive(Debug, ThisError)]
#[error("the reference computation failed")]
pub struct ReferenceError(#[from] Error);

/// [`Mlp::forward`], by candle.
///
/// # Errors
/// When the device is not there or `inputs` is not a whole number of rows.
pub fn forward(network: &Mlp, inputs: &[f32], device: Device) -> Result<Vec<f32>, ReferenceError> {
    let graph = Graph::new(network, device)?;
    let (rows, memory) = (inputs.len() / network.config().params().input, network.memory());
    let (states, begins) = (vec![0.0; rows * memory], vec![true; rows]);
    let first = Sequences { length: 1, states: &states, begins: &begins };
    Ok(graph.forward(inputs, (memory > 0).then_some(&first))?.flatten_all()?.to_vec1()?)
}

/// Loss (entropy bonus included) and gradient of [`crate::PolicyTrainer::update`], in the order of
/// [`Mlp::parameters`].
///
/// # Errors
/// When the device is not there or the batch does not fit.
pub fn policy_gradient(
    network: &Mlp,
    batch: &PolicyBatch<'_>,
    config: &PolicyConfig,
    device: Device,
) -> Result<(f32, Vec<f32>), ReferenceError> {
    let (graph, params) = (Graph::new(network, device)?, config.params());
    let logits = graph.forward(batch.observations, batch.sequences.as_ref())?;
    let mask: Vec<u8> = batch.masks.iter().map(|legal| u8::from(*legal)).collect();
    let mask = Tensor::from_vec(mask, logits.shape(), &graph.device)?;
    let masked = mask.where_cond(&logits, &(logits.zeros_like()? - 1e10)?)?;
    let shifted = masked.broadcast_sub(&masked.max_keepdim(D::Minus1)?.detach())?;
    let log_probs = shifted.broadcast_sub(&shifted.exp()?.sum_keepdim(D::Minus1)?.log()?)?;
    let entropy = (log_probs.exp()? * &log_probs)?.sum(D::Minus1)?.neg()?;
    let actions: Vec<u32> = batch.actions.iter().map(|a| u32::try_from(*a).unwrap_or(u32::MAX)).collect();
    let actions = Tensor::from_vec(actions, (batch.actions.len(), 1), &graph.device)?;
    let log_prob = log_probs.gather(&actions, D::Minus1)?.squeeze(D::Minus1)?;
    let ratio = (log_prob - graph.column(batch.old_log_probs)?)?.exp()?;
    let advantages = graph.column(batch.advantages)?;
    let epsilon = f64::from(params.clip_epsilon);
    let clipped = (ratio.clamp(1.0 - epsilon, 1.0 + epsilon)? * &advantages)?;
    let surrogate = (ratio * advantages)?.minimum(&clipped)?;
    let mut gain = (surrogate + (entropy * f64::from(params.entropy_coef))?)?;
    if let Some(advice) = &batch.advice {
        // Rows without legal advice get a 1 to take the logarithm of.
        let legal = advice.actions.iter().zip(batch.masks).map(|(advised, legal)| *advised && *legal);
        let legal: Vec<f32> = legal.map(|both| f32::from(u8::from(both))).collect();
        let legal = Tensor::from_vec(legal, log_probs.shape(), &graph.device)?;
        let none = legal.sum(D::Minus1)?.eq(0.0)?.to_dtype(candle_core::DType::F32)?;
        let advised = ((log_probs.exp()? * &legal)?.sum(D::Minus1)? + none)?;
        gain = (gain + (advised.log()? * f64::from(advice.weight))?)?;
    }
    graph.loss_and_gradient(&gain.neg()?, batch.weights)
}

/// Loss and gradient of [`crate::ValueTrainer::update`] with the targets of each head normalised by its own of
/// `norms`, in the order of [`Mlp::parameters`].
///
/// # Errors
/// When the device is not there or the batch does not fit.
pub fn value_gradient(
    network: &Mlp,
    batch: &ValueBatch<'_>,
    (config, norms): (&ValueConfig, &[ValueNorm]),
    device: Device,
) -> Result<(f32, Vec<f32>), ReferenceError> {
    let (graph, params) = (Graph::new(network, device)?, config.params());
    let target =
        |(r, norm): (&f32, &ValueNorm)| if params.normalise_returns { norm.normalise(*r) } else { *r };
    let targets: Vec<f32> = batch.returns.iter().zip(norms.iter().cycle()).map(target).collect();
    let values = graph.forward(batch.states, batch.sequences.as_ref())?;
    let targets = Tensor::from_vec(targets, values.shape(), &graph.device)?;
    let mut loss = huber(params.huber_delta, &(&values - &targets)?)?;
    if let Some(epsilon) = params.clip_epsilon.map(f64::from) {
        let old = Tensor::from_slice(batch.old_values, values.shape(), &graph.device)?;
        let clipped = ((values - &old)?.clamp(-epsilon, epsilon)? + old)?;
        loss = loss.maximum(&huber(params.huber_delta, &(clipped - targets)?)?)?;
    }
    graph.loss_and_gradient(&loss.mean(D::Minus1)?, batch.weights)
}

fn huber(delta: f32, error: &Tensor) -> Result<Tensor, Error> {
    let delta = f64::from(delta);
    let (size, square) = (error.abs()?, (error.sqr()? * 0.5)?);
    size.le(delta)?.where_cond(&square, &((&size - 0.5 * delta)? * delta)?)
}

/// Layer normalisation of primitive operations, without gain and bias.
fn normalise(x: &Tensor) -> Result<Tensor, Error> {
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    centred.broadcast_div(&(variance + 1e-5)?.sqrt()?)
}

/// 1 / (1 + e⁻ˣ).
fn sigmoid(x: &Tensor) -> Result<Tensor, Error> {
    (x.neg()?.exp()? + 1.0)?.recip()
}

/// The parameters of a network as variables of candle.
struct Graph {
    device: CandleDevice,
    layout: Layout,
    activation: Activation,
    /// Parts of a row.
    parts: usize,
    variables: Vec<Var>,
}

impl Graph {
    fn new(network: &Mlp, device: Device) -> Result<Self, Error> {
        let device = match device {
            Device::Cpu => CandleDevice::Cpu,
            Device::Cuda(ordinal) => CandleDevice::new_cuda(ordinal)?,
        };
        let variables = network.layout().places().map(|place| {
            let values = place.read(network.parameters());
            Var::from_tensor(&Tensor::from_vec(values, place.shape.as_slice(), &device)?)
        });
        let variables = variables.collect::<Result<_, Error>>()?;
        let (layout, params) = (network.layout().clone(), network.config().params());
        Ok(Self { device, layout, activation: params.activation, parts: params.parts, variables })
    }

    fn forward(&self, inputs: &[f32], sequences: Option<&Sequences<'_>>) -> Result<Tensor, Error> {
        let width = self.layout.layers[0].inputs;
        let mut x = Tensor::from_slice(inputs, (inputs.len() / width, width), &self.device)?;
        let mut variables = self.variables.iter();
        let mut next = || variables.next().ok_or_else(|| Error::Msg("a parameter is missing".to_owned()));
        for (i, layer) in self.layout.layers.iter().enumerate() {
            let (weight, bias) = (next()?, next()?);
            if layer.norm.is_some() {
                x = normalise(&x)?.broadcast_mul(next()?)?.broadcast_add(next()?)?;
            }
            x = x.matmul(weight)?.broadcast_add(bias)?;
            if layer.hidden.is_some() {
                let missing = || Error::Msg("the sequences are missing".to_owned());
                x = self.recur(&x, (next()?, next()?), sequences.ok_or_else(missing)?)?;
                continue;
            }
            if i + 1 < self.layout.layers.len() {
                x = match self.activation {
                    Activation::Tanh => x.tanh()?,
                    Activation::Relu => x.relu()?,
                };
            }
        }
        let (parts, outputs) = x.dims2()?;
        x.reshape((parts / self.parts, outputs * self.parts))
    }

    /// A gated recurrent unit, step by step, from the inputs' part of its gates.
    fn recur(
        &self,
        gates: &Tensor,
        (weight, bias): (&Tensor, &Tensor),
        sequences: &Sequences<'_>,
    ) -> Result<Tensor, Error> {
        let (width, length) = (weight.dim(0)?, sequences.length);
        let count = sequences.begins.len() / length;
        let gates = gates.reshape((count, length, 3 * width))?;
        let kept: Vec<f32> = sequences.begins.iter().map(|begins| f32::from(u8::from(!begins))).collect();
        let kept = Tensor::from_vec(kept, (count, length), &self.device)?;
        let mut h = Tensor::from_slice(sequences.states, (count, width), &self.device)?;
        let mut outputs = Vec::with_capacity(length);
        for t in 0..length {
            h = h.broadcast_mul(&kept.narrow(1, t, 1)?)?;
            let input = gates.narrow(1, t, 1)?.squeeze(1)?;
            let hidden = h.matmul(weight)?.broadcast_add(bias)?;
            let gate = |of: &Tensor, g: usize| of.narrow(1, g * width, width);
            let (r, z) = (
                sigmoid(&(gate(&input, 0)? + gate(&hidden, 0)?)?)?,
                sigmoid(&(gate(&input, 1)? + gate(&hidden, 1)?)?)?,
            );
            let n = (gate(&input, 2)? + (r * gate(&hidden, 2)?)?)?.tanh()?;
            h = (((1.0 - &z)? * n)? + (z * h)?)?;
            outputs.push(h.clone());
        }
        Tensor::stack(&outputs, 1)?.reshape((count * length, width))
    }

    fn column(&self, values: &[f32]) -> Result<Tensor, Error> {
        Tensor::from_slice(values, values.len(), &self.device)
    }

    /// The weighted mean of the rows' losses, and its gradient.
    fn loss_and_gradient(
        &self,
        rows: &Tensor,
        weights: Option<&[f32]>,
    ) -> Result<(f32, Vec<f32>), ReferenceError> {
        let weights = weights.map_or_else(|| rows.ones_like(), |weights| self.column(weights))?;
        let loss = (rows * &weights)?.sum_all()?.div(&weights.sum_all()?)?;
        let gradients = loss.backward()?;
        let mut flat = vec![0.0; self.layout.len];
        for (place, variable) in self.layout.places().zip(&self.variables) {
            if let Some(gradient) = gradients.get(variable) {
                place.write(&gradient.flatten_all()?.to_vec1::<f32>()?, &mut flat);
            }
        }
        Ok((loss.to_scalar()?, flat))
    }
}

#[cfg(test)]
mod tests;
