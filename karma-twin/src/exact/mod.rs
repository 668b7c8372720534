//! Recorded transitions, looked up: where the cluster was seen to do something, a twin need not guess.
//!
//! KARMA's twin is a table where a transition was recorded, and a learned model elsewhere (its partial function T̂ₜ).
//! The published code compared the JSON text of float arrays, so no two measurements were ever equal. Here a key is a
//! **cell**: each value of the *situation* (present predicted values, next controls, next exogenous values) is divided
//! by `tolerance × range of its column`, the range being P99 − P1 of what was learned from, and rounded. With tolerance
//! 0, or in a column that hardly ever changes, only equal numbers agree.
//!
//! * A recorded transition is always found again.
//! * Two situations that are farther apart than one cell in any column are never taken for each other. Nearer ones
//!   may still lie on two sides of a border between cells: then the answer is "not recorded", never a wrong one.
//! * The cell itself is the key, not a hash of it: nothing collides.
//! * Missing is a value of its own: it equals missing and nothing else.
//! * What followed is kept whole, one observation for each time that it was seen, and summarised by median, mean and
//!   spread. Beyond the capacity the oldest observation goes first.
//!
//! Cost: a lookup takes the logarithm of the number of cells times the width of the situation; memory is four bytes
//! for each value kept.
//!
//! Example: ranges 1, tolerance 0.1. (0.52, 3.04) and (0.48, 2.98) both lie in cell (5, 30); (0.56, 3) lies in (6, 30).

mod composed;
pub(crate) mod stored;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use karma_nn::{Checkpoint, CheckpointError};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Encoder, Groups, Inputs, Samples};
pub use composed::Composed;

/// Settings as written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExactParams {
    /// Width of a cell as a share of its column's range, 0 to 1; 0 asks for equal numbers (default 0.005, the third
    /// decimal of a ratio).
    pub tolerance: f32,
    /// Observations that are kept, at least 1 (default 100 000).
    pub capacity: usize,
}

impl Default for ExactParams {
    fn default() -> Self {
        Self { tolerance: 0.005, capacity: 100_000 }
    }
}

/// A setting of the table is out of its range.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{setting} of the exact table is {value}; allowed: {allowed}")]
pub struct ExactError {
    /// Its name.
    pub setting: &'static str,
    /// Its value.
    pub value: String,
    /// What is allowed.
    pub allowed: &'static str,
}

/// What followed in one column, over all observations of a situation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Observations in which the value was there.
    pub known: usize,
    /// Their median; NaN if there was none.
    pub median: f32,
    /// Their mean; NaN if there was none.
    pub mean: f32,
    /// Their mean absolute distance from the median: 0 for a single one, NaN for none.
    pub spread: f32,
}

/// A situation that was recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recorded<'a> {
    /// How often it was seen.
    pub observations: usize,
    /// What followed, for each predicted column.
    pub outcomes: &'a [Outcome],
}

/// The cell of a situation: the bits of one rounded number for each value.
type Cell = Arc<[u32]>;

/// What followed each time that a situation was seen.
#[derive(Clone, Debug, Default)]
struct Entry {
    /// Observations × predicted columns, oldest first.
    rows: VecDeque<f32>,
    outcomes: Vec<Outcome>,
}

/// Recorded transitions by their cell.
#[derive(Clone, Debug)]
pub struct ExactTable {
    params: ExactParams,
    groups: Groups,
    widths: Vec<f32>,
    entries: BTreeMap<Cell, Entry>,
    /// The cell of every observation, oldest first.
    order: VecDeque<Cell>,
}

impl ExactTable {
    /// A table with cells for the ranges of `samples`, and these recorded.
    ///
    /// # Errors
    /// If a setting is out of its range.
    pub fn new(encoder: &Encoder, samples: &Samples, params: ExactParams) -> Result<Self, ExactError> {
        let refuse = |setting, value, allowed| Err(ExactError { setting, value, allowed });
        if !(0.0..=1.0).contains(&params.tolerance) {
            return refuse("tolerance", params.tolerance.to_string(), "0 to 1");
        }
        if params.capacity == 0 {
            return refuse("capacity", params.capacity.to_string(), "at least 1");
        }
        let (groups, inputs) = (encoder.groups(), samples.inputs());
        let mut columns = vec![Vec::new(); groups.present.len() + encoder.given()];
        for row in 0..inputs.rows() {
            columns.iter_mut().zip(situation(&groups, &inputs, row)).for_each(|(c, value)| c.push(value));
        }
        let widths = columns.into_iter().map(|values| params.tolerance * robust_range(values)).collect();
        let mut table = Self::empty(params, groups, widths);
        table.record(samples);
        Ok(table)
    }

    const fn empty(params: ExactParams, groups: Groups, widths: Vec<f32>) -> Self {
        Self { params, groups, widths, entries: BTreeMap::new(), order: VecDeque::new() }
    }

    /// Records transitions, in their order: the last ones are the newest.
    pub fn record(&mut self, samples: &Samples) {
        let (inputs, mut cell, mut touched) = (samples.inputs(), Vec::new(), BTreeSet::new());
        for (row, followed) in samples.targets.chunks_exact(self.groups.present.len()).enumerate() {
            self.locate(situation(&self.groups, &inputs, row), &mut cell);
            touched.insert(self.insert(&cell, followed));
            touched.extend(self.forget_oldest());
        }
        self.summarise(&touched);
    }

    /// What was recorded for the present predicted values and the given controls and exogenous values.
    pub fn lookup(&self, present: &[f32], given: &[f32]) -> Option<Recorded<'_>> {
        let mut cell = Vec::with_capacity(self.widths.len());
        self.locate(present.iter().chain(given).copied(), &mut cell);
        self.find(&cell)
    }

    /// The share of transitions whose situation is recorded; `None` of no transition.
    pub fn coverage(&self, samples: &Samples) -> Option<f64> {
        let (inputs, mut cell) = (samples.inputs(), Vec::new());
        let hits = (0..samples.len()).filter(|row| {
            self.locate(situation(&self.groups, &inputs, *row), &mut cell);
            self.entries.contains_key(cell.as_slice())
        });
        let hits = hits.count();
        (!samples.is_empty()).then(|| hits as f64 / samples.len() as f64)
    }

    /// The settings.
    pub const fn params(&self) -> &ExactParams {
        &self.params
    }

    /// Width of a cell in each column (predicted, controlled, exogenous), on the column's scale; 0 where only equal
    /// numbers agree.
    pub fn widths(&self) -> &[f32] {
        &self.widths
    }

    /// Number of different situations.
    pub fn situations(&self) -> usize {
        self.entries.len()
    }

    /// Number of situations that were seen at least `count` times.
    pub fn seen_at_least(&self, count: usize) -> usize {
        let columns = self.groups.present.len();
        self.entries.values().filter(|entry| entry.rows.len() >= count * columns).count()
    }

    /// Number of observations.
    pub fn observations(&self) -> usize {
        self.order.len()
    }

    /// Puts the table into a checkpoint.
    pub fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        let (mut cells, mut rows) = (Vec::new(), Vec::new());
        let mut seen: BTreeMap<&Cell, usize> = BTreeMap::new();
        let columns = self.groups.present.len();
        for cell in &self.order {
            let next = seen.entry(cell).or_default();
            cells.extend(cell.iter().map(|word| f32::from_bits(*word)));
            rows.extend(self.entries[cell].rows.range(*next..*next + columns));
            *next += columns;
        }
        checkpoint.put_counter(&format!("{name}.observations"), self.order.len() as u64);
        checkpoint.put_counter(&format!("{name}.capacity"), self.params.capacity as u64);
        stored::put(checkpoint, &format!("{name}.tolerance"), 1, vec![self.params.tolerance]);
        stored::put(checkpoint, &format!("{name}.widths"), self.widths.len(), self.widths.clone());
        stored::put_optional(checkpoint, &format!("{name}.cells"), self.widths.len(), cells);
        stored::put_optional(checkpoint, &format!("{name}.followed"), columns, rows);
    }

    /// Takes the table of `encoder` out of a checkpoint.
    ///
    /// # Errors
    /// If a part is missing, or has another shape than the encoder or the other parts ask for.
    pub fn load(checkpoint: &Checkpoint, name: &str, encoder: &Encoder) -> Result<Self, CheckpointError> {
        let (groups, count) = (encoder.groups(), |part| checkpoint.counter(&format!("{name}.{part}")));
        let (columns, width) = (groups.present.len(), groups.present.len() + encoder.given());
        let observations = stored::size(count("observations")?);
        let tolerance = checkpoint.f32_tensor(&format!("{name}.tolerance"), &[1, 1])?[0];
        let widths = checkpoint.f32_tensor(&format!("{name}.widths"), &[1, width])?.to_vec();
        let cells = stored::take_optional(checkpoint, &format!("{name}.cells"), (observations, width))?;
        let rows = stored::take_optional(checkpoint, &format!("{name}.followed"), (observations, columns))?;
        let params = ExactParams { tolerance, capacity: stored::size(count("capacity")?).max(1) };
        let mut table = Self::empty(params, groups, widths);
        for (cell, followed) in cells.chunks_exact(width).zip(rows.chunks_exact(columns)) {
            let cell: Vec<u32> = cell.iter().map(|number| word(*number, 0.0)).collect();
            table.insert(&cell, followed);
        }
        let all = table.order.iter().cloned().collect();
        table.summarise(&all);
        Ok(table)
    }

    /// Writes the cell of a situation.
    fn locate(&self, situation: impl Iterator<Item = f32>, cell: &mut Vec<u32>) {
        cell.clear();
        cell.extend(situation.zip(&self.widths).map(|(value, width)| word(value, *width)));
    }

    fn find(&self, cell: &[u32]) -> Option<Recorded<'_>> {
        let entry = self.entries.get(cell)?;
        let observations = entry.rows.len() / self.groups.present.len();
        Some(Recorded { observations, outcomes: &entry.outcomes })
    }

    fn insert(&mut self, cell: &[u32], followed: &[f32]) -> Cell {
        let known = self.entries.get_key_value(cell).map(|(cell, _)| Cell::clone(cell));
        let cell = known.unwrap_or_else(|| Cell::from(cell));
        self.entries.entry(Cell::clone(&cell)).or_default().rows.extend(followed);
        self.order.push_back(Cell::clone(&cell));
        cell
    }

    /// Keeps to the capacity; the cell that lost an observation, if it has others.
    fn forget_oldest(&mut self) -> Option<Cell> {
        let oldest =
            if self.order.len() > self.params.capacity { self.order.pop_front()? } else { return None };
        let rows = &mut self.entries.get_mut(&oldest)?.rows;
        rows.drain(..self.groups.present.len());
        if rows.is_empty() {
            self.entries.remove(&oldest);
            return None;
        }
        Some(oldest)
    }

    /// Brings the summaries of cells up to date.
    fn summarise(&mut self, cells: &BTreeSet<Cell>) {
        let columns = self.groups.present.len();
        for cell in cells {
            let Some(entry) = self.entries.get_mut(cell) else { continue };
            let column = |column| entry.rows.iter().skip(column).step_by(columns).copied();
            entry.outcomes = (0..columns).map(|index| Outcome::of(column(index))).collect();
        }
    }
}

impl Outcome {
    #[expect(clippy::cast_possible_truncation, reason = "sums are kept in double precision")]
    fn of(values: impl Iterator<Item = f32>) -> Self {
        let mut values: Vec<f32> = values.filter(|value| value.is_finite()).collect();
        values.sort_by(f32::total_cmp);
        let known = values.len();
        if known == 0 {
            return Self { known, median: f32::NAN, mean: f32::NAN, spread: f32::NAN };
        }
        let median = f32::midpoint(values[(known - 1) / 2], values[known / 2]);
        let average = |of: &dyn Fn(f64) -> f64| -> f32 {
            (values.iter().map(|value| of(f64::from(*value))).sum::<f64>() / known as f64) as f32
        };
        Self { known, median, mean: average(&|x| x), spread: average(&|x| (x - f64::from(median)).abs()) }
    }
}

/// What is known when a forecast is made, without its past: present predicted values, next controls, next exogenous.
pub(crate) fn situation<'a>(
    groups: &Groups,
    inputs: &Inputs<'a>,
    row: usize,
) -> impl Iterator<Item = f32> + use<'a> {
    let columns = groups.present.len();
    let features = &inputs.features[row * groups.derived.end..(row + 1) * groups.derived.end];
    let present = inputs.present[row * columns..(row + 1) * columns].iter();
    present.chain(&features[groups.controls.clone()]).chain(&features[groups.exogenous.clone()]).copied()
}

/// The number of a cell as bits: equal bits are equal numbers. Far beyond 2²⁴ cells from 0 it is as coarse as the value.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cell's number is as precise as the value that it rounds"
)]
fn word(value: f32, width: f32) -> u32 {
    if !value.is_finite() {
        return f32::NAN.to_bits();
    }
    let exact = f64::from(value);
    let number = if width > 0.0 { (exact / f64::from(width)).round() } else { exact };
    // Adding 0 makes −0 equal to 0.
    (number.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32 + 0.0).to_bits()
}

/// P99 − P1 of the values that are there; 0 of none.
fn robust_range(mut values: Vec<f32>) -> f32 {
    values.retain(|value| value.is_finite());
    values.sort_by(f32::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    values[last - last / 100] - values[last / 100]
}

#[cfg(test)]
mod tests;
