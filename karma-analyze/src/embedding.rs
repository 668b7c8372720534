//! A map of items: places in the plane whose distances are like those given.
//!
//! Classical multidimensional scaling (Torgerson, *Multidimensional scaling: I. Theory and method*, Psychometrika, 1952).
//! With the squared distances centred on both sides, B = −½ J D² J, B holds the scalar products of the items around
//! their mean, if the distances are Euclidean; the two eigenvectors of its greatest eigenvalues, each times the root of
//! its eigenvalue, are the best plane. Of other distances some eigenvalues are negative and are left out.
//!
//! The eigenvectors come from iterating a block of eight vectors (Rutishauser, *Simultaneous iteration method for
//! symmetric matrices*, Numerische Mathematik, 1970): multiply by B, make orthonormal, turn to the eigenvectors of the
//! 8 × 8 matrix between. The least value found so far, if it is negative, is taken off the diagonal, so that great negative
//! values cannot hide the positive ones. The start is drawn from a fixed seed and the sign of each axis is such that its farthest item is on the
//! positive side, so a map is a function of the distances.
//!
//! **More than a thousand items** are placed by two hundred landmarks (de Silva and Tenenbaum, *Sparse multidimensional
//! scaling using landmark points*, 2004). Landmarks are chosen one by one, each the farthest from those before, from item
//! 0 on; they are placed as above, and every item by its squared distances to them: x = ½ L⁺ (δ̄ − δ), with the rows of L⁺
//! the eigenvectors divided by the roots of their eigenvalues.
//!
//! **Cost.** O(n²) a turn, a few dozen turns; with landmarks O(200·n) after those.

mod eigen;

use self::eigen::{dot, leading};
use crate::cluster::ClusterError;
use crate::distance::DistanceMatrix;

/// Above so many items, landmarks are used.
const WHOLE: usize = 1_000;

/// Landmarks.
const LANDMARKS: usize = 200;

/// A map of items.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Embedding {
    /// Where each item is.
    pub places: Vec<[f64; 2]>,
    /// The two greatest eigenvalues, of the landmarks if there are any; 0 where no positive one is left.
    pub eigenvalues: [f64; 2],
    /// The share of the squares of all eigenvalues that these two have (Mardia, *Some properties of classical
    /// multi-dimensional scaling*, 1978), from 0 to 1. We take squares, because a plain sum is misled by negative ones.
    pub share: f64,
    /// How many landmarks were used; all items up to a thousand.
    pub landmarks: usize,
}

/// Places items in the plane.
///
/// ```
/// use karma_analyze::DistanceMatrix;
/// use karma_analyze::embedding::embed;
///
/// // On a line, at 0, 1 and 5: the second axis has nothing to say.
/// let places = [0.0_f32, 1.0, 5.0];
/// let map = embed(&DistanceMatrix::from_fn(3, |i, j| (places[i] - places[j]).abs()))?;
/// assert!((map.places[2][0] - map.places[0][0] - 5.0).abs() < 1e-6);
/// assert!(map.places[1][1].abs() < 1e-3 && map.share > 0.999);
/// # Ok::<(), karma_analyze::cluster::ClusterError>(())
/// ```
///
/// # Errors
/// If there is no item, or a distance does not lie between 0 and 1e18.
pub fn embed(distances: &DistanceMatrix) -> Result<Embedding, ClusterError> {
    let items = distances.len();
    if items == 0 {
        return Err(ClusterError::TooFewItems { items, needed: 1 });
    }
    if let Some((left, right, distance)) = distances.first_unfit() {
        return Err(ClusterError::UnfitDistance { left, right, distance });
    }
    let chosen = if items > WHOLE { landmarks(distances, LANDMARKS) } else { (0..items).collect() };
    Ok(embed_by(distances, &chosen))
}

/// Each the farthest from those before; of equally far ones the first.
fn landmarks(distances: &DistanceMatrix, count: usize) -> Vec<usize> {
    let (mut chosen, mut nearest) = (vec![0], vec![f32::INFINITY; distances.len()]);
    while chosen.len() < count {
        let last = chosen[chosen.len() - 1];
        for (item, nearest) in nearest.iter_mut().enumerate() {
            *nearest = nearest.min(distances.get(item, last));
        }
        let farthest = (0..nearest.len()).rev().max_by(|a, b| nearest[*a].total_cmp(&nearest[*b]));
        chosen.push(farthest.unwrap_or(0));
    }
    chosen
}

fn embed_by(distances: &DistanceMatrix, chosen: &[usize]) -> Embedding {
    let squared = |i: usize, j: usize| f64::from(distances.get(i, j)).powi(2);
    let count = chosen.len();
    let table: Vec<f64> = chosen.iter().flat_map(|i| chosen.iter().map(move |j| squared(*i, *j))).collect();
    let means: Vec<f64> = table.chunks_exact(count).map(mean).collect();
    let products = centred(&table, &means);
    let all: f64 = products.iter().map(|product| product * product).sum();
    let axes = leading(&products, count);
    let eigenvalues = axes.each_ref().map(|axis| axis.0);
    let place = |item: usize| {
        let apart: Vec<f64> = chosen.iter().zip(&means).map(|(at, mean)| mean - squared(item, *at)).collect();
        axes.each_ref()
            .map(|(value, axis)| if *value > 0.0 { 0.5 * dot(axis, &apart) / value.sqrt() } else { 0.0 })
    };
    let mut places: Vec<[f64; 2]> = (0..distances.len()).map(place).collect();
    (0..2).for_each(|axis| fix_sign(&mut places, axis));
    let kept: f64 = eigenvalues.iter().map(|value| value * value).sum();
    let share = if all > 0.0 { (kept / all).min(1.0) } else { 1.0 };
    Embedding { places, eigenvalues, share, landmarks: count }
}

/// −½ J D² J: less the means of row and column, plus the mean of all.
fn centred(table: &[f64], means: &[f64]) -> Vec<f64> {
    let all = mean(means);
    let rows = table.chunks_exact(means.len()).zip(means);
    rows.flat_map(|(row, of_row)| {
        row.iter().zip(means).map(move |(d, of_column)| -0.5 * (d - of_row - of_column + all))
    })
    .collect()
}

/// The farthest item of an axis is on its positive side.
fn fix_sign(places: &mut [[f64; 2]], axis: usize) {
    let farthest = places.iter().map(|place| place[axis]).rev().max_by(|a, b| a.abs().total_cmp(&b.abs()));
    if farthest.is_some_and(|farthest| farthest < 0.0) {
        for place in places {
            place[axis] = -place[axis];
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plane(places: &[(f32, f32)]) -> DistanceMatrix {
        DistanceMatrix::from_fn(places.len(), |i, j| {
            (places[i].0 - places[j].0).hypot(places[i].1 - places[j].1)
        })
    }

    fn worst(distances: &DistanceMatrix, map: &Embedding) -> f64 {
        let pairs = (0..distances.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        let error = |(i, j): (usize, usize)| {
            let [a, b] = [map.places[i], map.places[j]];
            ((a[0] - b[0]).hypot(a[1] - b[1]) - f64::from(distances.get(i, j))).abs()
        };
        pairs.map(error).fold(0.0, f64::max)
    }

    #[test]
    fn one_item_or_equal_items_are_at_the_origin() {
        for items in [1, 2, 5] {
            let map = embed(&DistanceMatrix::from_fn(items, |_, _| 0.0)).unwrap();
            assert_eq!((map.places, map.share), (vec![[0.0; 2]; items], 1.0));
        }
    }

    #[test]
    fn landmarks_place_the_others_where_they_are() {
        let places: Vec<(f32, f32)> =
            (0..1_200_u16).map(|at| (f32::from(at % 37), 0.3 * f32::from(at * 7 % 53))).collect();
        let distances = plane(&places);
        let map = embed(&distances).unwrap();
        assert_eq!(map.landmarks, LANDMARKS);
        assert!(worst(&distances, &map) < 1e-3, "{}", worst(&distances, &map));
    }

    proptest! {
        #[test]
        fn distances_of_a_plane_are_kept(places in prop::collection::vec((-9_f32..9.0, -9_f32..9.0), 3..30)) {
            let distances = plane(&places);
            let map = embed(&distances).unwrap();
            prop_assert!(worst(&distances, &map) < 1e-2);
            prop_assert!(map.share > 0.999 && map.share <= 1.0);
            prop_assert_eq!(&map, &embed(&distances).unwrap());
        }

        #[test]
        fn any_distances_have_a_map(distances in prop::collection::vec(0_f32..9.0, 28)) {
            let matrix = DistanceMatrix::from_fn(8, |i, j| distances[i * (15 - i) / 2 + j - i - 1]);
            let map = embed(&matrix).unwrap();
            prop_assert!(map.places.iter().flatten().all(|place| place.is_finite()));
            prop_assert!(map.eigenvalues[0] >= map.eigenvalues[1] && map.eigenvalues[1] >= 0.0);
            prop_assert!((0.0..=1.0).contains(&map.share));
        }
    }
}
