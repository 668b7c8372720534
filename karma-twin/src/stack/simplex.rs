//! Weights that are not negative, sum to 1, and err least.

use crate::forest::weighted_median;

/// Rounds of steps; a handful is enough, since each step is exact.
const MOST_ROUNDS: usize = 100;
/// A round that lowers the error by less than this share is the last.
const LEAST_PROGRESS: f64 = 1e-7;

/// How errors count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errors {
    /// By their size.
    Absolute,
    /// By their square.
    Squared,
}

/// What the members said of one column, and what came.
pub(super) struct Mixture {
    /// Members × rows.
    said: Vec<Vec<f64>>,
    targets: Vec<f64>,
    errors: Errors,
}

impl Mixture {
    /// The values at `places` of each member and of the targets, where all are finite.
    pub(super) fn new(
        said: &[&[f32]],
        targets: &[f32],
        places: impl Iterator<Item = usize>,
        errors: Errors,
    ) -> Self {
        let known =
            |place: &usize| targets[*place].is_finite() && said.iter().all(|said| said[*place].is_finite());
        let places: Vec<usize> = places.filter(known).collect();
        let at_places = |values: &[f32]| places.iter().map(|place| f64::from(values[*place])).collect();
        Self { said: said.iter().map(|said| at_places(said)).collect(), targets: at_places(targets), errors }
    }

    pub(super) const fn rows(&self) -> usize {
        self.targets.len()
    }

    pub(super) const fn members(&self) -> usize {
        self.said.len()
    }

    /// The best weights.
    pub(super) fn best(&self) -> Vec<f64> {
        let members = self.members();
        let single = |member: usize| -> Vec<f64> {
            (0..members).map(|other| f64::from(u8::from(other == member))).collect()
        };
        let starts = std::iter::once(vec![1.0 / members as f64; members]).chain((0..members).map(single));
        let corners = match self.errors {
            Errors::Absolute => lattice(members),
            Errors::Squared => Vec::new(),
        };
        let rated = starts.map(|weights: Vec<f64>| (self.error(&self.residuals(&weights)), weights));
        let Some((mut error, mut weights)) = rated.min_by(|a, b| a.0.total_cmp(&b.0)) else {
            return Vec::new();
        };
        for _ in 0..MOST_ROUNDS {
            let before = error;
            for (from, to) in (0..members * members).map(|pair| (pair / members, pair % members)) {
                if from == to {
                    self.toward(&single(to), &mut weights, &mut error);
                } else {
                    self.shift((from, to), &mut weights, &mut error);
                }
            }
            if before - error > LEAST_PROGRESS * before {
                continue;
            }
            // Absolute errors have kinks, at which steps of one or two members end though one of more would go on.
            for point in &corners {
                self.toward(point, &mut weights, &mut error);
            }
            if before - error <= LEAST_PROGRESS * before {
                break;
            }
        }
        weights
    }

    /// Moves weight from one member to another as far as the error falls.
    fn shift(&self, (from, to): (usize, usize), weights: &mut Vec<f64>, error: &mut f64) {
        let gains: Vec<f64> =
            self.said[to].iter().zip(&self.said[from]).map(|(to, from)| to - from).collect();
        let length = self.line_minimum(&self.residuals(weights), &gains).clamp(0.0, weights[from]);
        let mut moved = weights.clone();
        moved[from] = (moved[from] - length).max(0.0);
        moved[to] += length;
        self.keep(moved, weights, error);
    }

    /// Moves all weights towards `point`, which are weights, too, as far as the error falls.
    fn toward(&self, point: &[f64], weights: &mut Vec<f64>, error: &mut f64) {
        let (residuals, there) = (self.residuals(weights), self.residuals(point));
        // What the mixture gains in each row if it goes all the way.
        let gains: Vec<f64> = residuals.iter().zip(&there).map(|(here, there)| here - there).collect();
        let length = self.line_minimum(&residuals, &gains).clamp(0.0, 1.0);
        let moved = weights.iter().zip(point).map(|(weight, point)| weight + length * (point - weight));
        self.keep(moved.collect(), weights, error);
    }

    /// Keeps weights that err less.
    fn keep(&self, moved: Vec<f64>, weights: &mut Vec<f64>, error: &mut f64) {
        let fallen = self.error(&self.residuals(&moved));
        if fallen < *error {
            (*weights, *error) = (moved, fallen);
        }
    }

    /// The t that minimises the error of residuals − t · gains; 0 if no t changes anything.
    #[expect(clippy::cast_possible_truncation, reason = "a weight of single precision is precise enough")]
    fn line_minimum(&self, residuals: &[f64], gains: &[f64]) -> f64 {
        let moving = residuals.iter().zip(gains).filter(|(_, gain)| **gain != 0.0);
        match self.errors {
            Errors::Absolute => {
                let mut steps: Vec<(f32, f64)> =
                    moving.map(|(residual, gain)| ((residual / gain) as f32, gain.abs())).collect();
                weighted_median(&mut steps).map_or(0.0, f64::from)
            }
            Errors::Squared => {
                let (with, of) = moving.fold((0.0, 0.0), |(with, of), (residual, gain)| {
                    (with + residual * gain, of + gain * gain)
                });
                if of > 0.0 { with / of } else { 0.0 }
            }
        }
    }

    /// Target minus mixture, for each row.
    fn residuals(&self, weights: &[f64]) -> Vec<f64> {
        let mut residuals = self.targets.clone();
        for (said, weight) in self.said.iter().zip(weights) {
            residuals.iter_mut().zip(said).for_each(|(residual, said)| *residual -= weight * said);
        }
        residuals
    }

    fn error(&self, residuals: &[f64]) -> f64 {
        match self.errors {
            Errors::Absolute => residuals.iter().map(|residual| residual.abs()).sum(),
            Errors::Squared => residuals.iter().map(|residual| residual * residual).sum(),
        }
    }
}

/// All weights that are multiples of an eighth.
fn lattice(members: usize) -> Vec<Vec<f64>> {
    const PARTS: u32 = 8;
    let mut partial = vec![(Vec::new(), PARTS)];
    for member in 0..members {
        let last = member + 1 == members;
        let longer = |(weights, left): (Vec<f64>, u32)| {
            (if last { left } else { 0 }..=left).map(move |part| {
                let mut weights = weights.clone();
                weights.push(f64::from(part) / f64::from(PARTS));
                (weights, left - part)
            })
        };
        partial = partial.into_iter().flat_map(longer).collect();
    }
    partial.into_iter().map(|(weights, _)| weights).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mixture_of_two_is_found_exactly() {
        // Targets are a quarter of the first and three quarters of the second.
        let (first, second) = ([0.0, 4.0, 8.0, 4.0], [4.0, 0.0, 4.0, 8.0]);
        let targets = [3.0, 1.0, 5.0, 7.0];
        for errors in [Errors::Absolute, Errors::Squared] {
            let best = Mixture::new(&[&first, &second], &targets, 0..4, errors).best();
            assert!((best[0] - 0.25).abs() < 1e-6 && (best[1] - 0.75).abs() < 1e-6, "{errors:?}: {best:?}");
        }
    }

    proptest! {
        // Pairs of members alone end above the bound once in some thousand cases.
        #![proptest_config(ProptestConfig::with_cases(5000))]

        #[test]
        fn no_weights_of_a_fine_grid_err_noticeably_less(
            rows in proptest::collection::vec((-9f32..9.0, -9f32..9.0, -9f32..9.0, -9f32..9.0), 8..60),
        ) {
            let column = |at: usize| -> Vec<f32> {
                rows.iter().map(|row| [row.0, row.1, row.2, row.3][at]).collect()
            };
            let said = [column(0), column(1), column(2)];
            let said: Vec<&[f32]> = said.iter().map(Vec::as_slice).collect();
            for (errors, slack) in [(Errors::Absolute, 1.02), (Errors::Squared, 1.0001)] {
                let mixture = Mixture::new(&said, &column(3), 0..rows.len(), errors);
                let of = |weights: &[f64]| mixture.error(&mixture.residuals(weights));
                let best = mixture.best();
                prop_assert!((best.iter().sum::<f64>() - 1.0).abs() < 1e-9 && best.iter().all(|w| *w >= 0.0));
                let grid = (0..=20).flat_map(|a| (0..=20 - a).map(move |b| [a, b, 20 - a - b]));
                let least = grid.map(|w: [u32; 3]| of(&w.map(|w| f64::from(w) / 20.0))).fold(f64::INFINITY, f64::min);
                prop_assert!(of(&best) <= slack * least, "{errors:?}: {} of {least}", of(&best));
            }
        }
    }
}
