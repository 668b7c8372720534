//! Centre and spread of every feature: part of the artefact, never estimated again.

use karma_nn::{Checkpoint, CheckpointError, Tensor};

use crate::statistics::moments;

/// Features farther than this many standard deviations from their mean are taken to be there.
const CUT: f32 = 5.0;

/// Makes features comparable: (x − mean) / standard deviation, cut at ±5; a missing feature becomes 0, which is its mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Normaliser {
    mean: Vec<f32>,
    spread: Vec<f32>,
}

impl Normaliser {
    /// Fits to rows of `width` features. A feature that is never there or never changes is left out (always 0).
    #[expect(clippy::cast_possible_truncation, reason = "statistics are summed in double precision")]
    pub fn fit(features: &[f32], width: usize) -> Self {
        let (mut mean, mut spread) = (Vec::with_capacity(width), Vec::with_capacity(width));
        for column in 0..width {
            let (centre, deviation) = moments(features, column, width);
            mean.push(centre as f32);
            spread.push(if deviation > 1e-6 * centre.abs().max(1e-3) {
                deviation as f32
            } else {
                f32::INFINITY
            });
        }
        Self { mean, spread }
    }

    /// Number of features.
    pub const fn width(&self) -> usize {
        self.mean.len()
    }

    /// Normalises rows in place.
    pub fn apply(&self, features: &mut [f32]) {
        for row in features.chunks_exact_mut(self.width()) {
            for (x, (mean, spread)) in row.iter_mut().zip(self.mean.iter().zip(&self.spread)) {
                let z = (*x - mean) / spread;
                *x = if z.is_nan() { 0.0 } else { z.clamp(-CUT, CUT) };
            }
        }
    }

    /// Puts it into a checkpoint.
    pub(crate) fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        // Infinity has no place in a checkpoint: a spread of 0 stands for it.
        let spread =
            self.spread.iter().map(|spread| if spread.is_finite() { *spread } else { 0.0 }).collect();
        for (part, values) in [("mean", self.mean.clone()), ("spread", spread)] {
            let tensor = Tensor::F32 { shape: vec![values.len()], values };
            checkpoint.put_tensor(&format!("{name}.{part}"), tensor);
        }
    }

    /// Takes it out of a checkpoint.
    pub(crate) fn load(checkpoint: &Checkpoint, name: &str, width: usize) -> Result<Self, CheckpointError> {
        let part =
            |part: &str| checkpoint.f32_tensor(&format!("{name}.{part}"), &[width]).map(<[f32]>::to_vec);
        let spread =
            part("spread")?.into_iter().map(|spread| if spread > 0.0 { spread } else { f32::INFINITY });
        Ok(Self { mean: part("mean")?, spread: spread.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_feature_becomes_the_mean_and_a_constant_one_says_nothing() {
        let normaliser = Normaliser::fit(&[1.0, 7.0, 3.0, 7.0, f32::NAN, 7.0], 2);
        let mut rows = [3.0, 7.0, f32::NAN, 9.0, 1e9, f32::NAN];
        normaliser.apply(&mut rows);
        assert_eq!(rows, [1.0, 0.0, 0.0, 0.0, CUT, 0.0]);
    }

    /// The published modeler stored weights without their scaler, and estimated it anew from a single vector.
    #[test]
    fn it_survives_the_artefact_bit_for_bit() {
        let normaliser = Normaliser::fit(&[1.0, 7.0, 3.5, 7.0, 2.25, 7.0], 2);
        let mut checkpoint = Checkpoint::new("test");
        normaliser.save(&mut checkpoint, "n");
        let checkpoint = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap(), "test").unwrap();
        assert_eq!(Normaliser::load(&checkpoint, "n", 2).unwrap(), normaliser);
        assert!(Normaliser::load(&checkpoint, "n", 3).is_err(), "another width is refused");
    }
}
