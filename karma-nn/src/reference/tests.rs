use proptest::prelude::*;

use super::*;
use crate::testing::{relative_error, rng, wave};
use crate::{
    Advice, Alone, MaskedCategorical, MlpParams, PolicyParams, PolicyTrainer, ValueParams, ValueTrainer,
};

fn network(params: MlpParams, activation: Activation, seed: u64) -> Mlp {
    // A gain of 1 at the output, so that no part of the gradient is negligible; every other network normalises.
    let (input_norm, layer_norm) = (seed % 2 == 1, seed % 4 > 1);
    let params = MlpParams { activation, output_gain: 1.0, input_norm, layer_norm, ..params };
    Mlp::orthogonal(&params.check().unwrap(), &mut rng(seed))
}

fn activation() -> impl Strategy<Value = Activation> {
    prop_oneof![Just(Activation::Tanh), Just(Activation::Relu)]
}

fn weights(rows: usize, phase: f32) -> Vec<f32> {
    // About a third of the rows have weight 0.
    wave(rows, phase).into_iter().map(|w| (w + 0.5).max(0.0)).chain([1.0]).take(rows).collect()
}

/// A batch whose actions are legal and whose ratios lie on both sides of the clipping range.
struct Rollout {
    observations: Vec<f32>,
    masks: Vec<bool>,
    actions: Vec<usize>,
    old_log_probs: Vec<f32>,
    advantages: Vec<f32>,
}

impl Rollout {
    fn new(network: &Mlp, rows: usize, seed: u64) -> Self {
        let (mut rng, params) = (rng(seed), network.config().params());
        let actions = params.output;
        let observations = wave(rows * params.input, seed as f32);
        let masks: Vec<bool> = (0..rows * actions).map(|i| i % actions == 0 || i % 3 != 1).collect();
        let logits = network.forward(&observations).unwrap();
        let mut taken = Vec::new();
        let mut old_log_probs = Vec::new();
        for (row, (logits, mask)) in logits.chunks(actions).zip(masks.chunks(actions)).enumerate() {
            let head = MaskedCategorical::new(logits, mask).unwrap();
            let action = head.sample(&mut rng);
            taken.push(action);
            old_log_probs.push(head.log_probs()[action] + 0.6 * (row as f32).cos());
        }
        let advantages = wave(rows, 0.7);
        Self { observations, masks, actions: taken, old_log_probs, advantages }
    }

    fn batch<'a>(&'a self, weights: Option<&'a [f32]>) -> PolicyBatch<'a> {
        PolicyBatch {
            observations: &self.observations,
            masks: &self.masks,
            actions: &self.actions,
            old_log_probs: &self.old_log_probs,
            advantages: &self.advantages,
            weights,
            sequences: None,
            advice: None,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_forward_pass_is_candles(rows in 1_usize..70, activation in activation(), seed in 0_u64..1_000) {
        let network = network(MlpParams::actor(37, 28), activation, seed);
        let inputs = wave(rows * 37, seed as f32);
        let expected = forward(&network, &inputs, Device::Cpu).unwrap();
        for (ours, theirs) in network.forward(&inputs).unwrap().iter().zip(&expected) {
            prop_assert!((ours - theirs).abs() < 1e-5, "{} and {}", ours, theirs);
        }
    }

    #[test]
    fn the_policy_gradient_is_that_of_automatic_differentiation(
        (rows, parts) in (1_usize..300, 1_usize..5), activation in activation(), weighted: bool, seed in 0_u64..1_000,
    ) {
        let params = MlpParams { hidden: vec![24, 17], parts, ..MlpParams::actor(11 * parts, 9 * parts) };
        let network = network(params, activation, seed);
        let config = PolicyParams { entropy_coef: 0.05, ..PolicyParams::default() }.check().unwrap();
        let (rollout, weights) = (Rollout::new(&network, rows, seed), weights(rows, seed as f32));
        let batch = rollout.batch((weighted && weights.iter().any(|w| *w > 0.0)).then_some(weights.as_slice()));
        // Some rows have no advice, some several actions, some illegal ones.
        let advised: Vec<bool> = (0..batch.masks.len()).map(|i| i / 9 % 3 > 0 && i % 4 == 0).collect();
        let weight = seed as f32 % 3.0;
        let batch = PolicyBatch { advice: Some(Advice { actions: &advised, weight }), ..batch };
        let (loss, expected) = policy_gradient(&network, &batch, &config, Device::Cpu).unwrap();
        let mut trainer = PolicyTrainer::new(network, config);
        let stats = trainer.gradient(&batch, &mut Alone).unwrap();
        let ours = stats.policy_loss - 0.05 * stats.entropy + weight * stats.imitation_loss;
        prop_assert!((ours - loss).abs() < 1e-5 * loss.abs().max(1.0), "{} and {}", ours, loss);
        let error = relative_error(trainer.last_gradient(), &expected);
        prop_assert!(error < 1e-5, "relative error {}", error);
    }

    #[test]
    fn the_value_gradient_is_that_of_automatic_differentiation(
        (rows, heads) in (1_usize..300, 1_usize..4), activation in activation(), weighted: bool,
        clip in prop::option::of(0.1_f32..0.5), delta in 0.2_f32..10.0, seed in 0_u64..1_000,
    ) {
        let network = MlpParams { hidden: vec![24, 17], output: heads, ..MlpParams::critic(11) };
        let network = self::network(network, activation, seed);
        let params = ValueParams { clip_epsilon: clip, huber_delta: delta, ..ValueParams::default() };
        let (config, weights) = (params.check().unwrap(), weights(rows, seed as f32));
        let (states, returns) = (wave(rows * 11, seed as f32), wave(rows * heads, 0.2));
        let old = network.forward(&states).unwrap().into_iter().zip(wave(rows * heads, 0.9));
        let old: Vec<f32> = old.map(|(v, w)| v + 0.5 * w).collect();
        let weights = (weighted && weights.iter().any(|w| *w > 0.0)).then_some(weights.as_slice());
        let batch = ValueBatch { states: &states, old_values: &old, returns: &returns, weights, sequences: None };
        let mut norms = vec![ValueNorm::new(); heads];
        for (head, norm) in norms.iter_mut().enumerate() {
            let column: Vec<f32> = returns.iter().skip(head).step_by(heads).copied().collect();
            norm.update(&column, weights).unwrap();
        }
        let (loss, expected) = value_gradient(&network, &batch, (&config, &norms), Device::Cpu).unwrap();
        let mut trainer = ValueTrainer::new(network, config);
        let ours = trainer.gradient(&batch, &norms, &mut Alone).unwrap();
        prop_assert!((ours - loss).abs() < 1e-5 * loss.abs().max(1.0), "{} and {}", ours, loss);
        let error = relative_error(trainer.last_gradient(), &expected);
        prop_assert!(error < 1e-5, "relative error {}", error);
    }
}

/// States that are not 0, and episodes that begin in the middle of sequences.
fn memory(network: &Mlp, rows: usize, length: usize) -> (Vec<f32>, Vec<bool>) {
    (wave(rows / length * network.memory(), 0.6), (0..rows).map(|row| row % 7 == 3).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn a_recurrent_gradient_is_that_of_automatic_differentiation_through_time(
        (count, length) in (1_usize..60, 1_usize..12), weighted: bool, seed in 0_u64..1_000,
    ) {
        let params = MlpParams { hidden: vec![24, 17], recurrent: true, ..MlpParams::actor(11, 9) };
        let (network, rows) = (network(params, Activation::Tanh, seed), count * length);
        let config = PolicyParams { entropy_coef: 0.05, ..PolicyParams::default() }.check().unwrap();
        let (rollout, weights) = (Rollout::new(&network, rows, seed), weights(rows, seed as f32));
        let weights = (weighted && weights.iter().any(|w| *w > 0.0)).then_some(weights.as_slice());
        let (states, begins) = memory(&network, rows, length);
        let sequences = Some(Sequences { length, states: &states, begins: &begins });
        let batch = PolicyBatch { sequences, ..rollout.batch(weights) };
        let (loss, expected) = policy_gradient(&network, &batch, &config, Device::Cpu).unwrap();
        let mut trainer = PolicyTrainer::new(network, config);
        let stats = trainer.gradient(&batch, &mut Alone).unwrap();
        prop_assert!((stats.policy_loss - 0.05 * stats.entropy - loss).abs() < 1e-5);
        let error = relative_error(trainer.last_gradient(), &expected);
        prop_assert!(error < 1e-5, "relative error {}", error);
    }

    #[test]
    fn a_recurrent_critic_has_the_gradient_of_automatic_differentiation_through_time(
        (count, length) in (1_usize..60, 1_usize..12), seed in 0_u64..1_000,
    ) {
        let params = MlpParams { hidden: vec![17], recurrent: true, output: 2, ..MlpParams::critic(11) };
        let (network, rows) = (network(params, Activation::Relu, seed), count * length);
        let config = ValueParams { normalise_returns: false, ..ValueParams::default() }.check().unwrap();
        let (inputs, returns) = (wave(rows * 11, seed as f32), wave(rows * 2, 0.2));
        let (states, begins) = memory(&network, rows, length);
        let sequences = Some(Sequences { length, states: &states, begins: &begins });
        let old_values = &wave(rows * 2, 0.25);
        let batch = ValueBatch { states: &inputs, old_values, returns: &returns, weights: None, sequences };
        let norms = [ValueNorm::new(); 2];
        let (loss, expected) = value_gradient(&network, &batch, (&config, &norms), Device::Cpu).unwrap();
        let mut trainer = ValueTrainer::new(network, config);
        let ours = trainer.gradient(&batch, &norms, &mut Alone).unwrap();
        prop_assert!((ours - loss).abs() < 1e-5 * loss.abs().max(1.0), "{} and {}", ours, loss);
        let error = relative_error(trainer.last_gradient(), &expected);
        prop_assert!(error < 1e-5, "relative error {}", error);
    }
}

#[test]
fn every_parameter_of_a_policy_gets_a_gradient() {
    let network = network(MlpParams { hidden: vec![8, 8], ..MlpParams::actor(5, 4) }, Activation::Tanh, 1);
    let rollout = Rollout::new(&network, 64, 3);
    let mut trainer = PolicyTrainer::new(network, PolicyParams::default().check().unwrap());
    trainer.gradient(&rollout.batch(None), &mut Alone).unwrap();
    let layout = trainer.network().layout();
    for place in layout.places() {
        let gradient = place.read(trainer.last_gradient());
        assert!(gradient.iter().all(|g| *g != 0.0), "{} has a dead entry", place.name);
    }
}

#[cfg(feature = "cuda")]
#[test]
#[ignore = "needs an NVIDIA device"]
fn the_device_agrees_with_the_processor() {
    let network = network(MlpParams::actor(160, 28), Activation::Tanh, 4);
    let rollout = Rollout::new(&network, 512, 4);
    let config = PolicyParams::default().check().unwrap();
    let gradient = |device| policy_gradient(&network, &rollout.batch(None), &config, device).unwrap().1;
    let error = relative_error(&gradient(Device::Cuda(0)), &gradient(Device::Cpu));
    assert!(error < 1e-3, "relative error {error}");
}
