//! Local alignment: the stretch of two words that agrees best, whatever stands before and behind.
//!
//! Two agents may follow the same plan in the middle of an episode and do other things around it. The score of the best
//! pair of stretches is
//!
//! H(i, j) = max { 0, H(i−1, j−1) + r − c(aᵢ, bⱼ), H(i−1, j) − g, H(i, j−1) − g }, greatest over all i and j
//!
//! (Smith and Waterman, *Identification of common molecular subsequences*, Journal of Molecular Biology, 1981) with a
//! reward `r` for each pair, the distance `c` of its letters and a price `g` of each letter that is skipped. In place of
//! a matrix of substitutions we take `r − c`: equal letters score `r`, letters further apart than `r` cost.
//!
//! As a distance: 1 − score / (r · min(n, m)), from 0 (the shorter word is a stretch of the longer) to 1. Two empty words
//! are 0 apart, an empty and another one 1. O(n·m) time, O(m) memory.

use serde::{Deserialize, Serialize};

use crate::sequence::Alphabet;

/// What pairs earn and gaps cost, as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocalAlignmentParams {
    /// What a pair of equal letters scores, in the unit of the letters' distances; above 0. Default 0.5, so that letters
    /// of a discrete alphabet score +0.5 and −0.5.
    pub reward: f32,
    /// What a skipped letter costs, in the same unit; at least 0. Default 0.5: as much as a wrong letter.
    pub gap: f32,
}

impl Default for LocalAlignmentParams {
    fn default() -> Self {
        Self { reward: 0.5, gap: 0.5 }
    }
}

/// Why letters cannot be scored so.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum LocalAlignmentError {
    /// The reward is not a number above 0.
    #[error("reward is {0}; give a number above 0, or nothing would ever align")]
    Reward(f32),
    /// The gap is not a number of at least 0.
    #[error("gap is {0}; give a number of at least 0, or skipping letters would be rewarded")]
    Gap(f32),
}

/// What pairs earn and gaps cost, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalAlignment(LocalAlignmentParams);

impl LocalAlignmentParams {
    /// Checks both numbers.
    ///
    /// # Errors
    /// If the reward is not above 0, the gap below 0, or one of them not finite.
    pub fn check(self) -> Result<LocalAlignment, LocalAlignmentError> {
        if !(self.reward > 0.0 && self.reward.is_finite()) {
            Err(LocalAlignmentError::Reward(self.reward))
        } else if !(self.gap >= 0.0 && self.gap.is_finite()) {
            Err(LocalAlignmentError::Gap(self.gap))
        } else {
            Ok(LocalAlignment(self))
        }
    }
}

impl LocalAlignment {
    /// The score of the best pair of stretches; 0 if no letters are closer than the reward.
    ///
    /// ```
    /// use karma_analyze::Alphabet;
    /// use karma_analyze::distance::LocalAlignmentParams;
    ///
    /// // 1 2 3 is in both: three pairs of half a point.
    /// let alignment = LocalAlignmentParams::default().check()?;
    /// assert_eq!(alignment.score(&[0, 1, 2, 3], &[4, 4, 1, 2, 3], &Alphabet::discrete(5)), 1.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// If a letter is not in the alphabet.
    pub fn score(&self, a: &[u32], b: &[u32], alphabet: &Alphabet) -> f32 {
        let LocalAlignmentParams { reward, gap } = self.0;
        let (mut row, mut best) = (vec![0.0_f32; b.len() + 1], 0.0_f32);
        for letter in a {
            let costs = alphabet.costs_of(*letter);
            let mut diagonal = 0.0;
            for (j, other) in b.iter().enumerate() {
                let paired = diagonal + (reward - costs[*other as usize]);
                diagonal = row[j + 1];
                row[j + 1] = paired.max(diagonal - gap).max(row[j] - gap).max(0.0);
                best = best.max(row[j + 1]);
            }
        }
        best
    }

    /// How little of the shorter word the best stretch explains.
    ///
    /// # Panics
    /// If a letter is not in the alphabet.
    pub fn distance(&self, a: &[u32], b: &[u32], alphabet: &Alphabet) -> f32 {
        match (a.len().min(b.len()), a.len().max(b.len())) {
            (_, 0) => 0.0,
            (0, _) => 1.0,
            (shorter, _) => {
                (1.0 - self.score(a, b, alphabet) / (self.0.reward * shorter as f32)).clamp(0.0, 1.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn alignment() -> LocalAlignment {
        LocalAlignmentParams::default().check().unwrap()
    }

    #[test]
    fn a_skipped_letter_costs_a_gap() {
        // 1 2 · 3 4 5 against 1 2 0 3 4 5: five pairs less one gap.
        let score = alignment().score(&[1, 2, 3, 4, 5], &[1, 2, 0, 3, 4, 5], &Alphabet::discrete(6));
        assert_eq!(score, 2.0);
    }

    #[test]
    fn words_without_a_common_letter_are_1_apart_and_so_is_an_empty_one() {
        let letters = Alphabet::discrete(4);
        assert_eq!(alignment().distance(&[0, 1], &[2, 3], &letters), 1.0);
        assert_eq!(alignment().distance(&[], &[2, 3], &letters), 1.0);
        assert_eq!(alignment().distance(&[], &[], &letters), 0.0);
    }

    #[test]
    fn rewards_and_gaps_that_would_mean_nothing_are_refused() {
        let refused = |reward, gap| LocalAlignmentParams { reward, gap }.check().unwrap_err();
        assert_eq!(refused(0.0, 1.0), LocalAlignmentError::Reward(0.0));
        assert_eq!(refused(1.0, -1.0), LocalAlignmentError::Gap(-1.0));
        assert!(matches!(refused(f32::NAN, 1.0), LocalAlignmentError::Reward(_)));
    }

    proptest! {
        #[test]
        fn a_stretch_of_a_word_is_0_from_it(
            word in prop::collection::vec(0_u32..5, 1..12), cut in 0_usize..12, length in 1_usize..12,
        ) {
            let from = cut % word.len();
            let part = &word[from..word.len().min(from + length)];
            let letters = Alphabet::discrete(5);
            prop_assert_eq!(alignment().distance(part, &word, &letters), 0.0);
            prop_assert_eq!(alignment().distance(&word, part, &letters), 0.0);
        }
    }
}
