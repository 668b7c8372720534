//! Open-loop roll-outs: a model that lives on its own forecasts.
//!
//! A twin is not asked for the next row only. A policy that trains in it sees what it makes of its own forecasts for
//! hundreds of steps, so it is judged in the same way: it starts from a row that was recorded, with the past of the
//! window up to there, and then is told what was decided and what came from outside, never what was measured.
//!
//! ```text
//!             t          t + 1         t + 2                      t + k
//! predicted   recorded   median ─────▶ median ─────▶ …            median   compared with the record
//! given       recorded   recorded      recorded                   recorded
//! ```
//!
//! All starts advance together, one forecast for all of them at each step. The path is that of the medians: the mean
//! at step k is the mean that follows the median path, and the spread is that of the last step alone, so intervals
//! beyond step 1 are calibrated for each step from roll-outs like these.
//!
//! Cost: a window is read once if the starts are in order; then `horizon` encodings and forecasts for each start. The
//! memory is that of a few thousand series, whatever the number of starts.

use crate::table::{Start, Table};
use crate::{Encoder, Forecaster, Forecasts, Inputs};

/// Series that advance together: enough for matrix products, few enough for the cache of a processor.
const CHUNK: usize = 2048;

/// One step of one series of a roll-out. Slices have one value for each predicted column, on its scale.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// How many rows after the start: 1, 2, ….
    pub step: usize,
    /// The start's index in the list of starts.
    pub place: usize,
    /// Whether the controls moved in any step since the start.
    pub moved: bool,
    /// The last known values at the start, which are what persistence says of every step; NaN if there never was one.
    pub present: &'a [f32],
    /// The model's median, inside what the structure allows. The next step starts from it.
    pub median: &'a [f32],
    /// The model's mean, as the model gave it.
    pub mean: &'a [f32],
    /// Noise of this step: mean absolute deviation.
    pub aleatoric: &'a [f32],
    /// Ignorance at this step: standard deviation.
    pub epistemic: &'a [f32],
    /// What was recorded; NaN where it is missing. The model never sees it.
    pub truth: &'a [f32],
}

impl Visit<'_> {
    /// Both kinds of uncertainty of a column as one: √(aleatoric² + epistemic²).
    pub fn spread(&self, column: usize) -> f32 {
        self.aleatoric[column].hypot(self.epistemic[column])
    }
}

/// Rolls a model out from each start for up to `horizon` steps, under the recorded controls and exogenous values.
///
/// `visit` is called once for each step of each start, up to the end of the start's window and never beyond. Starts
/// may be in any order and repeat, but are fastest in the order of the table. For one step, they are visited in the
/// order given. A controlled or exogenous value that is missing at a step keeps its last known value. A predicted
/// value that is missing in the record is still forecast: values are predicted, not absences.
///
/// # Panics
/// If the encoder is for another schema or a start is not in the table: bugs of the caller.
#[expect(
    clippy::too_many_arguments,
    reason = "a model, its data and how far: no smaller group has a meaning"
)]
pub fn roll_out(
    encoder: &Encoder,
    forecaster: &dyn Forecaster,
    table: &Table,
    starts: &[Start],
    horizon: usize,
    visit: &mut dyn FnMut(Visit<'_>),
) {
    assert!(encoder.schema() == table.schema(), "the encoder is for the columns of the table");
    let mut walk = Walk::new(encoder, table);
    let mut fleet = Fleet::new(encoder, table);
    for (chunk, starts) in starts.chunks(CHUNK).enumerate() {
        fleet.begin(chunk * CHUNK, starts, &mut walk);
        for step in 1..=horizon {
            fleet.keep_those_that_last(starts, step);
            if fleet.active.is_empty() {
                break;
            }
            fleet.encode(starts, step);
            fleet.forecast(forecaster);
            fleet.advance(starts, step, visit);
        }
    }
}

/// Reads windows from their beginning, and remembers how far it came.
pub(crate) struct Walk<'a> {
    encoder: &'a Encoder,
    table: &'a Table,
    at: Option<Start>,
    memory: Vec<f32>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(encoder: &'a Encoder, table: &'a Table) -> Self {
        Self { encoder, table, at: None, memory: vec![0.0; encoder.memory()] }
    }

    /// The memory of a series that has seen its window up to and with the row of `start`.
    fn memory_at(&mut self, start: Start) -> &[f32] {
        let window = &self.table.windows()[start.window];
        let first = match self.at {
            Some(at) if at.window == start.window && at.row <= start.row => at.row + 1,
            _ => {
                self.encoder.begin(window.row(0), &mut self.memory);
                1
            }
        };
        for row in first..=start.row {
            self.encoder.push(window.row(row), &mut self.memory);
        }
        self.at = Some(start);
        &self.memory
    }
}

/// The series of one chunk. "Series" counts from the chunk's first start; "slot" counts the series still under way.
pub(crate) struct Fleet<'a> {
    encoder: &'a Encoder,
    table: &'a Table,
    predicted: usize,
    /// Place of the chunk's first start.
    first: usize,
    /// The series of each slot.
    pub(crate) active: Vec<usize>,
    /// Series × memory.
    memories: Vec<f32>,
    /// Series × predicted columns: last known at the start.
    origins: Vec<f32>,
    /// For each series, whether the controls moved since the start.
    moved_since: Vec<bool>,
    /// Slots × features, slots × predicted columns, and slots.
    features: Vec<f32>,
    present: Vec<f32>,
    moved: Vec<bool>,
    forecasts: Forecasts,
    /// One whole row.
    next: Vec<f32>,
}

impl<'a> Fleet<'a> {
    pub(crate) fn new(encoder: &'a Encoder, table: &'a Table) -> Self {
        Self {
            encoder,
            table,
            predicted: encoder.schema().predicted().len(),
            first: 0,
            active: Vec::new(),
            memories: Vec::new(),
            origins: Vec::new(),
            moved_since: Vec::new(),
            features: Vec::new(),
            present: Vec::new(),
            moved: Vec::new(),
            forecasts: Forecasts::default(),
            next: vec![0.0; encoder.schema().width()],
        }
    }

    pub(crate) fn begin(&mut self, first: usize, starts: &[Start], walk: &mut Walk<'_>) {
        self.first = first;
        self.memories.clear();
        self.origins.clear();
        for start in starts {
            let memory = walk.memory_at(*start);
            self.memories.extend_from_slice(memory);
            self.origins.extend_from_slice(&self.encoder.now(memory)[..self.predicted]);
        }
        self.active.clear();
        self.active.extend(0..starts.len());
        self.moved_since.clear();
        self.moved_since.resize(starts.len(), false);
    }

    /// Drops the series whose window ends before this step.
    pub(crate) fn keep_those_that_last(&mut self, starts: &[Start], step: usize) {
        let windows = self.table.windows();
        self.active.retain(|series| starts[*series].row + step < windows[starts[*series].window].len());
    }

    /// Writes the inputs of every slot.
    pub(crate) fn encode(&mut self, starts: &[Start], step: usize) {
        let (features, predicted, slots) = (self.encoder.features(), self.predicted, self.active.len());
        self.features.resize(slots * features, 0.0);
        self.present.resize(slots * predicted, 0.0);
        self.moved.resize(slots, false);
        for (slot, series) in self.active.iter().copied().enumerate() {
            let memory = &self.memories[series * self.encoder.memory()..][..self.encoder.memory()];
            let now = self.encoder.now(memory);
            fill(&mut self.next[predicted..], recorded(self.table, starts[series], step), now, predicted);
            let features = &mut self.features[slot * features..][..features];
            self.moved[slot] = self.encoder.encode(memory, &self.next[predicted..], features);
            self.moved_since[series] |= self.moved[slot];
            self.present[slot * predicted..][..predicted].copy_from_slice(&now[..predicted]);
        }
    }

    /// What was encoded of every slot.
    pub(crate) fn inputs(&self) -> Inputs<'_> {
        Inputs { features: &self.features, present: &self.present, moved: &self.moved }
    }

    /// Forecasts every slot.
    pub(crate) fn forecast(&mut self, forecaster: &dyn Forecaster) {
        let inputs = Inputs { features: &self.features, present: &self.present, moved: &self.moved };
        forecaster.forecast(&inputs, &mut self.forecasts);
    }

    /// Makes each slot's forecast the next row of its series, and shows it.
    pub(crate) fn advance(&mut self, starts: &[Start], step: usize, visit: &mut dyn FnMut(Visit<'_>)) {
        let (encoder, predicted) = (self.encoder, self.predicted);
        for (slot, series) in self.active.iter().copied().enumerate() {
            let memory = &mut self.memories[series * encoder.memory()..][..encoder.memory()];
            let of_slot = slot * predicted..(slot + 1) * predicted;
            let record = recorded(self.table, starts[series], step);
            let now = encoder.now(memory);
            self.next[..predicted].copy_from_slice(&self.forecasts.median[of_slot.clone()]);
            fill(&mut self.next[predicted..], record, now, predicted);
            encoder.structure().constrain(encoder.schema(), now, &mut self.next);
            visit(Visit {
                step,
                place: self.first + series,
                moved: self.moved_since[series],
                present: &self.origins[series * predicted..][..predicted],
                median: &self.next[..predicted],
                mean: &self.forecasts.mean[of_slot.clone()],
                aleatoric: &self.forecasts.aleatoric[of_slot.clone()],
                epistemic: &self.forecasts.epistemic[of_slot],
                truth: &record[..predicted],
            });
            // As recorded, so that the encoder flags what is absent just as it did when the model was fitted.
            self.next[predicted..].copy_from_slice(&record[predicted..]);
            encoder.push(&self.next, memory);
        }
    }
}

fn recorded(table: &Table, start: Start, step: usize) -> &[f32] {
    table.windows()[start.window].row(start.row + step)
}

/// The controlled and exogenous values of a recorded row; where one is missing, the last known.
fn fill(given: &mut [f32], recorded: &[f32], now: &[f32], predicted: usize) {
    let values = recorded[predicted..].iter().zip(&now[predicted..]);
    for (given, (recorded, last)) in given.iter_mut().zip(values) {
        *given = if recorded.is_nan() { *last } else { *recorded };
    }
}

#[cfg(test)]
mod tests;
