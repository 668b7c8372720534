use proptest::prelude::*;
use rand_xoshiro::rand_core::SeedableRng as _;

use super::*;
use crate::testing::{rng, wave};

fn linear_map() -> Mlp {
    let params = MlpParams { hidden: vec![], output: 2, ..MlpParams::critic(3) };
    let mut network = Mlp::zeros(&params.check().unwrap());
    let places: Vec<_> = network.layout.places().collect();
    places[0].write(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut network.parameters);
    places[1].write(&[0.5, -0.5], &mut network.parameters);
    network
}

#[test]
fn one_layer_is_x_times_w_plus_b() {
    // 1·1 + 0·3 − 1·5 + 0.5 = −3.5 and 1·2 + 0·4 − 1·6 − 0.5 = −4.5.
    assert_eq!(linear_map().forward(&[1.0, 0.0, -1.0]).unwrap(), [-3.5, -4.5]);
}

#[test]
fn hidden_layers_pass_through_the_activation_and_the_last_does_not() {
    for (activation, expected) in [(Activation::Relu, 0.0), (Activation::Tanh, -0.761_594_2)] {
        let params = MlpParams { hidden: vec![1], activation, ..MlpParams::critic(1) };
        let mut network = Mlp::zeros(&params.check().unwrap());
        let places: Vec<_> = network.layout.places().collect();
        places[0].write(&[1.0], &mut network.parameters);
        places[2].write(&[5.0], &mut network.parameters);
        let output = network.forward(&[-1.0]).unwrap()[0];
        assert!((output - 5.0 * expected).abs() < 1e-5, "{activation:?} gave {output}");
    }
}

#[test]
fn the_same_seed_gives_the_same_network_and_another_seed_another() {
    let config = MlpParams::actor(5, 7).check().unwrap();
    let draw = |seed| Mlp::orthogonal(&config, &mut Xoshiro256PlusPlus::seed_from_u64(seed));
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    assert_eq!(draw(1).parameter_count(), 6 * 64 + 65 * 64 + 65 * 7);
}

#[test]
fn a_fresh_actor_is_almost_indifferent_and_its_biases_are_zero() {
    let network = Mlp::orthogonal(&MlpParams::actor(5, 7).check().unwrap(), &mut rng(3));
    assert!(network.forward(&wave(5, 0.0)).unwrap().iter().all(|logit| logit.abs() < 0.2));
    for bias in network.layout.places().skip(1).step_by(2) {
        assert!(bias.read(&network.parameters).iter().all(|b| *b == 0.0));
    }
}

#[test]
fn inputs_and_outputs_of_the_wrong_size_are_refused() {
    let network = linear_map();
    assert_eq!(
        network.forward(&[1.0; 4]).unwrap_err().to_string(),
        "inputs has 4 values, which is not a positive multiple of the row width 3"
    );
    assert!(network.forward(&[]).is_err());
    let refused = network.forward_into(&[0.0; 6], &mut [0.0; 5]).unwrap_err();
    assert_eq!(refused, NetworkError::Shape { what: "outputs", expected: 4, found: 5 });
}

#[test]
fn a_nan_in_the_input_reaches_the_output() {
    for activation in [Activation::Relu, Activation::Tanh] {
        let params = MlpParams { activation, ..MlpParams::critic(2) };
        let network = Mlp::orthogonal(&params.check().unwrap(), &mut rng(1));
        assert!(network.forward(&[f32::NAN, 0.0]).unwrap()[0].is_nan(), "{activation:?} hid a NaN");
    }
}

#[test]
fn an_output_bias_is_what_a_fresh_actor_prefers() {
    let fresh = Mlp::orthogonal(&MlpParams::actor(3, 4).check().unwrap(), &mut rng(1));
    let plain = fresh.forward(&[0.0; 3]).unwrap();
    let biased = fresh.clone().with_output_bias(&[0.0, 2.0, 0.0, -1.0]).unwrap();
    let shift: Vec<f32> = biased.forward(&[0.0; 3]).unwrap().iter().zip(&plain).map(|(b, p)| b - p).collect();
    assert_eq!(shift, [0.0, 2.0, 0.0, -1.0]);
    let refused = fresh.with_output_bias(&[0.0; 3]).unwrap_err();
    assert_eq!(refused, NetworkError::Shape { what: "biases", expected: 4, found: 3 });
}

#[test]
fn parts_go_through_the_same_layers_side_by_side() {
    let params =
        MlpParams { hidden: vec![20, 17], layer_norm: true, parts: 3, ..MlpParams::actor(3 * 9, 3 * 5) };
    let network = Mlp::orthogonal(&params.check().unwrap(), &mut rng(6)).with_output_bias(&[0.5; 5]).unwrap();
    let inputs = wave(130 * 3 * 9, 0.4);
    let side_by_side = network.forward(&inputs).unwrap();
    let alone = network.clone().with_parts(1).unwrap();
    assert_eq!(alone.parameters(), network.parameters());
    assert_eq!(side_by_side, alone.forward(&inputs).unwrap());
    assert_eq!(side_by_side, network.clone().with_parts(130).unwrap().forward(&inputs).unwrap());
    assert!(network.forward(&inputs[..9]).is_err(), "a part is not a row");
    assert!(network.with_parts(0).is_err());
}

fn recurrent(seed: u64) -> Mlp {
    let params =
        MlpParams { hidden: vec![20, 17], recurrent: true, layer_norm: true, ..MlpParams::actor(9, 5) };
    Mlp::orthogonal(&params.check().unwrap(), &mut rng(seed))
}

#[test]
fn the_state_of_a_unit_without_parameters_halves_at_each_step() {
    let params = MlpParams { hidden: vec![2], recurrent: true, ..MlpParams::critic(1) };
    let (network, mut states) = (Mlp::zeros(&params.check().unwrap()), [1.0, -0.5, 0.25, 0.0]);
    let mut inference = Inference::default();
    inference.step(&network, &[3.0, 4.0], &mut states, &mut [0.0; 2]).unwrap();
    assert_eq!(states, [0.5, -0.25, 0.125, 0.0]);
}

#[test]
fn each_gate_of_a_fresh_recurrent_layer_is_orthogonal_and_unbiased() {
    let network = recurrent(1);
    assert_eq!((network.memory(), linear_map().memory()), (17, 0));
    // 9 → 20 → 17 → 17 → 5, three normalisations, and two biases for each gate.
    let dense = 10 * 20 + 21 * 17 + 18 * 5 + 2 * (20 + 17 + 17);
    assert_eq!(network.parameter_count(), dense + 2 * 18 * 3 * 17);
    let of = |name: &str| network.layout.places().find(|p| p.name == format!("layers.2.gru.{name}")).unwrap();
    for (weight, bias) in [("input.weight", "input.bias"), ("hidden.weight", "hidden.bias")] {
        assert!(of(bias).read(&network.parameters).iter().all(|b| *b == 0.0));
        let values = of(weight).read(&network.parameters);
        for (gate, a, b) in (0..3 * 17 * 17).map(|i| (i / 289, i / 17 % 17, i % 17)) {
            let column = |c: usize| values.iter().skip(gate * 17 + c).step_by(3 * 17);
            let dot: f32 = column(a).zip(column(b)).map(|(a, b)| a * b).sum();
            assert!(
                (dot - f32::from(u8::from(a == b))).abs() < 1e-5,
                "gate {gate}, columns {a} and {b}: {dot}"
            );
        }
    }
}

#[test]
fn a_forward_pass_of_a_recurrent_network_is_a_first_step() {
    let (network, inputs, mut inference) = (recurrent(2), wave(9 * 130, 0.4), Inference::default());
    let (mut states, mut outputs) = (vec![0.0; 17 * 130], vec![0.0; 5 * 130]);
    inference.step(&network, &inputs, &mut states, &mut outputs).unwrap();
    assert_eq!(network.forward(&inputs).unwrap(), outputs);
    inference.step(&network, &inputs, &mut states, &mut outputs).unwrap();
    assert_ne!(network.forward(&inputs).unwrap(), outputs, "the second step remembers the first");
    // A row alone, by buffers that have seen more rows and another network.
    inference.forward(&linear_map(), &[0.0; 3], &mut [0.0; 2]).unwrap();
    let (mut state, mut output) = ([0.0; 17], [0.0; 5]);
    for _ in 0..2 {
        inference.step(&network, &inputs[9 * 99..9 * 100], &mut state, &mut output).unwrap();
    }
    assert_eq!((&state[..], &output[..]), (&states[17 * 99..17 * 100], &outputs[5 * 99..5 * 100]));
}

#[test]
fn states_that_do_not_fit_are_refused_and_those_of_a_network_without_memory_are_none() {
    let mut inference = Inference::default();
    let refused = inference.step(&recurrent(1), &[0.0; 18], &mut [0.0; 17], &mut [0.0; 10]).unwrap_err();
    assert_eq!(refused, NetworkError::Shape { what: "states", expected: 34, found: 17 });
    let (network, mut outputs) = (linear_map(), [0.0; 2]);
    assert!(inference.step(&network, &[1.0; 3], &mut [0.0], &mut outputs).is_err());
    inference.step(&network, &[1.0; 3], &mut [], &mut outputs).unwrap();
    assert_eq!(network.forward(&[1.0; 3]).unwrap(), outputs);
}

#[test]
fn a_nan_in_input_or_state_reaches_a_recurrent_networks_output() {
    let (network, mut inference, mut outputs) = (recurrent(1), Inference::default(), [0.0; 5]);
    let mut state = [0.0; 17];
    inference.step(&network, &[f32::NAN; 9], &mut state, &mut outputs).unwrap();
    assert!(outputs.iter().chain(&state).all(|v| v.is_nan()));
    inference.step(&network, &[0.0; 9], &mut state, &mut outputs).unwrap();
    assert!(outputs.iter().all(|v| v.is_nan()));
}

proptest! {
    #[test]
    fn a_row_does_not_depend_on_its_neighbours(rows in 1_usize..150, seed: u64) {
        let params = MlpParams { hidden: vec![20, 33], ..MlpParams::actor(9, 5) };
        let network = Mlp::orthogonal(&params.check().unwrap(), &mut Xoshiro256PlusPlus::seed_from_u64(seed));
        let inputs = wave(rows * 9, 0.4);
        let together = network.forward(&inputs).unwrap();
        let alone: Vec<f32> = inputs.chunks(9).flat_map(|row| network.forward(row).unwrap()).collect();
        prop_assert_eq!(together, alone);
    }
}
