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
