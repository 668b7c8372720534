//! The little linear algebra of the distance: symmetric matrices, row by row.

/// Turns a symmetric positive definite matrix of `n` rows into its Cholesky factor, in the lower triangle; pivots that
/// rounding makes 0 or less are lifted, so that the factor can always be divided by.
pub(super) fn factorise(matrix: &mut [f64], n: usize) {
    for row in 0..n {
        for column in 0..=row {
            let products = (0..column).map(|k| matrix[row * n + k] * matrix[column * n + k]).sum::<f64>();
            let rest = matrix[row * n + column] - products;
            matrix[row * n + column] =
                if row == column { rest.max(1e-9).sqrt() } else { rest / matrix[column * n + column] };
        }
    }
}

/// Solves A x = b in place, given the Cholesky factor of A.
pub(super) fn solve(factor: &[f64], n: usize, b: &mut [f64]) {
    for row in 0..n {
        let known = (0..row).map(|k| factor[row * n + k] * b[k]).sum::<f64>();
        b[row] = (b[row] - known) / factor[row * n + row];
    }
    for row in (0..n).rev() {
        let known = (row + 1..n).map(|k| factor[k * n + row] * b[k]).sum::<f64>();
        b[row] = (b[row] - known) / factor[row * n + row];
    }
}

/// The inverse, given the Cholesky factor.
pub(super) fn invert(factor: &[f64], n: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; n * n];
    for (row, column) in inverse.chunks_exact_mut(n).enumerate() {
        // A symmetric inverse: its columns are its rows.
        column[row] = 1.0;
        solve(factor, n, column);
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_times_its_inverse_is_one() {
        let matrix = [4.0, 2.0, 0.5, 2.0, 3.0, -1.0, 0.5, -1.0, 2.0];
        let mut factor = matrix;
        factorise(&mut factor, 3);
        assert_eq!(factor[0], 2.0);
        let inverse = invert(&factor, 3);
        for (row, column) in (0..3).flat_map(|row| (0..3).map(move |column| (row, column))) {
            let entry: f64 = (0..3).map(|k| matrix[row * 3 + k] * inverse[k * 3 + column]).sum();
            assert!((entry - f64::from(u8::from(row == column))).abs() < 1e-12, "({row}, {column}): {entry}");
        }
    }
}
