//! Synchronous successive halving: many settings get a little training, the best of them more.
//!
//! **Algorithm** (Jamieson and Talwalkar, 2016, AISTATS, *Non-stochastic best arm identification and hyperparameter
//! optimization*). n settings are trained for r iterations; the best ⌈n/η⌉ go on to η·r iterations, the best ⌈n/η²⌉ to
//! η²·r, until the largest budget R is reached. A setting goes on from its checkpoint, so that a rung costs only what it
//! adds, and all rungs cost about the same: n·r each.
//!
//! Where we differ: the last rung has exactly R iterations, even where R is no power of η times r, and a trial that failed
//! never goes on. Ties go to the lower number.
//!
//! Example: 9 settings, η = 3, from 10 to 90 iterations: 9 for 10, 3 for 30, 1 for 90. That is 10·9 + 20·3 + 60·1 = 210
//! iterations instead of the 810 of a random search.

use std::cmp::Ordering;

use super::params::Direction;

/// The rungs of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Halving {
    /// η: one in so many goes on.
    pub(super) eta: u32,
    /// r: iterations of the first rung.
    pub(super) min_budget: u64,
    /// R: iterations of the last.
    pub(super) max_budget: u64,
}

impl Halving {
    /// Iterations of each rung, those of the rungs before included.
    pub(crate) fn budgets(self) -> Vec<u64> {
        let next = |budget: &u64| Some(budget.saturating_mul(self.eta.into()).min(self.max_budget));
        let mut budgets: Vec<u64> = std::iter::successors(Some(self.min_budget), next)
            .take_while(|budget| *budget < self.max_budget)
            .collect();
        budgets.push(self.max_budget);
        budgets
    }

    /// The trials that go on from a rung, in ascending order: the best ⌈n/η⌉ of all its n, those without a value left out.
    pub(super) fn promoted(self, scores: &[(usize, Option<f64>)], direction: Direction) -> Vec<usize> {
        let most = scores.len().div_ceil(self.eta as usize);
        let mut scored: Vec<(usize, f64)> =
            scores.iter().filter_map(|(trial, score)| score.map(|score| (*trial, score))).collect();
        scored.sort_by(|a, b| best_first(a.1, b.1, direction).then(a.0.cmp(&b.0)));
        let mut kept: Vec<usize> = scored.into_iter().take(most).map(|(trial, _)| trial).collect();
        kept.sort_unstable();
        kept
    }
}

/// The order of two values, the better one first.
pub(super) fn best_first(a: f64, b: f64, direction: Direction) -> Ordering {
    match direction {
        Direction::Minimize => a.total_cmp(&b),
        Direction::Maximize => b.total_cmp(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn halving(eta: u32, min_budget: u64, max_budget: u64) -> Halving {
        Halving { eta, min_budget, max_budget }
    }

    #[test]
    fn budgets_grow_by_eta_and_end_at_the_largest() {
        assert_eq!(halving(3, 10, 90).budgets(), [10, 30, 90]);
        assert_eq!(halving(3, 10, 100).budgets(), [10, 30, 90, 100]);
        assert_eq!(halving(2, 5, 5).budgets(), [5]);
        assert_eq!(halving(4, 1, 2).budgets(), [1, 2]);
    }

    #[test]
    fn ties_go_to_the_lower_number_and_failures_never_go_on() {
        let scores = [(0, Some(1.0)), (1, None), (2, Some(2.0)), (3, Some(2.0)), (4, Some(2.0))];
        assert_eq!(halving(3, 1, 9).promoted(&scores, Direction::Maximize), [2, 3]);
        assert_eq!(halving(3, 1, 9).promoted(&scores, Direction::Minimize), [0, 2]);
        assert_eq!(halving(2, 1, 2).promoted(&[(0, None), (1, None)], Direction::Maximize), [0; 0]);
    }

    proptest! {
        #[test]
        fn a_rung_keeps_the_best_of_its_trials_and_one_in_eta(
            scores in prop::collection::vec(prop::option::weighted(0.8, (-4..4_i8).prop_map(f64::from)), 1..60),
            eta in 2..6_u32, minimize: bool,
        ) {
            let direction = if minimize { Direction::Minimize } else { Direction::Maximize };
            let numbered: Vec<_> = scores.iter().copied().enumerate().collect();
            let kept = halving(eta, 1, 100).promoted(&numbered, direction);
            let sound = scores.iter().flatten().count();
            prop_assert_eq!(kept.len(), sound.min(scores.len().div_ceil(eta as usize)));
            prop_assert!(kept.is_sorted());
            for (trial, score) in numbered.iter().filter(|(trial, _)| !kept.contains(trial)) {
                for better in &kept {
                    let (Some(left), Some(stays)) = (score, scores[*better]) else { continue };
                    let order = best_first(stays, *left, direction);
                    prop_assert!(order.is_lt() || (order.is_eq() && better < trial));
                }
            }
        }
    }
}
