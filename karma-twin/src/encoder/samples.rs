//! The transitions of a table as inputs and targets.

use super::Encoder;
use crate::Inputs;
use crate::table::{Start, Table};

/// Transitions, encoded: what a model is fitted on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Where each comes from.
    pub starts: Vec<Start>,
    /// Samples × features.
    pub features: Vec<f32>,
    /// Samples × predicted columns: the last known values.
    pub present: Vec<f32>,
    /// Samples × predicted columns: what followed; NaN where it is missing.
    pub targets: Vec<f32>,
    /// Whether the controls moved.
    pub moved: Vec<bool>,
}

impl Samples {
    /// The transitions of `table` that start at `starts` (sorted), each with the whole past of its window.
    pub fn of(encoder: &Encoder, table: &Table, starts: &[Start]) -> Self {
        let mut samples = Self::default();
        let (predicted, mut memory) = (encoder.schema().predicted().len(), vec![0.0; encoder.memory()]);
        let mut features = vec![0.0; encoder.features()];
        for of_window in starts.chunk_by(|a, b| a.window == b.window) {
            let window = &table.windows()[of_window[0].window];
            let mut wanted = of_window.iter().peekable();
            for row in 0..window.transitions() {
                let values = window.row(row);
                if row == 0 {
                    encoder.begin(values, &mut memory);
                } else {
                    encoder.push(values, &mut memory);
                }
                let Some(start) = wanted.next_if(|start| start.row == row) else { continue };
                let next = window.row(row + 1);
                let moved = encoder.encode(&memory, &next[predicted..], &mut features);
                samples.starts.push(*start);
                samples.features.extend_from_slice(&features);
                samples.present.extend_from_slice(&encoder.now(&memory)[..predicted]);
                samples.targets.extend_from_slice(&next[..predicted]);
                samples.moved.push(moved);
            }
        }
        samples
    }

    /// Number of samples.
    pub const fn len(&self) -> usize {
        self.moved.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.moved.is_empty()
    }

    /// The inputs, for a forecaster.
    pub fn inputs(&self) -> Inputs<'_> {
        Inputs { features: &self.features, present: &self.present, moved: &self.moved }
    }

    /// The samples at these places, in this order; a place may stand twice.
    #[must_use]
    pub fn select(&self, places: &[usize]) -> Self {
        let rows = |values: &[f32]| -> Vec<f32> {
            let width = values.len().checked_div(self.len()).unwrap_or(0);
            places.iter().flat_map(|place| &values[place * width..(place + 1) * width]).copied().collect()
        };
        Self {
            starts: places.iter().map(|place| self.starts[*place]).collect(),
            features: rows(&self.features),
            present: rows(&self.present),
            targets: rows(&self.targets),
            moved: places.iter().map(|place| self.moved[*place]).collect(),
        }
    }

    /// Adds other samples behind these.
    pub fn extend(&mut self, other: &Self) {
        self.starts.extend_from_slice(&other.starts);
        self.features.extend_from_slice(&other.features);
        self.present.extend_from_slice(&other.present);
        self.targets.extend_from_slice(&other.targets);
        self.moved.extend_from_slice(&other.moved);
    }
}
