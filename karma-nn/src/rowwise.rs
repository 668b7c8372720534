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

use pulp::{Arch, Simd, WithSimd};

use crate::Activation;
use crate::kernel::{Rows, padded};
use crate::math;

/// Sums that run side by side.
const LANES: usize = 16;
/// Added to a variance before its root is taken.
const EPSILON: f32 = 1e-5;

/// A loop that is to be compiled for the instructions that the machine has. A closure would not do: it is only compiled
/// for them if the compiler happens to inline it.
pub(crate) trait Loop {
    fn run(self);
}

struct Vectorised<L>(L);

impl<L: Loop> WithSimd for Vectorised<L> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.0.run();
    }
}

pub(crate) fn vectorised(run: impl Loop) {
    Arch::new().dispatch(Vectorised(run));
}

/// Applies the activation in place.
pub(crate) fn activate(activation: Activation, values: &mut [f32]) {
    vectorised(Activate { activation, values });
}

struct Activate<'a> {
    activation: Activation,
    values: &'a mut [f32],
}

impl Loop for Activate<'_> {
    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn run(self) {
        match self.activation {
            Activation::Tanh => {
                for v in self.values {
                    *v = math::tanh(*v);
                }
            }
            // Written so that a NaN passes through; `max(v, 0)` would hide it.
            Activation::Relu => {
                for v in self.values {
                    *v = if *v < 0.0 { 0.0 } else { *v };
                }
            }
        }
    }
}

/// Multiplies each derivative by act′, which is read off the activation `h`.
pub(crate) fn differentiate(activation: Activation, h: &[f32], delta: &mut [f32]) {
    vectorised(Differentiate { activation, h, delta });
}

struct Differentiate<'a> {
    activation: Activation,
    h: &'a [f32],
    delta: &'a mut [f32],
}

impl Loop for Differentiate<'_> {
    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn run(self) {
        let pairs = self.delta.iter_mut().zip(self.h);
        match self.activation {
            Activation::Tanh => {
                for (d, h) in pairs {
                    *d *= 1.0 - h * h;
                }
            }
            Activation::Relu => {
                for (d, h) in pairs {
                    *d = if *h > 0.0 { *d } else { 0.0 };
                }
            }
        }
    }
}

/// Normalises the rows of `x` into `out`, whose rows are padded with zeros, and keeps 1 / √(var + ε) of each.
pub(crate) fn normalise(x: Rows<'_>, out: &mut [f32], scales: &mut [f32]) {
    vectorised(Normalise { x, out, scales });
}

struct Normalise<'a> {
    x: Rows<'a>,
    out: &'a mut [f32],
    scales: &'a mut [f32],
}

impl Loop for Normalise<'_> {
    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn run(self) {
        let (used, width) = (self.x.used, padded(self.x.used));
        let share = 1.0 / used as f32;
        let rows = self.x.values.chunks_exact(self.x.stride).zip(self.out.chunks_exact_mut(width));
        for ((x, out), scale) in rows.zip(self.scales) {
            let x = &x[..used];
            let mean = sum(x, x, |x, _| x) * share;
            let variance = sum(x, x, |x, _| (x - mean) * (x - mean)) * share;
            let inverse = 1.0 / (variance + EPSILON).sqrt();
            *scale = inverse;
            let (head, tail) = out.split_at_mut(used);
            for (out, x) in head.iter_mut().zip(x) {
                *out = (x - mean) * inverse;
            }
            for zero in tail {
                *zero = 0.0;
            }
        }
    }
}

/// Turns derivatives with respect to `normalised` rows of `used` values into those with respect to what was
/// normalised, in place.
pub(crate) fn normalise_backward(normalised: &[f32], scales: &[f32], used: usize, delta: &mut [f32]) {
    vectorised(NormaliseBackward { normalised, scales, used, delta });
}

struct NormaliseBackward<'a> {
    normalised: &'a [f32],
    scales: &'a [f32],
    used: usize,
    delta: &'a mut [f32],
}

impl Loop for NormaliseBackward<'_> {
    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn run(self) {
        let (used, width) = (self.used, padded(self.used));
        let share = 1.0 / used as f32;
        let rows = self.normalised.chunks_exact(width).zip(self.delta.chunks_exact_mut(width));
        for ((n, d), scale) in rows.zip(self.scales) {
            let (n, d) = (&n[..used], &mut d[..used]);
            let mean = sum(d, n, |d, _| d) * share;
            let along = sum(d, n, |d, n| d * n) * share;
            for (d, n) in d.iter_mut().zip(n) {
                *d = (*d - mean - n * along) * scale;
            }
        }
    }
}

/// `sums += ` the column sums of `values`, whose rows are as wide as `sums`.
pub(crate) fn column_sums(values: &[f32], sums: &mut [f32]) {
    vectorised(ColumnSums { values, sums });
}

struct ColumnSums<'a> {
    values: &'a [f32],
    sums: &'a mut [f32],
}

impl Loop for ColumnSums<'_> {
    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn run(self) {
        for row in self.values.chunks_exact(self.sums.len()) {
            for (sum, value) in self.sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
    }
}

/// Whether no value is a NaN or infinite.
pub(crate) fn all_finite(values: &[f32]) -> bool {
    let mut zero = f32::NAN;
    vectorised(TimesZero { values, sum: &mut zero });
    zero == 0.0
}

/// Σ 0 · v: 0 if all are finite, else a NaN.
struct TimesZero<'a> {
    values: &'a [f32],
    sum: &'a mut f32,
}

impl Loop for TimesZero<'_> {
    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn run(self) {
        *self.sum = sum(self.values, self.values, |v, _| v * 0.0);
    }
}

/// Σ f(aᵢ, bᵢ).
#[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
#[inline(always)]
fn sum(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sums = [0.0; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES {
            sums[i] += f(a[i], b[i]);
        }
    }
    for ((sum, a), b) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        *sum += f(*a, *b);
    }
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = sums;
    (((a + i) + (e + m)) + ((c + k) + (g + o))) + (((b + j) + (f + n)) + ((d + l) + (h + p)))
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

    #[test]
    fn a_number_that_is_not_finite_is_found_wherever_it_is() {
        let mut values = wave(37, 0.0);
        assert!(all_finite(&values) && all_finite(&[]));
        for place in [0, 15, 16, 36] {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let good = std::mem::replace(&mut values[place], bad);
                assert!(!all_finite(&values), "{bad} at {place}");
                values[place] = good;
            }
        }
    }

    #[test]
    fn column_sums_add_each_column() {
        let mut sums = [1.0, 0.0];
        column_sums(&[1.0, 2.0, 3.0, 4.0], &mut sums);
        assert_eq!(sums, [5.0, 6.0]);
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
