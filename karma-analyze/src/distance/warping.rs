//! Dynamic time warping: the cheapest way to walk two sequences side by side.
//!
//! A warping path begins at the first letters of both sequences, ends at their last, and moves on by one in the first,
//! in the second, or in both. Its cost is the sum of the distances of the letters that it pairs:
//!
//! D(i, j) = c(aᵢ, bⱼ) + min { D(i−1, j−1), D(i−1, j), D(i, j−1) }, with D(0, 0) = 0.
//!
//! D(n, m) is the distance (Sakoe and Chiba, *Dynamic programming algorithm optimization for spoken word recognition*,
//! IEEE Transactions on Acoustics, Speech, and Signal Processing, 1978); the published analysis uses it without a band
//! and without normalisation. It is symmetric and 0 from a sequence to itself. It is not a metric: the triangle
//! inequality fails, and sequences that differ only by repeated letters are 0 apart.
//!
//! **Band.** With a half-width `w`, a path may pair places at most `w` apart. Sequences whose lengths differ by more
//! would have no path, so the half-width of such a pair is the difference of its lengths.
//!
//! **Empty sequences.** Two empty ones are 0 apart. An empty one has no letter to pair, so each letter of the other
//! counts as far as letters can be (the diameter of the alphabet), one step each.
//!
//! **Cost.** O(n·m) time for a pair, O(n·w) with a band; O(m) memory. Matrices of words are computed sixteen pairs at
//! once by instructions on vectors, to the same bits.

use serde::{Deserialize, Serialize};

use crate::sequence::Alphabet;

/// What the cost of the best path is divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalization {
    /// Nothing: the paper's d = min Σ ‖a − a′‖. Longer sequences are further apart.
    #[default]
    None,
    /// The sum of both lengths, the normalisation of Sakoe and Chiba for their symmetric steps.
    Lengths,
    /// The steps of the best path; of several best paths, the one with the most diagonal steps.
    Path,
}

/// How to warp, as written in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WarpingParams {
    /// Greatest distance in steps between places that are paired; no limit if absent (the default, as in the paper).
    pub band: Option<u32>,
    /// What the cost is divided by.
    pub normalization: Normalization,
}

/// Why sequences cannot be warped so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a band of {band} steps is beyond {MAX_BAND}; leave it out to have no band")]
pub struct WarpingError {
    /// The half-width that was wanted.
    pub band: u32,
}

/// Places are compared as `f32`, which counts exactly so far.
const MAX_BAND: u32 = 1 << 24;

/// How to warp, checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Warping(WarpingParams);

impl WarpingParams {
    /// Checks the band.
    ///
    /// # Errors
    /// If it is wider than any sequence.
    pub fn check(self) -> Result<Warping, WarpingError> {
        match self.band {
            Some(band) if band > MAX_BAND => Err(WarpingError { band }),
            _ => Ok(Warping(self)),
        }
    }
}

/// A best path: what it costs and how many pairs it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Path {
    pub(super) cost: f32,
    pub(super) steps: f32,
}

impl Path {
    const NONE: Self = Self { cost: f32::INFINITY, steps: 0.0 };
    const START: Self = Self { cost: 0.0, steps: 0.0 };

    /// The cheaper one; the shorter one of equally cheap ones.
    fn or(self, other: Self) -> Self {
        let better = other.cost < self.cost || (other.cost == self.cost && other.steps < self.steps);
        if better { other } else { self }
    }

    fn pair(self, cost: f32) -> Self {
        Self { cost: cost + self.cost, steps: self.steps + 1.0 }
    }
}

impl Warping {
    /// What the cost is divided by.
    pub const fn normalization(&self) -> Normalization {
        self.0.normalization
    }

    /// Distance of two words.
    ///
    /// ```
    /// use karma_analyze::Alphabet;
    /// use karma_analyze::distance::Warping;
    ///
    /// // Three letters at 0, 1 and 3 on a line: 0 and 0 pair with 0, then 1 with 1, and 3 with 1.
    /// let line = Alphabet::of_points(&[0.0, 1.0, 3.0], 1);
    /// assert_eq!(Warping::default().distance(&[0, 0, 1], &[0, 1, 2], &line), 2.0);
    /// ```
    ///
    /// # Panics
    /// If a letter is not in the alphabet.
    pub fn distance(&self, a: &[u32], b: &[u32], alphabet: &Alphabet) -> f32 {
        let lengths = (a.len(), b.len());
        let path = best_path(lengths, self.half_width(lengths), |i, j| alphabet.cost(a[i], b[j]));
        self.finish(path, lengths, alphabet.diameter())
    }

    /// Whether there is a band.
    pub(super) const fn has_band(&self) -> bool {
        self.0.band.is_some()
    }

    /// How far apart places of two sequences of these lengths may be.
    pub(super) fn half_width(&self, (n, m): (usize, usize)) -> usize {
        self.0.band.map_or(n.max(m), |band| n.abs_diff(m).max(band as usize))
    }

    /// The distance that a best path stands for; `diameter` is what a letter costs that has no partner.
    pub(super) fn finish(&self, path: Path, (n, m): (usize, usize), diameter: f32) -> f32 {
        if n + m == 0 {
            return 0.0;
        }
        let longest = n.max(m) as f32;
        let path = if n.min(m) == 0 { Path { cost: longest * diameter, steps: longest } } else { path };
        match self.0.normalization {
            Normalization::None => path.cost,
            Normalization::Lengths => path.cost / (n + m) as f32,
            Normalization::Path => path.cost / path.steps,
        }
    }
}

/// The best path through all pairs of places at most `width` apart; row after row, one row in memory.
pub(super) fn best_path((n, m): (usize, usize), width: usize, cost: impl Fn(usize, usize) -> f32) -> Path {
    let mut row = vec![Path::NONE; m + 1];
    row[0] = Path::START;
    for i in 0..n {
        let (low, high) = (i.saturating_sub(width), m.min(i + width + 1));
        let mut diagonal = std::mem::replace(&mut row[low], Path::NONE);
        for j in low..high {
            let (up, left) = (row[j + 1], row[j]);
            row[j + 1] = up.or(diagonal).or(left).pair(cost(i, j));
            diagonal = up;
        }
    }
    row[m]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Alphabet {
        Alphabet::of_points(&[0.0, 1.0, 3.0, 7.0], 1)
    }

    fn warping(band: Option<u32>, normalization: Normalization) -> Warping {
        WarpingParams { band, normalization }.check().unwrap()
    }

    #[test]
    fn a_word_with_repeated_letters_is_no_further_than_the_word() {
        assert_eq!(Warping::default().distance(&[0, 1, 3], &[0, 0, 1, 1, 1, 3, 3], &line()), 0.0);
    }

    #[test]
    fn without_any_width_letters_pair_place_by_place() {
        let (a, b) = ([0, 1, 2, 0], [1, 2, 0, 0]);
        assert_eq!(warping(Some(0), Normalization::None).distance(&a, &b, &line()), 6.0);
        assert_eq!(warping(Some(1), Normalization::None).distance(&a, &b, &line()), 1.0);
    }

    #[test]
    fn a_band_is_as_wide_as_lengths_differ() {
        assert_eq!(warping(Some(0), Normalization::None).distance(&[0], &[0, 1, 2], &line()), 4.0);
    }

    #[test]
    fn the_shortest_of_equally_cheap_paths_counts() {
        // All pairs cost 0 or all cost 1: the diagonal has three steps.
        let discrete = Alphabet::discrete(2);
        assert_eq!(warping(None, Normalization::Path).distance(&[0, 0, 0], &[1, 1, 1], &discrete), 1.0);
        assert_eq!(warping(None, Normalization::Lengths).distance(&[0, 0, 0], &[1, 1, 1], &discrete), 0.5);
    }

    #[test]
    fn letters_without_partner_are_as_far_as_letters_can_be() {
        for (normalization, expected) in
            [(Normalization::None, 14.0), (Normalization::Lengths, 7.0), (Normalization::Path, 7.0)]
        {
            assert_eq!(warping(None, normalization).distance(&[], &[0, 1], &line()), expected);
            assert_eq!(warping(None, normalization).distance(&[], &[], &line()), 0.0);
        }
    }

    #[test]
    fn a_band_beyond_all_sequences_is_refused() {
        let refused = WarpingParams { band: Some(u32::MAX), ..Default::default() }.check().unwrap_err();
        assert!(refused.to_string().ends_with("leave it out to have no band"));
    }
}
