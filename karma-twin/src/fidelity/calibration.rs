//! Whether intervals hold what they promise.
//!
//! An interval at level 0.9 should hold 90 % of the truths: at every step ahead, for every column, and also where an
//! action was taken. Coverage alone is cheap (an interval without ends covers everything), so the mean width stands
//! beside it. Coverage over levels is the reliability curve.

use super::errors::{mean, share};
use super::{
    ColumnCoverage, Contender, Coverage, CoverageScore, HeldOut, LevelCoverage, Ranges, Rows, StepCoverage,
};
use crate::{Visit, roll_out};

/// Levels of a reliability curve.
pub const LEVELS: [f64; 7] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/// The forecast for which an interval is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// Steps ahead: 1, 2, ….
    pub step: usize,
    /// Place of the predicted column.
    pub column: usize,
    /// The model's median.
    pub median: f32,
    /// Both kinds of uncertainty as one.
    pub spread: f32,
    /// The share of truths that the interval is meant to hold.
    pub level: f64,
}

/// Coverage and width of the intervals that `interval` gives (lower and upper end, both included) for a contender's
/// roll-outs, at each of the `levels`. An interval whose ends are no numbers holds nothing.
pub fn coverage(
    held_out: &HeldOut<'_>,
    contender: &Contender<'_>,
    levels: &[f64],
    interval: &dyn Fn(Asked) -> (f32, f32),
) -> Coverage {
    let count = Count::new(held_out.ranges, levels);
    let mut counts = vec![Rows { all: count.clone(), moved: count }; held_out.steps.len()];
    let Contender { name, encoder, forecaster } = contender;
    roll_out(encoder, *forecaster, held_out.table, held_out.starts, held_out.horizon(), &mut |visit| {
        let counts = held_out.place(visit.step).map(|place| &mut counts[place]);
        counts
            .into_iter()
            .flat_map(|rows| rows.of_row(visit.moved))
            .for_each(|count| count.add(&visit, interval));
    });
    let steps = held_out.steps.iter().zip(&counts).filter(|(_, rows)| rows.all.values.iter().any(|n| *n > 0));
    let steps =
        steps.map(|(step, rows)| StepCoverage { step: *step, rows: rows.map(Count::score) }).collect();
    Coverage { name: (*name).to_owned(), steps }
}

/// Truths inside, and widths.
#[derive(Clone, Debug)]
struct Count<'a> {
    ranges: &'a Ranges,
    levels: &'a [f64],
    /// For each column.
    values: Vec<usize>,
    /// Columns × levels.
    inside: Vec<usize>,
    /// Columns × levels.
    widths: Vec<f64>,
}

impl<'a> Count<'a> {
    fn new(ranges: &'a Ranges, levels: &'a [f64]) -> Self {
        let columns = ranges.columns().len();
        let cells = columns * levels.len();
        Self { ranges, levels, values: vec![0; columns], inside: vec![0; cells], widths: vec![0.0; cells] }
    }

    fn add(&mut self, visit: &Visit<'_>, interval: &dyn Fn(Asked) -> (f32, f32)) {
        for (column, (truth, present)) in visit.truth.iter().zip(visit.present).enumerate() {
            if truth.is_nan() || present.is_nan() {
                continue;
            }
            self.values[column] += 1;
            for (place, level) in self.levels.iter().copied().enumerate() {
                let (median, spread) = (visit.median[column], visit.spread(column));
                let (low, high) = interval(Asked { step: visit.step, column, median, spread, level });
                let cell = column * self.levels.len() + place;
                self.inside[cell] += usize::from((low..=high).contains(truth));
                self.widths[cell] += f64::from(high) - f64::from(low);
            }
        }
    }

    fn score(&self) -> CoverageScore {
        let columns: Vec<ColumnCoverage> = (0..self.values.len()).map(|column| self.column(column)).collect();
        let level = |(place, level): (usize, &f64)| {
            let of_columns =
                columns.iter().map(|column| column.levels[place]).filter(|at| at.coverage.is_some());
            let unbounded = of_columns.clone().any(|at| at.width.is_none());
            LevelCoverage {
                level: *level,
                coverage: mean(of_columns.clone().filter_map(|at| at.coverage)),
                width: mean(of_columns.filter_map(|at| at.width)).filter(|_| !unbounded),
            }
        };
        let reliability = self.levels.iter().enumerate().map(level).collect();
        let cells = columns.iter().flat_map(|column| &column.levels);
        let miscalibration = mean(cells.filter_map(|at| Some((at.level - at.coverage?).abs())));
        CoverageScore { reliability, miscalibration, columns }
    }

    fn column(&self, column: usize) -> ColumnCoverage {
        let (values, of) = (self.values[column], &self.ranges.columns()[column]);
        let level = |(place, level): (usize, &f64)| {
            let cell = column * self.levels.len() + place;
            LevelCoverage {
                level: *level,
                coverage: share(self.inside[cell] as f64, values),
                width: share(self.widths[cell] / of.range, values).filter(|width| width.is_finite()),
            }
        };
        let levels = self.levels.iter().enumerate().map(level).collect();
        ColumnCoverage { column: of.column.clone(), values, levels }
    }
}
