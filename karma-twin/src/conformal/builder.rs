//! Collects what a calibration is made of.

use super::{Calibration, CalibrationError, Residuals, narrow};
use crate::Visit;

/// Share of a column's mean absolute error that spreads are taken to have at least.
const FLOOR: f64 = 0.1;

/// Errors and spreads of forecasts on transitions that the model was not fitted on.
///
/// ```
/// use karma_twin::CalibrationBuilder;
/// let mut builder = CalibrationBuilder::new(1, 1);
/// for miss in -1..=37i8 {
///     builder.add((1, 0), (10.0, 10.0), 10.0 + f32::from(miss));
/// }
/// let interval = builder.finish(0.95).unwrap().interval((1, 0), (20.0, 20.0), 0.95).unwrap();
/// assert!(interval.contains(18.0) && interval.contains(94.0) && !interval.contains(17.9));
/// ```
#[derive(Clone, Debug)]
pub struct CalibrationBuilder {
    columns: usize,
    /// Steps × columns: (error, spread) of each forecast.
    misses: Vec<Vec<(f64, f32)>>,
}

impl CalibrationBuilder {
    /// For horizon steps 1 to `steps` of `columns` predicted columns.
    pub fn new(steps: usize, columns: usize) -> Self {
        Self { columns, misses: vec![Vec::new(); steps * columns] }
    }

    /// Adds a forecast of `column`, `step` rows ahead: (median, spread), and what came. A missing truth or median says
    /// nothing; a missing spread is that of the floor.
    ///
    /// # Panics
    /// If step or column are out of range: a bug of the caller.
    pub fn add(&mut self, (step, column): (usize, usize), (median, spread): (f32, f32), truth: f32) {
        assert!(step > 0 && column < self.columns, "steps begin at 1, columns at 0");
        let error = f64::from(truth) - f64::from(median);
        if error.is_finite() {
            self.misses[(step - 1) * self.columns + column].push((error, spread));
        }
    }

    /// Adds a step of a roll-out: `roll_out(…, &mut |visit| builder.visit(&visit))`.
    ///
    /// # Panics
    /// If the roll-out has more steps or columns: a bug of the caller.
    pub fn visit(&mut self, visit: &Visit<'_>) {
        for (column, (median, truth)) in visit.median.iter().zip(visit.truth).enumerate() {
            self.add((visit.step, column), (*median, visit.spread(column)), *truth);
        }
    }

    /// The calibration, whose intervals are finite up to the level `finest`.
    ///
    /// # Errors
    /// If `finest` is not between 0 and 1, or some step and column have fewer than 2 / (1 − finest) − 1 residuals.
    pub fn finish(&self, finest: f64) -> Result<Calibration, CalibrationError> {
        CalibrationError::check("the finest level", finest)?;
        for (index, misses) in self.misses.iter().enumerate() {
            if super::tail_rank(misses.len(), finest) == 0 {
                let (step, column, found) = (index / self.columns + 1, index % self.columns, misses.len());
                return Err(CalibrationError::TooFew {
                    step,
                    column,
                    found,
                    needed: needed(finest),
                    level: finest,
                });
            }
        }
        let floors: Vec<f32> = (0..self.columns).map(|column| self.floor(column)).collect();
        let cells = self.misses.iter().enumerate().map(|(index, misses)| {
            let floor = floors[index % self.columns];
            let mut sorted: Vec<f32> =
                misses.iter().map(|(error, spread)| narrow(error / f64::from(floor.max(*spread)))).collect();
            sorted.sort_by(f32::total_cmp);
            Residuals::thin(&sorted)
        });
        Ok(Calibration { cells: cells.collect(), floors })
    }

    /// A tenth of the column's mean absolute error over all steps; a model without error gets the least number that
    /// can be divided by in comfort.
    fn floor(&self, column: usize) -> f32 {
        let errors = || self.misses.iter().skip(column).step_by(self.columns).flatten();
        let mean = errors().map(|(error, _)| error.abs()).sum::<f64>() / errors().count().max(1) as f64;
        narrow(FLOOR * mean).max(f32::EPSILON)
    }
}

/// ⌈2 / α⌉ − 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number above 0")]
fn needed(level: f64) -> usize {
    (2.0 / (1.0 - level) - 1e-6).ceil() as usize - 1
}
