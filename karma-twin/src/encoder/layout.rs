//! Where everything is in the memory of a series.
//!
//! ```text
//! row 0 (last known) | row −1 | … | means: one block for each half-life, then the one that begins anew
//!                    | deviations | absence flags | travelled before | rows since the controls moved
//! ```

use std::ops::Range;

use super::EncoderParams;
use crate::table::Schema;

/// Where each kind of feature is among the features of an [`Encoder`](super::Encoder).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    /// Last known predicted values.
    pub present: Range<usize>,
    /// Earlier rows, newest first, as differences from the present.
    pub lags: Range<usize>,
    /// Running means, as differences from the present; the last block begins anew when the controls move.
    pub means: Range<usize>,
    /// Running deviations.
    pub deviations: Range<usize>,
    /// Next controls.
    pub controls: Range<usize>,
    /// Their changes.
    pub control_changes: Range<usize>,
    /// Next exogenous values.
    pub exogenous: Range<usize>,
    /// Their changes.
    pub exogenous_changes: Range<usize>,
    /// 1 where a value is missing now: predicted, then exogenous.
    pub absences: Range<usize>,
    /// Σ|change| and Σ change of the controls, Σ|change| before, ln(1 + rows since they moved).
    pub counters: Range<usize>,
    /// What the structure derives.
    pub derived: Range<usize>,
}

/// Offsets into memory, and sizes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    pub(super) width: usize,
    pub(super) predicted: usize,
    pub(super) controlled: usize,
    pub(super) exogenous: usize,
    pub(super) given: usize,
    pub(super) features: usize,
    pub(super) memory: usize,
    lags: usize,
    means: usize,
    first_mean: usize,
    first_deviation: usize,
    first_absence: usize,
    first_counter: usize,
}

impl Layout {
    pub(super) fn new(schema: &Schema, params: &EncoderParams, derived: usize) -> Self {
        let (width, lags, means) = (schema.width(), params.lags, params.half_lives.len() + 1);
        let [predicted, controlled, exogenous] =
            [schema.predicted(), schema.controlled(), schema.exogenous()].map(<[_]>::len);
        let first_mean = lags * width;
        let first_deviation = first_mean + means * predicted;
        let first_absence = first_deviation + predicted;
        let first_counter = first_absence + predicted + exogenous;
        // Present, lags, means, deviation; controls and exogenous with their changes; absences; counters; derived.
        let of_predicted = predicted * (lags + means + 1);
        let features = of_predicted + 2 * (controlled + exogenous) + predicted + exogenous + 4 + derived;
        Self {
            width,
            predicted,
            controlled,
            exogenous,
            given: controlled + exogenous,
            features,
            memory: first_counter + 2,
            lags,
            means,
            first_mean,
            first_deviation,
            first_absence,
            first_counter,
        }
    }

    /// Where each kind of feature is.
    pub(super) fn groups(&self) -> Groups {
        let mut end = 0;
        let mut next = |count: usize| {
            let start = end;
            end += count;
            start..end
        };
        Groups {
            present: next(self.predicted),
            lags: next((self.lags - 1) * self.predicted),
            means: next(self.means * self.predicted),
            deviations: next(self.predicted),
            controls: next(self.controlled),
            control_changes: next(self.controlled),
            exogenous: next(self.exogenous),
            exogenous_changes: next(self.exogenous),
            absences: next(self.predicted + self.exogenous),
            counters: next(4),
            derived: end..self.features,
        }
    }

    /// The row of `lag` rows ago; before the beginning, the last one that there was.
    pub(super) fn lag<'a>(&self, memory: &'a [f32], lag: usize) -> &'a [f32] {
        &memory[lag * self.width..(lag + 1) * self.width]
    }

    /// Every row becomes one older.
    pub(super) fn shift(&self, memory: &mut [f32]) {
        memory.copy_within(..(self.lags - 1) * self.width, self.width);
    }

    /// The running means, one slice of predicted columns each.
    pub(super) fn means<'a>(&self, memory: &'a [f32]) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        memory[self.first_mean..self.first_deviation].chunks_exact(self.predicted)
    }

    /// Adds a value to a running mean, which begins anew without a decay; a missing value changes nothing.
    pub(super) fn average(
        &self,
        memory: &mut [f32],
        (mean, column): (usize, usize),
        value: f32,
        decay: Option<f32>,
    ) {
        let average = &mut memory[self.first_mean + mean * self.predicted + column];
        match decay {
            Some(decay) if !average.is_nan() => {
                if !value.is_nan() {
                    *average += (1.0 - decay) * (value - *average);
                }
            }
            _ => *average = value,
        }
    }

    /// Adds the distance of a value from a running mean to the running deviation.
    pub(super) fn deviate(&self, memory: &mut [f32], (mean, column): (usize, usize), value: f32, decay: f32) {
        let average = memory[self.first_mean + mean * self.predicted + column];
        let deviation = &mut memory[self.first_deviation + column];
        if deviation.is_nan() {
            *deviation = 0.0;
        } else if !value.is_nan() {
            *deviation += (1.0 - decay) * ((value - average).abs() - *deviation);
        }
    }

    /// The running deviation of each predicted column.
    pub(super) fn deviation<'a>(&self, memory: &'a [f32]) -> &'a [f32] {
        &memory[self.first_deviation..self.first_absence]
    }

    /// The place of a column's absence flag; controls have none.
    pub(super) fn absence(&self, column: usize) -> Option<usize> {
        let flag = match column.checked_sub(self.predicted) {
            None => column,
            Some(given) => self.predicted + given.checked_sub(self.controlled)?,
        };
        Some(self.first_absence + flag)
    }

    /// The absence flags.
    pub(super) fn absences<'a>(&self, memory: &'a [f32]) -> &'a [f32] {
        &memory[self.first_absence..self.first_counter]
    }

    /// How far the controls moved before the last row, and the rows since they moved.
    pub(super) fn counters(&self, memory: &[f32]) -> (f32, f32) {
        (memory[self.first_counter], memory[self.first_counter + 1])
    }

    pub(super) fn reset_counters(&self, memory: &mut [f32]) {
        memory[self.first_counter..self.first_counter + 2].fill(0.0);
    }

    pub(super) fn note_travel(&self, memory: &mut [f32], travelled: f32, moved: bool) {
        let since = if moved { 0.0 } else { memory[self.first_counter + 1] + 1.0 };
        memory[self.first_counter] = travelled;
        memory[self.first_counter + 1] = since;
    }

    /// The rows before the beginning repeat the first.
    pub(super) fn backfill(&self, memory: &mut [f32]) {
        for lag in 1..self.lags {
            memory.copy_within(..self.width, lag * self.width);
        }
    }
}

/// Writes features one after the other.
pub(super) struct Writer<'a> {
    rest: &'a mut [f32],
}

impl<'a> Writer<'a> {
    pub(super) const fn new(rest: &'a mut [f32]) -> Self {
        Self { rest }
    }

    /// The places for the next `count` features.
    fn take(&mut self, count: usize) -> &'a mut [f32] {
        let (here, rest) = std::mem::take(&mut self.rest).split_at_mut(count);
        self.rest = rest;
        here
    }

    pub(super) fn copy(&mut self, values: &[f32]) {
        self.take(values.len()).copy_from_slice(values);
    }

    /// The first `count` values minus those of `from`.
    pub(super) fn differences(&mut self, values: &[f32], from: &[f32], count: usize) {
        for (out, (value, from)) in self.take(count).iter_mut().zip(values.iter().zip(from)) {
            *out = value - from;
        }
    }

    /// What is left.
    pub(super) fn rest(self) -> &'a mut [f32] {
        self.rest
    }
}
