use karma_core::{SeedTree, StreamRng};
use proptest::prelude::*;

use super::*;

/// One step and column, calibrated on (spread, error) pairs around a median of 0.
fn calibration(misses: impl IntoIterator<Item = (f32, f32)>, finest: f64) -> Calibration {
    let mut builder = CalibrationBuilder::new(1, 1);
    misses.into_iter().for_each(|(spread, error)| builder.add((1, 0), (0.0, spread), error));
    builder.finish(finest).unwrap()
}

fn units(misses: impl IntoIterator<Item = f32>, finest: f64) -> Calibration {
    calibration(misses.into_iter().map(|error| (1.0, error)), finest)
}

fn ends(calibration: &Calibration, level: f64) -> [f32; 2] {
    let interval = calibration.interval((1, 0), (0.0, 1.0), level).unwrap();
    [interval.low, interval.high].map(|end| (end * 1e4).round() / 1e4)
}

#[test]
fn an_interval_ends_at_the_corrected_ranks() {
    let calibration = units((1..=39u8).map(f32::from), 0.95);
    assert_eq!(ends(&calibration, 0.95), [1.0, 39.0]);
    assert_eq!(ends(&calibration, 0.9), [2.0, 38.0]);
    assert_eq!(ends(&calibration, 0.5), [10.0, 30.0]);
    assert_eq!(ends(&calibration, 0.0), [20.0, 20.0]);
    assert_eq!(
        ends(&calibration, 0.96),
        [f32::NEG_INFINITY, f32::INFINITY],
        "39 cannot promise more than 95 %"
    );
}

#[test]
fn too_few_residuals_are_refused_with_their_place() {
    let mut builder = CalibrationBuilder::new(2, 1);
    (0..39).for_each(|_| builder.add((1, 0), (0.0, 1.0), 1.0));
    (0..38).for_each(|_| builder.add((2, 0), (0.0, 1.0), 1.0));
    builder.add((2, 0), (0.0, 1.0), f32::NAN);
    builder.add((2, 0), (f32::NAN, 1.0), 1.0);
    let refused = builder.finish(0.95).unwrap_err().to_string();
    assert!(
        refused.starts_with("column 0 at step 2 has 38 residuals, but level 0.95 needs at least 39"),
        "{refused}"
    );
    assert!(builder.finish(0.9).is_ok());
    assert!(
        builder
            .finish(1.0)
            .unwrap_err()
            .to_string()
            .contains("finest level is 1; allowed: above 0 and below 1")
    );
}

#[test]
fn what_is_not_calibrated_or_missing_has_no_interval() {
    let calibration = units((1..=39u8).map(f32::from), 0.9);
    for (place, median) in [((0, 0), 0.0), ((2, 0), 0.0), ((1, 1), 0.0), ((1, 0), f32::NAN)] {
        assert_eq!(calibration.interval(place, (median, 1.0), 0.9), None, "{place:?} {median}");
    }
    assert_eq!(calibration.residual((1, 0), (1.0, 2.0), 5.0), Some(2.0));
    assert_eq!(calibration.residual((1, 0), (1.0, 2.0), f32::NAN), None);
}

#[test]
fn a_missing_or_absurd_spread_still_gives_an_interval() {
    let calibration = units((1..=39u8).map(f32::from), 0.9);
    for spread in [f32::NAN, 0.0, -1.0, f32::INFINITY] {
        let interval = calibration.interval((1, 0), (5.0, spread), 0.9).unwrap();
        assert!(interval.contains(interval.low) && interval.width() > 0.0, "{spread}: {interval:?}");
    }
}

#[test]
fn values_tied_with_an_end_are_inside_in_spite_of_rounding() {
    let mut rng = SeedTree::new(3).rng();
    for _ in 0..2000 {
        let (median, spread): (f32, f32) = (rng.random_range(-2.0..2.0), rng.random_range(1e-3..0.3));
        let mut builder = CalibrationBuilder::new(1, 1);
        (0..20).for_each(|_| builder.add((1, 0), (median, spread), 1.0));
        let interval = builder.finish(0.9).unwrap().interval((1, 0), (median, spread), 0.9).unwrap();
        assert!(interval.contains(1.0), "{interval:?}");
        assert!(interval.width() < 1e-5);
    }
}

/// A spread that the model claims, and an error.
type Noise = fn(&mut StreamRng) -> (f32, f32);

/// None of them is normal.
const NOISES: [(&str, Noise); 4] = [
    ("Cauchy", |rng| (1.0, (std::f32::consts::PI * (rng.random::<f32>() - 0.5)).tan())),
    ("a point mass", |rng| (0.0, if rng.random::<f32>() < 0.8 { 0.0 } else { -rng.random::<f32>().ceil() })),
    ("skewed and known to the model", |rng| {
        let spread = (4.0 * rng.random::<f32>()).exp();
        (spread, spread * (-rng.random::<f32>().ln() - 1.0))
    }),
    ("known to nobody", |rng| (rng.random(), (8.0 * rng.random::<f32>() - 4.0).exp())),
];

#[test]
fn fresh_values_are_covered_as_often_as_promised() {
    const TRIALS: u32 = 3000;
    for (place, (noise, draw)) in NOISES.iter().enumerate() {
        let mut rng = SeedTree::new(11).index(place as u64).rng();
        let mut covered = [0u32; 3];
        for _ in 0..TRIALS {
            // Each trial has its own calibration, so trials are independent and their number of hits binomial.
            let calibration = calibration((0..99).map(|_| draw(&mut rng)), 0.95);
            let (spread, truth) = draw(&mut rng);
            for (hits, level) in covered.iter_mut().zip([0.5, 0.8, 0.95]) {
                let interval = calibration.interval((1, 0), (0.0, spread), level).unwrap();
                *hits += u32::from(interval.contains(truth));
            }
        }
        for (hits, level) in covered.iter().zip([0.5, 0.8, 0.95]) {
            let share = f64::from(*hits) / f64::from(TRIALS);
            let error = (level * (1.0 - level) / f64::from(TRIALS)).sqrt();
            assert!(share > level - 4.0 * error, "{noise}: {share} at {level}");
            let discrete = *noise == "a point mass";
            assert!(discrete || share < level + 0.02 + 4.0 * error, "{noise}: {share} at {level}: too wide");
        }
    }
}

#[test]
fn a_model_that_knows_its_noise_gets_narrow_intervals_where_it_is_quiet() {
    let mut rng = SeedTree::new(5).rng();
    let calibration = calibration((0..500).map(|_| NOISES[2].1(&mut rng)), 0.9);
    let width = |spread| calibration.interval((1, 0), (0.0, spread), 0.9).unwrap().width();
    assert!((width(20.0) / width(40.0) - 0.5).abs() < 1e-3);
    let interval = calibration.interval((1, 0), (0.0, 10.0), 0.9).unwrap();
    assert!(interval.high > 1.5 * -interval.low, "errors reach further upwards: {interval:?}");
}

#[test]
fn thinning_loses_nothing_but_a_little_width() {
    let n = 10 * KEPT + 3;
    let calibration = units((0..n).map(|x| x as f32), 0.95);
    assert_eq!(calibration.cells[0].kept.len(), KEPT);
    for level in [0.0, 0.5, 0.9, 0.99, 0.999] {
        let [low, high] = ends(&calibration, level);
        let tail = tail_rank(n, level) as f32;
        assert!(low < tail && high >= n as f32 - tail, "{level}: {low} to {high}");
        assert!(low >= tail - 13.0 && high <= n as f32 - tail + 12.0, "{level}: {low} to {high}");
    }
}

#[test]
fn a_calibration_survives_the_checkpoint_and_corrupt_ones_are_refused() {
    let mut builder = CalibrationBuilder::new(2, 2);
    for place in [(1, 0), (1, 1), (2, 0), (2, 1)] {
        let n = if place == (2, 0) { KEPT + 500 } else { 20 * place.0 };
        (0..n).for_each(|x| builder.add(place, (0.0, 1.0), x as f32 - 5.0));
    }
    let calibration = builder.finish(0.9).unwrap();
    let mut checkpoint = Checkpoint::new("test");
    calibration.save(&mut checkpoint, "c");
    let saved = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap(), "test").unwrap();
    assert_eq!(Calibration::load(&saved, "c", 2).unwrap(), calibration);
    let refused = |change: &dyn Fn(&mut Checkpoint)| {
        let mut changed = checkpoint.clone();
        change(&mut changed);
        Calibration::load(&changed, "c", 2).unwrap_err().to_string()
    };
    assert!(refused(&|c| c.put_counter("c.steps", 3)).contains("shape [2, 2]"));
    assert!(
        refused(&|c| stored::put(c, "c.counts", 2, vec![20.0, 20.0, 1e30, 39.0])).contains("c.residuals")
    );
    let total = KEPT + 80;
    assert!(
        refused(&|c| stored::put(c, "c.residuals", 1, (0..total).map(|x| -(x as f32)).collect()))
            .contains("ascend")
    );
    assert!(refused(&|c| stored::put(c, "c.floors", 2, vec![0.0, 1.0])).contains("floors are above 0"));
    assert!(Calibration::load(&checkpoint, "c", 3).is_err());
}

/// The noise grows fourfold half-way: fixed intervals fail, those that adapt recover.
#[test]
fn adaptive_intervals_follow_a_cluster_that_changes() {
    let mut rng = SeedTree::new(9).rng();
    let mut draw = |size: f32| size * (rng.random::<f32>() + rng.random::<f32>() - 1.0);
    let calibration = units((0..1000).map(|_| draw(1.0)), 0.99);
    let mut adaptive = AdaptiveConformal::new(0.9, 0.02, (1, 1)).unwrap();
    let (mut fixed_hits, mut adaptive_hits) = (0u32, 0u32);
    for time in 0..6000u32 {
        let truth = draw(if time < 2000 { 1.0 } else { 4.0 });
        let covers = |level| calibration.interval((1, 0), (0.0, 1.0), level).unwrap().contains(truth);
        let hit = covers(adaptive.level(1, 0).unwrap());
        adaptive.observe(1, 0, hit);
        if time >= 2000 {
            fixed_hits += u32::from(covers(0.9));
            adaptive_hits += u32::from(hit);
        }
    }
    assert!(fixed_hits < 2000, "{fixed_hits} of 4000");
    assert!((3520..3680).contains(&adaptive_hits), "{adaptive_hits} of 4000");
}

#[test]
fn adaptive_levels_survive_the_checkpoint() {
    let mut adaptive = AdaptiveConformal::new(0.9, 0.01, (2, 3)).unwrap();
    (0..7).for_each(|_| adaptive.observe(2, 1, false));
    adaptive.observe(0, 0, false);
    adaptive.observe(1, 3, false);
    let untouched =
        [(1, 0), (1, 1), (1, 2), (2, 0), (2, 2)].map(|(step, column)| adaptive.level(step, column));
    assert!(untouched.iter().all(|level| (level.unwrap() - 0.9).abs() < 1e-6));
    assert!(adaptive.level(2, 1).unwrap() > 0.95);
    assert_eq!((adaptive.level(0, 0), adaptive.level(3, 0), adaptive.level(1, 3)), (None, None, None));
    let mut checkpoint = Checkpoint::new("test");
    adaptive.save(&mut checkpoint, "a");
    assert_eq!(AdaptiveConformal::load(&checkpoint, "a", (2, 3)).unwrap(), adaptive);
    assert!(AdaptiveConformal::load(&checkpoint, "a", (3, 2)).is_err());
    stored::put(&mut checkpoint, "a.settings", 2, vec![0.1, 0.0]);
    assert!(AdaptiveConformal::load(&checkpoint, "a", (2, 3)).unwrap_err().to_string().contains("rate 0"));
    assert!(AdaptiveConformal::new(0.9, 1.0, (1, 1)).unwrap_err().to_string().contains("the rate is 1"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_higher_level_is_never_narrower(
        errors in prop::collection::vec(-1e3f32..1e3, 39..200), median in -10f32..10.0, spread in 0f32..10.0,
        (a, b) in (0.0..1.0f64, 0.0..1.0f64),
    ) {
        let calibration = units(errors, 0.9);
        let interval = |level| calibration.interval((1, 0), (median, spread), level).unwrap();
        let (narrow, wide) = (interval(a.min(b)), interval(a.max(b)));
        prop_assert!(wide.low <= narrow.low && narrow.low <= narrow.high && narrow.high <= wide.high);
    }

    #[test]
    fn of_its_own_residuals_an_interval_covers_at_least_its_level(
        errors in prop::collection::vec((-20i8..20, 0.1f32..2.0), 39..300), level in 0.1..0.95f64,
    ) {
        let misses = errors.iter().map(|(error, spread)| (*spread, f32::from(*error) / 7.0));
        let calibration = calibration(misses.clone(), 0.95);
        let covers = |(spread, error): &(f32, f32)| {
            calibration.interval((1, 0), (0.0, *spread), level).unwrap().contains(*error)
        };
        let share = misses.filter(covers).count() as f64 / errors.len() as f64;
        prop_assert!(share >= level, "{share} of {level}");
    }

    /// Proposition 4.1 of Gibbs and Candès, against an adversary who picks hit or miss.
    #[test]
    fn in_the_long_run_misses_are_as_frequent_as_asked_whatever_happens(
        wishes in prop::collection::vec(any::<bool>(), 1..400), level in 0.05..0.95f64, rate in 0.005..0.3f64,
    ) {
        let mut adaptive = AdaptiveConformal::new(level, rate, (1, 1)).unwrap();
        let misses = wishes.iter().filter(|wish| {
            let asked = adaptive.level(1, 0).unwrap();
            let covered = asked >= 1.0 || (asked > 0.0 && **wish);
            adaptive.observe(1, 0, covered);
            !covered
        });
        let share = misses.count() as f64 / wishes.len() as f64;
        let bound = (level.max(1.0 - level) + rate) / (wishes.len() as f64 * rate);
        prop_assert!((share - (1.0 - level)).abs() <= bound + 1e-3, "{share} misses at level {level}");
    }
}
