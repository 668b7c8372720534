//! Dynamic time warping of one query against sixteen targets at once.
//!
//! A pair alone is a chain of additions and minima, each of which waits for the one before. Pairs do not wait for each
//! other, so each takes a lane of a vector (Rognes, *Faster Smith-Waterman database searches with inter-sequence SIMD
//! parallelisation*, BMC Bioinformatics, 2011). A block of targets has a **profile**: for each letter and each place,
//! the distances from the letter to the sixteen letters at the place, so that a cell loads its costs and looks nothing
//! up. Four rows pass a column together: the row between them is neither stored nor loaded, and the processor finds
//! four chains to work on where a row alone has one.
//!
//! Targets of a block may differ in length: cells beyond the end of a shorter one are computed and not read. Bands may
//! differ as well, so cells that some lane's band leaves out are masked; the columns between them are not.
//!
//! Every lane does the additions of [`best_path`](super::warping::best_path) in its order, and minima are exact: the
//! result has the same bits, for every width of vectors.

use pulp::{Arch, Simd, WithSimd};

use super::score::{Cost, CostAndSteps, Row, Score};
use super::warping::{Normalization, Path, Warping};
use crate::sequence::Alphabet;

/// Targets of a block: the `f32`s of a vector of AVX-512, and a multiple of those of all others.
pub(super) const LANES: usize = 16;

/// Rows that pass a column together.
const ROWS: usize = 4;

/// Up to sixteen targets, with all that is needed to warp queries against them.
#[derive(Debug)]
pub(super) struct Block {
    warping: Warping,
    lengths: [usize; LANES],
    longest: usize,
    /// By letter, place and lane.
    profile: Vec<f32>,
    /// The row under way, by place and lane.
    costs: Vec<f32>,
    /// The same of the steps, if they count.
    steps: Vec<f32>,
}

impl Block {
    /// The block of these targets, of which there is one at least; lanes that are left repeat the last.
    pub(super) fn new(warping: Warping, targets: &[&[u32]], alphabet: &Alphabet) -> Self {
        let targets: [&[u32]; LANES] = std::array::from_fn(|lane| targets[lane.min(targets.len() - 1)]);
        let lengths = targets.map(<[u32]>::len);
        let longest = lengths.into_iter().max().unwrap_or(0);
        let cells = (longest + 1) * LANES;
        let counts = warping.normalization() == Normalization::Path;
        Self {
            warping,
            lengths,
            longest,
            profile: profile(&targets, longest, alphabet),
            costs: vec![0.0; cells],
            steps: vec![0.0; if counts { cells } else { 0 }],
        }
    }

    /// The best paths from a query to all targets. Nothing is allocated.
    pub(super) fn best_paths(&mut self, query: &[u32]) -> [Path; LANES] {
        self.reset();
        let widths = self.widths(query.len());
        Arch::new().dispatch(Warp { block: self, query, widths });
        self.paths()
    }

    /// The row before the first: paths begin at its first place.
    fn reset(&mut self) {
        self.costs[..LANES].fill(0.0);
        self.costs[LANES..].fill(f32::INFINITY);
        self.steps.fill(0.0);
    }

    /// How far apart places may be, in each lane; without a band the lengths of all lanes are within reach.
    fn widths(&self, query: usize) -> [usize; LANES] {
        let reach = |length| if self.warping.has_band() { length } else { self.longest };
        self.lengths.map(|length| self.warping.half_width((query, reach(length))))
    }

    /// What the row has at the end of each target.
    fn paths(&self) -> [Path; LANES] {
        std::array::from_fn(|lane| {
            let cell = self.lengths[lane] * LANES + lane;
            Path { cost: self.costs[cell], steps: self.steps.get(cell).copied().unwrap_or(0.0) }
        })
    }
}

/// For each letter and place, the distances to what the targets have there; 0 beyond their ends.
fn profile(targets: &[&[u32]; LANES], longest: usize, alphabet: &Alphabet) -> Vec<f32> {
    let of_letter = longest * LANES;
    let mut profile = vec![0.0; alphabet.letters() * of_letter];
    for (letter, profile) in (0u32..).zip(profile.chunks_exact_mut(of_letter.max(1))) {
        let costs = alphabet.costs_of(letter);
        for (lane, target) in targets.iter().enumerate() {
            for (place, letter) in target.iter().enumerate() {
                profile[place * LANES + lane] = costs[*letter as usize];
            }
        }
    }
    profile
}

struct Warp<'a> {
    block: &'a mut Block,
    query: &'a [u32],
    widths: [usize; LANES],
}

impl WithSimd for Warp<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let counts = self.block.warping.normalization() == Normalization::Path;
        match (S::F32_LANES, counts) {
            (16, false) => self.all_rows::<S, Cost<S>, 1>(simd),
            (16, true) => self.all_rows::<S, CostAndSteps<S>, 1>(simd),
            (8, false) => self.all_rows::<S, Cost<S>, 2>(simd),
            (8, true) => self.all_rows::<S, CostAndSteps<S>, 2>(simd),
            (4, false) => self.all_rows::<S, Cost<S>, 4>(simd),
            (4, true) => self.all_rows::<S, CostAndSteps<S>, 4>(simd),
            (_, false) => self.all_rows::<S, Cost<S>, 16>(simd),
            (_, true) => self.all_rows::<S, CostAndSteps<S>, 16>(simd),
        }
    }
}

impl Warp<'_> {
    /// The whole query, with `V` vectors a place.
    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn all_rows<S: Simd, C: Score<S>, const V: usize>(self, simd: S) {
        let Self { block, query, widths } = self;
        let limits = widths.map(|width| width as f32);
        let limits = S::as_simd_f32s(&limits).0;
        let band = Band {
            narrow: widths.into_iter().min().unwrap_or(0),
            wide: widths.into_iter().max().unwrap_or(0),
            limits: std::array::from_fn(|v| limits[v]),
        };
        let (profile, places) = (S::as_simd_f32s(&block.profile).0, block.longest * V);
        let (costs, steps) =
            (S::as_mut_simd_f32s(&mut block.costs).0, S::as_mut_simd_f32s(&mut block.steps).0);
        let mut row = Row { costs, steps };
        let costs_of = |i: usize| &profile[query[i] as usize * places..][..places];
        let mut i = 0;
        while query.len() - i >= ROWS {
            tile::<S, C, V, ROWS>(simd, &mut row, std::array::from_fn(|r| costs_of(i + r)), i, &band);
            i += ROWS;
        }
        while i < query.len() {
            tile::<S, C, V, 1>(simd, &mut row, [costs_of(i)], i, &band);
            i += 1;
        }
    }
}

/// How far places that are paired may be apart.
struct Band<S: Simd, const V: usize> {
    /// In all lanes.
    narrow: usize,
    /// In some lane.
    wide: usize,
    /// In each lane.
    limits: [S::f32s; V],
}

/// Rows that pass a column together, and what passes from a column to the next.
struct Front<'a, 'b, S: Simd, C, const V: usize, const R: usize> {
    /// The row above, which becomes the last of these.
    row: &'a mut Row<'b, S>,
    /// The costs of each row.
    costs: [&'a [S::f32s]; R],
    /// The cells of the column before.
    left: [[C; V]; R],
    /// The cell above them.
    corner: [C; V],
}

/// Rows `i .. i + R`, all columns of the band.
#[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
#[inline(always)]
fn tile<S: Simd, C: Score<S>, const V: usize, const R: usize>(
    simd: S,
    row: &mut Row<'_, S>,
    costs: [&[S::f32s]; R],
    i: usize,
    band: &Band<S, V>,
) {
    let end = (costs[0].len() / V).min(i + R + band.wide);
    let low = i.saturating_sub(band.wide).min(end);
    let open = (i + R - 1).saturating_sub(band.narrow).clamp(low, end);
    let close = (i + band.narrow + 1).clamp(open, end);
    let none = C::none(simd);
    let corner = std::array::from_fn(|v| C::load(row, low * V + v));
    (0..V).for_each(|v| none.store(row, low * V + v));
    let mut front: Front<'_, '_, S, C, V, R> = Front { row, costs, left: [[none; V]; R], corner };
    for j in low..open {
        column(simd, &mut front, j, |r| Some((i + r, band.limits)));
    }
    for j in open..close {
        column(simd, &mut front, j, |_| None);
    }
    for j in close..end {
        column(simd, &mut front, j, |r| Some((i + r, band.limits)));
    }
}

/// One column of a tile; of each row, its place and the limits of the band if some lane may be beyond.
#[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
#[inline(always)]
fn column<S: Simd, C: Score<S>, const V: usize, const R: usize>(
    simd: S,
    front: &mut Front<'_, '_, S, C, V, R>,
    j: usize,
    limits: impl Fn(usize) -> Option<(usize, [S::f32s; V])>,
) {
    for v in 0..V {
        let above = C::load(front.row, (j + 1) * V + v);
        let (mut up, mut diagonal) = (above, front.corner[v]);
        front.corner[v] = above;
        for (r, (costs, left)) in front.costs.iter().zip(&mut front.left).enumerate() {
            let mut cost = costs[j * V + v];
            if let Some((i, limits)) = limits(r) {
                let inside = simd.less_than_or_equal_f32s(simd.splat_f32s(i.abs_diff(j) as f32), limits[v]);
                cost = simd.select_f32s(inside, cost, simd.splat_f32s(f32::INFINITY));
            }
            up = up.or(simd, diagonal).or(simd, left[v]).pair(simd, cost);
            diagonal = std::mem::replace(&mut left[v], up);
        }
        up.store(front.row, (j + 1) * V + v);
    }
}

#[cfg(test)]
mod tests {
    use pulp::Scalar;

    use super::super::warping::{WarpingParams, best_path};
    use super::*;

    #[test]
    fn plain_numbers_and_vectors_give_the_bits_of_a_pair_alone() {
        let alphabet = Alphabet::of_points(&[0.0, 0.3, 1.0, -2.0, 0.7], 1);
        let word = |seed: u32, length: u32| (0..length).map(|at| (at * at + seed * at) % 5).collect();
        let targets: Vec<Vec<u32>> = (0..11).map(|at| word(at, 17 + at % 3)).collect();
        let slices: Vec<&[u32]> = targets.iter().map(Vec::as_slice).collect();
        let query: Vec<u32> = word(7, 18);
        for band in [None, Some(0), Some(3)] {
            let warping = WarpingParams { band, normalization: Normalization::Path }.check().unwrap();
            let mut block = Block::new(warping, &slices, &alphabet);
            let vectors = block.best_paths(&query);
            block.reset();
            let widths = block.widths(query.len());
            Warp { block: &mut block, query: &query, widths }.with_simd(Scalar::new());
            let alone = slices.iter().map(|target| {
                let lengths = (query.len(), target.len());
                best_path(lengths, warping.half_width(lengths), |i, j| alphabet.cost(query[i], target[j]))
            });
            let alone: Vec<Path> = alone.collect();
            assert_eq!((&vectors[..11], &block.paths()[..11]), (&alone[..], &alone[..]));
        }
    }
}
