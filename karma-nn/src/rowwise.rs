//! What is done to each row by itself: non-linearities, normalisation, and their derivatives.
//!
//! **Layer normalisation** (Ba, Kiros and Hinton, *Layer Normalization*, 2016): n = (x − mean x) / √(var x + ε),
//! over the values of one row, var being the biased variance and ε = 1e-5 (that of `torch.nn.LayerNorm`). Gain and
//! bias are not applied here: they belong to the next layer's weights ([`fold`](crate::mlp)).
//!
//! Backwards, with d the derivative of the loss with respect to n:
//! ∂/∂x = (d − mean d − n · mean(d ∘ n)) / √(var x + ε).
//!
//! A sum over a row runs in 16 interleaved sums that are then added in pairs: one order on every machine, and as many
//! lanes as the widest vectors have.

use crate::Activation;
use crate::kernel::{Rows, padded};
use crate::math;

/// Sums that run side by side.
const LANES: usize = 16;
/// Added to a variance before its root is taken.
const EPSILON: f32 = 1e-5;

/// Applies the activation in place.
pub(crate) fn activate(activation: Activation, values: &mut [f32]) {
    pulp::Arch::new().dispatch(|| match activation {
        Activation::Tanh => values.iter_mut().for_each(|v| *v = math::tanh(*v)),
        // Written so that a NaN passes through; `max(v, 0)` would hide it.
        Activation::Relu => values.iter_mut().for_each(|v| *v = if *v < 0.0 { 0.0 } else { *v }),
    });
}

/// Multiplies each derivative by act′, which is read off the activation `h`.
pub(crate) fn differentiate(activation: Activation, h: &[f32], delta: &mut [f32]) {
    pulp::Arch::new().dispatch(|| match activation {
        Activation::Tanh => delta.iter_mut().zip(h).for_each(|(d, h)| *d *= 1.0 - h * h),
        Activation::Relu => {
            delta.iter_mut().zip(h).for_each(|(d, h)| *d = if *h > 0.0 { *d } else { 0.0 });
        }
    });
}

/// Normalises the rows of `x` into `out`, whose rows are padded with zeros, and keeps 1 / √(var + ε) of each.
pub(crate) fn normalise(x: Rows<'_>, out: &mut [f32], scales: &mut [f32]) {
    let (used, width) = (x.used, padded(x.used));
    pulp::Arch::new().dispatch(|| {
        let rows = x.values.chunks_exact(x.stride).zip(out.chunks_exact_mut(width));
        for ((x, out), scale) in rows.zip(scales) {
            let x = &x[..used];
            let mean = sum(x, x, |x, _| x) / used as f32;
            let variance = sum(x, x, |x, _| (x - mean) * (x - mean)) / used as f32;
            *scale = 1.0 / (variance + EPSILON).sqrt();
            let (head, tail) = out.split_at_mut(used);
            head.iter_mut().zip(x).for_each(|(out, x)| *out = (x - mean) * *scale);
            tail.fill(0.0);
        }
    });
}

/// Turns derivatives with respect to `normalised` rows of `used` values into those with respect to what was
/// normalised, in place.
pub(crate) fn normalise_backward(normalised: &[f32], scales: &[f32], used: usize, delta: &mut [f32]) {
    let width = padded(used);
    pulp::Arch::new().dispatch(|| {
        let rows = normalised.chunks_exact(width).zip(delta.chunks_exact_mut(width));
        for ((n, d), scale) in rows.zip(scales) {
            let (n, d) = (&n[..used], &mut d[..used]);
            let mean = sum(d, n, |d, _| d) / used as f32;
            let along = sum(d, n, |d, n| d * n) / used as f32;
            d.iter_mut().zip(n).for_each(|(d, n)| *d = (*d - mean - n * along) * scale);
        }
    });
}

/// Σ f(aᵢ, bᵢ).
#[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
#[inline(always)]
fn sum(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sums = [0.0; LANES];
    let whole = a.len() / LANES * LANES;
    for (a, b) in a[..whole].chunks_exact(LANES).zip(b[..whole].chunks_exact(LANES)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += f(*a, *b);
        }
    }
    for ((sum, a), b) in sums.iter_mut().zip(&a[whole..]).zip(&b[whole..]) {
        *sum += f(*a, *b);
    }
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            sums[i] += sums[i + half];
        }
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::wave;

    #[test]
    fn a_normalised_row_has_mean_0_and_variance_1_and_its_padding_stays_0() {
        for used in [1, 2, 15, 16, 17, 54] {
            let (x, width) = (wave(used * 3, 0.4), padded(used));
            let (mut out, mut scales) = (vec![9.0; 3 * width], vec![0.0; 3]);
            normalise(Rows { values: &x, stride: used, used }, &mut out, &mut scales);
            for row in out.chunks(width) {
                let mean: f32 = row[..used].iter().sum::<f32>() / used as f32;
                let square: f32 = row[..used].iter().map(|n| n * n).sum::<f32>() / used as f32;
                assert!(mean.abs() < 1e-5, "{used} values with mean {mean}");
                assert!(used == 1 || (square - 1.0).abs() < 1e-3, "{used} values with mean square {square}");
                assert!(row[used..].iter().all(|n| *n == 0.0));
            }
        }
    }

    /// Against the definition, by central differences in double precision.
    #[test]
    fn the_derivative_of_normalisation_agrees_with_differences() {
        let used = 18;
        let (x, direction) = (wave(used, 0.1), wave(used, 1.3));
        let value = |x: &[f64]| -> f64 {
            let mean = x.iter().sum::<f64>() / used as f64;
            let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / used as f64;
            let scale = 1.0 / (variance + f64::from(EPSILON)).sqrt();
            x.iter().zip(&direction).map(|(x, d)| (x - mean) * scale * f64::from(*d)).sum()
        };
        let (mut normalised, mut scales) = (vec![0.0; padded(used)], vec![0.0]);
        normalise(Rows { values: &x, stride: used, used }, &mut normalised, &mut scales);
        let mut delta = vec![0.0; padded(used)];
        delta[..used].copy_from_slice(&direction);
        normalise_backward(&normalised, &scales, used, &mut delta);
        for i in 0..used {
            let moved = |by: f64| {
                let mut x: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
                x[i] += by;
                value(&x)
            };
            let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            assert!((slope - f64::from(delta[i])).abs() < 1e-5, "{i}: {slope} and {}", delta[i]);
        }
    }
}
