//! Pasts of a model's own making, each with the recorded row that should follow.

use crate::table::{Start, Table};
use crate::{Encoder, Forecaster, Forecasts, Samples};

/// Rolls `forecaster` out from each of `starts` (sorted) for up to `steps` steps under the recorded controls and
/// exogenous values. The samples are the imagined pasts after 1, 2, … steps with the recorded next row as target.
pub(super) fn imagine(
    encoder: &Encoder,
    forecaster: &dyn Forecaster,
    table: &Table,
    starts: &[Start],
    steps: usize,
) -> Samples {
    let mut places = starts.to_vec();
    let mut memories = memories(encoder, table, starts);
    let (mut imagined, mut forecasts) = (Samples::default(), Forecasts::default());
    for step in 0..=steps {
        // A series ends with its window.
        let alive: Vec<bool> =
            places.iter().map(|place| place.row < table.windows()[place.window].transitions()).collect();
        keep(&mut places, 1, &alive);
        keep(&mut memories, encoder.memory(), &alive);
        let now = encode(encoder, table, &places, &memories);
        if step > 0 {
            imagined.extend(&now);
        }
        if step == steps {
            break;
        }
        forecaster.forecast(&now.inputs(), &mut forecasts);
        advance(encoder, table, &mut places, &mut memories, &forecasts);
    }
    imagined
}

/// The memories of the series just before their starts' transitions.
fn memories(encoder: &Encoder, table: &Table, starts: &[Start]) -> Vec<f32> {
    let mut memories = Vec::with_capacity(starts.len() * encoder.memory());
    let mut memory = vec![0.0; encoder.memory()];
    for of_window in starts.chunk_by(|a, b| a.window == b.window) {
        let window = &table.windows()[of_window[0].window];
        let mut row = 0;
        encoder.begin(window.row(0), &mut memory);
        for start in of_window {
            while row < start.row {
                row += 1;
                encoder.push(window.row(row), &mut memory);
            }
            memories.extend_from_slice(&memory);
        }
    }
    memories
}

/// Keeps the blocks of `width` values that are alive.
fn keep<T: Copy>(values: &mut Vec<T>, width: usize, alive: &[bool]) {
    let mut kept = 0;
    for (block, _) in alive.iter().enumerate().filter(|(_, alive)| **alive) {
        values.copy_within(block * width..(block + 1) * width, kept * width);
        kept += 1;
    }
    values.truncate(kept * width);
}

fn encode(encoder: &Encoder, table: &Table, places: &[Start], memories: &[f32]) -> Samples {
    let predicted = encoder.schema().predicted().len();
    let mut features = vec![0.0; places.len() * encoder.features()];
    let rows = memories.chunks_exact(encoder.memory()).zip(features.chunks_exact_mut(encoder.features()));
    let (mut present, mut targets, mut moved) = (Vec::new(), Vec::new(), Vec::new());
    for (place, (memory, features)) in places.iter().zip(rows) {
        let next = table.windows()[place.window].row(place.row + 1);
        moved.push(encoder.encode(memory, &next[predicted..], features));
        present.extend_from_slice(&encoder.now(memory)[..predicted]);
        targets.extend_from_slice(&next[..predicted]);
    }
    Samples { starts: places.to_vec(), features, present, targets, moved }
}

/// Every series goes one row on: what was forecast, with what is recorded of the rest.
fn advance(
    encoder: &Encoder,
    table: &Table,
    places: &mut [Start],
    memories: &mut [f32],
    forecasts: &Forecasts,
) {
    let predicted = encoder.schema().predicted().len();
    let mut row = vec![0.0; encoder.schema().width()];
    let series = places.iter_mut().zip(memories.chunks_exact_mut(encoder.memory()));
    for ((place, memory), median) in series.zip(forecasts.median.chunks_exact(predicted)) {
        let next = table.windows()[place.window].row(place.row + 1);
        row.copy_from_slice(next);
        row[..predicted].copy_from_slice(median);
        encoder.structure().constrain(encoder.schema(), encoder.now(memory), &mut row);
        encoder.push(&row, memory);
        place.row += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Column, Part, Schema, Window};
    use crate::{EncoderParams, Persistence, Structure};

    #[test]
    fn imagined_pasts_are_the_models_own_and_targets_are_recorded() {
        let schema =
            Schema::new(vec![Column::new("x", Part::Predicted), Column::new("u", Part::Controlled)]).unwrap();
        let encoder = Encoder::new(schema.clone(), EncoderParams::default(), Structure::Bounds).unwrap();
        let mut window = Window::new("a", 2);
        (0..5u8).for_each(|row| window.push(f64::from(row), &[f32::from(row), 10.0 + f32::from(row)]));
        let table = Table::new(schema, [window]);
        let starts = [Start { window: 0, row: 1 }, Start { window: 0, row: 3 }];
        let imagined = imagine(&encoder, &Persistence, &table, &starts, 2);
        // Persistence stays at 1: after one step row 2 seems to be 1, and row 3 follows; after two, row 4. The other
        // start is at the end of its window after its first step.
        assert_eq!(imagined.present, [1.0, 1.0]);
        assert_eq!(imagined.targets, [3.0, 4.0]);
        assert_eq!(
            imagined.features[encoder.groups().controls.start],
            13.0,
            "controls are the recorded ones"
        );
    }
}
