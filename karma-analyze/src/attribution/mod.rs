//! Which features moved a decision: exact Shapley and Owen values over groups of features.
//!
//! # What it solves
//! A policy says +1 for `auth`. What in the observation moved it? Take a *reference* observation, in which nothing is
//! remarkable, and replace it by what was really seen, one group of features after another. How much of the change of
//! the output belongs to each group depends on the order, so the average over all orders is taken. That average is the
//! only division that adds up, treats equals equally, gives nothing to what does nothing, and is linear (Shapley, *A
//! Value for n-Person Games*, 1953).
//!
//! ```text
//! φ_i = Σ over S ⊆ N∖i:  |S|! (n − |S| − 1)! / n! · (v(S ∪ i) − v(S))
//! v(S) = mean over references r of f(features of S as seen, the others as in r)
//! ```
//!
//! Where groups belong together (all that was seen of one service), only orders in which the members of a *union* come
//! one after the other count; that is the value of Owen (*Values of Games with a Priori Unions*, 1977):
//!
//! ```text
//! Ow_i = Σ over sets Q of other unions, Σ over S ⊆ B_k∖i:  w(|Q|, m) · w(|S|, |B_k|) · (v(Q ∪ S ∪ i) − v(Q ∪ S))
//! w(s, n) = s! (n − s − 1)! / n!
//! ```
//!
//! With unions of one player each it is the Shapley value, and that is how the Shapley value is computed here.
//!
//! # Cost
//! Each coalition is evaluated once (times the number of references): `2^m + Σ_k 2^(m−1) (2^|B_k| − 2)` for `m`
//! unions, so `2^n` for `n` players alone. [`MAX_COALITIONS`] are allowed: 16 players alone, or 8 unions of 6. Nothing is
//! sampled, so there is no error to state; `kernel SHAP` (Lundberg and Lee, 2017) would be the way for more players.
//!
//! # What it does not say
//! A mixture of what was seen and a reference may be an observation that never occurs, and the values then tell of the
//! function, not of the world (Janzing, Minorics and Blöbaum, 2020, argue for just this, the interventional reading).
//!
//! ```
//! use karma_analyze::attribution::{Player, Players, one_by_one};
//!
//! // f = a + 2 b c, from (0, 0, 0) to (1, 1, 1): a moves it by 1; b and c share 2.
//! let players = ["a", "b", "c"].into_iter().enumerate().map(|(i, name)| Player::new(name, [i])).collect();
//! let f = one_by_one(|x| f64::from(x[0] + 2.0 * x[1] * x[2]));
//! let attribution = Players::alone(players)?.attribute(&[1.0; 3], &[vec![0.0; 3]], f)?;
//! assert_eq!((attribution.reference, attribution.output), (0.0, 3.0));
//! assert!(attribution.contributions.iter().all(|part| (part.value - 1.0).abs() < 1e-12));
//! assert_eq!(attribution.sentence(2), "a (+1.00), b (+1.00) and c (+1.00) spoke for it");
//! # Ok::<(), karma_analyze::attribution::AttributionError>(())
//! ```

mod coalitions;
mod players;
mod report;
#[cfg(test)]
mod tests;

pub use coalitions::MAX_COALITIONS;
pub use players::{AttributionError, Player, Players, one_by_one};
pub use report::{Attribution, Contribution};
