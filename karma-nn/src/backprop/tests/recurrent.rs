//! Back-propagation through time.

use super::*;
use crate::{Inference, PolicyBatch, PolicyParams, PolicyTrainer};

/// A recurrent network with parameters that are not what they begin with.
fn recurrent(hidden: &[usize], norms: bool) -> Mlp {
    let config = network_with(hidden, Activation::Tanh, norms).config().params().clone();
    moved(&MlpParams { recurrent: true, ..config })
}

/// Rows in sequences, with states that are not 0 and episodes that begin in the middle.
struct Rollout {
    inputs: Vec<f32>,
    states: Vec<f32>,
    begins: Vec<bool>,
    length: usize,
}

impl Rollout {
    fn new(network: &Mlp, count: usize, length: usize) -> Self {
        let rows = count * length;
        let (inputs, states) = (wave(rows * 6, 0.2), wave(count * network.memory(), 0.9));
        Self { inputs, states, begins: (0..rows).map(|row| row % 7 == 4).collect(), length }
    }

    fn sequences(&self) -> Sequences<'_> {
        Sequences { length: self.length, states: &self.states, begins: &self.begins }
    }

    fn gradient(&self, network: &Mlp, threads: usize) -> Vec<f32> {
        let (mut backprop, threads) = (Backprop::new(network.config()), NonZeroUsize::new(threads).unwrap());
        let inputs = (self.inputs.as_slice(), Some(&self.sequences()));
        backprop.gradient_of(network, inputs, &HalfSquares, threads).unwrap();
        backprop.last_gradient().to_vec()
    }

    /// What the rows' outputs were during a gradient pass, in the order of the batch.
    fn outputs(&self, network: &Mlp) -> Vec<f32> {
        struct Keep;
        impl RowLoss for Keep {
            type Sums = Vec<f32>;
            fn add(
                &self,
                row: usize,
                out: &[f32],
                _: &mut [f32],
                all: &mut Vec<f32>,
            ) -> Result<(), NetworkError> {
                assert_eq!(all.len(), row * out.len(), "rows of one block come in order");
                all.extend(out);
                Ok(())
            }
            fn merge(all: &mut Vec<f32>, later: Vec<f32>) {
                all.extend(later);
            }
        }
        let (mut backprop, inputs) =
            (Backprop::new(network.config()), (&*self.inputs, Some(&self.sequences())));
        backprop.gradient_of(network, inputs, &Keep, NonZeroUsize::MIN).unwrap()
    }
}

/// Central differences of `½ Σ out²` in `f64` on the definition, which shares no code with the pass.
#[test]
fn the_gradient_through_time_agrees_with_finite_differences_in_double_precision() {
    for norms in [false, true] {
        let network = recurrent(&[8, 5], norms);
        let rollout = Rollout::new(&network, 6, 4);
        let analytic = rollout.gradient(&network, 1);
        let mut parameters: Vec<f64> = network.parameters().iter().copied().map(f64::from).collect();
        let loss = |parameters: &[f64]| -> f64 {
            let outputs = exact::recurrent(&network, parameters, (&rollout.inputs, &rollout.sequences()));
            outputs.iter().map(|o| o * o / 2.0).sum()
        };
        for place in network.layout().places() {
            let mut numeric = vec![0.0; analytic.len()];
            for i in place.indices() {
                let at = parameters[i];
                let mut moved = |by: f64| {
                    parameters[i] = at + by;
                    loss(&parameters)
                };
                numeric[i] = narrow((moved(1e-5) - moved(-1e-5)) / 2e-5);
                parameters[i] = at;
            }
            let error = relative_error(&place.read(&analytic), &place.read(&numeric));
            assert!(error < 1e-5, "norms {norms}, {}: relative error {error}", place.name);
        }
    }
}

#[test]
fn every_parameter_of_a_recurrent_network_receives_gradient_and_padding_receives_none() {
    for norms in [false, true] {
        let network = recurrent(&[20, 17], norms);
        let mut gradient = Rollout::new(&network, 30, 5).gradient(&network, 1);
        for place in network.layout().places() {
            let values = place.read(&gradient);
            assert!(values.iter().all(|g| *g != 0.0), "{} has a dead entry", place.name);
            place.write(&vec![0.0; values.len()], &mut gradient);
        }
        assert!(gradient.iter().all(|g| *g == 0.0));
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits_for_sequences_too() {
    let network = recurrent(&[20], true);
    // Three blocks and a piece that is not full; and sequences longer than a block.
    for (count, length) in [(3 * BLOCK / 8 + 7, 8), (60, 50)] {
        let rollout = Rollout::new(&network, count, length);
        let one = rollout.gradient(&network, 1);
        for threads in [2, 4] {
            assert_eq!(rollout.gradient(&network, threads), one, "{threads} threads");
        }
    }
}

#[test]
fn one_step_at_a_time_gives_the_bits_of_a_gradient_pass() {
    for norms in [false, true] {
        let network = recurrent(&[20, 17], norms);
        let (count, length) = (61, 4);
        let rollout = Rollout::new(&network, count, length);
        let (mut states, mut inference) = (rollout.states.clone(), Inference::default());
        let mut stepped = vec![0.0; count * length * 3];
        for t in 0..length {
            let mut outputs = vec![0.0; count * 3];
            let rows = (0..count).map(|s| s * length + t);
            for (row, state) in
                rows.clone().zip(states.chunks_mut(17)).filter(|(row, _)| rollout.begins[*row])
            {
                assert_eq!(row % length, t);
                state.fill(0.0);
            }
            let inputs: Vec<f32> =
                rows.clone().flat_map(|r| &rollout.inputs[r * 6..][..6]).copied().collect();
            inference.step(&network, &inputs, &mut states, &mut outputs).unwrap();
            rows.zip(outputs.chunks(3)).for_each(|(r, out)| stepped[r * 3..][..3].copy_from_slice(out));
        }
        assert_eq!(rollout.outputs(&network), stepped);
        let exact = exact::recurrent(
            &network,
            &network.parameters().iter().map(|p| f64::from(*p)).collect::<Vec<_>>(),
            (&rollout.inputs, &rollout.sequences()),
        );
        assert!(stepped.iter().zip(exact).all(|(ours, exact)| (f64::from(*ours) - exact).abs() < 1e-5));
    }
}

/// A loss of the second half of sequences of six: what lies before the beginning of an episode there does not matter.
struct Late;
impl RowLoss for Late {
    type Sums = ();
    fn add(&self, row: usize, out: &[f32], slopes: &mut [f32], (): &mut ()) -> Result<(), NetworkError> {
        if row % 6 > 2 { half_squares(row, out, slopes) } else { Ok(()) }
    }
    fn merge((): &mut (), (): ()) {}
}

#[test]
fn nothing_before_the_beginning_of_an_episode_counts() {
    let network = recurrent(&[20], false);
    let mut rollout = Rollout::new(&network, 2, 6);
    rollout.begins = [[false, false, false, true, false, false]; 2].concat();
    let late = |rollout: &Rollout| {
        let mut backprop = Backprop::new(network.config());
        let inputs = (&*rollout.inputs, Some(&rollout.sequences()));
        backprop.gradient_of(&network, inputs, &Late, NonZeroUsize::MIN).unwrap();
        backprop.last_gradient().to_vec()
    };
    let before = late(&rollout);
    rollout.states.fill(0.5);
    rollout.inputs.chunks_mut(6 * 6).for_each(|sequence| sequence[..3 * 6].fill(-0.3));
    assert_eq!(late(&rollout), before);
    rollout.begins.fill(false);
    assert_ne!(late(&rollout), before);
}

#[test]
fn sequences_that_do_not_fit_are_refused_and_nothing_changes() {
    let network = recurrent(&[4], false);
    let rollout = Rollout::new(&network, 2, 3);
    let good = rollout.sequences();
    let (mut nan, plain) = (rollout.states.clone(), self::network(&[4], Activation::Tanh));
    nan[5] = f32::NAN;
    let mut trainer = PolicyTrainer::new(network.clone(), PolicyParams::default().check().unwrap());
    let refused = |trainer: &mut PolicyTrainer, sequences| {
        let batch = PolicyBatch {
            observations: &rollout.inputs,
            masks: &[true; 18],
            actions: &[0; 6],
            old_log_probs: &[-1.0; 6],
            advantages: &[1.0; 6],
            weights: None,
            sequences,
            advice: None,
        };
        trainer.update(&batch).unwrap_err().to_string()
    };
    for (sequences, message) in [
        (None, "the network is recurrent: its batch needs `sequences`"),
        (
            Some(Sequences { length: 4, ..good }),
            "6 rows do not divide into sequences of 4 steps; a length is at least 1",
        ),
        (
            Some(Sequences { length: 0, ..good }),
            "6 rows do not divide into sequences of 0 steps; a length is at least 1",
        ),
        (
            Some(Sequences { states: &nan[..4], ..good }),
            "states of sequences has 4 values, but 8 are expected",
        ),
        (Some(Sequences { begins: &[], ..good }), "begins has 0 values, but 6 are expected"),
        (Some(Sequences { states: &nan, ..good }), "the state before sequence 1 is not finite"),
    ] {
        assert_eq!(refused(&mut trainer, sequences), message);
    }
    assert_eq!(trainer.network(), &network);
    let mut trainer = PolicyTrainer::new(plain, PolicyParams::default().check().unwrap());
    let message = "the network is not recurrent: its batch has no use for `sequences`";
    assert_eq!(refused(&mut trainer, Some(good)), message);
}
