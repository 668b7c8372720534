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
    use crate::mlp::LayerLayout;
    use crate::{Activation, Mlp};

    /// Outputs for rows of inputs with `parameters` in the place of the network's own.
    pub(crate) fn forward(network: &Mlp, parameters: &[f64], inputs: &[f32]) -> Vec<f64> {
        let layers = &network.layout().layers;
        let rows = inputs.chunks(network.config().params().input);
        rows.flat_map(|row| {
            let mut x: Vec<f64> = row.iter().copied().map(f64::from).collect();
            for (i, layer) in layers.iter().enumerate() {
                x = linear(layer, parameters, &normalised(layer, parameters, x));
                if i + 1 < layers.len() {
                    let activation = network.config().params().activation;
                    x = x.into_iter().map(|v| activate(activation, v)).collect();
                }
            }
            x
        })
        .collect()
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
