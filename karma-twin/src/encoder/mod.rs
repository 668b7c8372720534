//! From a past to features: the part of every model that knows about time.
//!
//! A metric is not Markov: a pod takes seconds to start, a scrape is a mean over an interval, a saturated service is
//! noisy around a level. So a forecast starts from a short memory of the series:
//!
//! * the last `lags` rows, as differences from the newest;
//! * exponentially weighted means with several half-lives, one of which begins anew whenever the controls move, and a
//!   deviation, all as differences from the newest row. They let a model revert to a level that a single noisy row
//!   hides. On the hotel reservation traces that the tests use, this one feature is most of what beats "nothing
//!   changes";
//! * the next controls, their change, and how long ago they last changed;
//! * the next exogenous values and their change;
//! * for each value that may be missing, whether it is;
//! * what the [`Structure`] derives.
//!
//! The memory of a series is a flat slice of fixed length, so that thousands of series are one matrix and a step
//! allocates nothing. Cost of a step: a few operations for each feature.

mod layout;
mod samples;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Structure;
use crate::table::Schema;
pub use layout::Groups;
use layout::Layout;
pub use samples::Samples;

/// Settings as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EncoderParams {
    /// Rows of the past that are shown one by one, 1 to 64 (default 4).
    pub lags: usize,
    /// Half-lives of the running means, in rows, each above 0, at most 8 of them (default 1.5, 4.5 and 15).
    pub half_lives: Vec<f32>,
    /// Half-life, in rows, of the mean that begins anew when the controls move, and of the deviation (default 8).
    pub stay_half_life: f32,
    /// Sum of the controls' absolute changes from which on they count as moved (default 0.5).
    pub moved: f32,
}

impl Default for EncoderParams {
    fn default() -> Self {
        Self { lags: 4, half_lives: vec![1.5, 4.5, 15.0], stay_half_life: 8.0, moved: 0.5 }
    }
}

/// A setting of the encoder is out of its range, or its structure is for other rows.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{setting} is {value}; allowed: {allowed}")]
pub struct EncoderError {
    /// Its name.
    pub setting: &'static str,
    /// Its value.
    pub value: String,
    /// What is allowed.
    pub allowed: &'static str,
}

/// Makes features of the past of a series, and keeps that past.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    schema: Schema,
    params: EncoderParams,
    structure: Structure,
    layout: Layout,
}

impl Encoder {
    /// An encoder for rows of `schema`.
    ///
    /// # Errors
    /// The first setting that is out of its range, or a structure for rows of another schema.
    pub fn new(schema: Schema, params: EncoderParams, structure: Structure) -> Result<Self, EncoderError> {
        let refuse = |setting, value: String, allowed| Err(EncoderError { setting, value, allowed });
        if !(1..=64).contains(&params.lags) {
            return refuse("lags", params.lags.to_string(), "1 to 64");
        }
        if params.half_lives.len() > 8 {
            return refuse("half_lives", format!("{} of them", params.half_lives.len()), "at most 8");
        }
        let mut half_lives = params.half_lives.iter().chain(Some(&params.stay_half_life));
        if let Some(wrong) = half_lives.find(|half_life| !(half_life.is_finite() && **half_life > 0.0)) {
            return refuse("half_lives", wrong.to_string(), "finite numbers above 0");
        }
        if !(params.moved.is_finite() && params.moved > 0.0) {
            return refuse("moved", params.moved.to_string(), "a finite number above 0");
        }
        if !structure.fits(&schema) {
            return refuse("structure", "one for other columns".to_owned(), "one for these columns");
        }
        let layout = Layout::new(&schema, &params, structure.features());
        Ok(Self { schema, params, structure, layout })
    }

    /// What the columns are.
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The settings.
    pub const fn params(&self) -> &EncoderParams {
        &self.params
    }

    /// What is known without learning.
    pub const fn structure(&self) -> &Structure {
        &self.structure
    }

    /// Number of features.
    pub const fn features(&self) -> usize {
        self.layout.features
    }

    /// Where each kind of feature is.
    pub fn groups(&self) -> Groups {
        self.layout.groups()
    }

    /// Length of a series' memory.
    pub const fn memory(&self) -> usize {
        self.layout.memory
    }

    /// Number of columns that are known for the next row: controlled and exogenous.
    pub const fn given(&self) -> usize {
        self.layout.given
    }

    /// Begins a series with its first row.
    pub fn begin(&self, row: &[f32], memory: &mut [f32]) {
        memory.fill(f32::NAN);
        self.layout.reset_counters(memory);
        self.remember(row, memory, false);
        self.layout.backfill(memory);
    }

    /// Adds the next row of a series.
    pub fn push(&self, row: &[f32], memory: &mut [f32]) {
        let travelled = self.travelled(memory, &row[self.layout.predicted..]).0;
        let moved = travelled >= self.params.moved;
        self.layout.note_travel(memory, travelled, moved);
        self.layout.shift(memory);
        self.remember(row, memory, moved);
    }

    /// The last known value of every column.
    pub fn now<'a>(&self, memory: &'a [f32]) -> &'a [f32] {
        &memory[..self.layout.width]
    }

    /// Writes the features of what comes next, given its controlled and exogenous values (`given` of them); says
    /// whether the controls move.
    pub fn encode(&self, memory: &[f32], given: &[f32], features: &mut [f32]) -> bool {
        let layout = &self.layout;
        let now = self.now(memory);
        let mut out = layout::Writer::new(features);
        out.copy(&now[..layout.predicted]);
        for lag in 1..self.params.lags {
            out.differences(layout.lag(memory, lag), now, layout.predicted);
        }
        for mean in layout.means(memory) {
            out.differences(mean, now, layout.predicted);
        }
        out.copy(layout.deviation(memory));
        out.copy(&given[..layout.controlled]);
        out.differences(given, &now[layout.predicted..], layout.controlled);
        out.copy(&given[layout.controlled..]);
        out.differences(
            &given[layout.controlled..],
            &now[layout.predicted + layout.controlled..],
            layout.exogenous,
        );
        out.copy(layout.absences(memory));
        let (travelled, net) = self.travelled(memory, given);
        let (before, since) = layout.counters(memory);
        out.copy(&[travelled, net, before, since.ln_1p()]);
        self.structure.derive(now, given, out.rest());
        travelled >= self.params.moved
    }

    /// The sum of the controls' absolute changes, and the net change.
    fn travelled(&self, memory: &[f32], given: &[f32]) -> (f32, f32) {
        let now = &self.now(memory)[self.layout.predicted..];
        let changes = now.iter().zip(given).take(self.layout.controlled).map(|(now, next)| next - now);
        changes
            .filter(|change| change.is_finite())
            .fold((0.0, 0.0), |(sum, net), change| (sum + change.abs(), net + change))
    }

    /// Writes a row into the newest place and updates the running means with it.
    fn remember(&self, row: &[f32], memory: &mut [f32], moved: bool) {
        let stay = self.params.half_lives.len();
        for (column, value) in row.iter().enumerate() {
            let absent = value.is_nan();
            if !absent {
                memory[column] = *value;
            }
            if let Some(flag) = self.layout.absence(column) {
                memory[flag] = f32::from(u8::from(absent));
            }
            if column < self.layout.predicted {
                let half_lives = self.params.half_lives.iter().chain(Some(&self.params.stay_half_life));
                for (mean, half_life) in half_lives.enumerate() {
                    let begin_anew = moved && mean == stay;
                    let decay = (!begin_anew).then(|| decay(*half_life));
                    self.layout.average(memory, (mean, column), *value, decay);
                }
                self.layout.deviate(memory, (stay, column), *value, decay(self.params.stay_half_life));
            }
        }
    }
}

/// The weight of the past after one row.
fn decay(half_life: f32) -> f32 {
    0.5f32.powf(1.0 / half_life)
}

#[cfg(test)]
mod tests;
