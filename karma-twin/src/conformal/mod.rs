//! Intervals that keep their promise: split-conformal calibration of every forecast.
//!
//! A model's own spread is an opinion. On transitions that no model was fitted on, we note by how many spreads the
//! truth missed the median, for each horizon step and each column: the *signed standardised residual*
//!
//! ```text
//! r = (truth − median) / max(spread, floor),   spread = √(aleatoric² + epistemic²)
//! ```
//!
//! With n of them, the interval of level 1 − α is `median + spread · [low, high]`, where *high* is the
//! ⌈(n + 1)(1 − α/2)⌉-th smallest residual and *low* the ⌊(n + 1) α/2⌋-th. If the new transition is exchangeable with
//! those, the truth lies inside with probability at least 1 − α, whatever the model and whatever the noise (Vovk,
//! Gammerman and Shafer, *Algorithmic Learning in a Random World*, 2005; Lei et al., *JASA* 2018). The two tails are
//! calibrated apart, since a latency errs further upwards than downwards. A good spread makes the intervals narrow
//! where the model knows; a bad one makes them wide, never wrong.
//!
//! * Intervals are closed and rounded outwards, so values that are tied with an end (a ratio that is nearly always 1)
//!   are inside.
//! * The floor is a tenth of the column's mean absolute error at calibration: a model that claims certainty (or has no
//!   spread, as persistence) is calibrated by the size of its errors.
//! * Beyond [`KEPT`] residuals of a cell, so many evenly spaced ranks of them are kept, and a rank between two is
//!   taken outwards: intervals may grow by at most 1/[`KEPT`] in level.
//! * Time breaks exchangeability: intervals hold for a cluster that stays as it was. [`AdaptiveConformal`] follows one
//!   that does not.
//!
//! Example: residuals −1, 0, 1, 2 …, 37 (n = 39) at level 0.95: ranks 1 and 39, so −1 to 37.

mod adaptive;
mod builder;

use karma_nn::{Checkpoint, CheckpointError};
use thiserror::Error;

use crate::exact::stored;
pub use adaptive::AdaptiveConformal;
pub use builder::CalibrationBuilder;

/// Residuals that are kept of each step and column.
pub const KEPT: usize = 1024;

/// A calibration cannot be made, or a setting is out of its range.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum CalibrationError {
    /// Fewer residuals than the level needs.
    #[error(
        "column {column} at step {step} has {found} residuals, but level {level} needs at least {needed}: calibrate on \
         more windows, or ask for a lower level"
    )]
    TooFew {
        /// Horizon step, from 1.
        step: usize,
        /// Predicted column, from 0.
        column: usize,
        /// Residuals that there are.
        found: usize,
        /// Residuals that the level needs.
        needed: usize,
        /// The highest level that is asked for.
        level: f64,
    },
    /// A setting is out of its range.
    #[error("{setting} is {value}; allowed: above 0 and below 1")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// Its value.
        value: f64,
    },
}

impl CalibrationError {
    /// Refuses a share that is not between 0 and 1.
    fn check(setting: &'static str, value: f64) -> Result<(), Self> {
        if value > 0.0 && value < 1.0 { Ok(()) } else { Err(Self::Setting { setting, value }) }
    }
}

/// A closed interval on the scale of its column; an end is infinite if there are too few residuals for the level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f32,
    /// Upper end.
    pub high: f32,
}

impl Interval {
    /// Whether a value lies inside; a missing one does not.
    pub fn contains(&self, value: f32) -> bool {
        self.low <= value && value <= self.high
    }

    /// Its width; 0 or more.
    pub fn width(&self) -> f32 {
        self.high - self.low
    }
}

/// The residuals of one step and column.
#[derive(Clone, Debug, PartialEq)]
struct Residuals {
    /// How many there were.
    count: usize,
    /// The kept ones, ascending.
    kept: Vec<f32>,
}

/// Calibrated intervals for horizon steps 1, 2, … and every predicted column.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// One for each column: spreads below it are taken for it.
    floors: Vec<f32>,
    /// Steps × columns.
    cells: Vec<Residuals>,
}

impl Calibration {
    /// The highest step.
    pub const fn steps(&self) -> usize {
        self.cells.len() / self.floors.len()
    }

    /// Number of predicted columns.
    pub const fn columns(&self) -> usize {
        self.floors.len()
    }

    /// The interval of `level` (kept within 0 and 1) around a forecast of `column`, `step` rows ahead.
    ///
    /// `None` if the step is not calibrated, there is no such column, or the median is missing.
    pub fn interval(
        &self,
        (step, column): (usize, usize),
        (median, spread): (f32, f32),
        level: f64,
    ) -> Option<Interval> {
        let residuals = self.cell(step, column).filter(|_| median.is_finite())?;
        let tail = tail_rank(residuals.count, level);
        let (median, spread) = (f64::from(median), self.spread(column, spread));
        let end = |quantile: Option<f32>, outwards: f64| {
            quantile.map_or(outwards * f64::INFINITY, |quantile| {
                let reach = f64::from(quantile) * spread;
                // The kept residual and the end are single precision: both roundings are undone, and a tie covers.
                median + reach + outwards * 2.0 * f64::from(f32::EPSILON) * (median.abs() + reach.abs())
            })
        };
        let (low, high) = (end(residuals.below(tail), -1.0), end(residuals.above(tail), 1.0));
        Some(Interval { low: narrow(low), high: narrow(high) })
    }

    /// By how many spreads the truth missed the median. `None` where [`Calibration::interval`] is, or the truth is
    /// missing.
    pub fn residual(
        &self,
        (step, column): (usize, usize),
        (median, spread): (f32, f32),
        truth: f32,
    ) -> Option<f64> {
        self.cell(step, column)?;
        let error = f64::from(truth) - f64::from(median);
        error.is_finite().then(|| error / self.spread(column, spread))
    }

    /// Mean and standard deviation of the residuals that the calibration was made of.
    pub fn moments(&self, step: usize, column: usize) -> Option<(f64, f64)> {
        let kept = &self.cell(step, column)?.kept;
        let mean = kept.iter().map(|r| f64::from(*r)).sum::<f64>() / kept.len() as f64;
        let variance = kept.iter().map(|r| (f64::from(*r) - mean).powi(2)).sum::<f64>() / kept.len() as f64;
        Some((mean, variance.sqrt()))
    }

    /// Shape (a, b) of the beta distribution of how often fresh truths are covered at `level`, over calibrations like
    /// this one. `None` if the interval is infinite.
    pub(crate) fn shape_of_coverage(&self, step: usize, column: usize, level: f64) -> Option<(f64, f64)> {
        let count = self.cell(step, column)?.count;
        let outside = 2 * tail_rank(count, level);
        (outside > 0).then(|| (((count + 1).saturating_sub(outside) as f64).max(1.0), outside as f64))
    }

    /// Puts the calibration into a checkpoint.
    pub fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        let columns = self.columns();
        let counts = self.cells.iter().map(|cell| cell.count as f32).collect();
        let kept: Vec<f32> = self.cells.iter().flat_map(|cell| &cell.kept).copied().collect();
        checkpoint.put_counter(&format!("{name}.steps"), self.steps() as u64);
        stored::put(checkpoint, &format!("{name}.floors"), columns, self.floors.clone());
        stored::put(checkpoint, &format!("{name}.counts"), columns, counts);
        stored::put(checkpoint, &format!("{name}.residuals"), 1, kept);
    }

    /// Takes the calibration of `columns` predicted columns out of a checkpoint.
    ///
    /// # Errors
    /// If a part is missing, has a shape that does not fit the others, or holds what no calibration can.
    pub fn load(checkpoint: &Checkpoint, name: &str, columns: usize) -> Result<Self, CheckpointError> {
        let steps = stored::size(checkpoint.counter(&format!("{name}.steps"))?);
        let floors = checkpoint.f32_tensor(&format!("{name}.floors"), &[1, columns])?.to_vec();
        let counts = checkpoint.f32_tensor(&format!("{name}.counts"), &[steps, columns])?;
        let counts: Vec<usize> = counts.iter().map(|count| whole(*count)).collect();
        let total = counts.iter().map(|count| (*count).min(KEPT)).sum();
        let mut rest = checkpoint.f32_tensor(&format!("{name}.residuals"), &[total, 1])?;
        let cells = counts.into_iter().map(|count| {
            let (kept, others) = rest.split_at(count.min(KEPT));
            rest = others;
            Residuals { count, kept: kept.to_vec() }
        });
        let calibration = Self { floors, cells: cells.collect() };
        if calibration.is_sound() {
            Ok(calibration)
        } else {
            let reason = format!("{name}: floors are above 0, and residuals of each step and column ascend");
            Err(CheckpointError::Malformed { reason })
        }
    }

    fn is_sound(&self) -> bool {
        let ascends = |cell: &Residuals| !cell.kept.is_empty() && cell.kept.is_sorted();
        !self.cells.is_empty()
            && self.cells.iter().all(ascends)
            && self.floors.iter().all(|floor| *floor > 0.0)
    }

    fn cell(&self, step: usize, column: usize) -> Option<&Residuals> {
        let columns = self.columns();
        (column < columns).then(|| self.cells.get(step.checked_sub(1)? * columns + column)).flatten()
    }

    fn spread(&self, column: usize, spread: f32) -> f64 {
        // `f32::max` takes the floor for a missing spread.
        f64::from(self.floors[column].max(spread).min(f32::MAX))
    }
}

impl Residuals {
    /// Keeps evenly spaced ranks of ascending residuals, the same from below as from above.
    fn thin(sorted: &[f32]) -> Self {
        let count = sorted.len();
        let kept = if count <= KEPT {
            sorted.to_vec()
        } else {
            let rank = |index: usize| index * (count - 1) / (KEPT - 1);
            let upper = (0..KEPT / 2).rev().map(|index| sorted[count - 1 - rank(index)]);
            (0..KEPT / 2).map(|index| sorted[rank(index)]).chain(upper).collect()
        };
        Self { count, kept }
    }

    /// The residual of rank `tail` from below, or the next kept one below it.
    fn below(&self, tail: usize) -> Option<f32> {
        self.kept.get(self.place(tail)?).copied()
    }

    /// The residual of rank `tail` from above, or the next kept one above it.
    fn above(&self, tail: usize) -> Option<f32> {
        self.kept.iter().rev().nth(self.place(tail)?).copied()
    }

    /// How many kept residuals lie outside the rank `tail`, at most half of them; none is so far out as rank 0.
    fn place(&self, tail: usize) -> Option<usize> {
        let last = tail.checked_sub(1)?;
        Some(if self.count <= KEPT {
            last
        } else {
            ((tail * (KEPT - 1) - 1) / (self.count - 1)).min(KEPT / 2 - 1)
        })
    }
}

/// ⌊(n + 1) α/2⌋: how far from either end the interval of level 1 − α reaches; 0 if n are too few.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and half of a count")]
fn tail_rank(count: usize, level: f64) -> usize {
    // A billionth undoes the rounding of levels such as 0.95.
    ((count + 1) as f64 * (1.0 - level.clamp(0.0, 1.0)) / 2.0 + 1e-9).floor() as usize
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is meant")]
const fn narrow(x: f64) -> f32 {
    x as f32
}

/// A count that was stored as a number; single precision holds those up to 2²⁴.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "kept within a range of whole numbers"
)]
fn whole(count: f32) -> usize {
    count.clamp(0.0, 16_777_216.0) as usize
}

#[cfg(test)]
mod tests;
