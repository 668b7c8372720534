//! A categorical distribution over the legal actions of one row.
//!
//! The mask comes before the softmax, and before any arithmetic: an illegal logit is never read, so not even
//! a NaN in it matters. The reference puts −10¹⁰ into illegal logits instead (`distributions.py` of
//! on-policy), which gives each of them the same probability when a whole row is masked; here such a row is
//! an error. Huang and Ontañón, *A Closer Look at Invalid Action Masking in Policy Gradient Algorithms*, 2022,
//! show that the gradient of the masked softmax is a valid policy gradient.
//!
//! log p(a) = z(a) − max z − ln Σ exp(z − max z), sums over legal actions; entropy −Σ p ln p likewise.
//!
//! Example: logits (0, 0, 9) with the third forbidden give (½, ½, 0) and entropy ln 2.

use rand::Rng;

use crate::{NetworkError, math};

/// What the softmax of one row came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RowSummary {
    /// −Σ p ln p over the legal actions, in nats.
    pub(crate) entropy: f32,
}

/// Writes log-probabilities (−∞ where illegal) and probabilities (0 where illegal) of row `row`.
pub(crate) fn masked_softmax(
    row: usize,
    logits: &[f32],
    mask: &[bool],
    log_probs: &mut [f32],
    probs: &mut [f32],
) -> Result<RowSummary, NetworkError> {
    let actions = logits.len();
    let legal = logits.iter().zip(mask).filter(|(_, legal)| **legal);
    let Some(max) = legal.map(|(z, _)| *z).reduce(|max, z| if z > max { z } else { max }) else {
        return Err(NetworkError::AllActionsMasked { row, actions });
    };
    for ((p, z), legal) in probs.iter_mut().zip(logits).zip(mask) {
        let e = math::exp(*z - max);
        *p = if *legal { e } else { 0.0 };
    }
    let sum: f32 = probs.iter().sum();
    NetworkError::finite(sum + max, || format!("a legal logit of row {row}"))?;
    let log_sum = max + math::ln(sum);
    let mut entropy = 0.0;
    for (i, legal) in mask.iter().enumerate() {
        probs[i] /= sum;
        log_probs[i] = if *legal { logits[i] - log_sum } else { f32::NEG_INFINITY };
        entropy -= if *legal { probs[i] * log_probs[i] } else { 0.0 };
    }
    Ok(RowSummary { entropy })
}

/// A categorical distribution over the legal actions of one row; the default is over none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MaskedCategorical {
    log_probs: Vec<f32>,
    probs: Vec<f32>,
    entropy: f32,
}

impl MaskedCategorical {
    /// The softmax of `logits` over the actions that `mask` allows (`true`: legal).
    ///
    /// # Errors
    /// When the lengths differ, when no action is legal, or when a legal logit is not finite.
    pub fn new(logits: &[f32], mask: &[bool]) -> Result<Self, NetworkError> {
        let mut head = Self::default();
        head.renew(logits, mask).map(|()| head)
    }

    /// [`MaskedCategorical::new`] over this one, whose memory is used again. After an error it is not to be used.
    ///
    /// # Errors
    /// As there.
    pub fn renew(&mut self, logits: &[f32], mask: &[bool]) -> Result<(), NetworkError> {
        NetworkError::length("mask", mask.len(), logits.len())?;
        self.log_probs.resize(logits.len(), 0.0);
        self.probs.resize(logits.len(), 0.0);
        let RowSummary { entropy } = masked_softmax(0, logits, mask, &mut self.log_probs, &mut self.probs)?;
        self.entropy = entropy;
        Ok(())
    }

    /// An action drawn by inversion; takes exactly one number from `rng`.
    pub fn sample(&self, rng: &mut impl Rng) -> usize {
        let total: f64 = self.probs.iter().map(|p| f64::from(*p)).sum();
        // 53 bits: the largest uniform number below 1 that a double holds exactly.
        let mut left = (rng.next_u64() >> 11) as f64 * 2_f64.powi(-53) * total;
        for (action, p) in self.probs.iter().enumerate() {
            left -= f64::from(*p);
            if left < 0.0 {
                return action;
            }
        }
        self.mode()
    }

    /// The most probable action; the first of them if several are.
    pub fn mode(&self) -> usize {
        let best = |best: usize, action: usize| {
            if self.log_probs[action] > self.log_probs[best] { action } else { best }
        };
        (0..self.log_probs.len()).fold(0, best)
    }

    /// The most probable action where those of `alike` come to the same and count as one, with the sum of their
    /// probabilities: the first legal one of them if together they are more probable than any other, or as probable. An
    /// action beyond the end of `alike` is like no other.
    ///
    /// A team's ways to hold still are such actions, one for each service: each may be less probable than a move that is
    /// rarely made.
    pub fn mode_among(&self, alike: &[bool]) -> usize {
        let is_alike = |action: usize| alike.get(action).copied().unwrap_or(false);
        let one = (0..self.probs.len()).find(|action| is_alike(*action) && self.probs[*action] > 0.0);
        let Some(one) = one else { return self.mode() };
        let together: f32 =
            (one..self.probs.len()).filter(|action| is_alike(*action)).map(|action| self.probs[action]).sum();
        let others = (0..self.probs.len()).filter(|action| !is_alike(*action));
        let best =
            others.reduce(|best, action| if self.probs[action] > self.probs[best] { action } else { best });
        best.filter(|best| self.probs[*best] > together).unwrap_or(one)
    }

    /// ln p of an action; −∞ if it is illegal, `None` if there is no such action.
    pub fn log_prob(&self, action: usize) -> Option<f32> {
        self.log_probs.get(action).copied()
    }

    /// ln p of every action; −∞ where illegal.
    pub fn log_probs(&self) -> &[f32] {
        &self.log_probs
    }

    /// The probability of every action; 0 where illegal.
    pub fn probs(&self) -> &[f32] {
        &self.probs
    }

    /// Entropy over the legal actions, in nats.
    pub fn entropy(&self) -> f32 {
        self.entropy
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_xoshiro::rand_core::SeedableRng as _;

    use super::*;
    use crate::testing::rng;

    #[test]
    fn two_equal_legal_logits_share_the_probability() {
        let head = MaskedCategorical::new(&[0.0, 0.0, 9.0], &[true, true, false]).unwrap();
        assert_eq!(head.probs(), [0.5, 0.5, 0.0]);
        assert!((head.entropy() - std::f32::consts::LN_2).abs() < 1e-6);
        assert_eq!(head.log_prob(2), Some(f32::NEG_INFINITY));
        assert_eq!(head.log_prob(3), None);
    }

    #[test]
    fn one_legal_action_is_certain() {
        let head = MaskedCategorical::new(&[5.0, -3.0], &[false, true]).unwrap();
        assert_eq!((head.log_prob(1), head.entropy(), head.mode()), (Some(0.0), 0.0, 1));
        assert_eq!(head.sample(&mut rng(1)), 1);
    }

    /// ¼ and ¼ alike, against ⅖ and ⅒.
    #[test]
    fn actions_that_are_alike_count_as_one() {
        let logits = [0.4_f32, 0.25, 0.1, 0.25].map(f32::ln);
        let head = MaskedCategorical::new(&logits, &[true; 4]).unwrap();
        assert_eq!((head.mode(), head.mode_among(&[false, true, false, true])), (0, 1));
        assert_eq!((head.mode_among(&[]), head.mode_among(&[false, true])), (0, 0));
        assert_eq!(head.mode_among(&[true; 4]), 0, "all come to the same");
        let masked = MaskedCategorical::new(&logits, &[true, false, true, true]).unwrap();
        assert_eq!(masked.mode_among(&[false, true, false, true]), 0, "what is illegal adds nothing");
        assert_eq!(masked.mode_among(&[false, true, true, false]), 0);
        let only = MaskedCategorical::new(&logits, &[false, true, false, true]).unwrap();
        assert_eq!(only.mode_among(&[true, false, true, false]), 1, "none of them is legal");
    }

    #[test]
    fn a_row_without_a_legal_action_is_an_error_and_so_is_a_nan() {
        let refused = MaskedCategorical::new(&[1.0, 2.0], &[false, false]).unwrap_err();
        assert_eq!(refused, NetworkError::AllActionsMasked { row: 0, actions: 2 });
        for bad in [f32::NAN, f32::INFINITY] {
            assert!(MaskedCategorical::new(&[bad, 0.0], &[true, true]).is_err());
            assert!(MaskedCategorical::new(&[bad, 0.0], &[false, true]).is_ok(), "an illegal logit was read");
        }
        assert!(MaskedCategorical::new(&[1.0], &[true, true]).is_err());
    }

    #[test]
    fn samples_follow_the_probabilities() {
        let head = MaskedCategorical::new(&[0.0, 7.0, 3_f32.ln()], &[true, false, true]).unwrap();
        let (mut rng, mut counts) = (rng(11), [0_u32; 3]);
        (0..20_000).for_each(|_| counts[head.sample(&mut rng)] += 1);
        assert_eq!(counts[1], 0);
        // Expectation 5 000, standard deviation 61.
        assert!(counts[0].abs_diff(5_000) < 250, "{counts:?}");
    }

    fn row() -> impl Strategy<Value = (Vec<f32>, Vec<bool>)> {
        (1_usize..30)
            .prop_flat_map(|n| {
                (prop::collection::vec(-40_f32..40.0, n), prop::collection::vec(any::<bool>(), n))
            })
            .prop_filter("some action is legal", |(_, mask)| mask.contains(&true))
    }

    proptest! {
        #[test]
        fn probabilities_are_those_of_double_precision((logits, mask) in row(), seed: u64) {
            let head = MaskedCategorical::new(&logits, &mask).unwrap();
            let legal = || logits.iter().zip(&mask).filter(|(_, m)| **m).map(|(z, _)| f64::from(*z));
            let max = legal().fold(f64::NEG_INFINITY, f64::max);
            let log_sum = max + legal().map(|z| (z - max).exp()).sum::<f64>().ln();
            for (i, z) in logits.iter().enumerate().filter(|(i, _)| mask[*i]) {
                let expected = f64::from(*z) - log_sum;
                prop_assert!((f64::from(head.log_probs()[i]) - expected).abs() < 2e-5);
                prop_assert!((f64::from(head.probs()[i]) - expected.exp()).abs() < 1e-6);
            }
            let entropy: f64 = legal().map(|z| -(z - log_sum).exp() * (z - log_sum)).sum();
            prop_assert!((f64::from(head.entropy()) - entropy).abs() < 1e-5);
            let mut rng = Xoshiro::seed_from_u64(seed);
            prop_assert!(mask[head.sample(&mut rng)] && mask[head.mode()]);
        }
    }

    type Xoshiro = rand_xoshiro::Xoshiro256PlusPlus;
}
