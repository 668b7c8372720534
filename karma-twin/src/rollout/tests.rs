use super::*;
use crate::table::{Column, Part, Schema, Window};
use crate::{EncoderParams, Groups, Persistence, Samples, Structure};

/// x' = ½ x + u: knows the system that made the record.
struct Exact(Groups);

impl Forecaster for Exact {
    fn name(&self) -> &'static str {
        "exact"
    }

    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        out.resize(inputs.rows(), 1);
        for (row, features) in inputs.features.chunks_exact(self.0.derived.end).enumerate() {
            out.median[row] = law(features[self.0.present.start], features[self.0.controls.start]);
            out.mean[row] = out.median[row] + 0.25;
            out.aleatoric[row] = 3.0;
            out.epistemic[row] = 4.0;
        }
    }
}

fn law(x: f32, u: f32) -> f32 {
    0.5 * x + u
}

fn schema() -> Schema {
    Schema::new(vec![
        Column::new("x", Part::Predicted),
        Column::new("u", Part::Controlled),
        Column::new("w", Part::Exogenous),
    ])
    .unwrap()
}

fn encoder(schema: Schema) -> Encoder {
    Encoder::new(schema, EncoderParams::default(), Structure::Bounds).unwrap()
}

/// A record of the law under a control that moves every seventh row.
fn window(rows: u16, offset: f32) -> Window {
    let (mut window, mut x) = (Window::new("a", 3), offset);
    for row in 0..rows {
        let u = offset + f32::from(row / 7);
        x = law(x, u);
        window.push(f64::from(row), &[x, u, f32::from(row)]);
    }
    window
}

fn all_starts(table: &Table) -> Vec<Start> {
    let windows = table.windows().iter().enumerate();
    windows.flat_map(|(window, rows)| (0..rows.len()).map(move |row| Start { window, row })).collect()
}

/// (step, place, median) of every visit.
fn medians(table: &Table, starts: &[Start], horizon: usize) -> Vec<(usize, usize, f32)> {
    let (encoder, mut seen) = (encoder(table.schema().clone()), Vec::new());
    let exact = Exact(encoder.groups());
    roll_out(&encoder, &exact, table, starts, horizon, &mut |visit| {
        seen.push((visit.step, visit.place, visit.median[0]));
    });
    seen
}

#[test]
fn an_exact_model_of_a_linear_system_is_exact_for_forty_steps() {
    let table = Table::new(schema(), [window(60, 0.0), window(50, 3.0)]);
    let starts = [Start { window: 0, row: 0 }, Start { window: 0, row: 15 }, Start { window: 1, row: 9 }];
    let (encoder, mut visits) = (encoder(schema()), 0);
    let exact = Exact(encoder.groups());
    roll_out(&encoder, &exact, &table, &starts, 40, &mut |visit| {
        visits += 1;
        assert_eq!(visit.median, visit.truth, "step {} of start {}", visit.step, visit.place);
        assert_eq!(visit.mean[0], visit.median[0] + 0.25);
        assert_eq!(visit.spread(0), 5.0);
    });
    assert_eq!(visits, 3 * 40);
}

#[test]
fn the_first_step_is_the_one_step_forecast() {
    let table = Table::new(schema(), [window(30, 0.0), window(20, 3.0)]);
    let encoder = encoder(schema());
    let starts = crate::table::Split::Tail { share: 0.5 }.divide(&table).1;
    let (samples, mut forecasts) = (Samples::of(&encoder, &table, &starts), Forecasts::default());
    let exact = Exact(encoder.groups());
    exact.forecast(&samples.inputs(), &mut forecasts);
    let mut place = 0;
    roll_out(&encoder, &exact, &table, &starts, 1, &mut |visit| {
        assert_eq!((visit.place, visit.median[0]), (place, forecasts.median[place]));
        assert_eq!((visit.present[0], visit.truth[0]), (samples.present[place], samples.targets[place]));
        assert_eq!(visit.moved, samples.moved[place]);
        place += 1;
    });
    assert_eq!(place, samples.len());
}

#[test]
fn the_truth_is_never_read() {
    let table = Table::new(schema(), [window(40, 0.0)]);
    let start = Start { window: 0, row: 11 };
    let mut poisoned = Window::new("a", 3);
    for (row, values) in table.windows()[0].rows().enumerate() {
        let x = if row > start.row { 1e30 } else { values[0] };
        poisoned.push(row as f64, &[x, values[1], values[2]]);
    }
    let poisoned = Table::new(schema(), [poisoned]);
    assert_eq!(medians(&table, &[start], 28), medians(&poisoned, &[start], 28));
}

#[test]
fn no_series_leaves_its_window() {
    let table = Table::new(schema(), [window(4, 0.0), window(1, 1.0), window(9, 2.0)]);
    let starts = all_starts(&table);
    let mut steps = vec![0; starts.len()];
    for (step, place, _) in medians(&table, &starts, 5) {
        steps[place] += 1;
        assert_eq!(steps[place], step, "each step once and in order");
    }
    assert_eq!(steps, [3, 2, 1, 0, 0, 5, 5, 5, 5, 4, 3, 2, 1, 0]);
}

#[test]
fn more_starts_than_a_chunk_holds_keep_their_places() {
    let table = Table::new(schema(), [window(1500, 0.0), window(1500, 1.0)]);
    let (starts, encoder) = (all_starts(&table), encoder(schema()));
    assert!(starts.len() > CHUNK);
    let (mut visits, exact) = (0, Exact(encoder.groups()));
    roll_out(&encoder, &exact, &table, &starts, 2, &mut |visit| {
        visits += 1;
        let start = starts[visit.place];
        assert_eq!(visit.truth, &table.windows()[start.window].row(start.row + visit.step)[..1]);
        assert_eq!(visit.median, visit.truth);
    });
    assert_eq!(visits, 2 * (1499 + 1498));
}

#[test]
fn the_order_of_the_starts_does_not_matter() {
    let table = Table::new(schema(), [window(30, 0.0), window(30, 1.0)]);
    let there = [Start { window: 0, row: 3 }, Start { window: 0, row: 20 }, Start { window: 1, row: 5 }];
    let back: Vec<Start> = there.into_iter().rev().collect();
    let mirrored =
        medians(&table, &back, 9).into_iter().map(|(step, place, median)| (step, 2 - place, median));
    let mut mirrored: Vec<_> = mirrored.collect();
    mirrored.sort_by_key(|(step, place, _)| (*step, *place));
    assert_eq!(medians(&table, &there, 9), mirrored);
}

#[test]
fn a_missing_control_keeps_its_last_value_and_a_missing_truth_is_still_forecast() {
    let mut gaps = Window::new("a", 3);
    for (time, row) in [[8.0, 1.0, 0.0], [f32::NAN, f32::NAN, 0.0], [7.0, 2.0, f32::NAN]].iter().enumerate() {
        gaps.push(time as f64, row);
    }
    let table = Table::new(schema(), [gaps]);
    let seen = medians(&table, &[Start { window: 0, row: 0 }], 2);
    assert_eq!(seen, [(1, 0, 5.0), (2, 0, 4.5)], "½ · 8 + 1, then ½ · 5 + 2");
}

/// Says how many values are flagged as absent.
struct Absences(Groups);

impl Forecaster for Absences {
    fn name(&self) -> &'static str {
        "absences"
    }

    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        out.resize(inputs.rows(), 1);
        for (row, features) in inputs.features.chunks_exact(self.0.derived.end).enumerate() {
            out.median[row] = features[self.0.absences.clone()].iter().sum();
        }
    }
}

#[test]
fn what_was_not_recorded_is_flagged_unless_it_was_forecast() {
    let mut gaps = Window::new("a", 3);
    for row in [[f32::NAN, 0.0, 0.0], [f32::NAN, 0.0, f32::NAN], [f32::NAN, 0.0, 0.0], [1.0, 0.0, 0.0]] {
        gaps.push(0.0, &row);
    }
    let table = Table::new(schema(), [gaps]);
    let (encoder, mut flags) = (encoder(schema()), Vec::new());
    let absences = Absences(encoder.groups());
    roll_out(&encoder, &absences, &table, &[Start { window: 0, row: 0 }], 3, &mut |visit| {
        flags.push(visit.median[0]);
    });
    assert_eq!(flags, [1.0, 1.0, 0.0], "x at the start, then w, then nothing");
}

#[test]
fn what_moved_once_counts_as_moved_until_the_end() {
    let table = Table::new(schema(), [window(10, 0.0)]);
    let (encoder, mut moved) = (encoder(schema()), Vec::new());
    roll_out(&encoder, &Persistence, &table, &[Start { window: 0, row: 5 }], 3, &mut |visit| {
        moved.push(visit.moved);
        assert_eq!(visit.median, visit.present, "persistence stays where it started");
    });
    assert_eq!(moved, [false, true, true]);
}

#[test]
fn the_path_stays_inside_the_bounds() {
    let bounded = Schema::new(vec![
        Column::new("x", Part::Predicted).within(0.0, 10.0),
        Column::new("u", Part::Controlled),
        Column::new("w", Part::Exogenous),
    ])
    .unwrap();
    let mut window = Window::new("a", 3);
    (0..4u8).for_each(|row| window.push(f64::from(row), &[8.0, 8.0, 0.0]));
    let seen = medians(&Table::new(bounded, [window]), &[Start { window: 0, row: 0 }], 3);
    assert_eq!(seen.iter().map(|(_, _, median)| *median).collect::<Vec<_>>(), [10.0; 3]);
}
