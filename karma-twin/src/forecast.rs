//! The seam inside this crate: anything that forecasts the next row of a table.
//!
//! Persistence, a ridge regression, the paper's network, our ensemble and our forest are all a [`Forecaster`], so that
//! each is rolled out, calibrated and judged by the same code.

/// What a forecast starts from: one row for each series.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Rows × [`Encoder::features`](crate::Encoder::features): what the encoder makes of the past, of the next
    /// controls and of the next exogenous values. Not normalised; a missing feature is NaN.
    pub features: &'a [f32],
    /// Rows × predicted columns: the last known value of each, on its scale; NaN if there never was one.
    pub present: &'a [f32],
    /// For each row, whether the controls move.
    pub moved: &'a [bool],
}

impl Inputs<'_> {
    /// Number of rows.
    pub const fn rows(&self) -> usize {
        self.moved.len()
    }
}

/// Forecasts of the predicted columns, on their scales: each vector is rows × predicted columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forecasts {
    /// As likely to be exceeded as not: the best guess if an error counts by its size.
    pub median: Vec<f32>,
    /// Expected value: the best guess if an error counts by its square.
    pub mean: Vec<f32>,
    /// Mean absolute deviation from the median that no data would remove: noise.
    pub aleatoric: Vec<f32>,
    /// Standard deviation over what could have been learned from this much data: ignorance. It falls with more data.
    pub epistemic: Vec<f32>,
}

impl Forecasts {
    /// Room for `rows` rows of `columns` columns; keeps the memory if there is enough.
    pub fn resize(&mut self, rows: usize, columns: usize) {
        for values in self.each_mut() {
            values.clear();
            values.resize(rows * columns, 0.0);
        }
    }

    /// Median, mean, aleatoric and epistemic spread, to write into.
    pub(crate) fn each_mut(&mut self) -> [&mut Vec<f32>; 4] {
        [&mut self.median, &mut self.mean, &mut self.aleatoric, &mut self.epistemic]
    }

    /// Adds other forecasts behind these.
    pub fn extend(&mut self, other: &Self) {
        self.median.extend_from_slice(&other.median);
        self.mean.extend_from_slice(&other.mean);
        self.aleatoric.extend_from_slice(&other.aleatoric);
        self.epistemic.extend_from_slice(&other.epistemic);
    }

    /// Both kinds of uncertainty as one: √(aleatoric² + epistemic²) of value `index`.
    pub fn spread(&self, index: usize) -> f32 {
        self.aleatoric[index].hypot(self.epistemic[index])
    }
}

/// Forecasts the next row.
pub trait Forecaster: Send + Sync {
    /// Short name, as printed in tables.
    fn name(&self) -> &str;

    /// Forecasts for each row of `inputs`. `out` is resized; every value that is written is finite unless the present
    /// value is missing. A row's forecast does not depend on the other rows.
    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts);
}

/// Nothing changes: the yardstick that every other forecast must beat.
#[derive(Clone, Copy, Debug, Default)]
pub struct Persistence;

impl Forecaster for Persistence {
    fn name(&self) -> &'static str {
        "persistence"
    }

    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        let rows = inputs.rows();
        out.resize(rows, inputs.present.len().checked_div(rows).unwrap_or(0));
        out.median.copy_from_slice(inputs.present);
        out.mean.copy_from_slice(inputs.present);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persistence_repeats_the_present() {
        let inputs = Inputs { features: &[0.0; 2], present: &[1.0, 2.0, 3.0, 4.0], moved: &[true, false] };
        let mut out = Forecasts::default();
        Persistence.forecast(&inputs, &mut out);
        assert_eq!(out.median, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(out.median, out.mean);
        assert_eq!(out.aleatoric, [0.0; 4]);
    }
}
