//! tanh, the sigmoid, exp and ln in `f32`, the same bits on every machine.
//!
//! The functions of the C library differ from system to system in the last bits, and a scalar call for each
//! value is the slowest part of a small network. These are polynomials without branches, so the compiler
//! turns a loop over them into vector instructions. A NaN comes out as a NaN: the sentinels of this crate
//! rely on it.

/// The nearest `f32`. What is summed in `f64` is given out in `f32` throughout this crate.
#[expect(clippy::cast_possible_truncation, reason = "rounding to the nearest f32 is what is wanted")]
#[inline]
pub(crate) fn narrow(value: f64) -> f32 {
    value as f32
}

/// 1.5 · 2²³: adding it rounds a small float to an integer, which then sits in the low bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts, the first exact in few bits so that `n · LN2_HIGH` is exact (Cody and Waite, 1980).
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;

/// Hyperbolic tangent: a ratio of polynomials of degree 13 and 6 on ±7.9, where it is 1 in `f32` beyond.
///
/// The coefficients are those of Eigen's `ptanh_float`. Absolute error under 5e-7.
#[inline]
pub(crate) fn tanh(x: f32) -> f32 {
    let x = x.clamp(-7.905_311, 7.905_311);
    let s = x * x;
    let p = 2.000_188e-13 + s * -2.760_768_5e-16;
    let p = 5.122_297e-8 + s * (-8.604_672e-11 + s * p);
    let p = 4.893_524_6e-3 + s * (6.372_619_3e-4 + s * (1.485_722_4e-5 + s * p));
    let q = 4.893_525e-3 + s * (2.268_434_6e-3 + s * (1.185_347_1e-4 + s * 1.198_258_4e-6));
    (x * p / q).clamp(-1.0, 1.0)
}

/// The logistic function 1 / (1 + e⁻ˣ). Relative error under 4e-7, also where it is tiny; it is never 0.
#[inline]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// eˣ, after Cephes' `expf` (Moshier, 1992): 2ⁿ · e^r with |r| ≤ ln 2 / 2. Relative error under 2e-7.
///
/// Arguments are clamped to ±87.3, so the result is never 0 and never infinite.
#[inline]
#[must_use]
pub fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.33, 87.33);
    let t = x * std::f32::consts::LOG2_E + ROUND;
    let n = t - ROUND;
    let r = x - n * LN2_HIGH - n * LN2_LOW;
    let p = 8.333_452e-3 + r * (1.398_2e-3 + r * 1.987_569_1e-4);
    let p = 0.5 + r * (0.166_666_66 + r * (4.166_579_6e-2 + r * p));
    let power = t.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    (r * r * p + r + 1.0) * f32::from_bits(power)
}

/// ln x for a positive, finite, normal x, after Cephes' `logf` (Moshier, 1992). Relative error under
/// 2e-7, absolute under 1e-7 near 1.
#[inline]
pub(crate) fn ln(x: f32) -> f32 {
    /// The bits of √½: mantissas are taken from [√½, √2).
    const SQRT_HALF: u32 = 0x3F35_04F3;
    let exponent = x.to_bits().wrapping_sub(SQRT_HALF).cast_signed() >> 23;
    let n = f32::from(i16::try_from(exponent).unwrap_or(0));
    let f = f32::from_bits(x.to_bits().wrapping_sub((exponent << 23).cast_unsigned())) - 1.0;
    let p = -0.115_146_1 + f * 7.037_684e-2;
    let p = -0.124_201_41 + f * (0.116_769_99 + f * p);
    let p = -0.166_680_58 + f * (0.142_493_23 + f * p);
    let p = 0.333_333_3 + f * (-0.249_999_94 + f * (0.200_007_15 + f * p));
    let tail = f * f * f * p + n * LN2_LOW - 0.5 * f * f;
    f + tail + n * LN2_HIGH
}

#[cfg(test)]
mod tests {
    use super::{exp, ln, sigmoid, tanh};

    fn sweep(from: f32, to: f32) -> impl Iterator<Item = f32> {
        (0_u16..=20_000).map(move |i| from + (to - from) * f32::from(i) / 20_000.0)
    }

    #[test]
    fn tanh_agrees_with_the_double_precision_one() {
        for x in sweep(-12.0, 12.0).chain(sweep(-0.01, 0.01)) {
            let error = (f64::from(tanh(x)) - f64::from(x).tanh()).abs();
            assert!(error < 5e-7, "tanh({x}) is off by {error}");
        }
        assert!(sweep(-12.0, 12.0).all(|x| tanh(-x) == -tanh(x) && tanh(x).abs() <= 1.0));
    }

    #[test]
    fn the_sigmoid_agrees_with_the_double_precision_one() {
        for x in sweep(-80.0, 80.0).chain(sweep(-4.0, 4.0)) {
            let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
            let error = (f64::from(sigmoid(x)) / exact - 1.0).abs();
            assert!(error < 4e-7, "sigmoid({x}) is off by {error}");
        }
        assert!(sigmoid(0.0) == 0.5 && sigmoid(f32::INFINITY) == 1.0 && sigmoid(f32::NEG_INFINITY) > 0.0);
    }

    #[test]
    fn exp_agrees_with_the_double_precision_one() {
        for x in sweep(-87.0, 87.0).chain(sweep(-1.0, 1.0)) {
            let error = (f64::from(exp(x)) / f64::from(x).exp() - 1.0).abs();
            assert!(error < 2e-7, "exp({x}) is off by {error}");
        }
        assert_eq!(exp(0.0), 1.0);
    }

    #[test]
    fn ln_agrees_with_the_double_precision_one() {
        for x in sweep(1.0, 3.0).chain(sweep(3.0, 1e6)).chain(sweep(1e-6, 1.0)) {
            let error = (f64::from(ln(x)) - f64::from(x).ln()).abs();
            assert!(error < 2e-7 * f64::from(x).ln().abs().max(0.5), "ln({x}) is off by {error}");
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn a_nan_stays_a_nan_and_extremes_stay_finite() {
        assert!([tanh, sigmoid, exp].iter().all(|f| f(f32::NAN).is_nan()));
        assert_eq!(tanh(f32::INFINITY), 1.0);
        assert!(exp(f32::NEG_INFINITY) > 0.0 && exp(1e9).is_finite());
    }
}
