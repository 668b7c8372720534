//! A window of a recorded trace, played as a load.
//!
//! A trace gives **shape, not scale**: a window of one split's rows is taken, made smooth, and scaled.
//!
//! 1. *Window.* Its start is drawn uniformly from all that keep it inside one stretch without a gap. A stretch
//!    that is too short is played forwards and backwards in turn, so that no split ever borrows another's rows.
//! 2. *Speed.* `speedup` seconds of the trace pass in one simulated second. By default a row of a slow trace
//!    lasts 2 simulated seconds: of the World Cup trace, with a row a minute, half an hour passes in a minute and
//!    an episode of 660 s shows 5.5 hours; of the 5-minute trace it shows a day. Slower play was measured and is
//!    nearly constant: at 6 × speed the World Cup's windows peak at 1.2 × their mean.
//! 3. *Knots.* Every `knot_seconds` (10 s) the load is the mean of the rows within half a knot of it, or the
//!    line between two rows where none is near; between knots it is a straight line. Counts per second of a real
//!    service are one draw of an arrival process; the simulation draws its own arrivals and needs the rate.
//! 4. *Scale and cap.* The window is scaled so that its mean, or its peak, is a multiple of the nominal rate. No second
//!    exceeds `cap` times the nominal rate; what a cap takes away is given to the rest of the window in
//!    proportion, so that the mean holds, unless too much of the window is empty for that.
//!
//! Cost: seconds + rows of the window.

use std::ops::Range;

use karma_core::StreamRng;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::span::{SettingError, within};
use super::{Split, Trace};

/// Seconds that one row of a trace lasts at most, by default.
const SLOWEST_ROW: f64 = 2.0;

/// How a trace is played, as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayParams {
    /// Name of the trace.
    pub trace: String,
    /// Seconds of the trace for each simulated second, 0.001 to 1 000 000 (default: such that a row lasts 2 s, or less).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speedup: Option<f64>,
    /// What the scale is fixed by (default: a mean of 1 × nominal).
    #[serde(default = "default_scale")]
    pub scale: Scale,
    /// Highest rate, as a multiple of nominal, up to 100 (default 3: below the ceiling of 5 to 6 that the shipped
    /// topologies have, so that a quiet episode can be carried).
    #[serde(default = "default_cap")]
    pub cap: f64,
    /// Simulated seconds between knots, 1 to 600 (default 10).
    #[serde(default = "default_knot")]
    pub knot_seconds: f64,
}

/// What the scale of a window is fixed by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// The window's mean is this multiple of the nominal rate.
    Mean(f64),
    /// The window's highest second is this multiple of the nominal rate.
    Peak(f64),
}

const fn default_scale() -> Scale {
    Scale::Mean(1.0)
}

const fn default_cap() -> f64 {
    3.0
}

const fn default_knot() -> f64 {
    10.0
}

impl ReplayParams {
    /// The defaults, for the trace of this name.
    pub fn of(trace: impl Into<String>) -> Self {
        Self {
            trace: trace.into(),
            speedup: None,
            scale: default_scale(),
            cap: default_cap(),
            knot_seconds: default_knot(),
        }
    }

    pub(super) fn check(&self) -> Result<(), SettingError> {
        if let Some(speedup) = self.speedup {
            within("trace.speedup", speedup, (1e-3, 1e6))?;
        }
        within("trace.cap", self.cap, (1e-3, 100.0))?;
        within("trace.knot_seconds", self.knot_seconds, (1.0, 600.0))?;
        match self.scale {
            Scale::Mean(factor) => within("trace.scale.mean", factor, (0.0, self.cap)),
            Scale::Peak(factor) => within("trace.scale.peak", factor, (0.0, self.cap)),
        }
    }

    fn speedup(&self, trace: &Trace) -> f64 {
        self.speedup.unwrap_or_else(|| (trace.step() / SLOWEST_ROW).max(1.0))
    }

    /// The rate in each second as a multiple of nominal. `rng` chooses the window.
    pub(super) fn factors(&self, trace: &Trace, seconds: u32, split: Split, rng: &mut StreamRng) -> Vec<f64> {
        let speedup = self.speedup(trace);
        let window = Window::draw(trace, f64::from(seconds) * speedup, split, rng);
        let knot = self.knot_seconds * speedup;
        let mut knots = Vec::new();
        while knots.len() as f64 <= f64::from(seconds) / self.knot_seconds + 1.0 {
            knots.push(window.mean_about(knots.len() as f64 * knot, 0.5 * knot));
        }
        let mut factors: Vec<f64> = (0..seconds)
            .map(|second| between(&knots, (f64::from(second) + 0.5) / self.knot_seconds))
            .collect();
        self.fit(&mut factors);
        factors
    }

    fn fit(&self, shape: &mut [f64]) {
        match self.scale {
            Scale::Mean(mean) => scale_to_mean(shape, mean, self.cap),
            Scale::Peak(peak) => {
                let highest = shape.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
                for value in shape {
                    *value = *value / highest * peak;
                }
            }
        }
    }
}

/// The straight line between the knots on both sides of `position`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position within the knots")]
fn between(knots: &[f64], position: f64) -> f64 {
    let left = position as usize;
    let share = position - left as f64;
    (1.0 - share) * knots[left] + share * knots[left + 1]
}

/// Scales `shape` so that its mean is `mean` while no value exceeds `cap`: the values at the cap are fixed, the
/// rest share one factor. With `k` capped, the factor is `(n · mean − k · cap) / Σ rest`; the least `k` at which the highest
/// of the rest stays below the cap is the answer. Cost: one sort.
fn scale_to_mean(shape: &mut [f64], mean: f64, cap: f64) {
    let mut ascending = shape.to_vec();
    ascending.sort_by(f64::total_cmp);
    let sums = running_sums(&ascending);
    let wanted = shape.len() as f64 * mean;
    let factor = ascending.iter().zip(&sums).rev().enumerate().find_map(|(capped, (highest, rest))| {
        let factor = (wanted - capped as f64 * cap) / rest;
        (*highest > 0.0 && factor * highest <= cap).then_some(factor)
    });
    for value in shape.iter_mut().filter(|value| **value > 0.0) {
        *value = factor.map_or(cap, |factor| (*value * factor).min(cap));
    }
}

/// The sum of each value and all before it.
fn running_sums(values: &[f64]) -> Vec<f64> {
    let add = |sum: &mut f64, value: &f64| {
        *sum += value;
        Some(*sum)
    };
    values.iter().scan(0.0, add).collect()
}

/// A part of a trace that begins at some moment of a stretch and turns round at its ends.
struct Window<'a> {
    times: &'a [f64],
    values: &'a [f64],
    start: f64,
}

impl<'a> Window<'a> {
    fn draw(trace: &'a Trace, length: f64, split: Split, rng: &mut StreamRng) -> Self {
        let stretches = trace.stretches_of(split);
        let room = |rows: &Range<usize>| (duration(trace.times(rows.clone())) - length).max(0.0);
        let mut start = rng.random::<f64>() * stretches.iter().map(room).sum::<f64>();
        for rows in &stretches {
            if start < room(rows) {
                return Self::of(trace, rows, start);
            }
            start -= room(rows);
        }
        let lasts = |rows: &&Range<usize>| duration(trace.times((*rows).clone()));
        let longest = stretches.iter().max_by(|a, b| lasts(a).total_cmp(&lasts(b)));
        longest.map_or(Self { times: &[], values: &[], start: 0.0 }, |rows| {
            Self::of(trace, rows, rng.random::<f64>() * lasts(&rows))
        })
    }

    fn of(trace: &'a Trace, rows: &Range<usize>, start: f64) -> Self {
        Self { times: trace.times(rows.clone()), values: trace.values(rows.clone()), start }
    }

    /// Mean of the rows within `half` of the moment `time` after the window's start, or the line between its
    /// neighbours if there is none.
    fn mean_about(&self, time: f64, half: f64) -> f64 {
        let begin = self.times.first().copied().unwrap_or_default();
        let moment = begin + reflect(self.start + time, duration(self.times));
        let first = self.times.partition_point(|time| *time < moment - half);
        let end = self.times.partition_point(|time| *time < moment + half);
        match self.values.get(first..end) {
            Some(rows) if !rows.is_empty() => rows.iter().sum::<f64>() / rows.len() as f64,
            _ => self.line_at(moment, first),
        }
    }

    /// `after` is the first row that is later than `moment`.
    fn line_at(&self, moment: f64, after: usize) -> f64 {
        let last = self.times.len().saturating_sub(1);
        let (left, right) = (after.saturating_sub(1), after.min(last));
        let step = self.times[right] - self.times[left];
        let share = if step > 0.0 { ((moment - self.times[left]) / step).clamp(0.0, 1.0) } else { 0.0 };
        (1.0 - share) * self.values[left] + share * self.values[right]
    }
}

fn duration(times: &[f64]) -> f64 {
    match times {
        [first, .., last] => last - first,
        _ => 0.0,
    }
}

/// A position that runs from 0 to `length`, back to 0, and so on.
fn reflect(position: f64, length: f64) -> f64 {
    if length <= 0.0 {
        return 0.0;
    }
    let turn = position % (2.0 * length);
    if turn > length { 2.0 * length - turn } else { turn }
}
