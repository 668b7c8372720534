use super::*;
use karma_nn::Checkpoint;
use proptest::prelude::*;

/// One column; y is the present plus `jump(x)`.
fn samples(x: &[f32], targets: &[f32]) -> Samples {
    Samples {
        features: x.to_vec(),
        present: vec![1.0; targets.len()],
        targets: targets.to_vec(),
        moved: vec![false; targets.len()],
        ..Samples::default()
    }
}

fn config(trees: usize, least_leaf: usize) -> ForestConfig {
    ForestParams { trees, least_leaf, tried: 1.0, stretch: 1, ..ForestParams::default() }.check().unwrap()
}

fn fit(samples: &Samples, columns: usize, view: View, config: &ForestConfig) -> Forest {
    Forest::fit(samples, columns, view, config, (SeedTree::new(3), NonZeroUsize::MIN))
}

fn forecast(forest: &Forest, inputs: &Inputs<'_>) -> Forecasts {
    let mut out = Forecasts::default();
    forest.forecast(inputs, &mut out);
    out
}

/// A noisy function of two features and two columns, with what is missing marked by the multiples of 7 and 11.
fn noisy(count: u16) -> Samples {
    let mut rng = SeedTree::new(9).rng();
    let mut random = || karma_core::draw::below(&mut rng, 1000) as f32 / 1000.0;
    let (mut features, mut targets) = (Vec::new(), Vec::new());
    for row in 0..count {
        let (a, b) = (random(), random());
        features.extend([if row % 7 == 0 { f32::NAN } else { a }, b]);
        let noise = 0.1 * random();
        targets.extend([if row % 11 == 0 { f32::NAN } else { a + noise }, a * b - noise]);
    }
    let moved = vec![false; usize::from(count)];
    Samples { features, present: vec![0.5; 2 * usize::from(count)], targets, moved, ..Samples::default() }
}

/// What the means of the samples on one side explain, from the definition.
fn explained(ground: &Ground<'_>, side: &[usize]) -> f64 {
    let of_column = |column: usize| {
        let place = |sample: &usize| sample * ground.columns + column;
        let there = |sample: &&usize| ground.missing.get(place(sample)).is_none_or(|missing| *missing == 0.0);
        let known: Vec<f64> =
            side.iter().filter(there).map(|sample| f64::from(ground.targets[place(sample)])).collect();
        if known.is_empty() { 0.0 } else { known.iter().sum::<f64>().powi(2) / known.len() as f64 }
    };
    (0..ground.columns).map(of_column).sum()
}

/// The most that any cut of all samples explains: every feature, every threshold, missing ones on either side.
fn brute_force(ground: &Ground<'_>, features: &[f32], width: usize, least: usize) -> f64 {
    let (count, mut most) = (features.len() / width, 0.0);
    for feature in 0..width {
        let x = |sample: usize| features[sample * width + feature];
        let thresholds = (0..count).map(x).chain([f32::MIN]).filter(|x| x.is_finite());
        for (threshold, missing_left) in
            thresholds.flat_map(|threshold| [(threshold, false), (threshold, true)])
        {
            let goes_left = |sample: &usize| {
                if x(*sample).is_nan() { missing_left } else { x(*sample) < threshold }
            };
            let (left, right): (Vec<usize>, Vec<usize>) = (0..count).partition(goes_left);
            if left.len().min(right.len()) >= least {
                most = f64::max(most, explained(ground, &left) + explained(ground, &right));
            }
        }
    }
    most
}

#[test]
fn a_forecast_is_the_mean_of_the_leaves_and_the_median_of_their_samples() {
    let samples = noisy(120);
    let forest = fit(&samples, 2, View::Levels, &config(9, 3));
    let features = [0.4, 0.6];
    let out = forecast(&forest, &Inputs { features: &features, present: &[0.0; 2], moved: &[true] });
    for column in 0..2 {
        let mut pool: Vec<(f32, f64)> = Vec::new();
        for tree in &forest.trees {
            let leaf = tree.neighbours(&features);
            let values =
                leaf.iter().map(|sample| (forest.values_of(*sample)[column], 1.0 / leaf.len() as f64));
            pool.extend(values.filter(|(value, _)| value.is_finite()));
        }
        pool.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = pool.iter().map(|item| item.1).sum();
        let mean = pool.iter().map(|item| f64::from(item.0) * item.1).sum::<f64>() / total;
        assert!((f64::from(out.mean[column]) - mean).abs() < 1e-6);
        let weight = |side: &dyn Fn(f32) -> bool| -> f64 {
            pool.iter().filter(|item| side(item.0)).map(|item| item.1).sum::<f64>() / total
        };
        let median = out.median[column];
        assert!(
            weight(&|value| value < median) <= 0.5 + 1e-9 && weight(&|value| value > median) <= 0.5 + 1e-9
        );
    }
}

#[test]
fn missing_features_go_where_they_fit() {
    let x = [f32::NAN, 0.1, 0.2, f32::NAN, 0.8, 0.9, f32::NAN, 0.85];
    let y = [5.0, 1.0, 1.0, 5.0, 5.0, 5.0, 5.0, 5.0];
    let samples = samples(&x, &y);
    let forest = fit(&samples, 1, View::Levels, &config(30, 1));
    let inputs = Inputs { features: &[f32::NAN, 0.15], present: &[1.0, 1.0], moved: &[false, false] };
    assert_eq!(forecast(&forest, &inputs).median, [5.0, 1.0]);
}

#[test]
fn it_forecasts_a_function_between_its_samples() {
    let x: Vec<f32> = (0..400_u16).map(|row| f32::from(row % 100) / 100.0).collect();
    let y: Vec<f32> = x.iter().map(|x| x * x).collect();
    let forest = fit(&samples(&x, &y), 1, View::Levels, &config(60, 3));
    let inputs = Inputs { features: &[0.255, 0.705], present: &[0.0, 0.0], moved: &[false, false] };
    let out = forecast(&forest, &inputs);
    for (found, x) in out.mean.iter().zip([0.255_f32, 0.705]) {
        assert!((found - x * x).abs() < 0.02, "{found} instead of {}", x * x);
    }
}

#[test]
fn noise_stays_and_ignorance_falls_with_more_samples() {
    let spreads = |count| {
        let forest = fit(&noisy(count), 2, View::Levels, &config(100, 5));
        let inputs = Inputs { features: &[0.5, 0.5], present: &[0.5, 0.5], moved: &[false] };
        let out = forecast(&forest, &inputs);
        (out.aleatoric[1], out.epistemic[1])
    };
    let ((few_noise, few_ignorance), (many_noise, many_ignorance)) = (spreads(60), spreads(4000));
    assert!(many_ignorance < 0.6 * few_ignorance, "{few_ignorance} fell to {many_ignorance} only");
    assert!(many_noise > 0.02 && few_noise > 0.02, "noise of 0.1 · uniform: {few_noise}, {many_noise}");
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let samples = noisy(300);
    let fit = |threads| {
        let threads = NonZeroUsize::new(threads).unwrap();
        Forest::fit(&samples, 2, View::Increments, &config(12, 3), (SeedTree::new(5), threads))
    };
    let one = forecast(&fit(1), &samples.inputs());
    for threads in 2..4 {
        assert_eq!(one, forecast(&fit(threads), &samples.inputs()));
    }
}

#[test]
fn what_was_not_in_the_bag_is_forecast_less_well_than_what_was() {
    let samples = noisy(300);
    let forest = fit(&samples, 2, View::Increments, &config(60, 3));
    let error = |out: &Forecasts| -> f32 {
        let errors = out.median.iter().zip(&samples.targets).map(|(found, y)| (found - y).abs());
        errors.filter(|error| error.is_finite()).sum()
    };
    let (known, unknown) =
        (error(&forecast(&forest, &samples.inputs())), error(&forest.out_of_bag(&samples)));
    assert!(known < unknown, "{known} on what it knows, {unknown} on what it does not");
    let single = fit(&samples, 2, View::Increments, &config(1, 3));
    let silent = single.out_of_bag(&samples).median.iter().filter(|x| x.is_nan()).count();
    assert!((300..480).contains(&silent), "a bag holds about 63 % of 300 samples of 2 columns, not {silent}");
}

#[test]
fn without_samples_or_targets_it_forecasts_the_present() {
    let inputs = Inputs { features: &[0.5], present: &[7.0], moved: &[false] };
    let empty = fit(&samples(&[], &[]), 1, View::Levels, &config(4, 1));
    assert_eq!(forecast(&empty, &inputs).median, [7.0]);
    let unknown = fit(&samples(&[0.0, 1.0], &[f32::NAN; 2]), 1, View::Levels, &config(4, 1));
    assert_eq!(forecast(&unknown, &inputs).mean, [7.0]);
}

#[test]
fn it_survives_the_artefact_bit_for_bit_and_is_refused_for_other_rows() {
    let samples = noisy(200);
    let forest = fit(&samples, 2, View::Increments, &config(10, 3));
    let mut checkpoint = Checkpoint::new("test");
    forest.save(&mut checkpoint, "forest");
    let mut checkpoint = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap(), "test").unwrap();
    let again = Forest::load(&checkpoint, "forest", (2, 2)).unwrap();
    assert_eq!(forecast(&again, &samples.inputs()), forecast(&forest, &samples.inputs()));
    assert!(Forest::load(&checkpoint, "forest", (1, 2)).is_err(), "it looks at the second feature");
    assert!(Forest::load(&checkpoint, "forest", (2, 3)).is_err(), "it forecasts two columns");
    checkpoint.put_counter("forest.trees_per_bag", 3);
    assert!(Forest::load(&checkpoint, "forest", (2, 2)).unwrap_err().to_string().contains("bags"));
}

#[test]
fn a_tree_that_leads_back_is_refused() {
    let samples = samples(&[0.0, 1.0, 0.0, 1.0], &[0.0, 1.0, 0.0, 1.0]);
    let mut forest = fit(&samples, 1, View::Levels, &config(1, 1));
    forest.trees_per_bag = 1;
    forest.trees.truncate(1);
    let Some(tree::Node::Split { left, .. }) = forest.trees[0].nodes.first_mut() else { panic!("a leaf") };
    *left = 0;
    let mut checkpoint = Checkpoint::new("test");
    forest.save(&mut checkpoint, "forest");
    let refused = Forest::load(&checkpoint, "forest", (1, 1)).unwrap_err().to_string();
    assert!(refused.contains("leads back"), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_first_cut_explains_as_much_as_the_best_that_brute_force_finds(
        rows in proptest::collection::vec(proptest::collection::vec(-3i8..4, 4), 6..=24),
        least in 1usize..3,
    ) {
        // −3 stands for a missing value.
        let value = |x: &i8| if *x == -3 { f32::NAN } else { f32::from(*x) };
        let features: Vec<f32> = rows.iter().flat_map(|row| row[..2].iter().map(value)).collect();
        let values: Vec<f32> = rows.iter().flat_map(|row| row[2..].iter().map(value)).collect();
        let bins = Bins::of(&features, 2, rows.len());
        let ground = ground(&bins, &values, 2, &config(1, least));
        let bag: Vec<u32> = (0..24).take(rows.len()).collect();
        let tree = Tree::grow(&ground, &bag, SeedTree::new(0).rng());
        let best = brute_force(&ground, &features, 2, least);
        let all: Vec<usize> = (0..rows.len()).collect();
        match tree.nodes[0] {
            tree::Node::Split { feature, threshold, missing_left, .. } => {
                let goes_left = |sample: &usize| {
                    let x = features[sample * 2 + feature as usize];
                    if x.is_nan() { missing_left } else { x < threshold }
                };
                let (left, right): (Vec<usize>, Vec<usize>) = all.iter().partition(|sample| goes_left(sample));
                prop_assert!(left.len().min(right.len()) >= least);
                let found = explained(&ground, &left) + explained(&ground, &right);
                prop_assert!((found - best).abs() < 1e-6 * best.max(1.0), "{found} instead of {best}");
            }
            tree::Node::Leaf { .. } => prop_assert!(best <= explained(&ground, &all) + 1e-6),
        }
    }

    #[test]
    fn a_forest_never_forecasts_what_it_never_saw(
        rows in proptest::collection::vec((-1e3f32..1e3, -1e3f32..1e3), 1..80),
        x in -1e4f32..1e4,
    ) {
        let (features, targets): (Vec<f32>, Vec<f32>) = rows.into_iter().unzip();
        let samples = samples(&features, &targets);
        let inputs = Inputs { features: &[x, f32::NAN], present: &[4.0, 4.0], moved: &[false, true] };
        let low = targets.iter().copied().fold(f32::INFINITY, f32::min);
        let high = targets.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for (view, base) in [(View::Levels, 0.0), (View::Increments, 3.0)] {
            let out = forecast(&fit(&samples, 1, view, &config(5, 1)), &inputs);
            for value in out.median.iter().chain(&out.mean) {
                prop_assert!((low + base - 1e-3..=high + base + 1e-3).contains(value), "{value} from {view:?}");
            }
        }
    }
}
