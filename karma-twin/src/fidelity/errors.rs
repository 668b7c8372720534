//! Sums over rows, and the errors that they make.

use super::{ColumnScore, Figures, Ranges, Score};
use crate::Visit;

/// Adds up the errors of rows, in constant memory.
///
/// ```text
/// R²      1 − Σe² / Σ(y − ȳ)²            nMAE    mean |e| / R          acc5, acc10   share of |e| ≤ 0.05 R, 0.10 R
/// joint10 share of rows with |e| ≤ 0.10 R in every column              skill         1 − nMAE / nMAE of persistence
/// ```
///
/// Sums are in f64, the variance of the truth by Welford's recurrence (*Technometrics* 1962), so that a column with a
/// large mean loses no digits.
#[derive(Clone, Debug)]
pub struct Scorer<'a> {
    ranges: &'a Ranges,
    rows: usize,
    joint: usize,
    columns: Vec<Sums>,
}

impl<'a> Scorer<'a> {
    /// Without rows yet.
    pub fn new(ranges: &'a Ranges) -> Self {
        Self { ranges, rows: 0, joint: 0, columns: vec![Sums::default(); ranges.columns().len()] }
    }

    /// Adds a row. A value is compared if its truth is known and it was ever known before.
    pub fn add(&mut self, visit: &Visit<'_>) {
        let (mut compared, mut joint) = (false, true);
        for (place, (sums, range)) in self.columns.iter_mut().zip(self.ranges.columns()).enumerate() {
            let [truth, present, median, mean] =
                [visit.truth, visit.present, visit.median, visit.mean].map(|values| f64::from(values[place]));
            if truth.is_nan() || present.is_nan() {
                continue;
            }
            compared = true;
            joint &= sums.add(truth, [present, median, mean], range.range);
        }
        self.rows += usize::from(compared);
        self.joint += usize::from(compared && joint);
    }

    /// The errors of the rows so far.
    pub fn score(&self) -> Score {
        let ranges = self.ranges.columns();
        let measured: Vec<Measured> =
            self.columns.iter().zip(ranges).map(|(sums, range)| sums.measure(range.range)).collect();
        let column = |(place, measured): (usize, &Measured)| ColumnScore {
            column: ranges[place].column.clone(),
            values: self.columns[place].count,
            figures: measured.figures,
        };
        Score {
            rows: self.rows,
            joint10: share(self.joint as f64, self.rows),
            mean: average(&measured),
            columns: measured.iter().enumerate().map(column).collect(),
        }
    }
}

/// The sums of one column.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    count: usize,
    within5: usize,
    within10: usize,
    absolute: f64,
    square_median: f64,
    square_mean: f64,
    absolute_still: f64,
    square_still: f64,
    truth: f64,
    variation: f64,
}

impl Sums {
    /// Adds a value; says whether the median is within 0.10 R. A forecast that is no number is never within.
    fn add(&mut self, truth: f64, [present, median, mean]: [f64; 3], range: f64) -> bool {
        let (error, still) = ((median - truth).abs(), (present - truth).abs());
        self.count += 1;
        self.within5 += usize::from(error <= 0.05 * range);
        self.within10 += usize::from(error <= 0.10 * range);
        self.absolute += error;
        self.square_median += error * error;
        self.square_mean += (mean - truth) * (mean - truth);
        self.absolute_still += still;
        self.square_still += still * still;
        let before = truth - self.truth;
        self.truth += before / self.count as f64;
        self.variation += before * (truth - self.truth);
        error <= 0.10 * range
    }

    fn measure(&self, range: f64) -> Measured {
        let of_range = |sum: f64| share(sum / range, self.count);
        let root_of_range = |sum: f64| share(sum, self.count).map(|square| square.sqrt() / range);
        let r2 = |square: f64| (self.variation > 0.0).then(|| 1.0 - square / self.variation);
        let (nmae, nrmse) = (of_range(self.absolute), root_of_range(self.square_mean));
        let (still_nmae, still_nrmse) = (of_range(self.absolute_still), root_of_range(self.square_still));
        let figures = Figures {
            r2: r2(self.square_mean),
            r2_median: r2(self.square_median),
            nmae,
            nrmse,
            acc5: share(self.within5 as f64, self.count),
            acc10: share(self.within10 as f64, self.count),
            skill: skill(nmae, still_nmae),
            skill_rmse: skill(nrmse, still_nrmse),
        };
        Measured { figures, still_nmae, still_nrmse }
    }
}

/// The errors of a column, and those of persistence on the same values.
struct Measured {
    figures: Figures,
    still_nmae: Option<f64>,
    still_nrmse: Option<f64>,
}

fn average(columns: &[Measured]) -> Figures {
    let mean = |of: &dyn Fn(&Measured) -> Option<f64>| mean(columns.iter().filter_map(of));
    let (nmae, nrmse) = (mean(&|column| column.figures.nmae), mean(&|column| column.figures.nrmse));
    Figures {
        r2: mean(&|column| column.figures.r2),
        r2_median: mean(&|column| column.figures.r2_median),
        nmae,
        nrmse,
        acc5: mean(&|column| column.figures.acc5),
        acc10: mean(&|column| column.figures.acc10),
        skill: skill(nmae, mean(&|column| column.still_nmae)),
        skill_rmse: skill(nrmse, mean(&|column| column.still_nrmse)),
    }
}

fn skill(error: Option<f64>, yardstick: Option<f64>) -> Option<f64> {
    let (error, yardstick) = (error?, yardstick?);
    (yardstick > 0.0).then(|| 1.0 - error / yardstick)
}

/// A sum over a count; of nothing there is none.
pub(super) fn share(sum: f64, count: usize) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

/// The mean of values; of nothing there is none.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    share(sum, count)
}
