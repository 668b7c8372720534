//! The graph of an actor, node by node.

use super::proto::{
    ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_INTS, Array, Attribute, BOOL, Dimension, FLOAT, Graph, INT64,
    Node, Shape, Size, TensorType, Type, ValueInfo,
};
use super::{OnnxError, OnnxOptions};
use crate::{Activation, Mlp};

/// What layer normalisation adds to a variance; that of the forward pass, which the tests hold this file to.
const EPSILON: f32 = 1e-5;

/// The graph of `network` as an actor.
pub(super) fn actor(network: &Mlp, options: &OnnxOptions<'_>) -> Result<Graph, OnnxError> {
    let params = network.config().params();
    let (observation, actions) = (params.input - options.identity.len(), params.output);
    let mut graph = Builder(Graph {
        name: options.name.to_owned(),
        input: vec![value("observation", FLOAT, Some(observation)), value("mask", BOOL, Some(actions))],
        output: vec![
            value("logits", FLOAT, Some(actions)),
            value("log_probs", FLOAT, Some(actions)),
            value("action", INT64, None),
        ],
        ..Graph::default()
    });
    let x = graph.identify(options.identity)?;
    graph.layers(network, x)?;
    graph.head(options.alike);
    Ok(graph.0)
}

/// A graph in the making. Every node is named after what it computes.
struct Builder(Graph);

impl Builder {
    /// The observation followed by the code of the agent, the same in each row: its name.
    fn identify(&mut self, identity: &[f32]) -> Result<&'static str, OnnxError> {
        if identity.is_empty() {
            return Ok("observation");
        }
        let width = to_i64(identity.len());
        self.floats("identity", &[1, width], identity)?;
        self.integers("identity.width", &[width]);
        self.node("Shape", &["observation"], "batch", &[("start", 0), ("end", 1)]);
        self.node("Concat", &["batch", "identity.width"], "identity.shape", &[("axis", 0)]);
        self.node("Expand", &["identity", "identity.shape"], "identity.rows", &[]);
        self.node("Concat", &["observation", "identity.rows"], "input", &[("axis", 1)]);
        Ok("input")
    }

    /// The layers; the last one's result is `raw_logits`.
    fn layers(&mut self, network: &Mlp, x: &str) -> Result<(), OnnxError> {
        for place in network.layout().places() {
            let shape: Vec<i64> = place.shape.iter().copied().map(to_i64).collect();
            self.floats(&place.name, &shape, &place.read(network.parameters()))?;
        }
        let activation = match network.config().params().activation {
            Activation::Tanh => ("Tanh", "tanh"),
            Activation::Relu => ("Relu", "relu"),
        };
        let (layers, mut x) = (&network.layout().layers, x.to_owned());
        let parts = network.config().params().parts > 1;
        if parts {
            x = self.reshape(&x, "parts", network.config().part().0);
        }
        let result = if parts { "parts.logits" } else { "raw_logits" };
        for (i, layer) in layers.iter().enumerate() {
            let name = |part: &str| format!("layers.{i}.{part}");
            if layer.norm.is_some() {
                let normalised = name("norm");
                self.normalise(&[&x, &name("norm.gain"), &name("norm.bias")], &normalised);
                x = normalised;
            }
            let last = i + 1 == layers.len();
            let sum = if last { result.to_owned() } else { name("gemm") };
            self.node("Gemm", &[&x, &name("weight"), &name("bias")], &sum, &[]);
            x = sum;
            if !last {
                let active = name(activation.1);
                self.node(activation.0, &[&x], &active, &[]);
                x = active;
            }
        }
        if parts {
            self.reshape(&x, "raw_logits", network.config().params().output);
        }
        Ok(())
    }

    /// The same values in rows of another width.
    fn reshape(&mut self, input: &str, output: &str, width: usize) -> String {
        let shape = format!("{output}.shape");
        self.integers(&shape, &[-1, to_i64(width)]);
        self.node("Reshape", &[input, &shape], output, &[]);
        output.to_owned()
    }

    /// Layer normalisation of each row.
    fn normalise(&mut self, inputs: &[&str], output: &str) {
        self.node("LayerNormalization", inputs, output, &[("axis", -1)]);
        let epsilon = Attribute {
            name: "epsilon".to_owned(),
            f: EPSILON,
            i: 0,
            ints: Vec::new(),
            kind: ATTRIBUTE_FLOAT,
        };
        self.0.node.last_mut().into_iter().for_each(|node| node.attribute.push(epsilon.clone()));
    }

    /// From `raw_logits` and `mask` to the outputs.
    ///
    /// The best action is that of the log-probabilities, as in `MaskedCategorical::mode`: two logits that differ in
    /// their last bit may have the same. Where actions are alike, each that is legal stands for all of them, ln Σ p.
    fn head(&mut self, alike: &[bool]) {
        self.array("illegal", &[], FLOAT, f32::NEG_INFINITY.to_le_bytes().to_vec());
        self.node("Where", &["mask", "raw_logits", "illegal"], "logits", &[]);
        self.node("LogSoftmax", &["logits"], "log_probs", &[("axis", -1)]);
        let mut weighed = "log_probs";
        if alike.contains(&true) {
            self.array(
                "alike",
                &[to_i64(alike.len())],
                BOOL,
                alike.iter().map(|flag| u8::from(*flag)).collect(),
            );
            self.node("And", &["alike", "mask"], "alike.legal", &[]);
            self.node("Where", &["alike.legal", "log_probs", "illegal"], "alike.log_probs", &[]);
            self.node("ReduceLogSumExp", &["alike.log_probs"], "alike.together", &[("keepdims", 1)]);
            let axes =
                Attribute { name: "axes".to_owned(), f: 0.0, i: 0, ints: vec![-1], kind: ATTRIBUTE_INTS };
            self.0.node.last_mut().into_iter().for_each(|node| node.attribute.push(axes.clone()));
            self.node("Where", &["alike.legal", "alike.together", "log_probs"], "weighed", &[]);
            weighed = "weighed";
        }
        let first_of_best = [("axis", -1), ("keepdims", 0), ("select_last_index", 0)];
        self.node("ArgMax", &[weighed], "action", &first_of_best);
    }

    fn node(&mut self, op_type: &str, inputs: &[&str], output: &str, attributes: &[(&str, i64)]) {
        let attribute = |(name, i): &(&str, i64)| Attribute {
            name: (*name).to_owned(),
            f: 0.0,
            i: *i,
            ints: Vec::new(),
            kind: ATTRIBUTE_INT,
        };
        self.0.node.push(Node {
            input: inputs.iter().map(|input| (*input).to_owned()).collect(),
            output: vec![output.to_owned()],
            name: output.to_owned(),
            op_type: op_type.to_owned(),
            attribute: attributes.iter().map(attribute).collect(),
        });
    }

    fn floats(&mut self, name: &str, dims: &[i64], values: &[f32]) -> Result<(), OnnxError> {
        if let Some(index) = values.iter().position(|v| !v.is_finite()) {
            let (name, value) = (name.to_owned(), values[index].to_string());
            return Err(OnnxError::NonFinite { name, index, value });
        }
        self.array(name, dims, FLOAT, values.iter().flat_map(|v| v.to_le_bytes()).collect());
        Ok(())
    }

    fn integers(&mut self, name: &str, values: &[i64]) {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.array(name, &[to_i64(values.len())], INT64, bytes);
    }

    fn array(&mut self, name: &str, dims: &[i64], data_type: i32, raw_data: Vec<u8>) {
        self.0.initializer.push(Array { dims: dims.to_vec(), data_type, name: name.to_owned(), raw_data });
    }
}

/// An input or output with a row, or one value, for each member of the batch.
fn value(name: &str, elem_type: i32, width: Option<usize>) -> ValueInfo {
    let batch = Dimension { value: Some(Size::Name("batch".to_owned())) };
    let width = width.map(|width| Dimension { value: Some(Size::Value(to_i64(width))) });
    let shape = Some(Shape { dim: std::iter::once(batch).chain(width).collect() });
    ValueInfo {
        name: name.to_owned(),
        r#type: Some(Type { tensor_type: Some(TensorType { elem_type, shape }) }),
    }
}

/// A size as the format has it; no network is so wide that it would not fit.
fn to_i64(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
