//! Small helpers of the unit tests.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng as _;

/// A named seed.
pub(crate) fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// `n` smooth values in ±1 that differ from each other.
pub(crate) fn wave(n: usize, phase: f32) -> Vec<f32> {
    (0..n).map(|i| (i as f32 * 0.73 + phase).sin()).collect()
}

/// |a − b| over the larger of their norms, so that tiny entries do not dominate.
pub(crate) fn relative_error(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|x| x * x).sum::<f64>().sqrt();
    let difference = norm(&mut a.iter().zip(b).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    let size = |v: &[f32]| norm(&mut v.iter().map(|x| f64::from(*x)));
    difference / size(a).max(size(b)).max(1e-12)
}

/// The definition of a network in double precision: one row and one number after the other.
pub(crate) mod exact {
    use crate::mlp::{HiddenLayout, LayerLayout};
    use crate::{Activation, Mlp, Sequences};

    /// Outputs for rows of inputs with `parameters` in the place of the network's own.
    pub(crate) fn forward(network: &Mlp, parameters: &[f64], inputs: &[f32]) -> Vec<f64> {
        let parts = inputs.chunks(network.layout().layers[0].inputs);
        parts
            .flat_map(|row| {
                let x = row.iter().copied().map(f64::from).collect();
                through(network, parameters, x, |_, _| unreachable!("the network is not recurrent"))
            })
            .collect()
    }

    /// Outputs of a recurrent network for sequences of rows.
    pub(crate) fn recurrent(
        network: &Mlp,
        parameters: &[f64],
        (inputs, sequences): (&[f32], &Sequences<'_>),
    ) -> Vec<f64> {
        let (width, memory) = (network.config().params().input, network.memory());
        let mut outputs = Vec::new();
        let (rows, begins) =
            (inputs.chunks(width * sequences.length), sequences.begins.chunks(sequences.length));
        for ((rows, begins), state) in rows.zip(begins).zip(sequences.states.chunks(memory)) {
            let mut h: Vec<f64> = state.iter().copied().map(f64::from).collect();
            for (row, begins) in rows.chunks(width).zip(begins) {
                if *begins {
                    h.fill(0.0);
                }
                let x = row.iter().copied().map(f64::from).collect();
                outputs.extend(through(network, parameters, x, |layer, x| {
                    h = unit(layer, parameters, x, &h);
                    h.clone()
                }));
            }
        }
        outputs
    }

    /// All layers on one row; `recur` is the recurrent one.
    fn through(
        network: &Mlp,
        parameters: &[f64],
        mut x: Vec<f64>,
        mut recur: impl FnMut(&LayerLayout, &[f64]) -> Vec<f64>,
    ) -> Vec<f64> {
        let layers = &network.layout().layers;
        for (i, layer) in layers.iter().enumerate() {
            x = normalised(layer, parameters, x);
            if layer.hidden.is_some() {
                x = recur(layer, &x);
                continue;
            }
            x = linear(layer, parameters, &x);
            if i + 1 < layers.len() {
                let activation = network.config().params().activation;
                x = x.into_iter().map(|v| activate(activation, v)).collect();
            }
        }
        x
    }

    /// A gated recurrent unit as `torch.nn.GRU` documents it, one value of the state after the other.
    fn unit(layer: &LayerLayout, parameters: &[f64], x: &[f64], h: &[f64]) -> Vec<f64> {
        let HiddenLayout { weight, bias } = layer.hidden.as_ref().unwrap();
        let gate =
            |x: &[f64], weight: &std::ops::Range<usize>, bias: &std::ops::Range<usize>, column: usize| {
                let weights = parameters[weight.clone()].chunks(layer.columns());
                parameters[bias.start + column]
                    + x.iter().zip(weights).map(|(v, w)| v * w[column]).sum::<f64>()
            };
        let sigmoid = |v: f64| 1.0 / (1.0 + (-v).exp());
        let next = |j: usize| {
            let input = |g: usize| gate(x, &layer.weight, &layer.bias, g * layer.width + j);
            let hidden = |g: usize| gate(h, weight, bias, g * layer.width + j);
            let (r, z) = (sigmoid(input(0) + hidden(0)), sigmoid(input(1) + hidden(1)));
            (1.0 - z) * (input(2) + r * hidden(2)).tanh() + z * h[j]
        };
        (0..layer.outputs).map(next).collect()
    }

    fn activate(activation: Activation, v: f64) -> f64 {
        match activation {
            Activation::Tanh => v.tanh(),
            Activation::Relu => v.max(0.0),
        }
    }

    fn normalised(layer: &LayerLayout, parameters: &[f64], x: Vec<f64>) -> Vec<f64> {
        let Some(norm) = &layer.norm else { return x };
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / x.len() as f64;
        let scale = 1.0 / (variance + 1e-5).sqrt();
        let affine = parameters[norm.gain.clone()].iter().zip(&parameters[norm.bias.clone()]);
        x.iter().zip(affine).map(|(v, (gain, shift))| (v - mean) * scale * gain + shift).collect()
    }

    fn linear(layer: &LayerLayout, parameters: &[f64], x: &[f64]) -> Vec<f64> {
        let (weights, biases) = (&parameters[layer.weight.clone()], &parameters[layer.bias.clone()]);
        let column =
            |j: usize| x.iter().enumerate().map(move |(k, v)| v * weights[k * layer.width + j]).sum::<f64>();
        (0..layer.outputs).map(|j| biases[j] + column(j)).collect()
    }
}
