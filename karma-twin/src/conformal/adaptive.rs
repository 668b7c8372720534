//! Intervals that follow a cluster that changes.

use karma_nn::{Checkpoint, CheckpointError};

use super::{CalibrationError, narrow};
use crate::exact::stored;

/// Adaptive conformal inference: one number for each step and column, moved by hits and misses.
///
/// After each truth, α ← α + rate · (target − miss): intervals grow after a miss and shrink a little after a hit. Whatever
/// happens, in T steps the share of misses is within (max(target, 1 − target) + rate) / (T · rate) of the target (Gibbs
/// and Candès, *Adaptive Conformal Inference Under Distribution Shift*, 2021, proposition 4.1). That holds if
/// an interval of level 1 always covers and one of level 0 never does; at level 0 ours is the median alone, so a column
/// that hits it is covered more often than asked. α stays within [−rate, 1 + rate], where the theorem has it anyway.
#[derive(Clone, Debug, PartialEq)]
pub struct AdaptiveConformal {
    columns: usize,
    target: f32,
    rate: f32,
    /// Steps × columns: α.
    alphas: Vec<f32>,
}

impl AdaptiveConformal {
    /// Follows (steps, columns) at the nominal `level`; a `rate` of 0.005 to 0.05 forgets in about 1/rate truths.
    ///
    /// # Errors
    /// If level or rate are not between 0 and 1.
    pub fn new(level: f64, rate: f64, (steps, columns): (usize, usize)) -> Result<Self, CalibrationError> {
        CalibrationError::check("the level", level)?;
        CalibrationError::check("the rate", rate)?;
        let (target, rate) = (narrow(1.0 - level), narrow(rate));
        Ok(Self { columns, target, rate, alphas: vec![target; steps * columns] })
    }

    /// The level to ask [`Calibration::interval`](super::Calibration::interval) for now, 0 to 1; `None` for a step or
    /// column that is not followed.
    pub fn level(&self, step: usize, column: usize) -> Option<f64> {
        let alpha = self.alphas.get(self.place(step, column)?)?;
        Some(1.0 - f64::from(alpha.clamp(0.0, 1.0)))
    }

    /// Notes whether the interval of the current level covered the truth; a step or column that is not followed
    /// changes nothing.
    pub fn observe(&mut self, step: usize, column: usize, covered: bool) {
        let Some(alpha) = self.place(step, column).and_then(|place| self.alphas.get_mut(place)) else {
            return;
        };
        let miss = if covered { 0.0 } else { 1.0 };
        *alpha = (*alpha + self.rate * (self.target - miss)).clamp(-self.rate, 1.0 + self.rate);
    }

    fn place(&self, step: usize, column: usize) -> Option<usize> {
        let row = step.checked_sub(1).filter(|_| column < self.columns)?;
        Some(row * self.columns + column)
    }

    /// Puts it into a checkpoint.
    pub fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        stored::put(checkpoint, &format!("{name}.settings"), 2, vec![self.target, self.rate]);
        stored::put(checkpoint, &format!("{name}.alphas"), self.columns, self.alphas.clone());
    }

    /// Takes it out of a checkpoint.
    ///
    /// # Errors
    /// If a part is missing or has another shape than (steps, columns), or the settings are not between 0 and 1.
    pub fn load(
        checkpoint: &Checkpoint,
        name: &str,
        (steps, columns): (usize, usize),
    ) -> Result<Self, CheckpointError> {
        let settings = checkpoint.f32_tensor(&format!("{name}.settings"), &[1, 2])?;
        let (target, rate) = (settings[0], settings[1]);
        if !settings.iter().all(|share| *share > 0.0 && *share < 1.0) {
            let reason = format!("{name}: target {target} and rate {rate} lie between 0 and 1");
            return Err(CheckpointError::Malformed { reason });
        }
        let alphas = checkpoint.f32_tensor(&format!("{name}.alphas"), &[steps, columns])?.to_vec();
        Ok(Self { columns, target, rate, alphas })
    }
}
