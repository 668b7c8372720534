//! The greatest eigenvalues of a symmetric matrix, by simultaneous iteration.

use karma_core::{SeedTree, draw};

/// Vectors that are iterated together.
const BLOCK: usize = 8;

/// Turns at most; a block of eight has come to rest in a few dozen unless eigenvalues are equal, and then any of their
/// vectors will do.
const TURNS: usize = 300;

/// The eigenvectors of the two greatest eigenvalues with their values; 0 for a value that is not positive.
pub(super) fn leading(matrix: &[f64], n: usize) -> [(f64, Vec<f64>); 2] {
    let mut block: Vec<Vec<f64>> = (0..).take(BLOCK.min(n)).map(|at| start(n, at)).collect();
    orthonormalize(&mut block);
    let mut values = vec![f64::INFINITY; block.len()];
    for _ in 0..TURNS {
        let images: Vec<Vec<f64>> = block.iter().map(|vector| times(matrix, vector)).collect();
        let between: Vec<Vec<f64>> =
            block.iter().map(|a| images.iter().map(|b| dot(a, b)).collect()).collect();
        let (found, turns) = jacobi(between);
        let turned = |vectors: &[Vec<f64>]| -> Vec<Vec<f64>> {
            turns.iter().map(|turn| combine(vectors, turn)).collect()
        };
        let (ritz, next) = (turned(&block), turned(&images));
        let rest = ritz.iter().zip(&next).zip(&found).take(2).all(|((vector, image), value)| {
            let residual: f64 = vector.iter().zip(image).map(|(v, i)| (i - value * v).powi(2)).sum();
            residual.sqrt() <= 1e-12 * found.iter().fold(0.0_f64, |greatest, value| greatest.max(value.abs()))
        });
        (block, values) = (ritz, found);
        if rest {
            break;
        }
        block = shifted(next, &block, -values.last().copied().unwrap_or(0.0).min(0.0));
        orthonormalize(&mut block);
    }
    let mut axes = values.into_iter().zip(block);
    // A value below the rounding of the others is none.
    let mut axis = |least: f64| match axes.next() {
        Some((value, axis)) if value > least => (value, axis),
        _ => (0.0, vec![0.0; n]),
    };
    let first = axis(0.0);
    let second = axis(1e-12 * first.0);
    [first, second]
}

/// The images of vectors by the matrix with `shift` added to its diagonal: with the least value so far, turned around, no
/// negative value is greater than the positive ones.
fn shifted(mut images: Vec<Vec<f64>>, vectors: &[Vec<f64>], shift: f64) -> Vec<Vec<f64>> {
    for (image, vector) in images.iter_mut().zip(vectors) {
        image.iter_mut().zip(vector).for_each(|(image, value)| *image += shift * value);
    }
    images
}

/// A vector without pattern, always the same: any that is not orthogonal to what is sought would do.
fn start(n: usize, at: u64) -> Vec<f64> {
    let mut rng = SeedTree::new(0).child("simultaneous iteration").index(at).rng();
    (0..n).map(|_| draw::below(&mut rng, 1 << 20) as f64 - f64::from(1 << 19)).collect()
}

/// Gram and Schmidt, each vector twice; one that depends on those before becomes 0.
fn orthonormalize(vectors: &mut [Vec<f64>]) {
    for at in 0..vectors.len() {
        let (before, rest) = vectors.split_at_mut(at);
        let vector = &mut rest[0];
        let length = dot(vector, vector).sqrt();
        for _ in 0..2 {
            for other in before.iter() {
                let along = dot(vector, other);
                vector.iter_mut().zip(other).for_each(|(v, o)| *v -= along * o);
            }
        }
        let left = dot(vector, vector).sqrt();
        let scale = if left > 1e-13 * length { 1.0 / left } else { 0.0 };
        for v in vector {
            *v *= scale;
        }
    }
}

/// Eigenvalues of a small symmetric matrix, falling, with their vectors, by rotations (Jacobi, 1846).
fn jacobi(mut a: Vec<Vec<f64>>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let n = a.len();
    let mut vectors: Vec<Vec<f64>> =
        (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for _ in 0..30 {
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut vectors, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|i, j| a[*j][*j].total_cmp(&a[*i][*i]));
    (order.iter().map(|i| a[*i][*i]).collect(), order.iter().map(|i| vectors[*i].clone()).collect())
}

/// Makes the entry at (p, q) 0; `vectors` has the eigenvectors as rows.
fn rotate(a: &mut [Vec<f64>], vectors: &mut [Vec<f64>], p: usize, q: usize) {
    if a[p][q] == 0.0 {
        return;
    }
    let slope = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let tangent = slope.signum() / (slope.abs() + slope.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let turn = |x: f64, y: f64| (cosine * x - tangent * cosine * y, tangent * cosine * x + cosine * y);
    for row in a.iter_mut() {
        (row[p], row[q]) = turn(row[p], row[q]);
    }
    for rows in [a, vectors] {
        for k in 0..rows[p].len() {
            (rows[p][k], rows[q][k]) = turn(rows[p][k], rows[q][k]);
        }
    }
}

fn times(matrix: &[f64], vector: &[f64]) -> Vec<f64> {
    matrix.chunks_exact(vector.len()).map(|row| dot(row, vector)).collect()
}

fn combine(vectors: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; vectors[0].len()];
    for (vector, weight) in vectors.iter().zip(weights) {
        sum.iter_mut().zip(vector).for_each(|(sum, v)| *sum += weight * v);
    }
    sum
}

/// Four sums at once, which a processor can do.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sums = [0.0; 4];
    for (a, b) in a.iter().zip(b) {
        (0..4).for_each(|lane| sums[lane] += a[lane] * b[lane]);
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagonal_has_its_two_greatest_values_and_leaves_negative_ones_out() {
        let values = [3.0, -7.0, 5.0];
        let matrix: Vec<f64> = (0..9).map(|at| if at / 3 == at % 3 { values[at / 3] } else { 0.0 }).collect();
        let [first, second] = leading(&matrix, 3);
        assert!((first.0 - 5.0).abs() < 1e-12 && (first.1[2].abs() - 1.0).abs() < 1e-12);
        assert!((second.0 - 3.0).abs() < 1e-12 && (second.1[0].abs() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn where_nothing_is_positive_there_is_no_axis() {
        assert_eq!(leading(&[-1.0, 0.0, 0.0, -2.0], 2), [(0.0, vec![0.0; 2]), (0.0, vec![0.0; 2])]);
    }

    #[test]
    fn greater_negative_values_do_not_hide_the_positive_ones() {
        // Twenty values from -20 to -1, but for two positive ones that are smaller than most.
        let value = |i: usize| match i {
            4 => 2.5,
            11 => 1.5,
            _ => i as f64 - 20.0,
        };
        let matrix: Vec<f64> =
            (0..400).map(|at| if at / 20 == at % 20 { value(at / 20) } else { 0.0 }).collect();
        let [first, second] = leading(&matrix, 20);
        assert!((first.0 - 2.5).abs() < 1e-9 && (second.0 - 1.5).abs() < 1e-9, "{} {}", first.0, second.0);
    }
}
