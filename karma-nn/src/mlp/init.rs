//! Orthogonal initialisation.
//!
//! Saxe et al., *Exact solutions to the nonlinear dynamics of learning in deep linear neural
//! networks*, ICLR 2014. A Gaussian matrix is made orthonormal (its longer side against its shorter one) and
//! multiplied by a gain: signals neither grow nor fade through the layers. Gram–Schmidt with a positive
//! diagonal gives each orthonormal frame the same probability (Mezzadri, 2007), as `torch.nn.init.orthogonal_`
//! does with a sign correction. Cost: rows · columns² once.
//!
//! Example: a 1 × 1 matrix becomes ±gain; a 1 × n matrix becomes a vector of length gain.

use rand::RngExt as _;
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::layout::Place;
use crate::math::narrow;

/// The weights of `place`: a matrix of its own for each gate, side by side.
pub(super) fn gates(place: &Place, gain: f32, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
    let (rows, gates) = (place.shape[0], place.gates());
    let columns = place.shape[1] / gates;
    let drawn: Vec<Vec<f32>> = (0..gates).map(|_| orthogonal(rows, columns, gain, rng)).collect();
    (0..rows).flat_map(|r| drawn.iter().flat_map(move |m| &m[r * columns..][..columns])).copied().collect()
}

/// A `rows × columns` matrix, row major, whose shorter side is orthogonal with length `gain`.
fn orthogonal(rows: usize, columns: usize, gain: f32, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
    let (long, short) = (rows.max(columns), rows.min(columns));
    let frame = orthonormal(short, long, rng);
    let at = |r: usize, c: usize| if rows >= columns { frame[c][r] } else { frame[r][c] };
    (0..rows * columns).map(|i| narrow(at(i / columns, i % columns) * f64::from(gain))).collect()
}

/// `count` orthonormal vectors of `length`, by Gram–Schmidt done twice ("twice is enough", Kahan), in `f64`.
fn orthonormal(count: usize, length: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<Vec<f64>> {
    let mut frame: Vec<Vec<f64>> = Vec::with_capacity(count);
    while frame.len() < count {
        let mut vector: Vec<f64> = (0..length).map(|_| rng.sample(StandardNormal)).collect();
        for earlier in frame.iter().chain(&frame) {
            let along = dot(earlier, &vector);
            vector.iter_mut().zip(earlier).for_each(|(v, e)| *v -= along * e);
        }
        let norm = dot(&vector, &vector).sqrt();
        // A draw inside the span of the earlier vectors has probability 0; it is simply drawn again.
        if norm > 1e-9 {
            frame.push(vector.iter().map(|v| v / norm).collect());
        }
    }
    frame
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_xoshiro::rand_core::SeedableRng as _;

    use super::*;

    proptest! {
        #[test]
        fn the_shorter_side_is_orthogonal_with_the_given_length(
            rows in 1_usize..12, columns in 1_usize..12, seed: u64,
        ) {
            let m = orthogonal(rows, columns, 2.0, &mut Xoshiro256PlusPlus::seed_from_u64(seed));
            let (count, length) = (rows.min(columns), rows.max(columns));
            let at = |v: usize, i: usize| if rows >= columns { m[i * columns + v] } else { m[v * columns + i] };
            for (a, b) in (0..count).flat_map(|a| (0..count).map(move |b| (a, b))) {
                let dot: f32 = (0..length).map(|i| at(a, i) * at(b, i)).sum();
                let expected = if a == b { 4.0 } else { 0.0 };
                prop_assert!((dot - expected).abs() < 1e-5, "vectors {} and {}: {}", a, b, dot);
            }
        }
    }

    #[test]
    fn both_signs_are_drawn() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let draws: Vec<f32> = (0..64).map(|_| orthogonal(1, 1, 1.0, &mut rng)[0]).collect();
        assert!(draws.contains(&1.0) && draws.contains(&-1.0));
    }
}
