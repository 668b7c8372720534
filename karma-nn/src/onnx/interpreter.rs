//! A reading of the ONNX specification for the tests: every operator by its definition, in double precision.
//!
//! Integers and truth values are numbers too; that types and shapes agree is for the checkers of ONNX itself, with
//! which exported files are compared outside of this crate (`benches/peers/onnx_check.py`).

use std::collections::BTreeMap;

use super::proto::{Array, BOOL, FLOAT, Graph, INT64, Node};

/// Numbers with their shape, row major.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Values {
    pub(super) shape: Vec<usize>,
    pub(super) data: Vec<f64>,
}

impl Values {
    pub(super) fn rows(width: usize, data: Vec<f64>) -> Self {
        Self { shape: vec![data.len() / width, width], data }
    }

    fn of(array: &Array) -> Self {
        let data: Vec<f64> = match array.data_type {
            FLOAT => array.raw_data.as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
            INT64 => array.raw_data.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b) as f64).collect(),
            BOOL => array.raw_data.iter().map(|flag| f64::from(*flag)).collect(),
            other => panic!("constants of type {other} are not in use"),
        };
        let shape: Vec<usize> = array.dims.iter().map(|dim| usize::try_from(*dim).unwrap()).collect();
        assert_eq!(data.len(), shape.iter().product::<usize>(), "{}", array.name);
        Self { shape, data }
    }

    fn width(&self) -> usize {
        *self.shape.last().unwrap()
    }

    /// The value at (row, column), that of a scalar, a row or a column being the same in all of its places.
    fn at(&self, (row, column): (usize, usize)) -> f64 {
        let width = self.shape.last().copied().unwrap_or(1);
        let row = if self.data.len() > width { row } else { 0 };
        self.data[row * width + if width > 1 { column } else { 0 }]
    }

    fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        Self { shape: self.shape.clone(), data: self.data.iter().map(|v| f(*v)).collect() }
    }

    fn by_row(&self, f: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        Self::rows(self.width(), self.data.chunks(self.width()).flat_map(f).collect())
    }
}

/// All values of the graph by name, from its inputs.
pub(super) fn run(graph: &Graph, inputs: Vec<(&str, Values)>) -> BTreeMap<String, Values> {
    let mut values: BTreeMap<String, Values> =
        graph.initializer.iter().map(|array| (array.name.clone(), Values::of(array))).collect();
    values.extend(inputs.into_iter().map(|(name, value)| (name.to_owned(), value)));
    for node in &graph.node {
        let [output] = &node.output[..] else { panic!("{} has several outputs", node.name) };
        let inputs: Vec<&Values> = node.input.iter().map(|name| &values[name]).collect();
        let result = apply(node, &inputs);
        assert!(values.insert(output.clone(), result).is_none(), "{output} is computed twice");
    }
    values
}

/// The width of the widest.
fn widest(values: &[&Values]) -> usize {
    values.iter().filter_map(|values| values.shape.last().copied()).max().unwrap_or(1)
}

/// (row, column) of each value of what several values come to together.
fn places(values: &[&Values]) -> impl Iterator<Item = (usize, usize)> + use<> {
    let width = widest(values);
    let count = values.iter().map(|values| values.data.len()).max().unwrap_or(0);
    (0..count).map(move |at| (at / width, at % width))
}

fn integer(node: &Node, name: &str) -> i64 {
    node.attribute.iter().find(|a| a.name == name).unwrap_or_else(|| panic!("{name} is missing")).i
}

fn apply(node: &Node, inputs: &[&Values]) -> Values {
    match (&node.op_type[..], inputs) {
        ("Shape", [x]) => Values { shape: vec![1], data: vec![x.shape[0] as f64] },
        ("Concat", [a, b]) if integer(node, "axis") == 0 => {
            Values { shape: vec![a.data.len() + b.data.len()], data: [&a.data[..], &b.data].concat() }
        }
        ("Concat", [a, b]) => {
            let rows = a.data.chunks(a.width()).zip(b.data.chunks(b.width()));
            Values::rows(a.width() + b.width(), rows.flat_map(|(a, b)| [a, b].concat()).collect())
        }
        ("Expand", [x, shape]) => {
            let rows = (0_u32..1 << 20).take_while(|row| f64::from(*row) < shape.data[0]).count();
            Values::rows(x.width(), x.data.repeat(rows))
        }
        ("Reshape", [x, shape]) => {
            assert_eq!(shape.data[0], -1.0);
            let width = (0_u32..1 << 20).take_while(|width| f64::from(*width) < shape.data[1]).count();
            Values::rows(width, x.data.clone())
        }
        ("LayerNormalization", [x, gain, bias]) => normalise(node, x, gain, bias),
        ("Gemm", [x, weight, bias]) => {
            let sum = |row: &[f64], j: usize| -> f64 {
                row.iter().zip(weight.data[j..].iter().step_by(weight.width())).map(|(x, w)| x * w).sum()
            };
            let rows = x.data.chunks(x.width());
            let outputs = |row| (0..weight.width()).map(move |j| sum(row, j) + bias.data[j]);
            Values::rows(weight.width(), rows.flat_map(outputs).collect())
        }
        ("Tanh", [x]) => x.map(f64::tanh),
        ("Relu", [x]) => x.map(|v| v.max(0.0)),
        ("Where", [condition, then, otherwise]) => {
            let data = places(inputs).map(|place| {
                let chosen = if condition.at(place) == 0.0 { otherwise } else { then };
                chosen.at(place)
            });
            Values::rows(widest(inputs), data.collect())
        }
        ("And", [a, b]) => {
            let data = places(inputs).map(|place| a.at(place) * b.at(place));
            Values::rows(widest(inputs), data.collect())
        }
        ("ReduceLogSumExp", [x]) => {
            let axes = node.attribute.iter().find(|attribute| attribute.name == "axes").unwrap();
            assert_eq!((&axes.ints[..], integer(node, "keepdims")), (&[-1][..], 1));
            let log_sum = |row: &[f64]| row.iter().map(|v| v.exp()).sum::<f64>().ln();
            Values::rows(1, x.data.chunks(x.width()).map(log_sum).collect())
        }
        ("LogSoftmax", [x]) => x.by_row(|row| {
            let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let log_sum = max + row.iter().map(|z| (z - max).exp()).sum::<f64>().ln();
            row.iter().map(|z| z - log_sum).collect()
        }),
        ("ArgMax", [x]) => {
            assert_eq!((integer(node, "keepdims"), integer(node, "select_last_index")), (0, 0));
            let first =
                |row: &[f64]| (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best });
            let data: Vec<f64> = x.data.chunks(x.width()).map(|row| first(row) as f64).collect();
            Values { shape: vec![data.len()], data }
        }
        (other, inputs) => panic!("{other} of {} inputs is not in use", inputs.len()),
    }
}

fn normalise(node: &Node, x: &Values, gain: &Values, bias: &Values) -> Values {
    let epsilon = node.attribute.iter().find(|a| a.name == "epsilon").map(|a| f64::from(a.f)).unwrap();
    x.by_row(|row| {
        let n = row.len() as f64;
        let mean = row.iter().sum::<f64>() / n;
        let deviation = (row.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n + epsilon).sqrt();
        let affine = gain.data.iter().zip(&bias.data);
        row.iter().zip(affine).map(|(v, (gain, bias))| (v - mean) / deviation * gain + bias).collect()
    })
}
