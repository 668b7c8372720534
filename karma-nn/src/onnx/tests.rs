use proptest::prelude::*;
use prost::Message as _;

use super::interpreter::{Values, run};
use super::proto::{BOOL, FLOAT, INT64, Model, Size};
use super::*;
use crate::testing::{rng, wave};
use crate::{Activation, MaskedCategorical, MlpParams};

/// Fresh parameters have biases of 0 and gains of 1, behind which mistakes hide.
fn network(params: &MlpParams, seed: u64) -> Mlp {
    let mut network = Mlp::orthogonal(&params.check().unwrap(), &mut rng(seed));
    let places: Vec<_> = network.layout().places().collect();
    network.change(|parameters| {
        for (i, place) in places.iter().enumerate() {
            let noise = wave(place.shape.iter().product(), seed as f32 + i as f32);
            let values = place.read(parameters);
            let moved: Vec<f32> = values.iter().zip(noise).map(|(v, noise)| v + 0.3 * noise).collect();
            place.write(&moved, parameters);
        }
    });
    network
}

fn params(activation: Activation, norms: (bool, bool)) -> MlpParams {
    let (input_norm, layer_norm) = norms;
    MlpParams { hidden: vec![20, 9], activation, input_norm, layer_norm, ..MlpParams::actor(7, 5) }
}

fn exported(network: &Mlp, identity: &[f32], alike: &[bool]) -> Model {
    let metadata = [("karma.agent", "web"), ("karma.format_version", "1")];
    let options = OnnxOptions { name: "web", identity, alike, metadata: &metadata };
    Model::decode(&network.to_onnx(&options).unwrap()[..]).unwrap()
}

/// Compares the decoded graph with the network and its head, row by row.
fn compare(network: &Mlp, identity: &[f32], observations: &[f32], mask: &[bool]) {
    compare_with(network, (identity, &[]), observations, mask);
}

fn compare_with(network: &Mlp, (identity, alike): (&[f32], &[bool]), observations: &[f32], mask: &[bool]) {
    let (params, graph) = (network.config().params(), exported(network, identity, alike).graph.unwrap());
    let (width, actions) = (params.input - identity.len(), params.output);
    let numbers = |values: &[f32]| values.iter().copied().map(f64::from).collect();
    let truths = mask.iter().map(|legal| f64::from(u8::from(*legal))).collect();
    let inputs = vec![
        ("observation", Values::rows(width, numbers(observations))),
        ("mask", Values::rows(actions, truths)),
    ];
    let found = run(&graph, inputs);
    for (row, observation) in observations.chunks(width).enumerate() {
        let part = row * actions..(row + 1) * actions;
        let logits = network.forward(&[observation, identity].concat()).unwrap();
        let head = MaskedCategorical::new(&logits, &mask[part.clone()]).unwrap();
        let (z, ln_p) = (&found["logits"].data[part.clone()], &found["log_probs"].data[part.clone()]);
        for (i, legal) in mask[part].iter().enumerate() {
            if *legal {
                assert!((z[i] - f64::from(logits[i])).abs() < 1e-5, "{} and {}", z[i], logits[i]);
                assert!((ln_p[i] - f64::from(head.log_probs()[i])).abs() < 1e-5);
            } else {
                assert_eq!((z[i], ln_p[i]), (f64::NEG_INFINITY, f64::NEG_INFINITY));
            }
        }
        assert_eq!(found["action"].data[row], head.mode_among(alike) as f64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_exported_graph_computes_what_the_network_does(
        norms: (bool, bool), relu: bool, shared: bool, alike in 0_u8..32, seed in 0_u64..1000,
        masks in prop::collection::vec(1_u8..32, 1..20), scale in prop::sample::select(vec![0.002_f32, 1.0, 3.0]),
    ) {
        let activation = if relu { Activation::Relu } else { Activation::Tanh };
        let identity: &[f32] = if shared { &[0.0, 1.0, 0.0] } else { &[] };
        let network = network(&params(activation, norms), seed);
        let width = 7 - identity.len();
        let observations: Vec<f32> =
            wave(masks.len() * width, seed as f32).iter().map(|v| v * scale).collect();
        let mask: Vec<bool> = masks.iter().flat_map(|bits| (0..5).map(move |i| bits >> i & 1 == 1)).collect();
        let alike: Vec<bool> = (0..5).map(|i| alike >> i & 1 == 1).collect();
        compare_with(&network, (identity, &alike), &observations, &mask);
    }
}

#[test]
fn a_linear_actor_without_hidden_layers_is_one_product() {
    let network = network(&MlpParams { hidden: vec![], ..MlpParams::actor(3, 2) }, 4);
    let operators: Vec<_> =
        exported(&network, &[], &[]).graph.unwrap().node.into_iter().map(|n| n.op_type).collect();
    assert_eq!(operators, ["Gemm", "Where", "LogSoftmax", "ArgMax"]);
    compare(&network, &[], &[0.1, -0.4, 2.0], &[true, true]);
}

#[test]
fn a_network_of_parts_takes_observations_apart_and_puts_its_logits_together() {
    let whole = MlpParams { hidden: vec![9], layer_norm: true, parts: 3, ..MlpParams::actor(3 * 7, 3 * 5) };
    let network = network(&whole, 2);
    let mask: Vec<bool> = (0..2 * 15).map(|i| i % 4 != 1).collect();
    compare(&network, &[], &wave(2 * 21, 0.3), &mask);
    let refused = network.to_onnx(&OnnxOptions { identity: &[1.0], ..OnnxOptions::default() }).unwrap_err();
    assert_eq!(refused, OnnxError::IdentityOfParts { parts: 3 });
}

#[test]
fn the_first_of_equally_good_legal_actions_is_taken() {
    let network = Mlp::zeros(&MlpParams::actor(2, 4).check().unwrap());
    compare(&network, &[], &[0.5, 0.5], &[false, true, true, true]);
}

#[test]
fn inputs_and_outputs_have_names_types_and_an_open_batch() {
    let network = network(&params(Activation::Tanh, (true, true)), 1);
    let graph = exported(&network, &[0.0, 1.0], &[]).graph.unwrap();
    let infos = graph.input.iter().chain(&graph.output);
    let found: Vec<_> = infos
        .map(|info| {
            let tensor = info.r#type.as_ref().unwrap().tensor_type.as_ref().unwrap();
            let sizes =
                tensor.shape.as_ref().unwrap().dim.iter().map(|dim| match dim.value.as_ref().unwrap() {
                    Size::Value(value) => value.to_string(),
                    Size::Name(name) => name.clone(),
                });
            (info.name.as_str(), tensor.elem_type, sizes.collect::<Vec<_>>().join(" "))
        })
        .collect();
    let expected = [
        ("observation", FLOAT, "batch 5"),
        ("mask", BOOL, "batch 5"),
        ("logits", FLOAT, "batch 5"),
        ("log_probs", FLOAT, "batch 5"),
        ("action", INT64, "batch"),
    ];
    assert_eq!(found, expected.map(|(name, elem_type, shape)| (name, elem_type, shape.to_owned())));
}

#[test]
fn the_same_network_gives_the_same_bytes_and_another_gives_others() {
    let bytes =
        |seed| network(&params(Activation::Relu, (true, false)), seed).to_onnx(&OnnxOptions::default());
    assert_eq!(bytes(1).unwrap(), bytes(1).unwrap());
    assert_ne!(bytes(1).unwrap(), bytes(2).unwrap());
}

#[test]
fn metadata_is_written_in_its_order() {
    let model = exported(&network(&params(Activation::Tanh, (false, false)), 1), &[], &[]);
    let keys: Vec<_> = model.metadata_props.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["karma.agent", "karma.format_version"]);
    assert_eq!((model.opset_import[0].version, model.ir_version), (ONNX_OPSET, 8));
}

#[test]
fn what_cannot_be_exported_is_named() {
    let mut network = network(&MlpParams { hidden: vec![], ..MlpParams::actor(3, 2) }, 4);
    let long = OnnxOptions { identity: &[1.0, 0.0, 0.0], ..OnnxOptions::default() };
    assert_eq!(
        network.to_onnx(&long).unwrap_err().to_string(),
        "the identity has 3 values; allowed: fewer than the 3 inputs of the network"
    );
    let few = OnnxOptions { alike: &[true], ..OnnxOptions::default() };
    assert_eq!(network.to_onnx(&few), Err(OnnxError::Alike { found: 1, actions: 2 }));
    let odd = OnnxOptions { identity: &[f32::NAN], ..OnnxOptions::default() };
    assert!(network.to_onnx(&odd).is_err());
    let params = MlpParams { recurrent: true, ..MlpParams::actor(3, 2) };
    let recurrent = Mlp::orthogonal(&params.check().unwrap(), &mut rng(1));
    assert_eq!(recurrent.to_onnx(&OnnxOptions::default()), Err(OnnxError::Recurrent));
    let place = network.layout().places().next().unwrap();
    network.change(|parameters| place.write(&[0.0, 1.0, f32::INFINITY, 0.0, 0.0, 0.0], parameters));
    assert_eq!(
        network.to_onnx(&OnnxOptions::default()).unwrap_err().to_string(),
        "value 2 of `layers.0.weight` is inf; allowed: finite numbers"
    );
}

/// One case as `benches/peers/onnx_check.py` reads it, on one line.
fn case(name: &str, network: &Mlp, identity: &[f32]) -> serde_json::Value {
    let (rows, actions) = (400, network.config().params().output);
    let width = network.config().params().input - identity.len();
    let observations = wave(rows * width, 0.3);
    let mask: Vec<bool> = (0..rows * actions).map(|i| i % actions == i / 7 % actions || i % 3 == 0).collect();
    let heads = observations.chunks(width).zip(mask.chunks(actions)).map(|(observation, mask)| {
        let logits = network.forward(&[observation, identity].concat()).unwrap();
        (MaskedCategorical::new(&logits, mask).unwrap(), logits, mask)
    });
    let heads: Vec<_> = heads.collect();
    let legal = |logits: &[f32], mask: &[bool]| -> Vec<Option<f32>> {
        logits.iter().zip(mask).map(|(z, legal)| legal.then_some(*z)).collect()
    };
    // Every third action is alike.
    let alike: Vec<bool> = (0..actions).map(|action| action % 3 == 0).collect();
    let options = OnnxOptions { name, identity, alike: &alike, metadata: &[("karma.agent", name)] };
    let model = network.to_onnx(&options).unwrap();
    serde_json::json!({
        "name": name,
        "model": model,
        "observation": observations.chunks(width).collect::<Vec<_>>(),
        "mask": mask.chunks(actions).collect::<Vec<_>>(),
        "logits": heads.iter().map(|(_, logits, mask)| legal(logits, mask)).collect::<Vec<_>>(),
        "log_probs": heads.iter().map(|(head, _, mask)| legal(head.log_probs(), mask)).collect::<Vec<_>>(),
        "action": heads.iter().map(|(head, ..)| head.mode_among(&alike)).collect::<Vec<_>>(),
    })
}

#[test]
#[ignore = "prints the cases of benches/peers/onnx_check.py, which says how"]
fn cases_for_onnx_runtime() {
    for activation in [Activation::Tanh, Activation::Relu] {
        for norms in [(false, false), (true, false), (false, true), (true, true)] {
            for identity in [&[][..], &[0.0, 1.0, 0.0]] {
                let params = MlpParams { hidden: vec![64, 64], ..params(activation, norms) };
                let params = MlpParams { input: 18, ..params };
                let name = format!("{activation:?} {norms:?} {identity:?}");
                println!("\n{}", case(&name, &network(&params, 3), identity));
            }
        }
    }
}
