//! The columns that are known in the same samples: one penalty, one factorisation.

use karma_nn::{Checkpoint, CheckpointError, Tensor};

use super::cholesky::{Cholesky, dot};
use super::{Standard, refused};
use crate::Samples;

/// One regression for several columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    columns: Vec<usize>,
    /// Means of the standardised features over the samples of this group.
    centre: Vec<f64>,
    /// Columns × features.
    weights: Vec<f64>,
    /// For each column: mean target, mean absolute left-out error, root mean square left-out error.
    targets: Vec<[f64; 3]>,
    factor: Cholesky,
    count: f64,
}

/// What a group says of one column.
pub(super) struct Said {
    pub(super) value: f64,
    pub(super) noise: f64,
    pub(super) sigma: f64,
}

/// The samples of a group, centred, and their products.
struct Design {
    width: usize,
    centre: Vec<f64>,
    /// Samples × features.
    z: Vec<f64>,
    /// Columns × samples, from their means.
    y: Vec<Vec<f64>>,
    means: Vec<f64>,
    /// Zᵀ·Z, lower triangle.
    gram: Vec<f64>,
    /// Columns × features: Zᵀ·y.
    moments: Vec<Vec<f64>>,
}

impl Design {
    fn new(
        samples: &Samples,
        standard: &Standard,
        rows: &[usize],
        (group, columns): (&[usize], usize),
    ) -> Self {
        let (width, count) = (standard.width(), rows.len() as f64);
        let of_row = |row: &usize| &samples.features[row * width..(row + 1) * width];
        let standardised = rows.iter().flat_map(|row| of_row(row).iter().enumerate());
        let mut z: Vec<f64> = standardised.map(|(at, x)| standard.apply(at, *x)).collect();
        let mut centre = vec![0.0; width];
        z.chunks_exact(width.max(1)).for_each(|row| add(&mut centre, row, 1.0 / count));
        z.chunks_exact_mut(width.max(1)).for_each(|row| add(row, &centre, -1.0));
        let target = |row: &usize, column: usize| f64::from(samples.targets[row * columns + column]);
        let mean = |column: &usize| rows.iter().map(|row| target(row, *column)).sum::<f64>() / count;
        let means: Vec<f64> = group.iter().map(mean).collect();
        let centred = group.iter().zip(&means);
        let y: Vec<Vec<f64>> = centred
            .map(|(column, mean)| rows.iter().map(|row| target(row, *column) - mean).collect())
            .collect();
        let (mut gram, mut moments) = (vec![0.0; width * width], vec![vec![0.0; width]; group.len()]);
        for (at, row) in z.chunks_exact(width.max(1)).enumerate() {
            for (place, value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                add(&mut gram[place * width..=place * width + place], row, *value);
            }
            moments.iter_mut().zip(&y).for_each(|(moments, y)| add(moments, row, y[at]));
        }
        Self { width, centre, z, y, means, gram, moments }
    }

    fn weights(&self, factor: &Cholesky) -> Vec<Vec<f64>> {
        let mut weights = self.moments.clone();
        for weights in &mut weights {
            factor.solve(weights);
        }
        weights
    }

    /// Generalised cross-validation of one penalty, over the columns in units of their variance. Neither residuals nor
    /// leverages are needed: with `(ZᵀZ + λ)w = Zᵀy`, `Σe² = yᵀy − wᵀZᵀy − λ·wᵀw` and
    /// `tr H = features − λ·tr (ZᵀZ + λ)⁻¹`.
    fn cross_validated(&self, factor: &Cholesky, penalty: f64) -> f64 {
        let count = self.y.first().map_or(0, Vec::len) as f64;
        let free = count - 1.0 - (self.width as f64 - penalty * factor.inverse_trace());
        let columns = self.y.iter().zip(self.weights(factor)).zip(&self.moments);
        let errors = columns.map(|((y, weights), moments)| {
            let squares = dot(y, y);
            let left = squares - dot(&weights, moments) - penalty * dot(&weights, &weights);
            if squares > 0.0 { left.max(0.0) / squares } else { 0.0 }
        });
        errors.sum::<f64>() / (free * free)
    }

    /// The penalty of the grid with the least error, and its factor.
    fn best(&self) -> Option<Cholesky> {
        let grid = (-4..=10).map(|half_decades| 10_f64.powf(f64::from(half_decades) / 2.0));
        let tried = grid.filter_map(|penalty| {
            let factor = Cholesky::of(&self.gram, self.width, penalty)?;
            Some((self.cross_validated(&factor, penalty), factor))
        });
        tried.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, factor)| factor)
    }

    /// For each column the mean target, and mean absolute and root mean square error when each sample is left out:
    /// `e / (1 − h)` with the leverage `h = 1/n + zᵀ(ZᵀZ + λ)⁻¹z`.
    fn left_out(&self, factor: &Cholesky, weights: &[Vec<f64>]) -> Vec<[f64; 3]> {
        let count = self.y.first().map_or(1, Vec::len) as f64;
        let mut sums = vec![[0.0; 2]; weights.len()];
        let mut solved = vec![0.0; self.width];
        for at in 0..self.y.first().map_or(0, Vec::len) {
            let row = &self.z[at * self.width..(at + 1) * self.width];
            solved.copy_from_slice(row);
            factor.forward(&mut solved);
            let free = (1.0 - 1.0 / count - dot(&solved, &solved)).max(1e-9);
            for ((weights, y), sums) in weights.iter().zip(&self.y).zip(&mut sums) {
                let error = (y[at] - dot(weights, row)) / free;
                *sums = [sums[0] + error.abs(), sums[1] + error * error];
            }
        }
        let of_column = |(mean, sums): (&f64, &[f64; 2])| [*mean, sums[0] / count, (sums[1] / count).sqrt()];
        self.means.iter().zip(&sums).map(of_column).collect()
    }
}

/// a += factor · b.
fn add(a: &mut [f64], b: &[f64], factor: f64) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += factor * b);
}

impl Group {
    /// Fits the columns `group` of `columns` to the samples `rows`; none for fewer than two.
    pub(super) fn fit(
        samples: &Samples,
        standard: &Standard,
        rows: &[usize],
        (group, columns): (Vec<usize>, usize),
    ) -> Option<Self> {
        if rows.len() < 2 {
            return None;
        }
        let design = Design::new(samples, standard, rows, (&group, columns));
        let factor = design.best()?;
        let weights = design.weights(&factor);
        let targets = design.left_out(&factor, &weights);
        let (weights, centre) = (weights.concat(), design.centre);
        Some(Self { columns: group, centre, weights, targets, factor, count: rows.len() as f64 })
    }

    pub(super) fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// What it says of standardised features, one after the other column, and the root of the leverage.
    pub(super) fn forecast(&self, z: &[f64]) -> (impl Iterator<Item = Said>, f64) {
        let from_centre: Vec<f64> = z.iter().zip(&self.centre).map(|(z, centre)| z - centre).collect();
        let mut solved = from_centre.clone();
        self.factor.forward(&mut solved);
        let leverage = (1.0 / self.count + dot(&solved, &solved)).sqrt();
        let said = self.targets.iter().enumerate().map(move |(at, [mean, noise, sigma])| {
            let weights = &self.weights[at * from_centre.len()..(at + 1) * from_centre.len()];
            Said { value: mean + dot(weights, &from_centre), noise: *noise, sigma: *sigma }
        });
        (said, leverage)
    }

    pub(super) fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        let (width, columns) = (self.centre.len(), self.columns.len());
        let mut put = |part: &str, shape: Vec<usize>, values: Vec<f64>| {
            checkpoint.put_tensor(&format!("{name}.{part}"), Tensor::F64 { shape, values });
        };
        put("centre", vec![width], self.centre.clone());
        put("weights", vec![columns, width], self.weights.clone());
        put("targets", vec![columns, 3], self.targets.concat());
        put("factor", vec![width, width], self.factor.lower().to_vec());
        put("count", vec![1], vec![self.count]);
    }

    pub(super) fn load(
        checkpoint: &Checkpoint,
        name: &str,
        columns: Vec<usize>,
        width: usize,
    ) -> Result<Self, CheckpointError> {
        let part = |part: &str, shape: &[usize]| checkpoint.f64_tensor(&format!("{name}.{part}"), shape);
        let targets = part("targets", &[columns.len(), 3])?.as_chunks().0.to_vec();
        let count = part("count", &[1])?[0];
        let factor = Cholesky::from_lower(part("factor", &[width, width])?.to_vec(), width);
        let factor = factor.filter(|_| count > 0.0).ok_or_else(|| refused(name, "has no usable factor"))?;
        let weights = part("weights", &[columns.len(), width])?.to_vec();
        Ok(Self { columns, centre: part("centre", &[width])?.to_vec(), weights, targets, factor, count })
    }
}
