use std::num::NonZeroUsize;

use karma_core::SeedTree;
use karma_nn::Checkpoint;

use super::*;
use crate::table::{Column, Part, Schema, Start, Table, Window};
use crate::{Encoder, EncoderParams, Samples, Structure};

/// A column that goes to 2·u within two steps, with noise that grows with u; u jumps now and then.
fn table(rows: usize, seed: u64) -> Table {
    let schema =
        Schema::new(vec![Column::new("x", Part::Predicted), Column::new("u", Part::Controlled)]).unwrap();
    let mut rng = SeedTree::new(seed).child("table").rng();
    let mut uniform = || rand::RngExt::random::<f32>(&mut rng);
    let (mut x, mut u) = (2.0, 1.0);
    let mut window = Window::new("a", 2);
    for row in 0..rows {
        if uniform() < 0.2 {
            u = 1.0 + (uniform() * 4.0).floor();
        }
        x += 0.5 * (2.0 * u - x) + 0.05 * u * (uniform() - 0.5);
        window.push(row as f64, &[x, u]);
    }
    Table::new(schema, [window])
}

fn encoder(table: &Table) -> Encoder {
    let params = EncoderParams { lags: 2, half_lives: vec![2.0], ..EncoderParams::default() };
    Encoder::new(table.schema().clone(), params, Structure::Bounds).unwrap()
}

fn config() -> NetworkConfig {
    let params = NetworkParams {
        members: 3,
        hidden: vec![24],
        epochs: 40,
        weight_decay: 0.01,
        input_dropout: 0.0,
        ..NetworkParams::default()
    };
    params.check().unwrap()
}

fn fit(table: &Table, threads: usize) -> (Encoder, Vec<Start>, Fitted) {
    let encoder = encoder(table);
    let starts: Vec<Start> =
        (0..table.windows()[0].transitions()).map(|row| Start { window: 0, row }).collect();
    let threads = NonZeroUsize::new(threads).unwrap();
    let fitting = Fitting { encoder: &encoder, table, starts: &starts, seed: SeedTree::new(1), threads };
    let fitted = Network::fit(&fitting, &config()).unwrap();
    (encoder, starts, fitted)
}

#[test]
fn it_learns_what_controls_do_and_how_noisy_that_is() {
    let (encoder, _, fitted) = fit(&table(900, 1), 2);
    let fresh = table(400, 2);
    let starts: Vec<Start> = (0..399).map(|row| Start { window: 0, row }).collect();
    let samples = Samples::of(&encoder, &fresh, &starts);
    let mut forecasts = Forecasts::default();
    fitted.network.forecast(&samples.inputs(), &mut forecasts);
    let error = |guess: &[f32]| -> f32 {
        guess.iter().zip(&samples.targets).map(|(guess, truth)| (guess - truth).abs()).sum::<f32>() / 399.0
    };
    let (ours, persistence) = (error(&forecasts.median), error(&samples.present));
    assert!(ours < 0.25 * persistence, "{ours} against {persistence} if nothing changed");
    let noise: f32 = forecasts.aleatoric.iter().sum::<f32>() / 399.0;
    assert!((0.4..2.5).contains(&(noise / ours)), "noise {noise}, error {ours}");
}

#[test]
fn ignorance_grows_where_there_were_no_data() {
    let (encoder, starts, fitted) = fit(&table(600, 1), 2);
    let known = Samples::of(&encoder, &table(600, 1), &starts[..200]);
    let mut far = known.clone();
    far.features.iter_mut().for_each(|x| *x = *x * 4.0 + 30.0);
    let spread = |samples: &Samples| {
        let mut forecasts = Forecasts::default();
        fitted.network.forecast(&samples.inputs(), &mut forecasts);
        forecasts.epistemic.iter().sum::<f32>()
    };
    assert!(spread(&far) > 3.0 * spread(&known), "{} and {}", spread(&far), spread(&known));
}

#[test]
fn one_seed_gives_one_ensemble_on_any_number_of_threads() {
    let table = table(300, 3);
    assert_eq!(fit(&table, 1).2, fit(&table, 3).2);
}

#[test]
fn an_ensemble_is_the_same_after_saving_and_loading() {
    let (encoder, _, Fitted { network, .. }) = fit(&table(300, 4), 2);
    let mut checkpoint = Checkpoint::new("schema");
    network.save(&mut checkpoint, "learned");
    let checkpoint = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap(), "schema").unwrap();
    let shape = (encoder.features(), 1);
    assert_eq!(Network::load(&checkpoint, "learned", shape).unwrap(), network);
    assert!(
        Network::load(&checkpoint, "learned", (encoder.features(), 2)).is_err(),
        "another shape is refused"
    );
}

#[test]
fn a_refit_goes_on_with_the_old_units() {
    let old = table(600, 5);
    let (encoder, starts, Fitted { network, .. }) = fit(&old, 2);
    let fresh = table(600, 6);
    let threads = NonZeroUsize::MIN;
    let fitting =
        Fitting { encoder: &encoder, table: &fresh, starts: &starts, seed: SeedTree::new(2), threads };
    let again = network.refit(&fitting, &config()).unwrap().network;
    assert_eq!(again.normaliser, network.normaliser);
    assert_ne!(again.members, network.members);
}

#[test]
fn too_few_transitions_are_refused_with_how_many_are_needed() {
    let table = table(20, 1);
    let encoder = encoder(&table);
    let starts = [Start { window: 0, row: 3 }];
    let threads = NonZeroUsize::MIN;
    let fitting =
        Fitting { encoder: &encoder, table: &table, starts: &starts, seed: SeedTree::new(1), threads };
    let refused = Network::fit(&fitting, &config()).unwrap_err().to_string();
    assert_eq!(refused, "1 transitions to learn from; at least 60 are needed");
}
