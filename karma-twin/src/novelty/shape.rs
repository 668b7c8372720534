//! The shape of what was learned from: centre, spread and correlations of situations, and the distance from them.

use karma_nn::{Checkpoint, CheckpointError};

use super::matrix;
use crate::exact::stored;

/// Least share of the sphere in the covariance: the distance from a column that others determine stays finite.
const LEAST_SHRINKAGE: f64 = 1e-3;

/// Memory that a judgement works in.
#[derive(Clone, Debug)]
pub struct Scratch {
    values: Vec<f64>,
    missing: Vec<usize>,
    right: Vec<f64>,
    block: Vec<f64>,
}

/// Centre, spread and inverse covariance.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    centre: Vec<f32>,
    spread: Vec<f32>,
    /// Inverse of the shrunk covariance of standardised values, row by row.
    precision: Vec<f32>,
}

impl Shape {
    /// Fits to rows of `width` values, one at least; a missing value counts as its column's mean.
    #[expect(clippy::cast_possible_truncation, reason = "sums are kept in double precision")]
    pub(super) fn fit(rows: &[f32], width: usize) -> Self {
        let (mut centre, mut spread) = (Vec::with_capacity(width), Vec::with_capacity(width));
        for column in 0..width {
            let values = || rows.iter().skip(column).step_by(width).filter(|x| x.is_finite());
            let count = values().count().max(1) as f64;
            let mean = values().map(|x| f64::from(*x)).sum::<f64>() / count;
            let variance = values().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / count;
            centre.push(mean as f32);
            // A column that never changed still has a scale on which a change is judged.
            spread.push(variance.sqrt().max(1e-3 * mean.abs()).max(1e-6) as f32);
        }
        let mut shape = Self { centre, spread, precision: Vec::new() };
        let values = rows.iter().enumerate();
        let standardised = values.map(|(at, value)| shape.standardise(at % width, *value).unwrap_or(0.0));
        let mut covariance = shrunk_covariance(&standardised.collect::<Vec<_>>(), width);
        matrix::factorise(&mut covariance, width);
        shape.precision = matrix::invert(&covariance, width).into_iter().map(|x| x as f32).collect();
        shape
    }

    pub(super) const fn width(&self) -> usize {
        self.centre.len()
    }

    pub(super) fn scratch(&self) -> Scratch {
        let zeros = |count| vec![0.0; count];
        let width = self.width();
        Scratch {
            values: zeros(width),
            missing: Vec::with_capacity(width),
            right: zeros(width),
            block: zeros(width * width),
        }
    }

    /// How far a situation is from the centre, on the scale of a standard normal variable; `None` if all is missing.
    ///
    /// The squared Mahalanobis distance d² of the o values that are there, under their marginal distribution, would be
    /// χ² with o degrees of freedom if they were normal. ∛(d²/o) is then nearly normal with mean 1 − 2/(9o) and
    /// variance 2/(9o) (Wilson and Hilferty, *PNAS* 1931), so scores with different values missing compare.
    pub(super) fn score(&self, situation: impl Iterator<Item = f32>, scratch: &mut Scratch) -> Option<f64> {
        let width = self.width();
        scratch.missing.clear();
        scratch.values.fill(0.0);
        for (column, value) in situation.take(width).enumerate() {
            match self.standardise(column, value) {
                Some(standardised) => scratch.values[column] = standardised,
                None => scratch.missing.push(column),
            }
        }
        let observed = (width - scratch.missing.len()) as f64;
        if observed == 0.0 {
            return None;
        }
        self.impute(scratch);
        let values = scratch.values.iter().enumerate();
        let squared: f64 = values.map(|(row, value)| value * self.row_times(row, &scratch.values)).sum();
        let variance = 2.0 / (9.0 * observed);
        Some(((squared / observed).cbrt() - (1.0 - variance)) / variance.sqrt())
    }

    /// Gives missing values their conditional mean, `−P_mm⁻¹ P_mo x_o`: with it the whole distance is the marginal one.
    fn impute(&self, scratch: &mut Scratch) {
        let (width, missing) = (self.width(), scratch.missing.len());
        for (at, row) in scratch.missing.iter().enumerate() {
            scratch.right[at] = -self.row_times(*row, &scratch.values);
            for (beside, column) in scratch.missing.iter().enumerate() {
                scratch.block[at * missing + beside] = f64::from(self.precision[row * width + column]);
            }
        }
        matrix::factorise(&mut scratch.block, missing);
        matrix::solve(&scratch.block, missing, &mut scratch.right);
        for (column, value) in scratch.missing.iter().zip(&scratch.right) {
            scratch.values[*column] = *value;
        }
    }

    fn row_times(&self, row: usize, values: &[f64]) -> f64 {
        let row = &self.precision[row * self.width()..(row + 1) * self.width()];
        row.iter().zip(values).map(|(entry, value)| f64::from(*entry) * value).sum()
    }

    fn standardise(&self, column: usize, value: f32) -> Option<f64> {
        let from_centre = f64::from(value) - f64::from(self.centre[column]);
        from_centre.is_finite().then(|| from_centre / f64::from(self.spread[column]))
    }

    pub(super) fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        let width = self.width();
        for (part, values) in
            [("centre", &self.centre), ("spread", &self.spread), ("precision", &self.precision)]
        {
            stored::put(checkpoint, &format!("{name}.{part}"), width, values.clone());
        }
    }

    pub(super) fn load(checkpoint: &Checkpoint, name: &str, width: usize) -> Result<Self, CheckpointError> {
        let part = |part: &str, rows| {
            checkpoint.f32_tensor(&format!("{name}.{part}"), &[rows, width]).map(<[f32]>::to_vec)
        };
        let shape = Self {
            centre: part("centre", 1)?,
            spread: part("spread", 1)?,
            precision: part("precision", width)?,
        };
        if shape.spread.iter().all(|spread| *spread > 0.0) {
            Ok(shape)
        } else {
            Err(CheckpointError::Malformed { reason: format!("{name}.spread: every spread is above 0") })
        }
    }
}

/// Covariance of centred rows, drawn towards a sphere as far as makes the expected squared error least (Ledoit and
/// Wolf, *Journal of Multivariate Analysis* 2004, lemma 3.2 to theorem 3.2): (1 − ρ) S + ρ m I.
fn shrunk_covariance(rows: &[f64], width: usize) -> Vec<f64> {
    let (count, columns) = ((rows.len() / width) as f64, width as f64);
    let mut covariance = vec![0.0; width * width];
    let mut fourth = 0.0;
    for row in rows.chunks_exact(width) {
        for (line, x) in covariance.chunks_exact_mut(width).zip(row) {
            line.iter_mut().zip(row).for_each(|(entry, y)| *entry += x * y / count);
        }
        fourth += row.iter().map(|x| x * x).sum::<f64>().powi(2);
    }
    let mean = covariance.iter().step_by(width + 1).sum::<f64>() / columns;
    let squares: f64 = covariance.iter().map(|entry| entry * entry).sum();
    // d² is the distance of S from the sphere, b² the part of it that is noise; both times the number of columns.
    let distance = squares - columns * mean * mean;
    let noise = (fourth / count - squares) / count;
    let ratio = if distance > 0.0 { noise / distance } else { 1.0 };
    let shrinkage = ratio.clamp(LEAST_SHRINKAGE, 1.0);
    // Nothing but constants: the sphere has the radius of a standardised column.
    let radius = if mean > 0.0 { mean } else { 1.0 };
    for (place, entry) in covariance.iter_mut().enumerate() {
        let diagonal = place.is_multiple_of(width + 1);
        *entry = (1.0 - shrinkage) * *entry + if diagonal { shrinkage * radius } else { 0.0 };
    }
    covariance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_covariance_of_few_rows_is_mostly_a_sphere_and_of_many_its_own() {
        let rows = |count: usize| -> Vec<f64> {
            (0..count).flat_map(|i| [[1.0, 1.0], [-1.0, -1.0], [1.0, -0.5], [-1.0, 0.5]][i % 4]).collect()
        };
        let many = shrunk_covariance(&rows(4000), 2);
        assert!((many[1] - 0.25).abs() < 0.01 && (many[0] - 1.0).abs() < 0.01, "{many:?}");
        let few = shrunk_covariance(&rows(4), 2);
        assert!(few[1] < 0.2 && (few[0] + few[3] - 1.625).abs() < 1e-12, "the trace is kept: {few:?}");
        assert_eq!(shrunk_covariance(&[0.0; 6], 2), [1.0, 0.0, 0.0, 1.0]);
    }

    /// Correlation 0.8 and no shrinkage to speak of: what is missing is as if it had never been a column.
    #[test]
    fn a_missing_value_contributes_nothing() {
        let rows: Vec<f32> = (0u16..20_000)
            .flat_map(|i| {
                let angle = f32::from(i % 1000) * 0.006_283_185;
                [angle.cos(), 0.8 * angle.cos() + 0.6 * angle.sin()]
            })
            .collect();
        let both = Shape::fit(&rows, 2);
        let alone = Shape::fit(&rows.iter().step_by(2).copied().collect::<Vec<_>>(), 1);
        let score = |shape: &Shape, situation: &[f32]| {
            shape.score(situation.iter().copied(), &mut shape.scratch()).unwrap()
        };
        for x in [-3.0, 0.1, 1.0] {
            let (marginal, own) = (score(&both, &[x, f32::NAN]), score(&alone, &[x]));
            assert!((marginal - own).abs() < 0.01, "{marginal} {own}");
        }
        assert!(
            score(&both, &[1.0, -1.0]) > score(&both, &[1.0, 1.0]) + 2.0,
            "against the correlation is far"
        );
        assert_eq!(both.score([f32::NAN; 2].into_iter(), &mut both.scratch()), None);
    }

    #[test]
    fn a_judgement_works_in_the_memory_that_it_was_given() {
        let shape = Shape::fit(&[1.0, 2.0, 3.0, 2.0, 1.0, 5.0, 0.5, 4.0], 4);
        let mut scratch = shape.scratch();
        let memory = |s: &Scratch| {
            let room = [s.values.capacity(), s.missing.capacity(), s.right.capacity(), s.block.capacity()];
            (room, s.values.as_ptr(), s.missing.as_ptr(), s.block.as_ptr())
        };
        let before = memory(&scratch);
        for missing in 0..4 {
            let situation = (0..4).map(|column| if column < missing { f32::NAN } else { 1.0 });
            assert!(shape.score(situation, &mut scratch).is_some());
        }
        assert_eq!(memory(&scratch), before);
    }
}
