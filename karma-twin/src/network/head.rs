//! From the outputs of a network to a forecast, and back as gradients.
//!
//! Five outputs for each column, with s the present value, d the typical increment of the column and (c, σ) centre and
//! spread of its levels:
//!
//! | output | meaning |
//! |---|---|
//! | a | increment, in units of d |
//! | v | level, in units of σ around c |
//! | g | logit of a gate: how far the column goes from s towards that level |
//! | b | logarithm of the noise, in units of d |
//! | m | what the mean has over the median, in units of d |
//!
//! ```text
//! median    = s + d·a + sigmoid(g − 2)·(c + σ·v − s)
//! mean      = median + d·m
//! aleatoric = d·exp(b)                        (mean absolute deviation, of a Laplace distribution)
//! ```
//!
//! While nothing moves, metrics creep, and an increment says it best; when the controls move, the past level says
//! little, and the column jumps to a level that the controls decide. The gate lets a network say either.
//!
//! **Loss.** Each output is fitted by what it is the best answer to: the median by absolute error, the mean by squared
//! error, the noise by the likelihood of a Laplace distribution around the median. The last two do not pull at the
//! median: with the plain likelihood, rows that are already fitted well would count the most (Seitzer et al., *On the
//! Pitfalls of Heteroscedastic Uncertainty Estimation*, ICLR 2022).

use karma_nn::exp;

/// Outputs for each column.
pub(super) const OUTPUTS: usize = 5;
/// The gate starts nearly closed: a fresh network says that nothing changes.
const CLOSED: f32 = 2.0;
/// The place of the noise among the outputs.
pub(super) const NOISE: usize = 3;
/// Bounds of the logarithm of the noise.
const NOISE_RANGE: (f32, f32) = (-7.0, 4.0);
/// Share of the absolute error's kink that is rounded off, in units of d.
const KINK: f32 = 0.05;

/// Units of one column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Units {
    /// Centre of the levels.
    pub(super) centre: f32,
    /// Spread of the levels.
    pub(super) level: f32,
    /// Typical (mean absolute) increment.
    pub(super) increment: f32,
    /// Root mean square increment.
    pub(super) root_mean_square: f32,
}

/// What one column's outputs say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Said {
    pub(super) median: f32,
    pub(super) mean: f32,
    pub(super) aleatoric: f32,
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

impl Units {
    /// Reads the outputs of one column. A column that was never seen is taken to be at its centre.
    pub(super) fn read(&self, outputs: &[f32], present: f32) -> Said {
        let s = if present.is_nan() { self.centre } else { present };
        let [a, v, g, b, m] = [outputs[0], outputs[1], outputs[2], outputs[3], outputs[4]];
        let median = s + self.increment * a + sigmoid(g - CLOSED) * (self.centre + self.level * v - s);
        let aleatoric = self.increment * exp(b.clamp(NOISE_RANGE.0, NOISE_RANGE.1));
        Said { median, mean: median + self.increment * m, aleatoric }
    }

    /// Writes the derivatives of `weight` times the loss with respect to the outputs of one column.
    #[expect(
        clippy::imprecise_flops,
        reason = "a root is the same on every machine, and these do not overflow"
    )]
    pub(super) fn differentiate(
        &self,
        outputs: &[f32],
        (present, truth): (f32, f32),
        weight: f32,
        out: &mut [f32],
    ) {
        let said = self.read(outputs, present);
        let s = if present.is_nan() { self.centre } else { present };
        let gate = sigmoid(outputs[2] - CLOSED);
        // |e|, rounded off near 0, in units of the increment.
        let error = (said.median - truth) / self.increment;
        let slope = weight * error / (error * error + KINK * KINK).sqrt();
        let pull = (self.centre + self.level * outputs[1] - s) / self.increment;
        out[0] = slope;
        out[1] = slope * gate * self.level / self.increment;
        out[2] = slope * pull * gate * (1.0 - gate);
        let inside = outputs[NOISE] > NOISE_RANGE.0 && outputs[NOISE] < NOISE_RANGE.1;
        let noise = exp(outputs[NOISE].clamp(NOISE_RANGE.0, NOISE_RANGE.1));
        out[NOISE] = if inside {
            weight * (1.0 - error.abs() / noise)
        } else {
            0.1 * weight * outputs[NOISE].signum()
        };
        out[4] =
            weight * self.increment * (said.mean - truth) / (self.root_mean_square * self.root_mean_square);
    }

    /// The three losses: absolute, likelihood of the noise, squared.
    #[cfg(test)]
    #[expect(clippy::imprecise_flops, reason = "as in the derivatives")]
    fn losses(&self, outputs: &[f32], present: f32, truth: f32) -> [f32; 3] {
        let said = self.read(outputs, present);
        let error = (said.median - truth) / self.increment;
        let absolute = (error * error + KINK * KINK).sqrt();
        let noise = outputs[NOISE].clamp(NOISE_RANGE.0, NOISE_RANGE.1);
        let squared = (said.mean - truth) / self.root_mean_square;
        [absolute, noise + error.abs() / noise.exp(), 0.5 * squared * squared]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNITS: Units = Units { centre: 2.0, level: 3.0, increment: 0.5, root_mean_square: 0.8 };

    #[test]
    fn a_silent_network_says_that_little_changes() {
        let said = UNITS.read(&[0.0; OUTPUTS], 2.0);
        assert_eq!((said.median, said.mean, said.aleatoric), (2.0, 2.0, 0.5));
    }

    #[test]
    fn an_open_gate_goes_to_the_level_whatever_the_present() {
        let said = |present| UNITS.read(&[0.0, 1.0, 30.0, 0.0, 0.0], present).median;
        assert!((said(-50.0) - 5.0).abs() < 1e-4 && (said(50.0) - 5.0).abs() < 1e-4);
        assert!((said(f32::NAN) - 5.0).abs() < 1e-4);
    }

    proptest! {
        /// Each derivative is that of its own loss: the median's outputs of the absolute error, and so on.
        #[test]
        fn derivatives_agree_with_differences(
            outputs in prop::array::uniform5(-1.5f32..1.5), present in -4.0f32..8.0, truth in -4.0f32..8.0,
        ) {
            let mut derivatives = [0.0; OUTPUTS];
            UNITS.differentiate(&outputs, (present, truth), 1.0, &mut derivatives);
            for (output, loss) in [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2)] {
                let at = |step: f32| {
                    let mut outputs = outputs;
                    outputs[output] += step;
                    f64::from(UNITS.losses(&outputs, present, truth)[loss])
                };
                let numeric = (at(0.01) - at(-0.01)) / 0.02;
                let error = (numeric - f64::from(derivatives[output])).abs();
                // Near the kink a difference straddles it.
                let tolerance = 0.02 * numeric.abs().max(1.0) + if output < 3 { 0.15 } else { 0.0 };
                prop_assert!(error < tolerance, "output {output}: {numeric} and {}", derivatives[output]);
            }
        }
    }
}
