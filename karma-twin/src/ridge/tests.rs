use super::*;
use crate::ridge::cholesky::dot;
use crate::table::Start;
use karma_core::SeedTree;
use rand::RngExt as _;

fn samples(features: Vec<f32>, targets: Vec<f32>, count: usize) -> Samples {
    let present = vec![0.0; targets.len()];
    let starts = (0..count).map(|row| Start { window: 0, row }).collect();
    Samples { starts, features, present, targets, moved: vec![false; count] }
}

fn forecast(ridge: &Ridge, samples: &Samples) -> Forecasts {
    let mut out = Forecasts::default();
    ridge.forecast(&samples.inputs(), &mut out);
    out
}

/// y = 3 + 2a − b and noise; the second column is missing in every third sample.
fn noisy(count: usize, noise: f32) -> Samples {
    let mut rng = SeedTree::new(4).rng();
    let (mut features, mut targets) = (Vec::new(), Vec::new());
    for row in 0..count {
        let (a, b): (f32, f32) = (rng.random(), rng.random());
        let y = 3.0 + 2.0 * a - b + noise * (rng.random::<f32>() - 0.5);
        features.extend([a, b, 5.0]);
        targets.extend([y, if row % 3 == 0 { f32::NAN } else { -y }]);
    }
    samples(features, targets, count)
}

#[test]
fn a_line_is_found_and_a_feature_that_never_changes_is_no_harm() {
    let ridge = Ridge::fit(&noisy(200, 0.0), 2);
    let out = forecast(&ridge, &samples(vec![0.5, 0.25, 5.0], vec![0.0; 2], 1));
    assert!((out.median[0] - 3.75).abs() < 1e-3 && (out.median[1] + 3.75).abs() < 1e-3, "{:?}", out.median);
    assert!(out.aleatoric[0] < 1e-3 && out.epistemic[0] < 1e-3);
}

#[test]
fn two_samples_are_solved_as_by_hand() {
    // Standardised features −1 and 1, centred targets −2 and 2: ZᵀZ = 2, Zᵀy = 4, so w = 4 / (2 + λ).
    let ridge = Ridge::fit(&samples(vec![0.0, 2.0], vec![1.0, 5.0], 2), 1);
    let at = |x: f32| f64::from(forecast(&ridge, &samples(vec![x], vec![0.0], 1)).median[0]);
    let weight = at(2.0) - at(1.0);
    assert!((at(1.0) - 3.0).abs() < 1e-6, "the mean in the middle");
    let penalty = 4.0 / weight - 2.0;
    let half_decades = 2.0 * penalty.log10();
    assert!((half_decades - half_decades.round()).abs() < 1e-3, "λ = {penalty} is not of the grid");
}

#[test]
fn noise_is_the_error_when_each_sample_is_left_out() {
    // With many samples the standardisation and λ hardly change, so that refitting must give nearly the same.
    let all = noisy(90, 1.0);
    let fitted = Ridge::fit(&all, 2);
    let errors = (0..90).map(|out: usize| {
        let rest: Vec<usize> = (0..90).filter(|row| *row != out).collect();
        let one = all.select(&[out]);
        (forecast(&Ridge::fit(&all.select(&rest), 2), &one).median[0] - one.targets[0]).abs()
    });
    let expected = errors.sum::<f32>() / 90.0;
    let found = forecast(&fitted, &all.select(&[0])).aleatoric[0];
    assert!((found / expected - 1.0).abs() < 0.01, "{found} instead of {expected}");
}

#[test]
fn weights_solve_the_normal_equations() {
    let all = noisy(60, 1.0);
    let ridge = Ridge::fit(&all, 2);
    // At the optimum Zᵀe = λ·w for one λ: the ratio is the same for both features that change.
    let out = forecast(&ridge, &all);
    let errors: Vec<f64> =
        (0..60).map(|row| f64::from(all.targets[row * 2]) - f64::from(out.median[row * 2])).collect();
    let ratio = |feature: usize| {
        let z: Vec<f64> =
            (0..60).map(|row| ridge.standard.apply(feature, all.features[row * 3 + feature])).collect();
        let weight = f64::from(forecast(&ridge, &samples(vec![1.0, 1.0, 5.0], vec![0.0; 2], 1)).median[0])
            - f64::from({
                let mut at = vec![1.0, 1.0, 5.0];
                at[feature] = 0.0;
                forecast(&ridge, &samples(at, vec![0.0; 2], 1)).median[0]
            });
        dot(&z, &errors) / ridge.standard.spread(feature, weight)
    };
    assert!((ratio(0) / ratio(1) - 1.0).abs() < 0.02, "{} and {}", ratio(0), ratio(1));
}

#[test]
fn what_was_never_known_is_forecast_to_stay_and_a_missing_feature_is_its_mean() {
    let mut all = noisy(40, 0.1);
    all.targets.iter_mut().skip(1).step_by(2).for_each(|target| *target = f32::NAN);
    let ridge = Ridge::fit(&all, 2);
    let mean = |at: usize| all.features.iter().skip(at).step_by(3).sum::<f32>() / 40.0;
    let rows = samples(vec![f32::NAN, 0.5, 5.0, mean(0), 0.5, 5.0], vec![0.0; 4], 2);
    let rows = Samples { present: vec![9.0; 4], ..rows };
    let out = forecast(&ridge, &rows);
    assert_eq!((out.median[1], out.mean[3]), (9.0, 9.0));
    assert!((out.median[0] - out.median[2]).abs() < 1e-5);
    assert_eq!(forecast(&Ridge::fit(&Samples::default(), 2), &Samples::default()), Forecasts::default());
}

#[test]
fn it_survives_the_artefact_bit_for_bit_and_is_refused_for_other_rows() {
    let all = noisy(50, 0.5);
    let ridge = Ridge::fit(&all, 2);
    let mut checkpoint = Checkpoint::new("test");
    ridge.save(&mut checkpoint, "ridge");
    let checkpoint = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap(), "test").unwrap();
    assert_eq!(Ridge::load(&checkpoint, "ridge", (3, 2)).unwrap(), ridge);
    assert!(Ridge::load(&checkpoint, "ridge", (4, 2)).is_err());
    assert!(Ridge::load(&checkpoint, "ridge", (3, 1)).unwrap_err().to_string().contains("names a column"));
}
