//! The best cut of one node.
//!
//! CART for several targets at once: a cut is as good as the sum of squares that it takes away, summed over the columns
//! in units of their ranges: Σ (S²/n left + S²/n right − S²/n before) over columns, with S the sum of the targets that are
//! there. A missing target counts in no column's sum. Missing features go to the side where they fit better.

use karma_core::StreamRng;
use karma_core::draw::below;

use super::bins::Bins;

/// From this many samples on, counting is faster than sorting.
const COUNTED: usize = 64;

/// What all trees are grown from.
pub(super) struct Ground<'a> {
    pub(super) bins: &'a Bins,
    /// Samples × columns: targets in units of their column's range; 0 where missing.
    pub(super) targets: Vec<f32>,
    /// Samples × columns: 1 where the target is missing; empty if none is, which is quicker.
    pub(super) missing: Vec<f32>,
    pub(super) columns: usize,
    pub(super) least_leaf: usize,
    /// How many features that vary are tried.
    pub(super) tried: usize,
}

/// Samples whose code of `feature` is at most `last` go to the left, missing ones as said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) feature: usize,
    pub(super) last: u8,
    pub(super) missing_left: bool,
    gain: f64,
}

impl Cut {
    pub(super) const fn goes_left(&self, code: u8) -> bool {
        if code == 0 { self.missing_left } else { code <= self.last }
    }
}

/// Sums of the targets of some samples, by column, and how many samples there are.
#[derive(Clone, Debug)]
struct Moments {
    samples: f64,
    sum: Vec<f64>,
    /// How many targets are missing; empty if none is.
    missing: Vec<f64>,
}

impl Moments {
    fn new(ground: &Ground<'_>) -> Self {
        let columns = if ground.missing.is_empty() { 0 } else { ground.columns };
        Self { samples: 0.0, sum: vec![0.0; ground.columns], missing: vec![0.0; columns] }
    }

    fn clear(&mut self) {
        self.samples = 0.0;
        self.sum.fill(0.0);
        self.missing.fill(0.0);
    }

    fn add(&mut self, ground: &Ground<'_>, sample: u32) {
        let first = sample as usize * ground.columns;
        self.samples += 1.0;
        for (sum, target) in self.sum.iter_mut().zip(&ground.targets[first..]) {
            *sum += f64::from(*target);
        }
        if !self.missing.is_empty() {
            for (count, missing) in self.missing.iter_mut().zip(&ground.missing[first..]) {
                *count += f64::from(*missing);
            }
        }
    }

    /// Σ S²/n: what a mean explains.
    fn explained(&self) -> f64 {
        explained(self.samples, self.sum.iter().copied(), self.missing.iter().copied())
    }

    /// The same of what is in `self` but not in `part`.
    fn explained_without(&self, part: &Self) -> f64 {
        let rest = self.sum.iter().zip(&part.sum).map(|(all, part)| all - part);
        let missing = self.missing.iter().zip(&part.missing).map(|(all, part)| all - part);
        explained(self.samples - part.samples, rest, missing)
    }
}

/// Σ S²/n over columns; without targets in a column, S is 0 and so is what it explains.
fn explained(
    samples: f64,
    sums: impl Iterator<Item = f64>,
    missing: impl ExactSizeIterator<Item = f64>,
) -> f64 {
    if missing.len() == 0 {
        sums.map(|sum| sum * sum).sum::<f64>() / samples
    } else {
        sums.zip(missing).map(|(sum, missing)| sum * sum / (samples - missing).max(1.0)).sum()
    }
}

/// Finds cuts; keeps its memory from node to node.
pub(super) struct Cutter<'a> {
    ground: &'a Ground<'a>,
    features: Vec<usize>,
    order: Vec<(u8, u32)>,
    total: Moments,
    left: Moments,
}

impl<'a> Cutter<'a> {
    pub(super) fn new(ground: &'a Ground<'a>) -> Self {
        let [total, left] = [(); 2].map(|()| Moments::new(ground));
        Self { ground, features: (0..ground.bins.features()).collect(), order: Vec::new(), total, left }
    }

    /// The best cut of a node over features drawn at random; none if nothing is gained or a leaf would be too small.
    pub(super) fn best(&mut self, samples: &[u32], rng: &mut StreamRng) -> Option<Cut> {
        if samples.len() < 2 * self.ground.least_leaf {
            return None;
        }
        self.total.clear();
        for sample in samples {
            self.total.add(self.ground, *sample);
        }
        let explained = self.total.explained();
        // Gains that rounding alone could make are none.
        let mut best: Option<Cut> = None;
        let mut least_gain = 1e-12 * explained;
        let (mut tried, mut drawn) = (0, 0);
        while tried < self.ground.tried && drawn < self.features.len() {
            let other = drawn + below(rng, self.features.len() - drawn);
            self.features.swap(drawn, other);
            let feature = self.features[drawn];
            drawn += 1;
            if !self.varies(feature, samples) {
                continue;
            }
            tried += 1;
            self.sort(feature, samples);
            for cut in self.cuts(feature, explained).into_iter().flatten() {
                if cut.gain > least_gain {
                    least_gain = cut.gain;
                    best = Some(cut);
                }
            }
        }
        best
    }

    fn varies(&self, feature: usize, samples: &[u32]) -> bool {
        let codes = self.ground.bins.codes(feature);
        let first = codes[samples[0] as usize];
        samples.iter().any(|sample| codes[*sample as usize] != first)
    }

    /// Orders the samples by their code.
    fn sort(&mut self, feature: usize, samples: &[u32]) {
        let codes = self.ground.bins.codes(feature);
        let coded = samples.iter().map(|sample| (codes[*sample as usize], *sample));
        self.order.clear();
        if samples.len() < COUNTED {
            self.order.extend(coded);
            self.order.sort_unstable();
            return;
        }
        let mut next = [0_usize; 257];
        for sample in samples {
            next[usize::from(codes[*sample as usize]) + 1] += 1;
        }
        (1..next.len()).for_each(|code| next[code] += next[code - 1]);
        self.order.resize(samples.len(), (0, 0));
        for (code, sample) in coded {
            let place = &mut next[usize::from(code)];
            self.order[*place] = (code, sample);
            *place += 1;
        }
    }

    /// The best cuts of the ordered samples with missing ones to the left, which is where they lie, and to the right.
    fn cuts(&mut self, feature: usize, explained: f64) -> [Option<Cut>; 2] {
        let missing = self.order.partition_point(|(code, _)| *code == 0);
        let below = self.sweep(feature, explained, missing > 0);
        self.order.rotate_left(missing);
        let above = if missing > 0 { self.sweep(feature, explained, false) } else { None };
        [below, above]
    }

    /// The best place to cut the ordered samples in two.
    fn sweep(&mut self, feature: usize, explained: f64, missing_left: bool) -> Option<Cut> {
        let (samples, least) = (self.order.len(), self.ground.least_leaf);
        let some_missing = self.order.first().is_some_and(|first| first.0 == 0)
            || self.order.last().is_some_and(|last| last.0 == 0);
        let mut best: Option<Cut> = None;
        self.left.clear();
        for place in 1..=samples - least {
            let (code, sample) = self.order[place - 1];
            self.left.add(self.ground, sample);
            let Some((next, _)) = self.order.get(place) else { break };
            // Known | missing on the right is missing | known on the left, which was seen.
            if place < least || code == *next || *next == 0 {
                continue;
            }
            let gain = self.left.explained() + self.total.explained_without(&self.left) - explained;
            if best.is_none_or(|best| gain > best.gain) {
                // Midway among the codes that lie between; only missing ones are below code 1.
                let last = if code == 0 { 0 } else { code + (next - code - 1) / 2 };
                // Never missing here: with the many.
                let missing_left = if some_missing { missing_left } else { 2 * place >= samples };
                best = Some(Cut { feature, last, missing_left, gain });
            }
        }
        best
    }
}
