use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::{rng, wave};
use crate::{Mlp, PolicyBatch, PolicyParams, PolicyTrainer, ValueBatch, ValueParams, ValueTrainer};

const DIGEST: &str = "sha256:1f";

/// An actor and a critic that learn from made-up rollouts: one call, one update of each.
struct Run {
    actor: PolicyTrainer,
    critic: ValueTrainer,
    iteration: u64,
}

fn train_actor(actor: &mut PolicyTrainer, iteration: u64) {
    let (observations, advantages) = (wave(6 * 40, iteration as f32), wave(40, iteration as f32 + 0.5));
    let actions: Vec<usize> = (0..40).map(|i| i % 5).collect();
    let batch = PolicyBatch {
        observations: &observations,
        masks: &[true; 200],
        actions: &actions,
        old_log_probs: &[-1.6; 40],
        advantages: &advantages,
        weights: None,
        sequences: None,
        advice: None,
    };
    actor.update(&batch).unwrap();
}

fn train_critic(critic: &mut ValueTrainer, iteration: u64) {
    let (states, returns) = (wave(6 * 40, iteration as f32), wave(40, iteration as f32 + 0.5));
    let old_values = critic.network().forward(&states).unwrap();
    let batch = ValueBatch {
        states: &states,
        old_values: &old_values,
        returns: &returns,
        weights: None,
        sequences: None,
    };
    critic.update(&batch).unwrap();
}

impl Run {
    fn new() -> Self {
        let actor = MlpParams { hidden: vec![12], ..MlpParams::actor(6, 5) }.check().unwrap();
        let critic = MlpParams { hidden: vec![9, 7], ..MlpParams::critic(6) }.check().unwrap();
        let (actor, critic) = (Mlp::orthogonal(&actor, &mut rng(1)), Mlp::orthogonal(&critic, &mut rng(2)));
        let critic = ValueTrainer::new(critic, ValueParams::default().check().unwrap());
        Self {
            actor: PolicyTrainer::new(actor, PolicyParams::default().check().unwrap()),
            critic,
            iteration: 0,
        }
    }

    fn train(&mut self, iterations: u64) {
        for _ in 0..iterations {
            train_actor(&mut self.actor, self.iteration);
            train_critic(&mut self.critic, self.iteration);
            self.iteration += 1;
        }
    }

    fn save(&self) -> Checkpoint {
        let mut checkpoint = Checkpoint::new(DIGEST);
        self.actor.save(&mut checkpoint, "actor");
        self.critic.save(&mut checkpoint, "critic");
        checkpoint.put_counter("iteration", self.iteration);
        checkpoint.put_note("scenario", json!({ "name": "chain4", "seeds": [1, 2] }));
        checkpoint
    }

    fn bytes(&self) -> Vec<u8> {
        self.save().to_bytes().unwrap()
    }

    fn restore(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let checkpoint = Checkpoint::from_bytes(bytes, DIGEST)?;
        Ok(Self {
            actor: PolicyTrainer::restore(&checkpoint, "actor", PolicyParams::default().check().unwrap())?,
            critic: ValueTrainer::restore(&checkpoint, "critic", ValueParams::default().check().unwrap())?,
            iteration: checkpoint.counter("iteration")?,
        })
    }
}

fn trained() -> Run {
    let mut run = Run::new();
    run.train(3);
    run
}

#[test]
fn training_2n_steps_is_training_n_saving_restoring_and_training_n_bit_for_bit() {
    let mut whole = Run::new();
    whole.train(20);
    let mut half = Run::new();
    half.train(10);
    let mut resumed = Run::restore(&half.bytes()).unwrap();
    resumed.train(10);
    assert_eq!(resumed.bytes(), whole.bytes());
}

#[test]
fn actor_and_critic_on_two_threads_give_the_bits_of_one() {
    let (mut one, mut two) = (Run::new(), Run::new());
    one.train(5);
    std::thread::scope(|scope| {
        scope.spawn(|| (0..5).for_each(|i| train_actor(&mut two.actor, i)));
        (0..5).for_each(|i| train_critic(&mut two.critic, i));
    });
    two.iteration = 5;
    assert_eq!(one.bytes(), two.bytes());
}

#[test]
fn a_resumed_run_without_its_optimiser_would_be_another_run() {
    let (mut run, observations) = (trained(), wave(6, 0.0));
    let params = PolicyParams::default().check().unwrap();
    let mut forgetful = PolicyTrainer::new(run.actor.network().clone(), params);
    std::mem::swap(&mut forgetful, &mut run.actor);
    run.train(1);
    let mut kept = trained();
    kept.train(1);
    let outputs = |run: &Run| run.actor.network().forward(&observations).unwrap();
    assert_ne!(outputs(&run), outputs(&kept), "the moments do not matter, so the test above proves nothing");
}

#[test]
fn the_same_content_gives_the_same_bytes_and_reads_back_equal() {
    let bytes = trained().bytes();
    assert_eq!(bytes, trained().bytes());
    let read = Checkpoint::from_bytes(&bytes, DIGEST).unwrap();
    assert_eq!(read, trained().save());
    assert_eq!(read.note("scenario").unwrap()["seeds"][1], 2);
    assert_eq!(Header::from_bytes(&bytes).unwrap(), *read.header());
}

#[test]
fn a_restored_network_predicts_the_same() {
    let run = trained();
    let checkpoint = Checkpoint::from_bytes(&run.bytes(), DIGEST).unwrap();
    let (inputs, actor) = (wave(12, 0.1), Mlp::restore(&checkpoint, "actor").unwrap());
    assert_eq!(actor.forward(&inputs).unwrap(), run.actor.network().forward(&inputs).unwrap());
}

#[test]
fn other_tools_find_the_tensors_by_name_with_real_shapes() {
    let bytes = trained().bytes();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("actor.layers.1.weight").unwrap().shape(), [12, 5]);
    assert_eq!(file.tensor("critic.adam.second.layers.2.bias").unwrap().shape(), [1]);
    assert_eq!(file.tensor("critic.value_norm").unwrap().shape(), [3]);
}

#[test]
fn another_digest_is_refused_with_both_values() {
    let refused = Checkpoint::from_bytes(&trained().bytes(), "sha256:2e").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the checkpoint was made for schema sha256:1f, but schema sha256:2e is asked for"
    );
}

#[test]
fn another_version_is_refused_even_if_its_header_has_other_fields() {
    let mut checkpoint = Checkpoint::new(DIGEST);
    checkpoint.header.version = 2;
    let refused = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap(), DIGEST).unwrap_err();
    assert!(matches!(refused, CheckpointError::WrongVersion { found: 2, supported: 1 }), "{refused}");
    let text = json!({ "header": { "version": 7, "novelty": [] } }).to_string();
    let metadata = Some(std::iter::once((KEY.to_owned(), text)).collect());
    let file = safetensors::serialize(Vec::<(&str, TensorView<'_>)>::new(), metadata).unwrap();
    let refused = Header::from_bytes(&file).unwrap_err();
    assert!(matches!(refused, CheckpointError::WrongVersion { found: 7, supported: 1 }), "{refused}");
}

#[test]
fn a_safetensors_file_of_another_program_is_refused() {
    let file = safetensors::serialize(Vec::<(&str, TensorView<'_>)>::new(), None).unwrap();
    let refused = Checkpoint::from_bytes(&file, DIGEST).unwrap_err();
    assert!(matches!(refused, CheckpointError::Header { .. }), "{refused}");
    let refused = Checkpoint::from_bytes(b"not a safetensors file", DIGEST).unwrap_err();
    assert!(matches!(refused, CheckpointError::Malformed { .. }), "{refused}");
}

#[test]
fn what_is_missing_is_named() {
    let mut checkpoint = trained().save();
    let missing = Mlp::restore(&checkpoint, "attacker").unwrap_err();
    assert_eq!(missing.to_string(), "the checkpoint has no network `attacker`");
    assert_eq!(checkpoint.counter("epoch").unwrap_err().to_string(), "the checkpoint has no counter `epoch`");
    checkpoint.tensors.remove("actor.layers.0.bias");
    let missing = Mlp::restore(&checkpoint, "actor").unwrap_err();
    assert_eq!(missing.to_string(), "the checkpoint has no tensor `actor.layers.0.bias`");
}

#[test]
fn a_tensor_of_the_wrong_shape_or_type_is_refused() {
    let mut checkpoint = trained().save();
    let short = Tensor::F32 { shape: vec![11], values: vec![0.0; 11] };
    checkpoint.put_tensor("actor.layers.0.bias", short);
    let refused = Mlp::restore(&checkpoint, "actor").unwrap_err();
    assert_eq!(refused.to_string(), "tensor `actor.layers.0.bias` has shape [11], but [12] is expected");
    let double = Tensor::F64 { shape: vec![12], values: vec![0.0; 12] };
    checkpoint.put_tensor("actor.layers.0.bias", double);
    let refused = Mlp::restore(&checkpoint, "actor").unwrap_err();
    assert_eq!(refused.to_string(), "tensor `actor.layers.0.bias` holds F64, but F32 is expected");
}

#[test]
fn settings_that_cannot_be_used_are_refused_before_anything_is_allocated() {
    let mut checkpoint = Checkpoint::new(DIGEST);
    let huge = |width| MlpParams { hidden: vec![width; 16], ..MlpParams::critic(width) };
    checkpoint.put_network("actor", &huge(usize::MAX));
    assert!(matches!(Mlp::restore(&checkpoint, "actor"), Err(CheckpointError::Settings { .. })));
    // Within range, but sixteen gigabytes: refused because the tensors are not there.
    checkpoint.put_network("actor", &huge(16_384));
    assert!(matches!(Mlp::restore(&checkpoint, "actor"), Err(CheckpointError::MissingTensor { .. })));
}

#[test]
fn a_policy_is_not_restored_as_a_critic() {
    let mut checkpoint = trained().save();
    let norm = checkpoint.tensor("critic.value_norm").unwrap().clone();
    checkpoint.put_tensor("actor.value_norm", norm);
    let params = ValueParams::default().check().unwrap();
    let refused = ValueTrainer::restore(&checkpoint, "actor", params).unwrap_err();
    assert_eq!(refused.to_string(), "tensor `actor.value_norm` has shape [3], but [15] is expected");
}

#[test]
fn numbers_that_are_not_finite_are_neither_written_nor_read() {
    let mut checkpoint = Checkpoint::new(DIGEST);
    checkpoint.put_tensor("x", Tensor::F32 { shape: vec![2], values: vec![0.0, f32::NAN] });
    let refused = checkpoint.to_bytes().unwrap_err();
    assert_eq!(refused.to_string(), "value 1 of tensor `x` is not finite");
    // Written by someone else, with a checksum that fits.
    let finite = Tensor::F64 { shape: vec![1], values: vec![1.0] };
    let infinite = Tensor::F64 { shape: vec![1], values: vec![f64::INFINITY] };
    checkpoint.put_tensor("x", infinite.clone());
    let envelope = Envelope { header: checkpoint.header.clone(), checksum: checkpoint.checksum().unwrap() };
    let data = infinite.bytes();
    let view = TensorView::new(finite.dtype(), vec![1], &data).unwrap();
    let metadata =
        Some(std::iter::once((KEY.to_owned(), serde_json::to_string(&envelope).unwrap())).collect());
    let bytes = safetensors::serialize([("x", view)], metadata).unwrap();
    assert!(matches!(
        Checkpoint::from_bytes(&bytes, DIGEST),
        Err(CheckpointError::NonFinite { index: 0, .. })
    ));
}

#[test]
fn a_tensor_whose_values_do_not_fill_its_shape_is_not_written() {
    let mut checkpoint = Checkpoint::new(DIGEST);
    checkpoint.put_tensor("x", Tensor::F32 { shape: vec![3], values: vec![0.0; 2] });
    assert!(matches!(checkpoint.to_bytes(), Err(CheckpointError::Malformed { .. })));
}

proptest! {
    #[test]
    fn every_proper_beginning_is_refused_as_cut_short(at in any::<prop::sample::Index>()) {
        let bytes = trained().bytes();
        let cut = &bytes[..at.index(bytes.len())];
        let refused = Run::restore(cut).err().unwrap();
        prop_assert!(matches!(refused, CheckpointError::Truncated { .. }), "{} bytes: {}", cut.len(), refused);
    }

    #[test]
    fn a_changed_byte_is_refused_or_means_the_same(at in any::<prop::sample::Index>(), flip in 1_u8..=255) {
        let mut bytes = trained().bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(read) = Checkpoint::from_bytes(&bytes, DIGEST) {
            prop_assert_eq!(read, trained().save(), "byte {}", at);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), header in ".{0,200}") {
        prop_assert!(Checkpoint::from_bytes(&bytes, DIGEST).is_err());
        let framed = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &bytes].concat();
        prop_assert!(Checkpoint::from_bytes(&framed, DIGEST).is_err());
    }

    #[test]
    fn arbitrary_metadata_never_panics(text in r#"\{("header"|"version"|"checksum"|[{}:,0-9\[\]"])*\}"#) {
        let metadata = Some(std::iter::once((KEY.to_owned(), text)).collect());
        let file = safetensors::serialize(Vec::<(&str, TensorView<'_>)>::new(), metadata).unwrap();
        prop_assert!(Checkpoint::from_bytes(&file, DIGEST).is_err());
    }
}

#[test]
fn a_recurrent_network_comes_back_under_the_names_of_its_gates() {
    let params = MlpParams { hidden: vec![5], recurrent: true, layer_norm: true, ..MlpParams::actor(3, 2) };
    let network = Mlp::orthogonal(&params.check().unwrap(), &mut rng(4));
    let mut checkpoint = Checkpoint::new(DIGEST);
    network.save(&mut checkpoint, "actor");
    for (name, shape) in [
        ("input.weight", &[5, 15][..]),
        ("input.bias", &[15]),
        ("hidden.weight", &[5, 15]),
        ("hidden.bias", &[15]),
    ] {
        checkpoint.f32_tensor(&format!("actor.layers.1.gru.{name}"), shape).unwrap();
    }
    let checkpoint = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap(), DIGEST).unwrap();
    assert_eq!(Mlp::restore(&checkpoint, "actor").unwrap(), network);
}

#[test]
fn settings_of_a_network_without_memory_are_written_as_before_there_was_any() {
    let text = |params: &MlpParams| serde_json::to_string(params).unwrap();
    let plain = MlpParams::critic(3);
    assert!(!text(&plain).contains("recurrent"));
    let recurrent = MlpParams { recurrent: true, ..plain };
    assert_eq!(serde_json::from_str::<MlpParams>(&text(&recurrent)).unwrap(), recurrent);
}
