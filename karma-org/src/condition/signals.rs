//! Which numbers all programs of one guide read, and the columns that hold them for a batch of environments.

use indexmap::{IndexMap, IndexSet};
use karma_core::{ResilienceWeights, State};

use super::source::Source;
use super::vocabulary::Vocabulary;

/// A number of a state some decisions ago, as an index into [`Signals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignalId(u32);

impl SignalId {
    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The numbers that programs read, each once: a source and how many decisions ago it is read.
#[derive(Clone, Debug)]
pub struct Signals {
    read: IndexSet<(Source, usize)>,
    weights: ResilienceWeights,
}

impl Signals {
    /// No signals yet; compilers add what they read.
    pub fn new(vocabulary: &Vocabulary<'_>) -> Self {
        Self { read: IndexSet::new(), weights: vocabulary.weights }
    }

    /// The signal of `source`, `lag` decisions ago.
    ///
    /// # Panics
    /// If there are 2^32 signals, which no program that fits a memory reads.
    #[expect(clippy::expect_used, reason = "a signal needs far more than a byte of memory")]
    pub(super) fn intern(&mut self, source: Source, lag: usize) -> SignalId {
        let (index, _) = self.read.insert_full((source, lag));
        SignalId(u32::try_from(index).expect("fewer than 2^32 signals"))
    }

    /// How many signals are read.
    pub fn width(&self) -> usize {
        self.read.len()
    }

    /// The signals, each a source and how many decisions ago it is read.
    pub fn iter(&self) -> impl Iterator<Item = (Source, usize)> {
        self.read.iter().copied()
    }
}

/// One source with its past: `depth` columns, the present first.
#[derive(Clone, Debug)]
struct Track {
    source: Source,
    first: usize,
    depth: usize,
}

/// The signals of a batch of environments: one column of 32-bit floats for each signal, NaN where a sample is
/// missing.
///
/// Every environment has its own past. [`Columns::begin`] forgets it; before the beginning everything is missing, so
/// that a trend is false until enough decisions have been taken. [`Columns::write`] moves the past of one
/// environment back by one decision and puts the state at its front: a copy of one number for each column, cheaper
/// than a ring as long as trends look back some decisions, and it lets environments begin at different times.
///
/// Memory: 4 bytes × environments × sum over sources of (longest lag + 1).
#[derive(Clone, Debug)]
pub struct Columns {
    data: Vec<f32>,
    stride: usize,
    environments: usize,
    tracks: Vec<Track>,
    column_of: Vec<usize>,
    weights: ResilienceWeights,
}

/// Columns begin at multiples of this many floats: a cache line.
const LINE: usize = 16;

impl Columns {
    /// Columns for `environments` environments, everything missing. Signals that are added later are not in them.
    pub fn new(signals: &Signals, environments: usize) -> Self {
        let mut depth_of: IndexMap<Source, usize> = IndexMap::new();
        for (source, lag) in signals.iter() {
            let depth = depth_of.entry(source).or_insert(1);
            *depth = (*depth).max(lag + 1);
        }
        let mut tracks = Vec::with_capacity(depth_of.len());
        let mut first = 0;
        for (source, depth) in depth_of {
            tracks.push(Track { source, first, depth });
            first += depth;
        }
        let column = |(source, lag): (Source, usize)| {
            let track = tracks.iter().find(|track| track.source == source);
            track.map_or(0, |track| track.first) + lag
        };
        let column_of = signals.iter().map(column).collect();
        // An odd number of lines: columns of a power of two would all compete for the same lines of the cache.
        let stride = (environments.div_ceil(LINE) | 1) * LINE;
        let data = vec![f32::NAN; first * stride];
        Self { data, stride, environments, tracks, column_of, weights: signals.weights }
    }

    /// How many environments there are.
    pub const fn environments(&self) -> usize {
        self.environments
    }

    /// How many signals there are.
    pub fn width(&self) -> usize {
        self.column_of.len()
    }

    /// Forgets the past of one environment: everything is missing until the next [`Columns::write`].
    ///
    /// # Panics
    /// If there is no such environment.
    pub fn begin(&mut self, environment: usize) {
        assert!(environment < self.environments, "environment {environment} of {}", self.environments);
        for cell in self.data.iter_mut().skip(environment).step_by(self.stride) {
            *cell = f32::NAN;
        }
    }

    /// Moves the past of one environment back by a decision and makes `state` its present.
    ///
    /// # Panics
    /// If there is no such environment.
    pub fn write(&mut self, environment: usize, state: &State) {
        assert!(environment < self.environments, "environment {environment} of {}", self.environments);
        for track in &self.tracks {
            let cell = |lag: usize| (track.first + lag) * self.stride + environment;
            for lag in (1..track.depth).rev() {
                self.data[cell(lag)] = self.data[cell(lag - 1)];
            }
            self.data[cell(0)] = track.source.read(state, &self.weights).unwrap_or(f32::NAN);
        }
    }

    /// One signal of every environment.
    pub(super) fn column(&self, signal: SignalId) -> &[f32] {
        let start = self.column_of[signal.index()] * self.stride;
        &self.data[start..start + self.environments]
    }
}
