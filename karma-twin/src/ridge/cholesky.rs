//! Symmetric positive definite systems, by A = L·Lᵀ (Cholesky).

/// The lower triangle L, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cholesky {
    size: usize,
    /// Size × size; what is above the diagonal is 0.
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factorises `matrix` (size × size, of which the lower triangle is read) with `ridge` added to its diagonal; none if
    /// the sum is not positive definite.
    pub(super) fn of(matrix: &[f64], size: usize, ridge: f64) -> Option<Self> {
        let mut lower = vec![0.0; size * size];
        for row in 0..size {
            for column in 0..=row {
                let (a, b) = (&lower[row * size..row * size + column], &lower[column * size..][..column]);
                let rest = matrix[row * size + column] - dot(a, b);
                lower[row * size + column] = if column < row {
                    rest / lower[column * size + column]
                } else if rest + ridge > 0.0 && (rest + ridge).is_finite() {
                    (rest + ridge).sqrt()
                } else {
                    return None;
                };
            }
        }
        Some(Self { size, lower })
    }

    /// A factor that was stored; none if its diagonal is not above 0.
    pub(super) fn from_lower(lower: Vec<f64>, size: usize) -> Option<Self> {
        let diagonal = lower.iter().step_by(size + 1);
        (lower.len() == size * size && diagonal.clone().all(|entry| *entry > 0.0))
            .then_some(Self { size, lower })
    }

    pub(super) fn lower(&self) -> &[f64] {
        &self.lower
    }

    /// Solves L·x = b in place.
    pub(super) fn forward(&self, b: &mut [f64]) {
        for row in 0..self.size {
            let here = &self.lower[row * self.size..][..=row];
            b[row] = (b[row] - dot(&here[..row], &b[..row])) / here[row];
        }
    }

    /// Solves Lᵀ·x = b in place.
    fn backward(&self, b: &mut [f64]) {
        for row in (0..self.size).rev() {
            b[row] /= self.lower[row * self.size + row];
            let (done, value) = (&self.lower[row * self.size..][..row], b[row]);
            b[..row].iter_mut().zip(done).for_each(|(b, entry)| *b -= entry * value);
        }
    }

    /// Solves A·x = b in place.
    pub(super) fn solve(&self, b: &mut [f64]) {
        self.forward(b);
        self.backward(b);
    }

    /// The trace of A⁻¹: the sum of squares of L⁻¹.
    pub(super) fn inverse_trace(&self) -> f64 {
        let mut trace = 0.0;
        for column in 0..self.size {
            let mut unit = vec![0.0; self.size];
            unit[column] = 1.0;
            self.forward(&mut unit);
            trace += dot(&unit, &unit);
        }
        trace
    }
}

/// Σ a·b, in one fixed order.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    for (a, b) in a.chunks(4).zip(b.chunks(4)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_of_two_is_solved_as_by_hand() {
        let factor = Cholesky::of(&[3.0, 0.0, 2.0, 4.0], 2, 1.0).unwrap();
        let mut x = [6.0, 7.0];
        factor.solve(&mut x);
        assert!((x[0] - 1.0).abs() < 1e-12 && (x[1] - 1.0).abs() < 1e-12, "4x + 2y = 6, 2x + 5y = 7: {x:?}");
        assert!((factor.inverse_trace() - 9.0 / 16.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        assert!(Cholesky::of(&[1.0, 0.0, 2.0, 1.0], 2, 0.0).is_none());
        assert!(Cholesky::from_lower(vec![1.0, 0.0, 1.0, 0.0], 2).is_none());
    }
}
