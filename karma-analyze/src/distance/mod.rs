//! How far apart trajectories are.
//!
//! | distance | of | says |
//! |---|---|---|
//! | [`Warping`] | words, [`Series`] | how much letters differ when time may be stretched; the paper's |
//! | [`Measure::Edit`] | words | what share of the letters has to be changed |
//! | [`Measure::CommonSubsequence`] | words | what share of the letters is not shared in order |
//! | [`LocalAlignment`] | words | how little the best shared stretch explains |
//!
//! [`pairwise`] fills a [`DistanceMatrix`] on a few threads; [`pairwise_series`] does so for numbers.

mod alignment;
mod edit;
mod lanes;
mod pairwise;
mod score;
mod series;
mod subsequence;
mod warping;

pub use alignment::{LocalAlignment, LocalAlignmentError, LocalAlignmentParams};
pub use edit::{edit_distance, normalized_edit_distance};
pub use pairwise::{Measure, pairwise, pairwise_series};
pub use series::{Series, SeriesError};
pub use subsequence::{longest_common_subsequence, subsequence_distance};
pub use warping::{Normalization, Warping, WarpingError, WarpingParams};

/// The distances of all pairs of `len` items, each pair once (SciPy's *condensed* form): `(0, 1), (0, 2), …, (1, 2), …`.
///
/// Clustering by linkage, silhouettes and embeddings take this and nothing else; k-means and mixtures take points. So a
/// square matrix of distances can never be taken for observations, the mistake of the published analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct DistanceMatrix {
    len: usize,
    distances: Vec<f32>,
}

impl DistanceMatrix {
    /// The matrix of `distance(i, j)` for `i < j < len`.
    pub fn from_fn(len: usize, mut distance: impl FnMut(usize, usize) -> f32) -> Self {
        let mut distances = Vec::with_capacity(len * len.saturating_sub(1) / 2);
        for i in 0..len {
            distances.extend((i + 1..len).map(|j| distance(i, j)));
        }
        Self { len, distances }
    }

    /// All distances 0, to be filled.
    pub(crate) fn zeros(len: usize) -> Self {
        Self { len, distances: vec![0.0; len * len.saturating_sub(1) / 2] }
    }

    /// Puts the distance of a pair of different items.
    pub(crate) fn put(&mut self, i: usize, j: usize, distance: f32) {
        let at = place(self.len, i.min(j), i.max(j));
        self.distances[at] = distance;
    }

    /// The distances from an item to those after it, in order.
    pub(crate) fn after(&self, i: usize) -> &[f32] {
        &self.distances[i * (2 * self.len - i - 1) / 2..][..self.len - i - 1]
    }

    /// The first pair that no clustering can use, with its distance: not finite, negative, or beyond 1e18, whose square
    /// would overflow.
    pub(crate) fn first_unfit(&self) -> Option<(usize, usize, f32)> {
        let rows =
            (0..self.len).flat_map(|i| self.after(i).iter().zip(i + 1..).map(move |(d, j)| (i, j, *d)));
        rows.into_iter().find(|(_, _, d)| !(0.0..=1e18).contains(d))
    }

    /// Number of items.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no items.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Distance of two items; 0 from an item to itself.
    ///
    /// # Panics
    /// If there are not so many items.
    pub fn get(&self, i: usize, j: usize) -> f32 {
        assert!(i < self.len && j < self.len, "items {i} and {j} of {}", self.len);
        match i.cmp(&j) {
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Less => self.distances[place(self.len, i, j)],
            std::cmp::Ordering::Greater => self.distances[place(self.len, j, i)],
        }
    }

    /// All distances, pair by pair.
    pub fn as_slice(&self) -> &[f32] {
        &self.distances
    }
}

/// Where the pair `i < j` stands.
const fn place(len: usize, i: usize, j: usize) -> usize {
    i * (2 * len - i - 1) / 2 + j - i - 1
}
