use super::*;
use crate::testing::{relative_error, rng, wave};
use crate::{MaskedCategorical, MlpParams};

/// One input, two actions, no hidden layer, all parameters 0: both actions have probability ½.
fn blank(params: &PolicyParams) -> PolicyTrainer {
    let network = MlpParams { hidden: vec![], ..MlpParams::actor(1, 2) };
    PolicyTrainer::new(Mlp::zeros(&network.check().unwrap()), params.check().unwrap())
}

fn actor() -> PolicyTrainer {
    let network = Mlp::orthogonal(&MlpParams::actor(4, 5).check().unwrap(), &mut rng(2));
    PolicyTrainer::new(network, PolicyParams::default().check().unwrap())
}

const HALF: f32 = -std::f32::consts::LN_2;

fn one_row<'a>() -> PolicyBatch<'a> {
    PolicyBatch {
        observations: &[1.0],
        masks: &[true, true],
        actions: &[0],
        old_log_probs: &[HALF],
        advantages: &[2.0],
        weights: None,
        sequences: None,
        advice: None,
    }
}

#[test]
fn an_unchanged_policy_has_minus_the_mean_advantage_as_loss() {
    let stats = blank(&PolicyParams::default()).update(&one_row()).unwrap();
    assert!((stats.policy_loss + 2.0).abs() < 1e-6);
    assert!((stats.entropy + HALF).abs() < 1e-6);
    assert!(stats.approx_kl.abs() < 1e-6 && stats.clip_fraction == 0.0);
    // dL/dz = −2 · (½, −½), for the weight (input 1) and the bias alike: length √(4 · 1) = 2.
    assert!((stats.grad_norm - 2.0).abs() < 1e-6, "{stats:?}");
}

#[test]
fn a_gradient_longer_than_the_limit_is_shortened_to_it() {
    // Four derivatives of 1 make a length of 2; at a limit of 1e-5 each is 5e-6, half of Adam's ε, so the
    // first step is η · 5e-6 / (5e-6 + 1e-5) = η / 3 instead of η.
    let logit = |max_grad_norm| {
        let mut trainer = blank(&PolicyParams { max_grad_norm, ..PolicyParams::default() });
        trainer.update(&one_row()).unwrap();
        trainer.network().forward(&[0.0]).unwrap()[0]
    };
    assert!((logit(10.0) - 5e-4).abs() < 1e-7);
    assert!((logit(1e-5) - 5e-4 / 3.0).abs() < 1e-6, "{}", logit(1e-5));
}

#[test]
fn a_step_makes_a_good_action_more_likely_and_a_bad_one_less() {
    for (advantage, likelier) in [(2.0, true), (-2.0, false)] {
        let mut trainer = blank(&PolicyParams::default());
        trainer.update(&PolicyBatch { advantages: &[advantage], ..one_row() }).unwrap();
        let logits = trainer.network().forward(&[1.0]).unwrap();
        assert_eq!(logits[0] > logits[1], likelier);
    }
}

#[test]
fn a_ratio_beyond_the_clip_gets_no_gradient_only_in_the_direction_of_the_advantage() {
    let mut trainer = blank(&PolicyParams { entropy_coef: 0.0, ..PolicyParams::default() });
    // The old probability was ¼, so r = 2.
    let batch = PolicyBatch { old_log_probs: &[2.0 * HALF], ..one_row() };
    let good = trainer.gradient(&batch, &mut Alone).unwrap();
    assert!((good.policy_loss + 1.2 * 2.0).abs() < 1e-5 && good.clip_fraction == 1.0, "{good:?}");
    assert!((good.approx_kl - (1.0 + HALF)).abs() < 1e-5);
    assert!(trainer.last_gradient().iter().all(|g| *g == 0.0));
    let bad = trainer.gradient(&PolicyBatch { advantages: &[-2.0], ..batch }, &mut Alone).unwrap();
    assert!((bad.policy_loss - 2.0 * 2.0).abs() < 1e-5, "{bad:?}");
    assert!(trainer.last_gradient().iter().any(|g| *g != 0.0));
    // The old probability was 1, so r = ½: below the range, and already far enough for a bad action.
    let low = trainer
        .gradient(&PolicyBatch { old_log_probs: &[0.0], advantages: &[-2.0], ..batch }, &mut Alone)
        .unwrap();
    assert!((low.policy_loss - 0.8 * 2.0).abs() < 1e-5 && low.clip_fraction == 1.0, "{low:?}");
    assert!(trainer.last_gradient().iter().all(|g| *g == 0.0));
}

#[test]
fn the_entropy_bonus_alone_drives_towards_uniform() {
    let mut partial = blank(&PolicyParams::default());
    for _ in 0..300 {
        partial.update(&one_row()).unwrap();
    }
    let entropy = |trainer: &PolicyTrainer| {
        MaskedCategorical::new(&trainer.network().forward(&[1.0]).unwrap(), &[true; 2]).unwrap().entropy()
    };
    // A new optimiser, so that no momentum of the old goal is left.
    let params = PolicyParams { entropy_coef: 1.0, ..PolicyParams::default() }.check().unwrap();
    let mut trainer = PolicyTrainer::new(partial.network().clone(), params);
    let before = entropy(&trainer);
    for _ in 0..20 {
        trainer.update(&PolicyBatch { advantages: &[0.0], ..one_row() }).unwrap();
    }
    assert!(entropy(&trainer) > before);
}

/// Both actions have probability ½: following the first costs ln 2, and pulls its logit by ½.
#[test]
fn advice_is_imitated_and_a_row_without_any_is_not_touched() {
    let params = PolicyParams { entropy_coef: 0.0, ..PolicyParams::default() };
    let advised = |actions, weight| {
        let batch = PolicyBatch { advantages: &[0.0], advice: Some(Advice { actions, weight }), ..one_row() };
        let mut trainer = blank(&params);
        let stats = trainer.gradient(&batch, &mut Alone).unwrap();
        let places: Vec<_> = trainer.network().layout().places().collect();
        (stats.imitation_loss, places[1].read(trainer.last_gradient()))
    };
    let (loss, pull) = advised(&[true, false], 2.0);
    assert!((loss + HALF).abs() < 1e-6);
    assert!((pull[0] + 1.0).abs() < 1e-6 && (pull[1] - 1.0).abs() < 1e-6, "{pull:?}");
    assert_eq!(advised(&[true, true], 2.0), (0.0, vec![0.0, 0.0]), "either is as good");
    assert_eq!(advised(&[false, false], 2.0), (0.0, vec![0.0, 0.0]));
    let wrong = PolicyBatch { advice: Some(Advice { actions: &[true], weight: 1.0 }), ..one_row() };
    let refused = blank(&params).update(&wrong).unwrap_err().to_string();
    assert_eq!(refused, "advised actions has 1 values, but 2 are expected");
}

#[test]
fn rows_of_weight_zero_change_nothing_even_if_no_action_is_legal_there() {
    let (mut with, mut without) = (actor(), actor());
    let observations = wave(12, 0.3);
    let masks = [[true; 5], [false; 5], [true; 5]].concat();
    let batch = PolicyBatch {
        observations: &observations,
        masks: &masks,
        actions: &[1, 0, 2],
        old_log_probs: &[-1.5, f32::NAN, -1.4],
        advantages: &[1.0, f32::NAN, -1.0],
        weights: Some(&[1.0, 0.0, 1.0]),
        sequences: None,
        advice: None,
    };
    let living = [&observations[..4], &observations[8..]].concat();
    let alone = PolicyBatch {
        observations: &living,
        masks: &[true; 10],
        actions: &[1, 2],
        old_log_probs: &[-1.5, -1.4],
        advantages: &[1.0, -1.0],
        weights: None,
        sequences: None,
        advice: None,
    };
    assert_eq!(with.update(&batch).unwrap(), without.update(&alone).unwrap());
    assert_eq!(with.network(), without.network());
}

#[test]
fn what_makes_no_sense_is_refused_by_name_and_nothing_changes() {
    let mut trainer = blank(&PolicyParams::default());
    let before = trainer.network().clone();
    let good = one_row();
    let nan = [f32::NAN];
    for (bad, message) in [
        (PolicyBatch { observations: &nan, ..good }, "observation of row 0 is not finite"),
        (PolicyBatch { advantages: &nan, ..good }, "advantage of row 0 is not finite"),
        (PolicyBatch { old_log_probs: &nan, ..good }, "old log-probability of row 0 is not finite"),
        (
            PolicyBatch { masks: &[false, true], ..good },
            "row 0: action 0 is masked or is not one of the 2 actions",
        ),
        (PolicyBatch { actions: &[2], ..good }, "row 0: action 2 is masked or is not one of the 2 actions"),
        (PolicyBatch { masks: &[false; 2], ..good }, "row 0: the mask forbids every one of the 2 actions"),
        (PolicyBatch { masks: &[true], ..good }, "masks has 1 values, but 2 are expected"),
        (PolicyBatch { actions: &[], ..good }, "actions has 0 values, but 1 are expected"),
        (PolicyBatch { old_log_probs: &[-1e3], advantages: &[1e10], ..good }, ""),
        (PolicyBatch { old_log_probs: &[-1e3], advantages: &[-1e10], ..good }, "policy loss is not finite"),
    ] {
        let result = trainer.update(&bad);
        if message.is_empty() {
            // A huge ratio with a positive advantage is what clipping is for.
            assert_eq!(result.unwrap().clip_fraction, 1.0);
            trainer = PolicyTrainer::new(before.clone(), trainer.config.clone());
        } else {
            assert_eq!(result.unwrap_err().to_string(), message);
        }
    }
    assert_eq!((trainer.network(), trainer.steps()), (&before, 0));
}

#[test]
fn settings_out_of_range_are_refused() {
    let refused = |params: PolicyParams| params.check().unwrap_err().field;
    assert_eq!(refused(PolicyParams { clip_epsilon: 0.0, ..PolicyParams::default() }), "clip_epsilon");
    assert_eq!(refused(PolicyParams { entropy_coef: -0.1, ..PolicyParams::default() }), "entropy_coef");
    assert_eq!(refused(PolicyParams { max_grad_norm: f32::NAN, ..PolicyParams::default() }), "max_grad_norm");
}

/// P ranks with a part of the rows each take the step of one rank with all rows.
#[test]
fn ranks_together_take_the_step_of_one_with_all_rows() {
    let rows = 600;
    let network = Mlp::orthogonal(&MlpParams::actor(4, 5).check().unwrap(), &mut rng(2));
    let (observations, advantages) = (wave(rows * 4, 0.1), wave(rows, 0.4));
    let (masks, old) = (vec![true; rows * 5], vec![-1.5; rows]);
    let (actions, weights): (Vec<usize>, Vec<f32>) = (0..rows).map(|i| (i % 5, (i % 3) as f32)).unzip();
    let part = |from: usize, to: usize| PolicyBatch {
        observations: &observations[from * 4..to * 4],
        masks: &masks[from * 5..to * 5],
        actions: &actions[from..to],
        old_log_probs: &old[from..to],
        advantages: &advantages[from..to],
        weights: Some(&weights[from..to]),
        sequences: None,
        advice: None,
    };
    let trainer = || PolicyTrainer::new(network.clone(), PolicyParams::default().check().unwrap());
    let mut one = trainer();
    let expected = one.update(&part(0, rows)).unwrap();
    for size in [2, 3] {
        let work = |mut ranks: crate::Threads| {
            let (mut trainer, each) = (trainer(), rows / ranks.size());
            let batch = part(ranks.rank() * each, (ranks.rank() + 1) * each);
            (trainer.update_with(&batch, &mut ranks).unwrap(), trainer)
        };
        let done: Vec<_> = std::thread::scope(|scope| {
            let started: Vec<_> = crate::Threads::group(size)
                .into_iter()
                .map(|ranks| scope.spawn(move || work(ranks)))
                .collect();
            started.into_iter().map(|rank| rank.join().unwrap()).collect()
        });
        for (stats, trainer) in &done {
            assert_eq!(trainer.network(), done[0].1.network(), "all ranks have the same network");
            let error = relative_error(trainer.last_gradient(), one.last_gradient());
            assert!(error < 1e-6, "{size} ranks: relative error {error}");
            assert!((stats.policy_loss - expected.policy_loss).abs() < 1e-6);
            assert!(
                (stats.entropy - expected.entropy).abs() < 1e-6 && stats.approx_kl == done[0].0.approx_kl
            );
        }
    }
}
