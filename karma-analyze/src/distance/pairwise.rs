//! All pairs.

use std::num::NonZeroUsize;

use karma_core::parallel::run_all;

use super::lanes::{Block, LANES};
use super::warping::Path;
use super::{
    DistanceMatrix, LocalAlignment, Series, Warping, normalized_edit_distance, subsequence_distance,
};
use crate::sequence::{Alphabet, Sequences};

/// How the distance of two words is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// Dynamic time warping.
    Warping(Warping),
    /// The edit distance, as a share of the longer word.
    Edit,
    /// What the longest common subsequence leaves of the longer word.
    CommonSubsequence,
    /// What the best local alignment leaves of the shorter word.
    Local(LocalAlignment),
}

impl Measure {
    /// Distance of two words.
    ///
    /// # Panics
    /// If a letter is not in the alphabet.
    pub fn distance(&self, a: &[u32], b: &[u32], alphabet: &Alphabet) -> f32 {
        match self {
            Self::Warping(warping) => warping.distance(a, b, alphabet),
            Self::Edit => normalized_edit_distance(a, b),
            Self::CommonSubsequence => subsequence_distance(a, b),
            Self::Local(alignment) => alignment.distance(a, b, alphabet),
        }
    }
}

/// The distances of all words. The same bits for any number of threads, and as [`Measure::distance`] gives pair by pair.
///
/// Warping is done for sixteen pairs at once; `docs/performance.md` has its cost. The other measures take a pair at a
/// time, some nanoseconds for each pair of letters.
///
/// ```
/// use std::num::NonZeroUsize;
/// use karma_analyze::distance::{Measure, Warping, pairwise};
/// use karma_analyze::{Alphabet, Sequences};
///
/// let mut words = Sequences::new(Alphabet::discrete(2));
/// for word in [&[0, 0, 1][..], &[0, 1], &[1, 0]] {
///     words.push(word)?;
/// }
/// let distances = pairwise(&words, &Measure::Warping(Warping::default()), NonZeroUsize::MIN);
/// assert_eq!(distances.as_slice(), [0.0, 2.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn pairwise(words: &Sequences, measure: &Measure, threads: NonZeroUsize) -> DistanceMatrix {
    match measure {
        Measure::Warping(warping) => warp_all(words, warping, threads),
        _ => by_rows(words.len(), threads, |i, j| {
            measure.distance(words.get(i), words.get(j), words.alphabet())
        }),
    }
}

/// The distances of all series. The same bits for any number of threads. A pair at a time: some nanoseconds for each
/// pair of rows.
pub fn pairwise_series(series: &Series, warping: &Warping, threads: NonZeroUsize) -> DistanceMatrix {
    by_rows(series.len(), threads, |i, j| series.distance(i, j, warping))
}

fn by_rows(
    len: usize,
    threads: NonZeroUsize,
    distance: impl Fn(usize, usize) -> f32 + Sync,
) -> DistanceMatrix {
    let rows =
        run_all(threads, (0..len).collect(), |i| (i + 1..len).map(|j| distance(i, j)).collect::<Vec<_>>());
    DistanceMatrix { len, distances: rows.concat() }
}

/// Blocks whose distances wait for their place at a time: at ten thousand words, 40 MiB.
const WAVE: usize = 64;

/// Sixteen targets of similar length are a block; the words up to its last one, sorted by length, are its queries.
fn warp_all(words: &Sequences, warping: &Warping, threads: NonZeroUsize) -> DistanceMatrix {
    let mut order: Vec<usize> = (0..words.len()).collect();
    order.sort_by_key(|word| words.get(*word).len());
    let sorted: Vec<&[u32]> = order.iter().map(|word| words.get(*word)).collect();
    let mut distances = DistanceMatrix::zeros(words.len());
    // The longest rows first, so that no thread ends with one.
    let starts: Vec<usize> = (0..words.len()).step_by(LANES).rev().collect();
    for wave in starts.chunks(WAVE) {
        let blocks =
            run_all(threads, wave.to_vec(), |start| warp_block(&sorted, start, warping, words.alphabet()));
        for (start, block) in wave.iter().zip(blocks) {
            for (query, lanes) in block.iter().enumerate() {
                let targets = order[*start..].iter().zip(lanes).skip((query + 1).saturating_sub(*start));
                targets.for_each(|(target, distance)| distances.put(order[query], *target, *distance));
            }
        }
    }
    distances
}

/// For each query, its distances to the targets from `start` on.
fn warp_block(sorted: &[&[u32]], start: usize, warping: &Warping, alphabet: &Alphabet) -> Vec<[f32; LANES]> {
    let end = sorted.len().min(start + LANES);
    let targets: [usize; LANES] = std::array::from_fn(|lane| sorted[(start + lane).min(end - 1)].len());
    let (mut block, diameter) = (Block::new(*warping, &sorted[start..end], alphabet), alphabet.diameter());
    let queries = sorted[..end].iter().map(|query| {
        let paths: [Path; LANES] = block.best_paths(query);
        std::array::from_fn(|lane| warping.finish(paths[lane], (query.len(), targets[lane]), diameter))
    });
    queries.collect()
}
