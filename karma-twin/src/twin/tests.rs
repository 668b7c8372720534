use std::num::NonZeroUsize;

use karma_core::SeedTree;

use super::*;
use crate::table::{Column, Part, Start, Window};
use crate::{ForestParams, NetworkParams, Samples, Structure};

/// Two columns that follow a control with a delay; windows of 60 rows.
fn table(windows: u64, seed: u64) -> Table {
    let columns = [("x", Part::Predicted), ("y", Part::Predicted), ("u", Part::Controlled)];
    let schema = Schema::new(columns.map(|(name, part)| Column::new(name, part)).to_vec()).unwrap();
    let window = |index| {
        let mut rng = SeedTree::new(seed).index(index).rng();
        let mut uniform = || rand::RngExt::random::<f32>(&mut rng);
        let (mut x, mut y, mut u) = (2.0, 1.0, 1.0);
        let mut window = Window::new(format!("w{index}"), 3);
        for row in 0..60u8 {
            if uniform() < 0.2 {
                u = 1.0 + (uniform() * 4.0).floor();
            }
            x += 0.5 * (2.0 * u - x) + 0.1 * (uniform() - 0.5);
            y += 0.3 * (x - y) + 0.1 * (uniform() - 0.5);
            window.push(f64::from(row), &[x, y, u]);
        }
        window
    };
    Table::new(schema, (0..windows).map(window))
}

fn params(model: ModelKind) -> TwinParams {
    let network = NetworkParams { members: 2, hidden: vec![16], epochs: 10, ..NetworkParams::default() };
    let forest = ForestParams { trees: 10, ..ForestParams::default() };
    TwinParams { model, network, forest, horizon: 10, ..TwinParams::default() }
}

fn fit(table: &Table, split: Option<&Split>, params: &TwinParams) -> Result<Twin, TwinFitError> {
    let threads = NonZeroUsize::new(2).unwrap();
    Twin::fit(&TwinFitting { table, split, params, structure: &Structure::Bounds, seed: 1, threads })
}

fn forecasts(twin: &Twin, table: &Table) -> Forecasts {
    let starts: Vec<Start> = table.starts().collect();
    let samples = Samples::of(twin.encoder(), table, &starts);
    let mut out = Forecasts::default();
    twin.forecast(&samples.inputs(), &mut out);
    out
}

/// The published artefact lost its scaler: predictions after loading were of another model.
#[test]
fn every_kind_of_twin_forecasts_the_same_after_saving_and_loading() {
    let (data, fresh) = (table(12, 1), table(2, 9));
    for kind in ModelKind::ALL {
        let twin = fit(&data, None, &params(kind)).unwrap();
        let bytes = twin.to_bytes().unwrap();
        let loaded = Twin::from_bytes(&bytes).unwrap();
        assert_eq!(forecasts(&loaded, &fresh), forecasts(&twin, &fresh), "{}", kind.name());
        assert_eq!(loaded.record(), twin.record());
        assert_eq!(loaded.to_bytes().unwrap(), bytes, "the same twin, the same bytes");
    }
}

#[test]
fn bytes_that_are_no_twin_are_refused_with_the_reason() {
    let twin = fit(&table(12, 1), None, &params(ModelKind::Network)).unwrap();
    let bytes = twin.to_bytes().unwrap();
    assert!(Twin::from_bytes(b"PNG").is_err());
    assert!(Twin::from_bytes(&bytes[..bytes.len() - 1]).is_err(), "cut short");
    let mut damaged = bytes;
    let last = damaged.len() - 3;
    damaged[last] ^= 1;
    let told = Twin::from_bytes(&damaged).unwrap_err().to_string();
    assert!(told.contains("no twin"), "{told}");
    let other = karma_nn::Checkpoint::new("karma-twin 2").to_bytes().unwrap();
    let told = Twin::from_bytes(&other).unwrap_err();
    assert!(format!("{told:?}").contains("karma-twin 2"), "{told:?}");
}

/// The published program had a lookup and a network, and never asked one after the other.
#[test]
fn what_was_recorded_often_enough_is_exact_and_the_rest_is_learned() {
    let schema = table(1, 1).schema().clone();
    let mut window = Window::new("steady", 3);
    (0..1200u16).for_each(|row| window.push(f64::from(row), &[f32::from(row % 2), 5.0, 1.0]));
    let steady = Table::new(schema, [window]);
    let twin = fit(&steady, None, &params(ModelKind::Network)).unwrap();
    let mut sources = Vec::new();
    let mut judge = |row: &[f32; 3], next: f32| {
        let mut memory = vec![0.0; twin.encoder().memory()];
        twin.encoder().begin(row, &mut memory);
        let mut features = vec![0.0; twin.encoder().features()];
        let moved = twin.encoder().encode(&memory, &[next], &mut features);
        let inputs = Inputs { features: &features, present: &row[..2], moved: &[moved] };
        let mut out = Forecasts::default();
        twin.forecast_with_sources(&inputs, &mut out, &mut sources);
        (sources[0], out.median[0])
    };
    assert_eq!(judge(&[1.0, 5.0, 1.0], 1.0), (Source::Exact, 0.0));
    assert_eq!(judge(&[1.0, 5.0, 1.0], 4.0).0, Source::Learned, "this action was never taken");
}

#[test]
fn what_is_held_back_is_neither_learned_nor_kept() {
    let data = table(12, 1);
    let split = Split::Windows { every: 4 };
    let twin = fit(&data, Some(&split), &params(ModelKind::Network)).unwrap();
    assert_eq!(twin.record().runs(), ["w0", "w1", "w2", "w4", "w5", "w6", "w8", "w9", "w10"]);
    assert_eq!(twin.origin().learned, 9 * 59);
}

/// The published program refitted on `LIMIT 100` without an order: on the oldest rows, again and again.
#[test]
fn a_refit_learns_from_the_newest_rows_and_still_remembers_the_old_ones() {
    let (old, new) = (table(12, 1), table(12, 7));
    let small = TwinParams { memory: 12 * 60, ..params(ModelKind::Network) };
    let twin = fit(&old, None, &small).unwrap();
    let threads = NonZeroUsize::new(2).unwrap();
    let fitting = TwinFitting {
        table: &new,
        split: None,
        params: &small,
        structure: &Structure::Bounds,
        seed: 2,
        threads,
    };
    let again = twin.refit(&fitting).unwrap();
    assert_eq!(again.origin().refits, 1);
    assert_eq!(again.origin().learned, 24 * 59);
    assert_eq!(again.record().windows(), new.windows(), "the newest windows are kept, not the oldest");
    assert_ne!(again.learned(), twin.learned());
    let narrow = Table::new(Schema::new(vec![Column::new("x", Part::Predicted)]).unwrap(), []);
    let refused = twin.refit(&TwinFitting { table: &narrow, ..fitting }).unwrap_err().to_string();
    assert!(refused.contains("other columns"), "{refused}");
}

#[test]
fn intervals_cover_what_they_say_on_fresh_data() {
    let twin = fit(&table(60, 1), None, &params(ModelKind::Network)).unwrap();
    let fresh = table(40, 5);
    let starts: Vec<Start> = fresh.starts().collect();
    let (mut inside, mut all) = ([0_u32; 11], [0_u32; 11]);
    crate::roll_out(twin.encoder(), &twin, &fresh, &starts, 10, &mut |visit| {
        for column in 0..2 {
            let forecast = (visit.median[column], visit.spread(column));
            let interval = twin.calibration().interval((visit.step, column), forecast, 0.9).unwrap();
            inside[visit.step] += u32::from(interval.contains(visit.truth[column]));
            all[visit.step] += 1;
        }
    });
    for step in [1, 5, 10] {
        let coverage = f64::from(inside[step]) / f64::from(all[step]);
        assert!((0.86..0.96).contains(&coverage), "step {step}: {coverage}");
    }
}

#[test]
fn too_little_to_learn_from_is_told() {
    let whole = table(1, 1);
    let short = Table::new(whole.schema().clone(), [whole.windows()[0].slice(0, 20)]);
    let refused = fit(&short, None, &params(ModelKind::Network)).unwrap_err().to_string();
    assert!(refused.contains("transitions to learn from; at least 40 are needed"), "{refused}");
}

#[test]
fn few_data_settle_for_coarser_intervals_and_alarms() {
    let twin = fit(&table(3, 1), None, &params(ModelKind::Network)).unwrap();
    assert!(twin.novelty().params().false_alarms > TwinParams::default().novelty.false_alarms);
    assert!(twin.calibration().interval((1, 0), (1.0, 0.1), 0.5).is_some());
}
