use karma_core::{SeedTree, StreamRng};
use proptest::prelude::*;

use super::*;
use crate::table::{Column, Part, Schema, Start, Table, Window};
use crate::{EncoderParams, Structure};

/// Two predicted columns of correlation 0.9, a third, a control and an exogenous one.
fn encoder() -> Encoder {
    let columns = ["x", "y", "z"].map(|name| Column::new(name, Part::Predicted));
    let given = [Column::new("u", Part::Controlled), Column::new("w", Part::Exogenous)];
    let schema = Schema::new(columns.into_iter().chain(given).collect()).unwrap();
    Encoder::new(schema, EncoderParams::default(), Structure::Bounds).unwrap()
}

fn samples(situations: &[[f32; 5]]) -> Samples {
    let encoder = encoder();
    let windows = situations.iter().map(|situation| {
        let mut window = Window::new("a", 5);
        (0..2u8).for_each(|time| window.push(f64::from(time), situation));
        window
    });
    let table = Table::new(encoder.schema().clone(), windows);
    let starts: Vec<Start> = (0..situations.len()).map(|window| Start { window, row: 0 }).collect();
    Samples::of(&encoder, &table, &starts)
}

/// Nearly normal, as the sum of twelve.
fn normal(rng: &mut StreamRng) -> f32 {
    (0..12).map(|_| rng.random::<f32>()).sum::<f32>() - 6.0
}

fn ordinary(rng: &mut StreamRng) -> [f32; 5] {
    let [x, e, z, u, w] = [0; 5].map(|_| normal(rng));
    [x, 0.9 * x + 0.436 * e, 100.0 + 10.0 * z, u.round(), w.exp()]
}

type Kind = fn(&mut StreamRng) -> [f32; 5];

fn draw(rng: &mut StreamRng, count: usize, draw: impl Fn(&mut StreamRng) -> [f32; 5]) -> Vec<[f32; 5]> {
    (0..count).map(|_| draw(rng)).collect()
}

const FALSE_ALARMS: NoveltyParams = NoveltyParams { false_alarms: 0.05 };

fn fit(rng: &mut StreamRng, of: impl Fn(&mut StreamRng) -> [f32; 5]) -> Novelty {
    let (learned, held_out) = (samples(&draw(rng, 2000, &of)), samples(&draw(rng, 1999, &of)));
    Novelty::fit(&encoder(), &learned, &held_out, None, FALSE_ALARMS).unwrap()
}

fn judge(
    novelty: &Novelty,
    situation: &[f32; 5],
    epistemic: Option<&[f32]>,
    scratch: &mut Scratch,
) -> Verdict {
    novelty.judge(&Point { present: &situation[..3], given: &situation[3..], epistemic }, scratch)
}

/// Share of alarms.
fn alarms(novelty: &Novelty, situations: &[[f32; 5]]) -> f64 {
    let mut scratch = novelty.scratch();
    let novel =
        situations.iter().filter(|situation| judge(novelty, situation, None, &mut scratch).novel).count();
    novel as f64 / situations.len() as f64
}

/// Four standard errors of a rate of 5 % among `fresh`, calibrated on 1999: both samples err.
fn margin(fresh: f64) -> f64 {
    4.0 * (0.05 * 0.95 * (1.0 / fresh + 1.0 / 1999.0)).sqrt()
}

fn with_gaps(rng: &mut StreamRng) -> [f32; 5] {
    ordinary(rng).map(|value| if rng.random::<f32>() < 0.2 { f32::NAN } else { value })
}

fn heavy_tailed(rng: &mut StreamRng) -> [f32; 5] {
    let size = 1.0 / rng.random::<f32>().max(1e-6);
    ordinary(rng).map(|value| value * size)
}

#[test]
fn ordinary_situations_alarm_at_the_stated_rate() {
    let kinds: [(&str, Kind); 3] =
        [("ordinary", ordinary), ("with gaps", with_gaps), ("heavy tails", heavy_tailed)];
    for (place, (kind, of)) in kinds.into_iter().enumerate() {
        let mut rng = SeedTree::new(1).index(place as u64).rng();
        let rate = alarms(&fit(&mut rng, of), &draw(&mut rng, 4000, of));
        assert!((rate - 0.05).abs() < margin(4000.0), "{kind}: {rate}");
    }
}

/// Stated power at 5 % false alarms, one judgement: shifts of one column of five, and a correlation turned round.
#[test]
fn shifts_and_broken_correlations_are_found() {
    let mut rng = SeedTree::new(7).rng();
    let novelty = fit(&mut rng, ordinary);
    let mut power = |change: &dyn Fn(&mut [f32; 5])| {
        let mut situations = draw(&mut rng, 1000, ordinary);
        situations.iter_mut().for_each(change);
        alarms(&novelty, &situations)
    };
    let [two, three, four] = [2.0, 3.0, 4.0].map(|deviations| power(&|s| s[2] += 10.0 * deviations));
    assert!(two > 0.2 && three > 0.5 && four > 0.8, "z moved by 2, 3, 4 deviations: {two} {three} {four}");
    let moved = power(&|s| s[0] += 2.0);
    assert!(moved > 0.9, "x moved by 2 deviations, but y did not follow: {moved}");
    let broken = power(&|s| s[1] = -s[1]);
    assert!(broken > 0.4, "the correlation of x and y turned round: {broken}");
}

/// A shift of two deviations alarms one time in three: what no single judgement shows, their sum does.
#[test]
fn a_small_change_that_stays_is_found_in_time() {
    let mut rng = SeedTree::new(8).rng();
    let novelty = fit(&mut rng, ordinary);
    let mut scratch = novelty.scratch();
    let delays: Vec<usize> = (0..20)
        .map(|_| {
            let (mut cusum, mut delay) = (Cusum::new(10_000.0), 1);
            let mut observe =
                |situation: [f32; 5]| cusum.observe(judge(&novelty, &situation, None, &mut scratch).p_value);
            assert!(!draw(&mut rng, 200, ordinary).into_iter().any(&mut observe), "nothing has changed yet");
            let shifted = |rng: &mut StreamRng| {
                let [x, y, z, u, w] = ordinary(rng);
                [x, y, z + 20.0, u, w]
            };
            while !observe(shifted(&mut rng)) {
                delay += 1;
            }
            delay
        })
        .collect();
    assert!(delays.iter().sum::<usize>() < 20 * 40, "{delays:?}");
}

#[test]
fn a_column_that_never_changed_is_novel_when_it_does() {
    let mut rng = SeedTree::new(3).rng();
    let constant = |rng: &mut StreamRng| {
        let mut situation = ordinary(rng);
        situation[3] = 3.0;
        situation
    };
    let novelty = fit(&mut rng, constant);
    let mut situation = constant(&mut rng);
    assert!(!judge(&novelty, &[0.0, 0.0, 100.0, 3.0, 1.0], None, &mut novelty.scratch()).novel);
    situation[3] = 4.0;
    assert!(judge(&novelty, &situation, None, &mut novelty.scratch()).novel);
}

#[test]
fn nothing_known_is_no_alarm() {
    let mut rng = SeedTree::new(4).rng();
    let novelty = fit(&mut rng, with_gaps);
    let verdict = judge(&novelty, &[f32::NAN; 5], Some(&[f32::NAN; 3]), &mut novelty.scratch());
    assert_eq!(verdict, Verdict { p_value: 1.0, distance: None, ignorance: None, novel: false });
}

/// Epistemic spreads, around 1 in every column: the larger the first value, the larger.
fn spreads(situations: &[[f32; 5]], rng: &mut StreamRng) -> Vec<f32> {
    situations.iter().flat_map(|s| [0.2 * s[0], 0.0, 0.0].map(|x| (x + 0.3 * normal(rng)).exp())).collect()
}

#[test]
fn ignorance_alarms_where_the_distance_does_not_at_the_same_rate_of_false_alarms() {
    let mut rng = SeedTree::new(5).rng();
    let [learned, held_out, fresh] = [2000, 1999, 4000].map(|count| draw(&mut rng, count, ordinary));
    let (at_held_out, at_fresh) = (spreads(&held_out, &mut rng), spreads(&fresh, &mut rng));
    let (learned, held_out) = (samples(&learned), samples(&held_out));
    let novelty = Novelty::fit(&encoder(), &learned, &held_out, Some(&at_held_out), FALSE_ALARMS).unwrap();
    let mut scratch = novelty.scratch();
    let mut rate = |factor: f32| {
        let judged = fresh.iter().zip(at_fresh.chunks_exact(3)).filter(|(situation, spreads)| {
            let spreads: Vec<f32> = spreads.iter().map(|spread| factor * spread).collect();
            judge(&novelty, situation, Some(&spreads), &mut scratch).novel
        });
        judged.count() as f64 / 4000.0
    };
    assert!((rate(1.0) - 0.05).abs() < margin(4000.0), "{}", rate(1.0));
    assert!(rate(2.0) > 0.9, "doubled ignorance: {}", rate(2.0));
    let verdict = judge(&novelty, &fresh[0], Some(&[4.0; 3]), &mut scratch);
    assert!((3.0..4.5).contains(&verdict.ignorance.unwrap()), "{verdict:?}");
}

#[test]
fn with_as_few_transitions_as_are_allowed_what_is_beyond_all_of_them_is_novel() {
    let mut rng = SeedTree::new(11).rng();
    for (two_scores, fewest) in [(false, 19), (true, 59)] {
        let [learned, held_out] = [200, fewest].map(|count| draw(&mut rng, count, ordinary));
        let spreads = spreads(&held_out, &mut rng);
        let spreads = two_scores.then_some(spreads.as_slice());
        let fit = |held_out: &[[f32; 5]], spreads: Option<&[f32]>| {
            Novelty::fit(&encoder(), &samples(&learned), &samples(held_out), spreads, FALSE_ALARMS)
        };
        let novelty = fit(&held_out, spreads).unwrap();
        let mut scratch = novelty.scratch();
        let beyond = judge(
            &novelty,
            &[50.0, -50.0, 900.0, 50.0, 900.0],
            two_scores.then_some(&[1.0; 3]),
            &mut scratch,
        );
        assert!(beyond.novel, "{beyond:?}");
        let fewer = fit(&held_out[1..], spreads.map(|spreads| &spreads[3..])).unwrap_err();
        assert_eq!(fewer, NoveltyError::TooFewHeldOut { found: fewest - 1, needed: fewest, rate: 0.05 });
    }
}

#[test]
fn what_is_too_little_is_refused_with_its_number() {
    let some = |count: u8| samples(&(0..count).map(|x| [f32::from(x); 5]).collect::<Vec<_>>());
    let refused = |learned, held_out, spreads: Option<&[f32]>, false_alarms| {
        let fitted = Novelty::fit(
            &encoder(),
            &some(learned),
            &some(held_out),
            spreads,
            NoveltyParams { false_alarms },
        );
        fitted.unwrap_err().to_string()
    };
    assert!(
        refused(9, 98, None, 0.01)
            .starts_with("98 transitions to calibrate on, but a rate of 0.01 needs at least 99")
    );
    assert!(refused(1, 99, None, 0.01).contains("at least 2"));
    assert!(refused(9, 99, Some(&[1.0; 297]), 0.01).contains("needs at least 299"));
    assert!(refused(9, 99, Some(&[1.0]), 0.05).contains("297 are expected"));
    assert!(refused(9, 99, None, f64::NAN).contains("false_alarms is NaN"));
    assert!(Novelty::fit(&encoder(), &some(9), &some(99), None, NoveltyParams::default()).is_ok());
}

#[test]
fn verdicts_survive_the_checkpoint_bit_for_bit_and_corrupt_shapes_are_refused() {
    let mut rng = SeedTree::new(6).rng();
    let [learned, held_out] = [300, 199].map(|count| draw(&mut rng, count, with_gaps));
    let epistemic = spreads(&held_out, &mut rng).into_iter().map(|x| if x.is_nan() { 1.0 } else { x });
    let epistemic: Vec<f32> = epistemic.collect();
    for spreads in [None, Some(epistemic.as_slice())] {
        let novelty =
            Novelty::fit(&encoder(), &samples(&learned), &samples(&held_out), spreads, FALSE_ALARMS).unwrap();
        let mut checkpoint = Checkpoint::new("test");
        novelty.save(&mut checkpoint, "n");
        let saved = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap(), "test").unwrap();
        assert_eq!(Novelty::load(&saved, "n", &encoder()).unwrap(), novelty);
        let refused = |change: &dyn Fn(&mut Checkpoint)| {
            let mut changed = checkpoint.clone();
            change(&mut changed);
            Novelty::load(&changed, "n", &encoder()).unwrap_err().to_string()
        };
        assert!(refused(&|c| c.put_counter("n.held_out", u64::MAX)).contains("shape [199, 1]"));
        assert!(refused(&|c| stored::put(c, "n.precision", 5, vec![1.0; 20])).contains("n.precision"));
        assert!(refused(&|c| stored::put(c, "n.spread", 5, vec![0.0; 5])).contains("above 0"));
        assert!(refused(&|c| c.put_note("n.false_alarms", 2.into())).contains("allowed: above 0"));
        let falling = (0..199u8).map(|x| -f32::from(x)).collect::<Vec<_>>();
        assert!(refused(&|c| stored::put(c, "n.distances", 1, falling.clone())).contains("ascend"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn p_values_of_the_reference_itself_are_never_too_small(
        scores in prop::collection::vec(-20i8..20, 1..200), rate in 0.0..1.0f64,
    ) {
        let scores: Vec<f32> = scores.into_iter().map(f32::from).collect();
        let reference = Reference::new(scores.clone());
        let p_value = |score: f32| reference.rank(score) as f64 / (scores.len() + 1) as f64;
        let small = scores.iter().filter(|score| p_value(**score) <= rate).count();
        prop_assert!(small as f64 <= rate * (scores.len() + 1) as f64);
        prop_assert!(p_value(f32::MAX) > 0.0 && p_value(f32::MIN) == 1.0);
    }

    #[test]
    fn farther_out_is_never_less_novel(a in -50f32..50.0, b in -50f32..50.0, seed in 0u64..4) {
        let mut rng = SeedTree::new(seed).rng();
        let [learned, held_out] = [50, 99].map(|count| samples(&draw(&mut rng, count, ordinary)));
        let novelty = Novelty::fit(&encoder(), &learned, &held_out, None, FALSE_ALARMS).unwrap();
        let mut scratch = novelty.scratch();
        let mut at = |factor: f32| {
            let centre = [0.0, 0.0, 100.0, 0.0, 1.6];
            let situation = std::array::from_fn(|i| centre[i] + if i == 2 { factor } else { 0.0 });
            judge(&novelty, &situation, None, &mut scratch)
        };
        let (near, far) = (at(a.abs().min(b.abs()) * a.signum()), at(a.abs().max(b.abs()) * a.signum()));
        // The fitted centre is not quite the true one: only clear differences count.
        if far.distance.unwrap() > near.distance.unwrap() {
            prop_assert!(far.p_value <= near.p_value);
        }
        prop_assert!(far.p_value >= 1.0 / 100.0 && near.p_value <= 1.0);
    }
}
