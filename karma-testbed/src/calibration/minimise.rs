//! The Nelder-Mead simplex, in a box.
//!
//! Minimises a function of few variables from its values alone (Nelder and Mead, *A simplex method for function
//! minimization*, The Computer Journal 7, 1965). A simplex of `n + 1` points moves by reflecting its worst point through
//! the centroid of the others, stretching where that pays, contracting where it does not, and shrinking towards its best
//! point where nothing helps; coefficients 1, 2, ½, ½ of the paper.
//!
//! **Where we differ.** A point beyond the unit box stands for its mirror image within: `x` for `−x` and for `2 − x`.
//! Projection onto the box would flatten a simplex against a wall for good; mirrored, a wall is a kink. A converged simplex
//! is begun anew around its best point ([`SearchParams::restarts`]), which frees one that collapsed on noise (Kelley 1999).
//! Nothing is drawn: the same function gives the same path.
//!
//! **Cost.** One or two evaluations for each move, `n` for a shrink; memory `n²`.

use serde::{Deserialize, Serialize};

/// How long to search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SearchParams {
    /// Side of the first simplex, in the unit box; 0.15.
    pub side: f64,
    /// Moves of each simplex at most; 60.
    pub moves: u32,
    /// Simplices after the first; 1.
    pub restarts: u32,
    /// A simplex whose values and points differ by less than this has converged; 1e-4.
    pub tolerance: f64,
}

impl Default for SearchParams {
    fn default() -> Self {
        Self { side: 0.15, moves: 60, restarts: 1, tolerance: 1e-4 }
    }
}

/// Where a search ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// The best point.
    pub point: Vec<f64>,
    /// Its value.
    pub value: f64,
    /// Evaluations.
    pub evaluations: u32,
}

/// Minimises `of` over the unit box from `start`.
///
/// ```
/// use karma_testbed::calibration::{SearchParams, minimise};
///
/// let found = minimise(&[0.5, 0.5], &SearchParams::default(), |x| (x[0] - 0.2).powi(2) + (x[1] - 2.0).powi(2));
/// assert!((found.point[0] - 0.2).abs() < 0.01 && found.point[1] > 0.99);
/// ```
pub fn minimise(start: &[f64], params: &SearchParams, of: impl FnMut(&[f64]) -> f64) -> Minimum {
    let mut search = Search { of, evaluations: 0 };
    let mut best = search.at(start.to_vec());
    for restart in 0..=params.restarts {
        let side = params.side / f64::from(1 + restart);
        best = search.descend(&best, side, params);
    }
    Minimum { point: folded(&best.at), value: best.value, evaluations: search.evaluations }
}

#[derive(Clone, Debug)]
struct Vertex {
    at: Vec<f64>,
    value: f64,
}

struct Search<F> {
    of: F,
    evaluations: u32,
}

impl<F: FnMut(&[f64]) -> f64> Search<F> {
    /// A vertex; the function sees its image within the box.
    fn at(&mut self, at: Vec<f64>) -> Vertex {
        self.evaluations += 1;
        let value = (self.of)(&folded(&at));
        Vertex { at, value }
    }

    fn descend(&mut self, start: &Vertex, side: f64, params: &SearchParams) -> Vertex {
        let mut simplex = vec![start.clone()];
        for axis in 0..start.at.len() {
            let mut at = start.at.clone();
            at[axis] += side;
            simplex.push(self.at(at));
        }
        for _ in 0..params.moves {
            simplex.sort_by(|a, b| a.value.total_cmp(&b.value));
            if converged(&simplex, params.tolerance) {
                break;
            }
            self.step(&mut simplex);
        }
        simplex.sort_by(|a, b| a.value.total_cmp(&b.value));
        simplex.swap_remove(0)
    }

    /// One move of a sorted simplex.
    fn step(&mut self, simplex: &mut [Vertex]) {
        let Some((worst, others)) = simplex.split_last_mut() else { return };
        let Some(second_worst) = others.last().map(|vertex| vertex.value) else { return };
        let centre = centroid(others);
        let reflected = self.at(along(&centre, &worst.at, -1.0));
        if reflected.value < others[0].value {
            let stretched = self.at(along(&centre, &worst.at, -2.0));
            *worst = if stretched.value < reflected.value { stretched } else { reflected };
        } else if reflected.value < second_worst {
            *worst = reflected;
        } else {
            let toward = if reflected.value < worst.value { -0.5 } else { 0.5 };
            let contracted = self.at(along(&centre, &worst.at, toward));
            if contracted.value < worst.value.min(reflected.value) {
                *worst = contracted;
            } else {
                self.shrink(simplex);
            }
        }
    }

    /// Every vertex moves half of its way to the best one.
    fn shrink(&mut self, simplex: &mut [Vertex]) {
        let Some((best, others)) = simplex.split_first_mut() else { return };
        for vertex in others {
            *vertex = self.at(along(&best.at, &vertex.at, 0.5));
        }
    }
}

/// The image within the unit box.
fn folded(at: &[f64]) -> Vec<f64> {
    at.iter().map(|x| 1.0 - (x.rem_euclid(2.0) - 1.0).abs()).collect()
}

fn centroid(vertices: &[Vertex]) -> Vec<f64> {
    let count = vertices.len() as f64;
    (0..vertices[0].at.len()).map(|axis| vertices.iter().map(|v| v.at[axis]).sum::<f64>() / count).collect()
}

/// `from + t · (to − from)`.
fn along(from: &[f64], to: &[f64], t: f64) -> Vec<f64> {
    from.iter().zip(to).map(|(from, to)| from + t * (to - from)).collect()
}

fn converged(sorted: &[Vertex], tolerance: f64) -> bool {
    let (best, rest) = (&sorted[0], &sorted[1..]);
    let near = |vertex: &Vertex| vertex.at.iter().zip(&best.at).all(|(a, b)| (a - b).abs() < tolerance);
    rest.iter().all(|vertex| near(vertex) && vertex.value - best.value < tolerance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn search(moves: u32) -> SearchParams {
        SearchParams { moves, tolerance: 1e-9, ..SearchParams::default() }
    }

    #[test]
    fn the_valley_of_rosenbrock_is_walked_to_its_end() {
        // Scaled into the box: the minimum (1, 1) of [-2, 2]² lies at (0.75, 0.75).
        let rosenbrock = |u: &[f64]| {
            let (x, y) = (4.0 * u[0] - 2.0, 4.0 * u[1] - 2.0);
            100.0 * (y - x * x).powi(2) + (1.0 - x).powi(2)
        };
        let found = minimise(&[0.1, 0.75], &search(400), rosenbrock);
        assert!(found.point.iter().all(|x| (x - 0.75).abs() < 1e-4), "{found:?}");
    }

    #[test]
    fn a_kink_is_found_too() {
        let found = minimise(&[0.9, 0.9, 0.9], &search(400), |x| {
            (x[0] - 0.3).abs() + (x[1] - 0.5).abs() + 2.0 * (x[2] - 0.7).abs()
        });
        assert!(found.value < 1e-3, "{found:?}");
    }

    #[test]
    fn beyond_the_box_lies_its_mirror_image() {
        assert_eq!(folded(&[-0.25, 0.25, 1.25, 2.0]), [0.25, 0.25, 0.75, 0.0]);
    }

    proptest! {
        #[test]
        fn a_bowl_is_emptied_even_through_a_wall(a in -0.5f64..1.5, b in -0.5f64..1.5) {
            let found = minimise(&[0.5, 0.5], &search(300), |x| (x[0] - a).powi(2) + 3.0 * (x[1] - b).powi(2));
            prop_assert!((found.point[0] - a.clamp(0.0, 1.0)).abs() < 1e-3, "{:?}", found);
            prop_assert!((found.point[1] - b.clamp(0.0, 1.0)).abs() < 1e-3, "{:?}", found);
        }

        #[test]
        fn the_box_is_never_left(a in -9.0f64..9.0, start in 0.0f64..1.0) {
            minimise(&[start], &search(50), |x| {
                assert!((0.0..=1.0).contains(&x[0]));
                (x[0] - a).powi(2)
            });
        }
    }
}
