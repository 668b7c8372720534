use karma_core::Source;
use proptest::prelude::*;

use super::*;
use crate::table::{Column, Part, Schema, Start, Table, Window};
use crate::{EncoderParams, Forecaster, Forecasts, Persistence, Structure};

/// One predicted column x, a control u and an exogenous w.
fn encoder() -> Encoder {
    let columns = [("x", Part::Predicted), ("u", Part::Controlled), ("w", Part::Exogenous)];
    let schema = Schema::new(columns.map(|(name, part)| Column::new(name, part)).to_vec()).unwrap();
    Encoder::new(schema, EncoderParams::default(), Structure::Bounds).unwrap()
}

/// Transitions, each in a window of its own: (x, next u, next w) and what followed.
fn samples(transitions: &[([f32; 3], f32)]) -> Samples {
    let encoder = encoder();
    let windows = transitions.iter().map(|([x, u, w], followed)| {
        let mut window = Window::new("a", 3);
        window.push(0.0, &[*x, *u, *w]);
        window.push(1.0, &[*followed, *u, *w]);
        window
    });
    let table = Table::new(encoder.schema().clone(), windows);
    let starts: Vec<Start> = (0..transitions.len()).map(|window| Start { window, row: 0 }).collect();
    Samples::of(&encoder, &table, &starts)
}

fn table(transitions: &[([f32; 3], f32)], tolerance: f32, capacity: usize) -> ExactTable {
    ExactTable::new(&encoder(), &samples(transitions), ExactParams { tolerance, capacity }).unwrap()
}

fn followed(table: &ExactTable, [x, u, w]: [f32; 3]) -> Option<Outcome> {
    table.lookup(&[x], &[u, w]).map(|recorded| recorded.outcomes[0])
}

const SPAN: [([f32; 3], f32); 2] = [([0.0; 3], 0.0), ([1.0; 3], 1.0)];

#[test]
fn a_cell_is_a_share_of_the_range_of_its_column() {
    let mut transitions = SPAN.to_vec();
    transitions.push(([0.52, 0.3, 0.3], 7.0));
    let table = table(&transitions, 0.1, 100);
    assert_eq!(table.widths(), [0.1; 3]);
    assert_eq!(followed(&table, [0.48, 0.3, 0.3]).unwrap().median, 7.0);
    assert_eq!(followed(&table, [0.56, 0.3, 0.3]), None, "half a cell beside: another one");
}

#[test]
fn what_followed_is_summarised_over_all_observations() {
    let transitions = [1.0, 2.0, 9.0, f32::NAN].map(|followed| ([0.5; 3], followed));
    let table = table(&transitions, 0.005, 100);
    let recorded = table.lookup(&[0.5], &[0.5, 0.5]).unwrap();
    assert_eq!(recorded.observations, 4);
    assert_eq!(recorded.outcomes, [Outcome { known: 3, median: 2.0, mean: 4.0, spread: 8.0 / 3.0 }]);
    assert_eq!((table.situations(), table.observations()), (1, 4));
}

#[test]
fn missing_is_a_value_of_its_own_and_not_zero() {
    let table = table(&[([0.5, 0.0, f32::NAN], 3.0)], 0.0, 100);
    assert!(followed(&table, [0.5, 0.0, f32::NAN]).is_some());
    assert_eq!(followed(&table, [0.5, 0.0, 0.0]), None);
    assert_eq!(followed(&table, [0.5, f32::NAN, f32::NAN]), None);
    assert!(followed(&table, [0.5, -0.0, f32::INFINITY]).is_some(), "0 has no sign; infinite is missing");
}

#[test]
fn with_tolerance_zero_only_equal_numbers_agree() {
    let table = table(&[([0.1, 0.2, 0.3], 1.0)], 0.0, 100);
    assert!(followed(&table, [0.1, 0.2, 0.3]).is_some());
    assert_eq!(followed(&table, [0.1f32.next_up(), 0.2, 0.3]), None);
}

#[test]
fn beyond_the_capacity_the_oldest_observation_goes_first() {
    let (a, b) = ([0.0; 3], [1.0; 3]);
    let mut table = table(&[(a, 1.0), (b, 2.0), (a, 3.0)], 0.0, 3);
    table.record(&samples(&[(b, 4.0)]));
    assert_eq!(followed(&table, a).unwrap(), Outcome { known: 1, median: 3.0, mean: 3.0, spread: 0.0 });
    assert_eq!(followed(&table, b).unwrap().mean, 3.0);
    table.record(&samples(&[(b, 5.0), (b, 6.0)]));
    assert_eq!(followed(&table, a), None);
    assert_eq!((table.situations(), table.observations()), (1, 3));
}

#[test]
fn coverage_is_the_share_of_situations_that_were_recorded() {
    let table = table(&SPAN, 0.005, 100);
    assert_eq!(table.coverage(&samples(&[([1.0; 3], 5.0), ([0.5; 3], 0.0)])), Some(0.5));
    assert_eq!(table.coverage(&samples(&[])), None);
}

/// Persistence with noise 2: a forecaster whose answers are easily told from recorded ones.
struct Noisy;

impl Forecaster for Noisy {
    fn name(&self) -> &'static str {
        "noisy"
    }

    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        Persistence.forecast(inputs, out);
        out.aleatoric.fill(2.0);
    }
}

#[test]
fn a_recorded_row_is_exact_and_every_other_is_learned() {
    let (once, twice) = (([0.0; 3], 5.0), ([1.0; 3], 7.0));
    let table = table(&[once, twice, (twice.0, 8.0)], 0.005, 100);
    let inputs = samples(&[once, twice, ([0.5; 3], 0.0)]);
    let ask = |min_count| {
        let (mut out, mut sources) = (Forecasts::default(), Vec::new());
        let composed = Composed::new(table.clone(), Noisy, min_count);
        composed.forecast_with_sources(&inputs.inputs(), &mut out, &mut sources);
        (out, sources)
    };
    let (out, sources) = ask(1);
    assert_eq!(sources, [Source::Exact, Source::Exact, Source::Learned]);
    assert_eq!(out.median, [5.0, 7.5, 0.5]);
    assert_eq!(out.aleatoric, [2.0, 0.5 + 1.0, 2.0], "one observation says nothing of its noise");
    assert!((out.epistemic[1] - 1.329_340_4).abs() < 1e-6, "√(π/4) · 1.5");
    let (out, sources) = ask(2);
    assert_eq!(sources, [Source::Learned, Source::Exact, Source::Learned]);
    assert_eq!(out.median, [0.0, 7.5, 0.5]);
    assert_eq!(Composed::new(table, Noisy, 1).name(), "lookup+noisy");
}

#[test]
fn an_outcome_that_was_never_seen_is_left_to_the_model() {
    let table = table(&[([0.5; 3], f32::NAN)], 0.005, 100);
    let (mut out, mut sources) = (Forecasts::default(), Vec::new());
    let inputs = samples(&[([0.5; 3], 0.0)]);
    Composed::new(table, Noisy, 1).forecast_with_sources(&inputs.inputs(), &mut out, &mut sources);
    assert_eq!((sources, out.median), (vec![Source::Learned], vec![0.5]));
}

#[test]
fn it_is_the_same_table_after_a_checkpoint() {
    let (a, b) = ([0.0, 0.25, f32::NAN], [1.0; 3]);
    let mut before = table(&[(a, 1.0), (b, f32::NAN), (a, 3.0), (b, 2.0)], 0.005, 4);
    let mut checkpoint = Checkpoint::new("test");
    before.save(&mut checkpoint, "exact");
    let checkpoint = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap(), "test").unwrap();
    let mut after = ExactTable::load(&checkpoint, "exact", &encoder()).unwrap();
    assert_eq!((after.params(), after.widths()), (before.params(), before.widths()));
    for more in [samples(&[]), samples(&[(b, 9.0)]), samples(&[(b, 8.0)])] {
        before.record(&more);
        after.record(&more);
        assert!(followed(&after, b).is_some());
        assert_eq!([a, b].map(|s| followed(&after, s)), [a, b].map(|s| followed(&before, s)));
    }
}

#[test]
fn a_checkpoint_of_another_shape_is_refused() {
    let mut checkpoint = Checkpoint::new("test");
    table(&SPAN, 0.005, 4).save(&mut checkpoint, "exact");
    checkpoint.put_counter("exact.observations", u64::MAX);
    assert!(
        ExactTable::load(&checkpoint, "exact", &encoder()).unwrap_err().to_string().contains("shape [2, 3]")
    );
    assert!(ExactTable::load(&checkpoint, "other", &encoder()).is_err());
}

#[test]
fn a_setting_out_of_range_is_named() {
    let refused = |params| ExactTable::new(&encoder(), &samples(&SPAN), params).unwrap_err().to_string();
    let default = ExactParams::default();
    assert!(
        refused(ExactParams { tolerance: f32::NAN, ..default })
            .contains("tolerance of the exact table is NaN")
    );
    assert!(refused(ExactParams { capacity: 0, ..default }).contains("at least 1"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_recorded_transition_is_always_found_again(
        transitions in prop::collection::vec((prop::array::uniform3(-1e3f32..1e3), -1e3f32..1e3), 1..30),
        tolerance in 0.0f32..0.3,
    ) {
        let table = table(&transitions, tolerance, 100);
        for (situation, next) in &transitions {
            let outcome = followed(&table, *situation);
            prop_assert!(outcome.is_some_and(|outcome| outcome.known >= 1), "{situation:?}");
            prop_assert!(outcome.unwrap().known > 1 || outcome.unwrap().median == *next);
        }
        prop_assert_eq!(table.coverage(&samples(&transitions)), Some(1.0));
    }

    #[test]
    fn what_is_farther_than_a_cell_in_any_column_is_not_found(
        situation in prop::array::uniform3(-5f32..5.0), column in 0usize..3, cells in 1.01f32..50.0, up: bool,
    ) {
        let mut transitions = SPAN.map(|(s, next)| (s.map(|x| 100.0 + 10.0 * x), next)).to_vec();
        transitions.push((situation, 1.0));
        let table = table(&transitions, 0.005, 100);
        let mut beside = situation;
        beside[column] += if up { cells } else { -cells } * table.widths()[column];
        prop_assert_eq!(followed(&table, beside), None);
        prop_assert!(followed(&table, situation).is_some());
    }
}
