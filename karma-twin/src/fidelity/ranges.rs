//! The range of each predicted column: the unit in which its errors are measured.

use serde::{Deserialize, Serialize};

use crate::table::{Column, Scale, Start, Table};

/// Least range of a logarithmic column: log₁₀ 2, a factor of two.
const LEAST_LOG10: f64 = 0.3;
/// Least range of a square root: a count's Poisson noise has this standard deviation on that scale.
const LEAST_ROOT: f64 = 0.5;
/// Least range of a linear column, as a share of its largest absolute value.
const LEAST_SHARE: f64 = 0.01;
/// Least range of a linear column that is always nearly 0.
const LEAST: f64 = 1e-3;

/// A predicted column and its range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnRange {
    /// Name of the column.
    pub column: String,
    /// R = P99 − P1 of the training targets, on the column's scale, above 0.
    pub range: f64,
}

/// The ranges of all predicted columns, in their order.
///
/// The percentiles are interpolated linearly, as in `numpy.percentile`. A column that hardly moved in training has a
/// floor, so that it is not judged by its last digit: 0.3 (a factor of two) for log₁₀, 0.5 (Poisson noise) for a
/// root, and for a linear column 1 % of its largest absolute value, at least 0.001.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranges(Vec<ColumnRange>);

impl Ranges {
    /// The ranges of what follows these starts: those that a model is fitted on.
    pub fn of(table: &Table, starts: &[Start]) -> Self {
        let range = |(place, column): (usize, &Column)| {
            let target = |start: &Start| table.windows()[start.window].row(start.row + 1)[place];
            let mut targets: Vec<f64> = starts.iter().map(|start| f64::from(target(start))).collect();
            targets.retain(|target| !target.is_nan());
            ColumnRange { column: column.name.clone(), range: range(column.scale, targets) }
        };
        Self(table.schema().predicted().iter().enumerate().map(range).collect())
    }

    /// One for each predicted column, in their order.
    pub fn columns(&self) -> &[ColumnRange] {
        &self.0
    }
}

/// P99 − P1, or the floor of the scale.
fn range(scale: Scale, mut targets: Vec<f64>) -> f64 {
    targets.sort_by(f64::total_cmp);
    let largest = targets.iter().fold(0.0, |largest: f64, target| largest.max(target.abs()));
    let floor = match scale {
        Scale::Linear => LEAST.max(LEAST_SHARE * largest),
        Scale::Log10 { .. } => LEAST_LOG10,
        Scale::Root => LEAST_ROOT,
    };
    floor.max(quantile(&targets, 0.99).unwrap_or(0.0) - quantile(&targets, 0.01).unwrap_or(0.0))
}

/// The `q`-quantile of sorted values, interpolated between neighbours; of nothing there is none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "q lies in [0, 1]")]
pub(super) fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let place = q * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    Some(sorted[below] + (sorted[above] - sorted[below]) * (place - place.floor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_goes_from_the_first_to_the_ninety_ninth_percentile() {
        let targets = (0..=200).rev().map(f64::from).collect();
        assert_eq!(range(Scale::Linear, targets), 198.0 - 2.0);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn a_column_that_hardly_moves_has_the_floor_of_its_scale() {
        assert_eq!(range(Scale::Log10 { floor: 1.0 }, vec![2.0, 2.1]), 0.3);
        assert_eq!(range(Scale::Root, vec![2.0, 2.1]), 0.5);
        assert_eq!(range(Scale::Linear, vec![-50.0, -50.0]), 0.5);
        assert_eq!(range(Scale::Linear, vec![]), 1e-3, "nothing known is no reason to divide by 0");
    }
}
