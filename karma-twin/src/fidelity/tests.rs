use super::*;
use crate::table::{Column, Part, Schema, Start, Table, Window};
use crate::{Encoder, EncoderParams, Forecaster, Forecasts, Inputs, Persistence, Structure, Visit};

fn ranges(widths: &[f64]) -> Ranges {
    let columns = widths.iter().enumerate();
    let columns: Vec<ColumnRange> =
        columns.map(|(place, range)| ColumnRange { column: format!("c{place}"), range: *range }).collect();
    serde_json::from_value(serde_json::to_value(columns).unwrap()).unwrap()
}

/// Truth, present, median and mean of one row.
fn add(scorer: &mut Scorer<'_>, [truth, present, median, mean]: [&[f32]; 4]) {
    let none = vec![0.0; truth.len()];
    scorer.add(&Visit {
        step: 1,
        place: 0,
        moved: false,
        present,
        median,
        mean,
        aleatoric: &none,
        epistemic: &none,
        truth,
    });
}

fn close(got: Option<f64>, expected: f64) {
    assert!(got.is_some_and(|got| (got - expected).abs() < 1e-12), "{got:?} is not {expected}");
}

#[test]
fn every_error_is_as_by_hand() {
    let ranges = ranges(&[10.0, 100.0]);
    let mut scorer = Scorer::new(&ranges);
    add(&mut scorer, [&[0.0, 10.0], &[2.0, 10.0], &[0.5, 10.0], &[1.0, 10.0]]);
    add(&mut scorer, [&[4.0, 30.0], &[0.0, 10.0], &[3.0, 20.0], &[3.0, 30.0]]);
    add(&mut scorer, [&[8.0, 50.0], &[4.0, 30.0], &[6.0, 50.0], &[8.0, 20.0]]);
    let score = scorer.score();
    // First column: errors ½, 1, 2 of the median and 1, 1, 0 of the mean; truth 4 ± 4; persistence 2, 4, 4.
    let first = score.columns[0].figures;
    close(first.nmae, 3.5 / 30.0);
    close(first.acc5, 1.0 / 3.0);
    close(first.acc10, 2.0 / 3.0);
    close(first.r2, 1.0 - 2.0 / 32.0);
    close(first.r2_median, 1.0 - 5.25 / 32.0);
    close(first.nrmse, (2f64 / 3.0).sqrt() / 10.0);
    close(first.skill, 1.0 - 3.5 / 10.0);
    close(first.skill_rmse, 1.0 - (2f64 / 36.0).sqrt());
    // Second column: 0, 10, 0 and 0, 0, 30; truth 30 ± 20; persistence 0, 20, 20.
    let second = score.columns[1].figures;
    close(second.nmae, 10.0 / 300.0);
    close(second.acc5, 2.0 / 3.0);
    close(second.acc10, 1.0);
    close(second.r2, 1.0 - 900.0 / 800.0);
    close(second.skill, 1.0 - 10.0 / 40.0);
    // Together: means of columns, except the skill, which is of the mean errors.
    close(score.mean.nmae, (35.0 + 10.0) / 600.0);
    close(score.mean.r2, f64::midpoint(1.0 - 2.0 / 32.0, 1.0 - 900.0 / 800.0));
    close(score.mean.skill, 1.0 - (3.5 / 30.0 + 10.0 / 300.0) / (10.0 / 30.0 + 40.0 / 300.0));
    close(score.joint10, 2.0 / 3.0);
    assert_eq!((score.rows, score.columns[0].values), (3, 3));
}

#[test]
fn a_missing_truth_is_skipped_and_never_counted_as_zero() {
    let ranges = ranges(&[1.0, 1.0]);
    let (mut scorer, gap) = (Scorer::new(&ranges), f32::NAN);
    add(&mut scorer, [&[gap, 1.0], &[9.0, 2.0], &[9.0, 1.0], &[9.0, 1.0]]);
    add(&mut scorer, [&[gap, gap], &[9.0, 9.0], &[9.0, 9.0], &[9.0, 9.0]]);
    add(&mut scorer, [&[5.0, 3.0], &[gap, 2.0], &[gap, 3.0], &[gap, 3.0]]);
    let score = scorer.score();
    assert_eq!((score.rows, score.joint10), (2, Some(1.0)), "the row without any truth is no row");
    assert_eq!((score.columns[0].values, score.columns[1].values), (0, 2));
    assert_eq!(score.columns[0].figures, Figures::default());
    assert_eq!((score.mean.nmae, score.mean.skill, score.mean.r2), (Some(0.0), Some(1.0), Some(1.0)));
}

#[test]
fn a_forecast_that_is_no_number_is_not_passed_over() {
    let ranges = ranges(&[1.0]);
    let mut scorer = Scorer::new(&ranges);
    add(&mut scorer, [&[1.0], &[1.0], &[f32::NAN], &[f32::NAN]]);
    let score = scorer.score();
    assert_eq!((score.joint10, score.mean.acc10), (Some(0.0), Some(0.0)));
    assert!(score.mean.nmae.is_some_and(f64::is_nan));
}

/// x' = x + u: what the record below follows.
struct Exact(usize);

impl Forecaster for Exact {
    fn name(&self) -> &'static str {
        "exact"
    }

    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        Persistence.forecast(inputs, out);
        let width = inputs.features.len() / inputs.rows();
        for (row, features) in inputs.features.chunks_exact(width).enumerate() {
            out.median[row] += features[self.0];
            out.mean[row] += features[self.0];
        }
    }
}

/// x walks by its control, which is 0 in every other row.
fn table() -> Table {
    let schema =
        Schema::new(vec![Column::new("x", Part::Predicted), Column::new("u", Part::Controlled)]).unwrap();
    let (mut window, mut x) = (Window::new("a", 2), 0.0);
    for row in 0..13u8 {
        let u = f32::from(row % 2) * (1.0 + f32::from(row));
        x += u;
        window.push(f64::from(row), &[x, u]);
    }
    Table::new(schema, [window])
}

struct Case {
    table: Table,
    encoder: Encoder,
    ranges: Ranges,
    starts: Vec<Start>,
}

impl Case {
    fn new() -> Self {
        let table = table();
        let encoder =
            Encoder::new(table.schema().clone(), EncoderParams::default(), Structure::Bounds).unwrap();
        let starts: Vec<Start> = (0..12).map(|row| Start { window: 0, row }).collect();
        Self { ranges: Ranges::of(&table, &starts), table, encoder, starts }
    }

    fn held_out(&self) -> HeldOut<'_> {
        HeldOut { table: &self.table, starts: &self.starts, ranges: &self.ranges, steps: &STEPS }
    }

    fn contender<'a>(&'a self, name: &'a str, forecaster: &'a dyn Forecaster) -> Contender<'a> {
        Contender { name, encoder: &self.encoder, forecaster }
    }
}

#[test]
fn persistence_has_skill_zero_and_an_exact_model_is_perfect_at_every_step() {
    let case = Case::new();
    let exact = Exact(case.encoder.groups().controls.start);
    let contenders = [case.contender("persistence", &Persistence), case.contender("exact", &exact)];
    let [still, exact] = compare(&case.held_out(), &contenders).try_into().unwrap();
    let rows = |model: &ModelScore| -> Vec<(usize, usize)> {
        model.steps.iter().map(|step| (step.step, step.rows.all.rows)).collect()
    };
    assert_eq!(rows(&still), [(1, 12), (5, 8), (10, 3)], "no start reaches 20 steps");
    assert_eq!(rows(&exact), rows(&still));
    for step in still.steps {
        let figures = step.rows.all.mean;
        assert_eq!((figures.skill, figures.skill_rmse), (Some(0.0), Some(0.0)), "step {}", step.step);
        assert_eq!(figures.r2, figures.r2_median);
    }
    for step in exact.steps {
        for score in [step.rows.all, step.rows.moved] {
            assert_eq!((score.mean.skill, score.mean.r2, score.joint10), (Some(1.0), Some(1.0), Some(1.0)));
            assert_eq!((score.mean.nmae, score.mean.acc5), (Some(0.0), Some(1.0)));
        }
    }
}

#[test]
fn persistence_is_scored_as_by_hand() {
    let mut case = Case::new();
    // x is 2, 2, 6, 6 in rows 1 to 4, and 0 before; u is 2, 0, 4, 0.
    case.starts.truncate(4);
    let [still] =
        compare(&case.held_out(), &[case.contender("persistence", &Persistence)]).try_into().unwrap();
    let first = &still.steps[0].rows;
    // Truths 2, 2, 6, 6 around 4; errors 2, 0, 4, 0.
    close(first.all.mean.r2, 1.0 - 20.0 / 16.0);
    close(first.all.mean.nmae, 1.5 / case.ranges.columns()[0].range);
    assert_eq!(first.all.rows, 4);
    assert_eq!(first.moved.rows, 4, "the control changes at each of these steps");
}

#[test]
fn only_rows_that_an_action_reached_are_action_rows() {
    let schema =
        Schema::new(vec![Column::new("x", Part::Predicted), Column::new("u", Part::Controlled)]).unwrap();
    let mut window = Window::new("a", 2);
    for u in [0.0, 0.0, 0.0, 1.0, 1.0] {
        window.push(0.0, &[0.0, u]);
    }
    let mut case = Case::new();
    case.table = Table::new(schema, [window]);
    case.starts = vec![Start { window: 0, row: 0 }, Start { window: 0, row: 2 }, Start { window: 0, row: 3 }];
    let held_out = HeldOut { steps: &[1, 2], ..case.held_out() };
    let [still] = compare(&held_out, &[case.contender("persistence", &Persistence)]).try_into().unwrap();
    let rows: Vec<(usize, usize)> =
        still.steps.iter().map(|step| (step.rows.all.rows, step.rows.moved.rows)).collect();
    assert_eq!(
        rows,
        [(3, 1), (2, 1)],
        "the third start ends after one step, the first moves after its second"
    );
}

#[test]
fn coverage_counts_truths_inside_and_says_how_wide() {
    let case = Case::new();
    // Errors of persistence at step 1: 2, 0, 4, 0, 6, 0, … 12, 0.
    let interval = |asked: Asked| {
        assert_eq!((asked.column, asked.spread), (0, 0.0));
        let half = if asked.level < 0.8 { 0.0 } else { 8.0 };
        (asked.median - half, asked.median + half)
    };
    let held_out = HeldOut { steps: &[1], ..case.held_out() };
    let report = coverage(&held_out, &case.contender("persistence", &Persistence), &[0.5, 0.9], &interval);
    let score = &report.steps[0].rows.all;
    let [half, most] = [score.reliability[0], score.reliability[1]];
    close(half.coverage, 0.5);
    close(half.width, 0.0);
    close(most.coverage, 10.0 / 12.0);
    close(most.width, 16.0 / case.ranges.columns()[0].range);
    close(score.miscalibration, f64::midpoint(0.0, 0.9 - 10.0 / 12.0));
    assert_eq!(score.columns[0].values, 12);
    assert_eq!(score.columns[0].levels, score.reliability, "of one column the mean is itself");
}

#[test]
fn a_perfect_model_is_covered_by_intervals_without_width() {
    let case = Case::new();
    let exact = Exact(case.encoder.groups().controls.start);
    let at = |asked: Asked| (asked.median, asked.median);
    let report = coverage(&case.held_out(), &case.contender("exact", &exact), &LEVELS, &at);
    assert_eq!(report.steps.iter().map(|step| step.step).collect::<Vec<_>>(), [1, 5, 10]);
    for level in report.steps.iter().flat_map(|step| &step.rows.all.reliability) {
        assert_eq!((level.coverage, level.width), (Some(1.0), Some(0.0)));
    }
}

#[test]
fn an_interval_without_ends_covers_all_and_has_no_width() {
    let case = Case::new();
    let everything = |_: Asked| (f32::NEG_INFINITY, f32::INFINITY);
    let report =
        coverage(&case.held_out(), &case.contender("persistence", &Persistence), &[0.9], &everything);
    let level = report.steps[0].rows.all.reliability[0];
    assert_eq!((level.coverage, level.width), (Some(1.0), None));
}

#[test]
fn a_curve_is_the_mean_of_the_columns_that_were_seen() {
    let columns = ["x", "y", "z"].map(|name| Column::new(name, Part::Predicted)).to_vec();
    let mut case = Case::new();
    let mut window = Window::new("a", 3);
    for row in [[0.0, 0.0, 0.0], [1.0, 9.0, f32::NAN], [2.0, f32::NAN, f32::NAN]] {
        window.push(0.0, &row);
    }
    case.table = Table::new(Schema::new(columns).unwrap(), [window]);
    case.encoder =
        Encoder::new(case.table.schema().clone(), EncoderParams::default(), Structure::Bounds).unwrap();
    case.starts.truncate(2);
    case.ranges = ranges(&[2.0, 4.0, 8.0]);
    // Unbounded for x at 0.9, else one to either side.
    let interval = |asked: Asked| {
        let half = if asked.column == 0 && asked.level > 0.8 { f32::INFINITY } else { 1.0 };
        (asked.median - half, asked.median + half)
    };
    let held_out = HeldOut { steps: &[1], ..case.held_out() };
    let report = coverage(&held_out, &case.contender("persistence", &Persistence), &[0.5, 0.9], &interval);
    let score = &report.steps[0].rows.all;
    assert_eq!(score.columns.iter().map(|column| column.values).collect::<Vec<_>>(), [2, 1, 0]);
    close(score.reliability[0].coverage, 0.5);
    close(score.reliability[0].width, f64::midpoint(2.0 / 2.0, 2.0 / 4.0));
    assert_eq!(score.reliability[1].width, None, "a mean width leaves out no column that has none");
    close(score.miscalibration, (0.5 + 0.5 + 0.1 + 0.9) / 4.0);
}

#[test]
fn a_report_survives_json() {
    let case = Case::new();
    let contender = case.contender("persistence", &Persistence);
    let scores = compare(&case.held_out(), &[contender]);
    let json = serde_json::to_string(&scores).unwrap();
    assert_eq!(serde_json::from_str::<Vec<ModelScore>>(&json).unwrap(), scores);
    let covered = coverage(&case.held_out(), &contender, &LEVELS, &|asked| (asked.median, asked.median));
    let json = serde_json::to_string(&covered).unwrap();
    assert_eq!(serde_json::from_str::<Coverage>(&json).unwrap(), covered);
}
