//! Several actions at once: independent categorical distributions over the parts of one row of logits.
//!
//! Logits of heads of k₁, …, kₘ actions lie one after the other in a row of Σ kᵢ, and so do their masks. Given the row
//! the heads are independent, so with a = (a₁, …, aₘ)
//!
//! * p(a) = Π pᵢ(aᵢ), that is, ln p(a) = Σ ln pᵢ(aᵢ);
//! * the entropy of the joint distribution is Σ Hᵢ, and its mode is that of every head.
//!
//! The reference averages the entropies over the heads (`act.py` of on-policy, with a doubt beside it), which makes the
//! bonus of m heads m times as small as that of one head over the same joint actions; here it is the sum.
//!
//! Example: heads of 2 and 3 equally likely actions: each joint action has probability 1/6, the entropy is ln 6.

use rand::Rng;

use crate::{MaskedCategorical, NetworkError};

/// Independent categorical distributions over the legal actions of several heads.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskedMultiDiscrete {
    heads: Vec<MaskedCategorical>,
}

impl MaskedMultiDiscrete {
    /// The distribution of heads with `sizes` actions; `logits` and `mask` (`true`: legal) hold those of all heads, one
    /// after the other.
    ///
    /// # Errors
    /// When there are no heads, a length is not the sum of the sizes, a legal logit is not finite, or a head has no
    /// legal action; then `row` of the error is the number of the head.
    pub fn new(sizes: &[usize], logits: &[f32], mask: &[bool]) -> Result<Self, NetworkError> {
        if sizes.is_empty() {
            return Err(NetworkError::Rows { what: "sizes", width: 1, found: 0 });
        }
        let actions = sizes.iter().fold(0_usize, |sum, size| sum.saturating_add(*size));
        NetworkError::length("logits", logits.len(), actions)?;
        NetworkError::length("mask", mask.len(), actions)?;
        let mut start = 0;
        let head = |(number, size): (usize, &usize)| {
            let part = start..start + size;
            start = part.end;
            let head = MaskedCategorical::new(&logits[part.clone()], &mask[part]);
            head.map_err(|error| of_head(number, error))
        };
        Ok(Self { heads: sizes.iter().enumerate().map(head).collect::<Result<_, _>>()? })
    }

    /// The distribution of each head.
    pub fn heads(&self) -> &[MaskedCategorical] {
        &self.heads
    }

    /// An action for each head; takes exactly one number from `rng` for each, in their order.
    pub fn sample(&self, rng: &mut impl Rng) -> Vec<usize> {
        self.heads.iter().map(|head| head.sample(rng)).collect()
    }

    /// The most probable action of each head, the first of them if several are; together the most probable joint action.
    pub fn mode(&self) -> Vec<usize> {
        self.heads.iter().map(MaskedCategorical::mode).collect()
    }

    /// ln p of a joint action; −∞ if a part of it is illegal, `None` if it has not one existing action for each head.
    pub fn log_prob(&self, actions: &[usize]) -> Option<f32> {
        if actions.len() != self.heads.len() {
            return None;
        }
        self.heads.iter().zip(actions).map(|(head, action)| head.log_prob(*action)).sum()
    }

    /// Entropy of the joint distribution, in nats: the sum over the heads.
    pub fn entropy(&self) -> f32 {
        self.heads.iter().map(MaskedCategorical::entropy).sum()
    }
}

/// The error of a single row as that of a head.
fn of_head(number: usize, error: NetworkError) -> NetworkError {
    match error {
        NetworkError::AllActionsMasked { actions, .. } => {
            NetworkError::AllActionsMasked { row: number, actions }
        }
        NetworkError::NonFinite { .. } => {
            NetworkError::NonFinite { what: format!("a legal logit of head {number}") }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::rng;

    #[test]
    fn heads_of_two_and_three_equal_actions_are_six_equal_joint_actions() {
        let joint = MaskedMultiDiscrete::new(&[2, 3], &[0.5; 5], &[true; 5]).unwrap();
        assert!((joint.entropy() - 6_f32.ln()).abs() < 1e-6);
        assert!((joint.log_prob(&[1, 2]).unwrap() + 6_f32.ln()).abs() < 1e-6);
        assert_eq!(joint.mode(), [0, 0]);
    }

    #[test]
    fn an_action_that_is_illegal_in_one_head_is_impossible_and_one_that_does_not_exist_has_no_probability() {
        let joint = MaskedMultiDiscrete::new(&[2, 2], &[0.0; 4], &[true, false, true, true]).unwrap();
        assert_eq!(joint.log_prob(&[1, 0]), Some(f32::NEG_INFINITY));
        assert_eq!(joint.log_prob(&[0, 2]), None);
        assert_eq!((joint.log_prob(&[0]), joint.log_prob(&[0, 0, 0])), (None, None));
    }

    #[test]
    fn a_head_that_cannot_act_is_named() {
        let refused = |sizes: &[usize], logits: &[f32], mask: &[bool]| {
            MaskedMultiDiscrete::new(sizes, logits, mask).unwrap_err()
        };
        let mask = [true, false, false, false];
        assert_eq!(refused(&[2, 2], &[0.0; 4], &mask), NetworkError::AllActionsMasked { row: 1, actions: 2 });
        assert_eq!(
            refused(&[2, 1], &[0.0, 0.0, f32::NAN], &[true; 3]).to_string(),
            "a legal logit of head 1 is not finite"
        );
        assert!(matches!(refused(&[], &[], &[]), NetworkError::Rows { found: 0, .. }));
        assert!(matches!(
            refused(&[2, 0], &[0.0; 2], &[true; 2]),
            NetworkError::AllActionsMasked { row: 1, .. }
        ));
        assert!(matches!(refused(&[2, usize::MAX], &[0.0; 1], &[true; 1]), NetworkError::Shape { .. }));
    }

    /// Sizes of the heads, then logits and a mask with a legal action in each head.
    fn heads() -> impl Strategy<Value = (Vec<usize>, Vec<f32>, Vec<bool>)> {
        let head = (1_usize..5).prop_flat_map(|size| {
            let logits = prop::collection::vec(-8_f32..8.0, size);
            let mask = prop::collection::vec(any::<bool>(), size);
            (logits, mask, 0..size).prop_map(|(logits, mut mask, legal)| {
                mask[legal] = true;
                (logits, mask)
            })
        });
        prop::collection::vec(head, 1..4).prop_map(|heads| {
            let sizes = heads.iter().map(|(logits, _)| logits.len()).collect();
            let (logits, masks): (Vec<_>, Vec<_>) = heads.into_iter().unzip();
            (sizes, logits.concat(), masks.concat())
        })
    }

    /// Every joint action in lexicographic order, with the sum of its logits and whether all its parts are legal.
    fn flattened(sizes: &[usize], logits: &[f32], mask: &[bool]) -> Vec<(Vec<usize>, f32, bool)> {
        let mut joint = vec![(Vec::new(), 0.0, true)];
        let mut start = 0;
        for size in sizes {
            let extend = |(actions, logit, legal): (Vec<usize>, f32, bool)| {
                (0..*size).map(move |action| {
                    let at = start + action;
                    ([&actions[..], &[action]].concat(), logit + logits[at], legal && mask[at])
                })
            };
            joint = joint.into_iter().flat_map(extend).collect();
            start += size;
        }
        joint
    }

    proptest! {
        #[test]
        fn the_joint_distribution_is_the_softmax_over_all_joint_actions(
            (sizes, logits, mask) in heads(), seed: u64,
        ) {
            let joint = MaskedMultiDiscrete::new(&sizes, &logits, &mask).unwrap();
            let actions = flattened(&sizes, &logits, &mask);
            let (sums, legal): (Vec<f32>, Vec<bool>) = actions.iter().map(|(_, z, legal)| (*z, *legal)).unzip();
            let flat = MaskedCategorical::new(&sums, &legal).unwrap();
            prop_assert!((joint.entropy() - flat.entropy()).abs() < 1e-4);
            for ((actions, _, legal), expected) in actions.iter().zip(flat.log_probs()) {
                let found = joint.log_prob(actions).unwrap();
                prop_assert_eq!(found.is_finite(), *legal);
                prop_assert!(found == *expected || (found - expected).abs() < 1e-4);
            }
            let best = joint.log_prob(&joint.mode()).unwrap();
            prop_assert!((best - flat.log_probs()[flat.mode()]).abs() < 1e-4);
            prop_assert!(joint.log_prob(&joint.sample(&mut rng(seed))).unwrap().is_finite());
        }
    }

    #[test]
    fn samples_follow_the_joint_probabilities() {
        let joint = MaskedMultiDiscrete::new(&[2, 2], &[0.0, 3_f32.ln(), 0.0, 0.0], &[true; 4]).unwrap();
        let (mut rng, mut counts) = (rng(5), [[0_u32; 2]; 2]);
        for _ in 0..16_000 {
            let actions = joint.sample(&mut rng);
            counts[actions[0]][actions[1]] += 1;
        }
        // Expectations 2 000 and 6 000, standard deviations 42 and 61.
        assert!(counts[0].iter().all(|n| n.abs_diff(2_000) < 200), "{counts:?}");
        assert!(counts[1].iter().all(|n| n.abs_diff(6_000) < 250), "{counts:?}");
    }
}
