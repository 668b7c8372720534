use super::*;
use crate::MlpParams;
use crate::testing::{relative_error, rng, wave};

fn params() -> ValueParams {
    ValueParams::default()
}

/// A critic of one weight and one bias, both 0: every prediction is 0.
fn blank(params: &ValueParams) -> ValueTrainer {
    let network = MlpParams { hidden: vec![], ..MlpParams::critic(1) };
    ValueTrainer::new(Mlp::zeros(&network.check().unwrap()), params.check().unwrap())
}

fn critic() -> ValueTrainer {
    with_heads(1)
}

fn with_heads(output: usize) -> ValueTrainer {
    let network = MlpParams { output, ..MlpParams::critic(4) };
    let network = Mlp::orthogonal(&network.check().unwrap(), &mut rng(1));
    ValueTrainer::new(network, params().check().unwrap())
}

/// Values of `states` as `trainer` sees them, in units of rewards.
fn values(trainer: &ValueTrainer, states: &[f32]) -> Vec<f32> {
    let mut values = trainer.network().forward(states).unwrap();
    trainer.denormalise(&mut values);
    values
}

#[test]
fn the_loss_is_quadratic_up_to_delta_and_linear_beyond() {
    assert_eq!(huber(10.0, -3.0), (4.5, -3.0));
    assert_eq!(huber(10.0, 12.0), (70.0, 10.0));
    assert_eq!(huber(10.0, -12.0), (70.0, -10.0));
}

#[test]
fn a_value_that_has_moved_enough_towards_its_target_gets_no_gradient() {
    // Old value 0, target 1: beyond 0.2 the clipped error is the larger one.
    assert_eq!(row_loss(&params(), 1.0, 0.0, 0.1).1, 0.1 - 1.0);
    assert_eq!(row_loss(&params(), 1.0, 0.0, 0.5), (huber(10.0, 0.2 - 1.0).0, 0.0));
    // Moved the wrong way: the free error is the larger one, and it pulls back.
    assert_eq!(row_loss(&params(), 1.0, 0.0, -0.5).1, -1.5);
    let unclipped = ValueParams { clip_epsilon: None, ..params() };
    assert_eq!(row_loss(&unclipped, 1.0, 0.0, 0.5).1, -0.5);
}

#[test]
fn targets_are_normalised_after_the_statistics_have_seen_them() {
    // Returns 1 and 3 have mean 2 and deviation 1, so the targets are −1 and 1 and the loss is ½.
    let mut trainer = blank(&params());
    let batch = ValueBatch {
        states: &[1.0, -1.0],
        old_values: &[0.0; 2],
        returns: &[1.0, 3.0],
        weights: None,
        sequences: None,
    };
    let stats = trainer.update(&batch).unwrap();
    assert!((stats.value_loss - 0.5).abs() < 1e-5, "{stats:?}");
    // dL/dw = mean(x · (0 − t)) = (1·1 + (−1)·(−1)) / 2 = 1 and dL/db = 0.
    assert!((stats.grad_norm - 1.0).abs() < 1e-5, "{stats:?}");
    let mut values = [1.0, -1.0];
    trainer.denormalise(&mut values);
    assert!((values[0] - 3.0).abs() < 1e-5 && (values[1] - 1.0).abs() < 1e-5, "{values:?}");
}

#[test]
fn without_normalisation_the_target_is_the_return() {
    let mut trainer = blank(&ValueParams { normalise_returns: false, ..params() });
    let batch =
        ValueBatch { states: &[0.0], old_values: &[0.0], returns: &[4.0], weights: None, sequences: None };
    assert_eq!(trainer.update(&batch).unwrap(), ValueStats { value_loss: 8.0, grad_norm: 4.0 });
    let mut values = [7.0];
    trainer.denormalise(&mut values);
    assert_eq!(values, [7.0]);
}

#[test]
fn rows_of_weight_zero_change_nothing() {
    let (mut with, mut without) = (critic(), critic());
    let states = wave(12, 0.3);
    let batch = ValueBatch {
        states: &states,
        old_values: &[0.1, f32::NAN, 0.2],
        returns: &[1.0, f32::NAN, 2.0],
        weights: Some(&[1.0, 0.0, 1.0]),
        sequences: None,
    };
    let living = [&states[..4], &states[8..]].concat();
    let stats = with.update(&batch).unwrap();
    let batch = ValueBatch {
        states: &living,
        old_values: &[0.1, 0.2],
        returns: &[1.0, 2.0],
        weights: None,
        sequences: None,
    };
    assert_eq!(stats, without.update(&batch).unwrap());
    assert_eq!(with.network(), without.network());
}

#[test]
fn repeated_updates_learn_the_returns() {
    let mut trainer = critic();
    trainer.set_learning_rate(3e-3).unwrap();
    let states = wave(4 * 64, 0.0);
    let returns: Vec<f32> = states.chunks(4).map(|s| s[0] - 2.0 * s[1] * s[2]).collect();
    let mut losses = (0..300).map(|_| {
        let old_values = trainer.network().forward(&states).unwrap();
        let batch = ValueBatch {
            states: &states,
            old_values: &old_values,
            returns: &returns,
            weights: None,
            sequences: None,
        };
        trainer.update(&batch).unwrap().value_loss
    });
    let (first, last) = (losses.next().unwrap(), losses.last().unwrap());
    assert!(last < first / 20.0, "from {first} to {last}");
}

#[test]
fn a_number_that_is_not_finite_is_refused_and_nothing_changes() {
    let mut trainer = critic();
    let before = trainer.clone();
    let (states, nan) = (wave(4, 0.0), [f32::NAN]);
    let good =
        ValueBatch { states: &states, old_values: &[0.0], returns: &[1.0], weights: None, sequences: None };
    let bad_state = [0.0, f32::INFINITY, 0.0, 0.0];
    for bad in [
        ValueBatch { states: &bad_state, ..good },
        ValueBatch { old_values: &nan, ..good },
        ValueBatch { returns: &nan, ..good },
        ValueBatch { weights: Some(&nan), ..good },
        ValueBatch { weights: Some(&[0.0]), ..good },
        ValueBatch { returns: &[1.0, 2.0], ..good },
        ValueBatch { old_values: &[], ..good },
    ] {
        assert!(trainer.update(&bad).is_err(), "{bad:?}");
    }
    assert_eq!((trainer.network(), trainer.steps()), (before.network(), 0));
    assert_eq!(trainer.value_norms(), before.value_norms());
}

/// Joint statistics would leave the first head targets of deviation 0.001, and its error would be as large as
/// its returns.
#[test]
fn each_head_learns_its_own_returns_whatever_the_scale_of_the_others() {
    let mut trainer = with_heads(2);
    trainer.set_learning_rate(3e-3).unwrap();
    let states = wave(4 * 64, 0.0);
    let returns: Vec<f32> = states.chunks(4).flat_map(|s| [s[0], 1000.0 * (s[3] - s[1])]).collect();
    for _ in 0..300 {
        let old_values = trainer.network().forward(&states).unwrap();
        let batch = ValueBatch {
            states: &states,
            old_values: &old_values,
            returns: &returns,
            weights: None,
            sequences: None,
        };
        trainer.update(&batch).unwrap();
    }
    let foreseen = values(&trainer, &states);
    for (head, scale) in [(0, 1.0), (1, 1000.0)] {
        let errors = foreseen.iter().zip(&returns).skip(head).step_by(2).map(|(v, r)| (v - r).abs() / scale);
        let worst = errors.fold(0.0, f32::max);
        assert!(worst < 0.15, "head {head} is wrong by {worst} of its scale");
    }
}

/// With a trunk that cannot move, heads are critics of their own: two heads get the halves of what one gets.
#[test]
fn the_loss_of_a_row_is_the_mean_over_its_heads() {
    let network = MlpParams { hidden: vec![], output: 2, ..MlpParams::critic(1) };
    let mut two = ValueTrainer::new(Mlp::zeros(&network.check().unwrap()), params().check().unwrap());
    let batch = ValueBatch {
        states: &[1.0, -1.0],
        old_values: &[0.0; 4],
        returns: &[1.0, 0.0, 3.0, 400.0],
        weights: None,
        sequences: None,
    };
    // Each head alone has a loss of ½ and a gradient of (1, 0); see the test of one head.
    let stats = two.update(&batch).unwrap();
    assert!((stats.value_loss - 0.5).abs() < 1e-5, "{stats:?}");
    assert!((stats.grad_norm - 0.5_f32.sqrt()).abs() < 1e-5, "{stats:?}");
}

#[test]
fn columns_that_do_not_fit_the_heads_are_refused_and_a_bad_entry_is_named_with_its_head() {
    let (mut trainer, states) = (with_heads(2), wave(4, 0.0));
    let good = ValueBatch {
        states: &states,
        old_values: &[0.0; 2],
        returns: &[1.0; 2],
        weights: None,
        sequences: None,
    };
    assert!(trainer.update(&ValueBatch { returns: &[1.0], ..good }).is_err());
    assert!(trainer.update(&ValueBatch { old_values: &[0.0; 4], ..good }).is_err());
    let refused = trainer.update(&ValueBatch { old_values: &[0.0, f32::NAN], ..good }).unwrap_err();
    assert_eq!(refused.to_string(), "old value 1 of row 0 is not finite");
    assert_eq!(trainer.steps(), 0);
    trainer.update(&good).unwrap();
}

#[test]
fn settings_outside_their_range_are_refused() {
    assert!(ValueParams { clip_epsilon: Some(0.0), ..params() }.check().is_err());
    assert!(ValueParams { huber_delta: f32::NAN, ..params() }.check().is_err());
}

/// Statistics of returns, losses and steps are those of all ranks' rows together.
#[test]
fn ranks_together_normalise_and_step_as_one_with_all_rows() {
    let rows = 400;
    let network =
        Mlp::orthogonal(&MlpParams { output: 2, ..MlpParams::critic(4) }.check().unwrap(), &mut rng(3));
    let (states, old) = (wave(rows * 4, 0.1), wave(rows * 2, 0.4));
    let returns: Vec<f32> = wave(rows * 2, 0.8).iter().map(|r| 30.0 * r + 7.0).collect();
    let part = |from: usize, to: usize| ValueBatch {
        states: &states[from * 4..to * 4],
        old_values: &old[from * 2..to * 2],
        returns: &returns[from * 2..to * 2],
        weights: None,
        sequences: None,
    };
    let trainer = || ValueTrainer::new(network.clone(), ValueParams::default().check().unwrap());
    let mut one = trainer();
    let expected = one.update(&part(0, rows)).unwrap();
    let work = |mut ranks: crate::Threads| {
        // The first rank has a quarter of the rows.
        let cut = if ranks.rank() == 0 { (0, rows / 4) } else { (rows / 4, rows) };
        let mut trainer = trainer();
        (trainer.update_with(&part(cut.0, cut.1), &mut ranks).unwrap(), trainer)
    };
    let done: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> =
            crate::Threads::group(2).into_iter().map(|ranks| scope.spawn(move || work(ranks))).collect();
        started.into_iter().map(|rank| rank.join().unwrap()).collect()
    });
    for (stats, trainer) in &done {
        assert_eq!(trainer.network(), done[0].1.network());
        for (ours, theirs) in trainer.value_norms().iter().zip(one.value_norms()) {
            assert!(
                (ours.mean() - theirs.mean()).abs() < 1e-9
                    && (ours.variance() - theirs.variance()).abs() < 1e-9
            );
        }
        assert!((stats.value_loss - expected.value_loss).abs() < 1e-6);
        let error = relative_error(trainer.last_gradient(), one.last_gradient());
        assert!(error < 1e-6, "relative error {error}");
    }
}
