mod recurrent;

use std::num::NonZeroUsize;

use super::*;
use crate::MlpParams;
use crate::math::narrow;
use crate::mlp::PlaceKind;
use crate::testing::{exact, relative_error, rng, wave};

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
    network_with(hidden, activation, false)
}

/// A network whose gains, shifts and biases are not what they begin with.
fn network_with(hidden: &[usize], activation: Activation, norms: bool) -> Mlp {
    let (hidden, input_norm, layer_norm) = (hidden.to_vec(), norms, norms);
    moved(&MlpParams { hidden, activation, output: 3, input_norm, layer_norm, ..MlpParams::critic(6) })
}

fn moved(params: &MlpParams) -> Mlp {
    let mut network = Mlp::orthogonal(&params.check().unwrap(), &mut rng(5));
    let places: Vec<_> = network.layout().places().collect();
    network.change(|parameters| {
        for (place, phase) in places.iter().zip(0_u8..).filter(|(place, _)| place.kind != PlaceKind::Weight) {
            let mut values = place.read(parameters);
            let moved = wave(values.len(), f32::from(phase));
            values.iter_mut().zip(moved).for_each(|(value, by)| *value += 0.3 * by);
            place.write(&values, parameters);
        }
    });
    network
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

/// Central differences of `½ Σ out²` in `f64` on the network's definition, which shares no code with it.
#[test]
fn the_gradient_agrees_with_finite_differences_in_double_precision() {
    for (activation, norms) in [Activation::Tanh, Activation::Relu]
        .into_iter()
        .zip([false, true])
        .chain([(Activation::Tanh, true), (Activation::Relu, false)])
    {
        let (network, inputs) = (network_with(&[8, 5], activation, norms), wave(6 * 10, 0.2));
        let analytic = gradient(&network, &inputs);
        let mut parameters: Vec<f64> = network.parameters().iter().copied().map(f64::from).collect();
        let loss = |parameters: &[f64]| -> f64 {
            exact::forward(&network, parameters, &inputs).iter().map(|o| o * o / 2.0).sum()
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
            let (analytic, numeric) = (place.read(&analytic), place.read(&numeric));
            let error = relative_error(&analytic, &numeric);
            assert!(error < 1e-5, "{activation:?}, norms {norms}, {}: relative error {error}", place.name);
        }
    }
}

#[test]
fn every_parameter_receives_gradient() {
    for norms in [false, true] {
        let (network, inputs) = (network_with(&[20, 17], Activation::Tanh, norms), wave(6 * 50, 0.2));
        let gradient = gradient(&network, &inputs);
        for place in network.layout().places() {
            let still = place.read(&gradient).iter().filter(|g| **g == 0.0).count();
            assert_eq!(still, 0, "{} of {} do not move (norms {norms})", still, place.name);
        }
    }
}

#[test]
fn padding_receives_no_gradient() {
    let (network, inputs) = (network_with(&[20, 17], Activation::Tanh, true), wave(6 * 50, 0.2));
    let mut gradient = gradient(&network, &inputs);
    for place in network.layout().places() {
        place.write(&vec![0.0; place.shape.iter().product()], &mut gradient);
    }
    assert!(gradient.iter().all(|g| *g == 0.0));
}

/// Half the squared outputs as a loss that threads share.
struct HalfSquares;

impl RowLoss for HalfSquares {
    type Sums = f64;

    fn add(
        &self,
        row: usize,
        out: &[f32],
        derivatives: &mut [f32],
        sums: &mut f64,
    ) -> Result<(), NetworkError> {
        *sums += f64::from(out[0]);
        half_squares(row, out, derivatives)
    }

    fn merge(sums: &mut f64, later: f64) {
        *sums += later;
    }
}

/// Bits of the sums, and the gradient.
fn on_threads(network: &Mlp, inputs: &[f32], threads: usize) -> (u64, Vec<f32>) {
    let mut backprop = Backprop::new(network.config());
    let threads = NonZeroUsize::new(threads).unwrap();
    let sums = backprop.gradient_of(network, (inputs, None), &HalfSquares, threads).unwrap();
    (sums.to_bits(), backprop.last_gradient().to_vec())
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (network, inputs) = (network_with(&[20], Activation::Tanh, true), wave(6 * (3 * BLOCK + 7), 0.2));
    let on = |threads| on_threads(&network, &inputs, threads);
    assert_eq!(on(1).1, gradient(&network, &inputs));
    for threads in [2, 3, 4, 9] {
        assert_eq!(on(threads), on(1), "{threads} threads");
    }
}

#[test]
fn an_error_of_a_row_ends_the_pass_on_any_thread() {
    struct Refuse;
    impl RowLoss for Refuse {
        type Sums = ();
        fn add(&self, row: usize, _: &[f32], _: &mut [f32], (): &mut ()) -> Result<(), NetworkError> {
            NetworkError::length("targets", usize::from(row >= BLOCK), 0)
        }
        fn merge((): &mut (), (): ()) {}
    }
    let (network, inputs) = (network(&[4], Activation::Tanh), wave(6 * 2 * BLOCK, 0.0));
    let mut backprop = Backprop::new(network.config());
    assert!(backprop.gradient_of(&network, (&inputs, None), &Refuse, NonZeroUsize::new(2).unwrap()).is_err());
}

#[test]
fn a_batch_of_several_pieces_has_the_sum_of_its_rows_gradients() {
    let (network, inputs) = (network(&[20], Activation::Tanh), wave(6 * (BLOCK + PIECE + 3), 0.2));
    let mut sum = vec![0.0_f32; network.parameters().len()];
    for row in inputs.chunks(6) {
        sum.iter_mut().zip(gradient(&network, row)).for_each(|(s, g)| *s += g);
    }
    let error = relative_error(&gradient(&network, &inputs), &sum);
    assert!(error < 1e-5, "relative error {error}");
}

/// The loss of a row is no sum over its parts: each part's derivatives need all outputs of the row.
#[test]
fn parts_of_a_row_meet_in_its_loss_and_their_gradients_add_up() {
    for (parts, rows) in [(2, 700), (5, 31), (70, 13)] {
        let whole = MlpParams {
            hidden: vec![8],
            output: 3 * parts,
            layer_norm: true,
            parts,
            ..MlpParams::critic(6 * parts)
        };
        let network = moved(&whole);
        let inputs = wave(6 * parts * rows, 0.2);
        let mut seen = Vec::new();
        let square_of_the_sum = |row: usize, out: &[f32], derivatives: &mut [f32]| {
            seen.push(row);
            derivatives.fill(out.iter().sum::<f32>() + row as f32 / 100.0);
            Ok::<(), NetworkError>(())
        };
        let mut backprop = Backprop::new(network.config());
        let found = backprop.gradient(&network, &inputs, square_of_the_sum).unwrap().to_vec();
        assert_eq!(seen, (0..rows).collect::<Vec<_>>());
        let alone = network.clone().with_parts(1).unwrap();
        let outputs = alone.forward(&inputs).unwrap();
        let sums: Vec<f32> = outputs.chunks(3 * parts).map(|row| row.iter().sum()).collect();
        let as_told = |part: usize, _: &[f32], derivatives: &mut [f32]| {
            derivatives.fill(sums[part / parts] + (part / parts) as f32 / 100.0);
            Ok::<(), NetworkError>(())
        };
        let expected = Backprop::new(alone.config()).gradient(&alone, &inputs, as_told).unwrap().to_vec();
        let error = relative_error(&found, &expected);
        assert!(error < 1e-5, "{parts} parts: relative error {error}");
    }
}

#[test]
fn parts_give_the_same_bits_on_any_number_of_threads() {
    let whole = MlpParams { hidden: vec![20], output: 3 * 7, parts: 7, ..MlpParams::critic(6 * 7) };
    let (network, inputs) = (moved(&whole), wave(6 * 7 * (BLOCK + 11), 0.2));
    let on = |threads| on_threads(&network, &inputs, threads);
    assert_eq!(on(1).1, gradient(&network, &inputs));
    assert_eq!((on(2), on(3)), (on(1), on(1)));
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
