use super::*;
use crate::MlpParams;
use crate::math::narrow;
use crate::testing::{relative_error, rng, wave};

/// Half the squared outputs, summed: the derivative is the output itself.
#[expect(clippy::unnecessary_wraps, reason = "a head can refuse")]
fn half_squares(_: usize, out: &[f32], derivatives: &mut [f32]) -> Result<(), NetworkError> {
    derivatives.copy_from_slice(out);
    Ok(())
}

fn gradient(network: &Mlp, inputs: &[f32]) -> Vec<f32> {
    let mut backprop = Backprop::new(network.config());
    backprop.gradient(network, inputs, half_squares).unwrap().to_vec()
}

fn network(hidden: &[usize], activation: Activation) -> Mlp {
    let params = MlpParams { hidden: hidden.to_vec(), activation, output: 3, ..MlpParams::critic(6) };
    Mlp::orthogonal(&params.check().unwrap(), &mut rng(5))
}

#[test]
fn the_gradient_of_one_layer_is_the_outer_product_of_input_and_error() {
    let params = MlpParams { hidden: vec![], ..MlpParams::critic(2) };
    let network = Mlp::zeros(&params.check().unwrap());
    let mut backprop = Backprop::new(network.config());
    let squared_error = |_: usize, out: &[f32], d: &mut [f32]| {
        d[0] = out[0] - 4.0; // target 4, output 0
        Ok::<(), NetworkError>(())
    };
    let gradient = backprop.gradient(&network, &[1.0, -2.0], squared_error).unwrap();
    let real: Vec<f32> = network.layout().places().flat_map(|place| place.read(gradient)).collect();
    assert_eq!(real, [-4.0, 8.0, -4.0]);
}

/// Central differences of `½ Σ out²`, in `f64` sums over the `f32` forward pass.
#[test]
fn the_gradient_agrees_with_finite_differences() {
    for activation in [Activation::Tanh, Activation::Relu] {
        let (mut network, inputs) = (network(&[8, 5], activation), wave(6 * 10, 0.2));
        let analytic = gradient(&network, &inputs);
        let loss = |network: &Mlp| -> f64 {
            network.forward(&inputs).unwrap().iter().map(|o| f64::from(*o).powi(2) / 2.0).sum()
        };
        let step = 2_f32.powi(-9);
        let numeric: Vec<f32> = (0..analytic.len())
            .map(|i| {
                let at = network.parameters()[i];
                let mut moved = |to: f32| {
                    network.parameters_mut()[i] = to;
                    loss(&network)
                };
                let slope = (moved(at + step) - moved(at - step)) / f64::from(2.0 * step);
                moved(at);
                narrow(slope)
            })
            .collect();
        let error = relative_error(&analytic, &numeric);
        assert!(error < 2e-3, "{activation:?}: relative error {error}");
    }
}

#[test]
fn a_batch_of_several_pieces_has_the_sum_of_its_rows_gradients() {
    let (network, inputs) = (network(&[20], Activation::Tanh), wave(6 * (2 * CHUNK + 3), 0.2));
    let mut sum = vec![0.0_f32; network.parameters().len()];
    for row in inputs.chunks(6) {
        sum.iter_mut().zip(gradient(&network, row)).for_each(|(s, g)| *s += g);
    }
    let error = relative_error(&gradient(&network, &inputs), &sum);
    assert!(error < 1e-5, "relative error {error}");
}

#[test]
fn reused_buffers_leave_no_trace() {
    let (network, inputs) = (network(&[20], Activation::Relu), wave(6 * 70, 0.2));
    let mut backprop = Backprop::new(network.config());
    backprop.gradient(&network, &wave(6 * 300, 0.9), half_squares).unwrap();
    let again = backprop.gradient(&network, &inputs, half_squares).unwrap();
    assert_eq!(again, gradient(&network, &inputs));
}

#[test]
fn an_error_of_the_head_ends_the_pass() {
    let network = network(&[4], Activation::Tanh);
    let refuse = |row, _: &[f32], _: &mut [f32]| NetworkError::length("targets", row, 0);
    let refused = Backprop::new(network.config()).gradient(&network, &wave(18, 0.0), refuse).unwrap_err();
    assert_eq!(refused, NetworkError::Shape { what: "targets", expected: 0, found: 1 });
}

#[test]
fn a_network_of_another_shape_is_refused() {
    let shape = |hidden: &[usize]| {
        let params = MlpParams { hidden: hidden.to_vec(), ..MlpParams::critic(16) };
        Mlp::zeros(&params.check().unwrap())
    };
    let mut backprop = Backprop::new(shape(&[16, 7]).config());
    let refused = backprop.gradient(&shape(&[16, 9]), &wave(16, 0.0), half_squares).unwrap_err();
    assert_eq!(refused, NetworkError::OtherNetwork);
}
