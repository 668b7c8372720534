use super::*;
use crate::table::{Column, Part, Start, Table, Window};

fn schema() -> Schema {
    let column = |(name, part)| Column::new(name, part);
    Schema::new(
        [("x", Part::Predicted), ("y", Part::Predicted), ("u", Part::Controlled), ("w", Part::Exogenous)]
            .map(column)
            .to_vec(),
    )
    .unwrap()
}

fn encoder(params: EncoderParams) -> Encoder {
    Encoder::new(schema(), params, Structure::Bounds).unwrap()
}

fn small() -> Encoder {
    encoder(EncoderParams { lags: 2, half_lives: vec![1.0], stay_half_life: 1.0, moved: 0.5 })
}

#[test]
fn features_are_the_present_and_differences_from_it() {
    let encoder = small();
    let (mut memory, mut features) = (vec![0.0; encoder.memory()], vec![0.0; encoder.features()]);
    encoder.begin(&[1.0, 10.0, 2.0, 5.0], &mut memory);
    encoder.push(&[3.0, 10.0, 2.0, 6.0], &mut memory);
    let moved = encoder.encode(&memory, &[4.0, 7.0], &mut features);
    assert!(moved);
    let expected = [
        3.0,
        10.0, // present
        -2.0,
        0.0, // one row ago
        -1.0,
        0.0, // mean of half-life 1: (1 + 3) / 2
        -1.0,
        0.0, // the same, since the controls did not move
        0.5,
        0.0, // deviation: half of |3 − 2|
        4.0,
        2.0,
        7.0,
        1.0, // control and exogenous, each with its change
        0.0,
        0.0,
        0.0, // nothing is absent
        2.0,
        2.0,
        0.0,
        1f32.ln_1p(), // travel, net, travel before, one row since
    ];
    assert_eq!(features, expected);
    let groups = encoder.groups();
    assert_eq!(features[groups.controls], [4.0]);
    assert_eq!(features[groups.exogenous_changes], [1.0]);
    assert_eq!((groups.derived.start, groups.derived.end), (features.len(), features.len()));
}

#[test]
fn a_missing_value_keeps_the_last_known_and_is_flagged() {
    let encoder = small();
    let (mut memory, mut features) = (vec![0.0; encoder.memory()], vec![0.0; encoder.features()]);
    encoder.begin(&[1.0, f32::NAN, 2.0, 5.0], &mut memory);
    encoder.push(&[f32::NAN, f32::NAN, 2.0, f32::NAN], &mut memory);
    encoder.encode(&memory, &[2.0, 5.0], &mut features);
    assert_eq!(encoder.now(&memory)[0], 1.0, "the last known value, not 0");
    assert!(encoder.now(&memory)[1].is_nan(), "never known, so unknown");
    assert_eq!(features[14..17], [1.0, 1.0, 1.0], "all three are flagged as absent");
}

#[test]
fn the_mean_of_a_stay_begins_anew_when_the_controls_move() {
    let encoder = small();
    let mut memory = vec![0.0; encoder.memory()];
    encoder.begin(&[0.0, 0.0, 1.0, 0.0], &mut memory);
    encoder.push(&[8.0, 0.0, 3.0, 0.0], &mut memory);
    let means: Vec<f32> = encoder.layout.means(&memory).map(|mean| mean[0]).collect();
    assert_eq!(means, [4.0, 8.0]);
    assert_eq!(encoder.layout.counters(&memory), (2.0, 0.0));
}

#[test]
fn samples_know_the_whole_past_of_their_window_and_nothing_of_others() {
    let encoder = small();
    let window = |offset: f32| {
        let mut window = Window::new("a", 4);
        (0..5u8).for_each(|row| window.push(f64::from(row), &[offset + f32::from(row), 0.0, 1.0, 0.0]));
        window
    };
    let table = Table::new(schema(), [window(0.0), window(100.0)]);
    let starts = [Start { window: 0, row: 3 }, Start { window: 1, row: 0 }, Start { window: 1, row: 2 }];
    let samples = Samples::of(&encoder, &table, &starts);
    assert_eq!(samples.starts, starts);
    assert_eq!(samples.present, [3.0, 0.0, 100.0, 0.0, 102.0, 0.0]);
    assert_eq!(samples.targets, [4.0, 0.0, 101.0, 0.0, 103.0, 0.0]);
    let features = encoder.features();
    assert_eq!(samples.features[features + 2], 0.0, "the first row of a window has no row before it");
    let again = samples.select(&[2, 0]);
    assert_eq!(again.targets, [103.0, 0.0, 4.0, 0.0]);
}

#[test]
fn a_setting_out_of_range_is_named() {
    let refused = |params| Encoder::new(schema(), params, Structure::Bounds).unwrap_err().to_string();
    assert_eq!(refused(EncoderParams { lags: 0, ..EncoderParams::default() }), "lags is 0; allowed: 1 to 64");
    assert!(refused(EncoderParams { moved: f32::NAN, ..EncoderParams::default() }).contains("moved is NaN"));
}

#[test]
fn a_structure_of_a_cluster_is_refused_for_rows_of_something_else() {
    let structure = crate::cluster::tests::table().structure(karma_core::Seconds(15.0));
    let refused = Encoder::new(schema(), EncoderParams::default(), structure).unwrap_err().to_string();
    assert_eq!(refused, "structure is one for other columns; allowed: one for these columns");
}
