//! The linear yardstick: a ridge regression of the next values on everything that the encoder shows.
//!
//! `ŷ = ȳ + wᵀ(z − z̄)` with `w = (ZᵀZ + λ·1)⁻¹ Zᵀy`, where Z are the features in standard deviations from their means, a
//! missing one at its mean (Hoerl and Kennard, *Technometrics* 1970). The penalty λ comes from a grid of half decades from
//! 10⁻² to 10⁵, by generalised cross-validation, which estimates the error of leaving one out,
//! `n·Σe² / (n − 1 − tr H)²` (Golub, Heath and Wahba, *Technometrics* 1979), summed over columns in units of their variance.
//! Columns that are known in the same samples share one penalty and one factorisation.
//!
//! Noise is the mean absolute error when each sample is left out, e/(1 − h) with h its leverage; ignorance is
//! `σ·√(1/n + zᵀ(ZᵀZ + λ·1)⁻¹z)`, the standard deviation of the Bayesian posterior. The median is the mean.
//!
//! **Cost.** Fitting: samples × features² and 15 × features³. One row: features² / 2.

mod cholesky;
mod group;

use karma_nn::{Checkpoint, CheckpointError, Tensor};

use crate::statistics::moments;
use crate::{Forecaster, Forecasts, Inputs, Samples};
use group::Group;

/// A fitted ridge regression, with the normalisation of its features.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    standard: Standard,
    columns: usize,
    groups: Vec<Group>,
}

/// Centre and inverse spread of each of some columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Standard {
    centre: Vec<f64>,
    /// 0 for a column that never changes or is never there.
    inverse: Vec<f64>,
}

impl Standard {
    /// Fits to rows of `width` values.
    pub(crate) fn fit(values: &[f32], width: usize) -> Self {
        let (mut centre, mut inverse) = (Vec::with_capacity(width), Vec::with_capacity(width));
        for column in 0..width {
            let (mean, spread) = moments(values, column, width);
            centre.push(mean);
            inverse.push(if spread > 1e-9 * mean.abs() && spread > 0.0 { 1.0 / spread } else { 0.0 });
        }
        Self { centre, inverse }
    }

    pub(crate) const fn width(&self) -> usize {
        self.centre.len()
    }

    /// Value of column `column` in standard deviations from the mean; a missing one is at the mean.
    pub(crate) fn apply(&self, column: usize, value: f32) -> f64 {
        if value.is_finite() { (f64::from(value) - self.centre[column]) * self.inverse[column] } else { 0.0 }
    }

    /// Back from standard deviations; a column that never changes stays at its mean.
    pub(crate) fn undo(&self, column: usize, z: f64) -> f64 {
        self.centre[column] + self.spread(column, z)
    }

    /// A distance back from standard deviations.
    pub(crate) fn spread(&self, column: usize, z: f64) -> f64 {
        if self.inverse[column] > 0.0 { z / self.inverse[column] } else { 0.0 }
    }

    pub(crate) fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        for (part, values) in [("centre", &self.centre), ("inverse", &self.inverse)] {
            let tensor = Tensor::F64 { shape: vec![values.len()], values: values.clone() };
            checkpoint.put_tensor(&format!("{name}.{part}"), tensor);
        }
    }

    pub(crate) fn load(checkpoint: &Checkpoint, name: &str, width: usize) -> Result<Self, CheckpointError> {
        let part = |part: &str| Ok(checkpoint.f64_tensor(&format!("{name}.{part}"), &[width])?.to_vec());
        Ok(Self { centre: part("centre")?, inverse: part("inverse")? })
    }
}

impl Ridge {
    /// Fits to samples of `columns` predicted columns. A column with fewer than two known targets is forecast to stay.
    pub fn fit(samples: &Samples, columns: usize) -> Self {
        let width = samples.features.len().checked_div(samples.len()).unwrap_or(0);
        let standard = Standard::fit(&samples.features, width);
        let known = |column: usize| -> Vec<usize> {
            (0..samples.len()).filter(|row| samples.targets[row * columns + column].is_finite()).collect()
        };
        let mut together: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        for column in 0..columns {
            let rows = known(column);
            match together.iter_mut().find(|(other, _)| *other == rows) {
                Some((_, group)) => group.push(column),
                None => together.push((rows, vec![column])),
            }
        }
        let fit =
            |(rows, group): (Vec<usize>, Vec<usize>)| Group::fit(samples, &standard, &rows, (group, columns));
        let groups = together.into_iter().filter_map(fit).collect();
        Self { standard, columns, groups }
    }

    /// Puts the regression into a checkpoint.
    pub fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        self.standard.save(checkpoint, &format!("{name}.features"));
        let columns: Vec<&[usize]> = self.groups.iter().map(Group::columns).collect();
        checkpoint.put_note(&format!("{name}.groups"), serde_json::json!(columns));
        for (index, group) in self.groups.iter().enumerate() {
            group.save(checkpoint, &format!("{name}.group{index}"));
        }
    }

    /// Takes a regression for rows of `features` features and `columns` predicted columns out of a checkpoint.
    ///
    /// # Errors
    /// If a part is missing, has another shape, or makes no sense.
    pub fn load(
        checkpoint: &Checkpoint,
        name: &str,
        (features, columns): (usize, usize),
    ) -> Result<Self, CheckpointError> {
        let standard = Standard::load(checkpoint, &format!("{name}.features"), features)?;
        let note = checkpoint.note(&format!("{name}.groups")).cloned().unwrap_or_default();
        let of_groups: Vec<Vec<usize>> = serde_json::from_value(note)
            .map_err(|error| refused(name, &format!("has no list of groups of columns: {error}")))?;
        if of_groups.iter().flatten().any(|column| *column >= columns) {
            return Err(refused(name, &format!("names a column, but there are {columns}")));
        }
        let groups = of_groups.into_iter().enumerate();
        let groups = groups
            .map(|(index, group)| Group::load(checkpoint, &format!("{name}.group{index}"), group, features));
        Ok(Self { standard, columns, groups: groups.collect::<Result<_, _>>()? })
    }
}

fn refused(name: &str, reason: &str) -> CheckpointError {
    CheckpointError::Malformed { reason: format!("the regression `{name}` {reason}") }
}

impl Forecaster for Ridge {
    fn name(&self) -> &'static str {
        "ridge"
    }

    #[expect(clippy::cast_possible_truncation, reason = "sums are in double precision")]
    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        let (rows, width) = (inputs.rows(), self.standard.width());
        out.resize(rows, self.columns);
        out.median.copy_from_slice(inputs.present);
        for row in 0..rows {
            let features = &inputs.features[row * width..(row + 1) * width];
            let z: Vec<f64> =
                features.iter().enumerate().map(|(at, x)| self.standard.apply(at, *x)).collect();
            for group in &self.groups {
                let (values, leverage) = group.forecast(&z);
                for (said, column) in values.zip(group.columns()) {
                    let place = row * self.columns + column;
                    out.median[place] = said.value as f32;
                    out.aleatoric[place] = said.noise as f32;
                    out.epistemic[place] = (said.sigma * leverage) as f32;
                }
            }
        }
        out.mean.clone_from(&out.median);
    }
}

#[cfg(test)]
mod tests;
