//! An actor as an ONNX model: to be run by what knows neither this program nor its files.
//!
//! | | name | type | what it is |
//! |---|---|---|---|
//! | input | `observation` | float32 \[batch, n\] | as the environment gives it |
//! | input | `mask` | bool \[batch, actions\] | true: legal |
//! | output | `logits` | float32 \[batch, actions\] | −∞ where illegal |
//! | output | `log_probs` | float32 \[batch, actions\] | ln p of every action; −∞ where illegal |
//! | output | `action` | int64 \[batch\] | the most probable action, those that are alike counted as one; the first of them if several are |
//!
//! The graph is the network's definition, operator by operator: `LayerNormalization` where inputs of a layer are
//! normalised, `Gemm`, then `Tanh` or `Relu`; after the last layer `Where`, `LogSoftmax` and `ArgMax`. If one network
//! plays several agents, the code of the agent is a constant inside: the user gives the bare observation. A network that sees
//! rows in parts takes them apart and puts its outputs together by `Reshape`.
//!
//! Operator set 17 (the first with `LayerNormalization`) and version 8 of the representation, both of ONNX 1.12 (2022):
//! old enough for what is deployed. The same network gives the same bytes. What a runtime computes differs from
//! [`Mlp::forward`] by rounding only, since its sums have another order and its tanh is another; it promises nothing
//! for a row in which no action is legal, which [`MaskedCategorical`](crate::MaskedCategorical) refuses.
//!
//! Only feed-forward actors are exported, and no optimiser: for training on, keep the [`Checkpoint`](crate::Checkpoint).

mod graph;
#[cfg(test)]
mod interpreter;
mod proto;

use prost::Message as _;
use thiserror::Error;

use crate::Mlp;
use proto::{Entry, Model, OperatorSet};

/// The operator set that an exported model is written in.
pub const ONNX_OPSET: i64 = 17;
/// Version of the representation: the one that came with the operator set.
const IR_VERSION: i64 = 8;
/// Protocol buffers end at 2 GiB; this leaves room for names and shapes.
const MOST_PARAMETERS: usize = (1 << 29) - (1 << 20);

/// What is written into a model beside the network.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct OnnxOptions<'a> {
    /// The graph's name, usually that of the agent.
    pub name: &'a str,
    /// Values that follow every observation in the network's input, the code of an agent; may be empty.
    pub identity: &'a [f32],
    /// Which actions come to the same and count as one in the choice of `action`
    /// ([`MaskedCategorical::mode_among`](crate::MaskedCategorical::mode_among)); may be empty.
    pub alike: &'a [bool],
    /// The model's metadata, in this order.
    pub metadata: &'a [(&'a str, &'a str)],
}

/// Why a network cannot be written as an ONNX model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// The network remembers; the inputs and outputs of the graph have no place for that.
    #[error("the network is recurrent; allowed in an ONNX file: networks without a memory")]
    Recurrent,
    /// Not one flag for each action.
    #[error(
        "the actions that are alike are told by {found} flags; allowed: one for each of the {actions} actions, or none"
    )]
    Alike {
        /// How many flags.
        found: usize,
        /// How many actions.
        actions: usize,
    },
    /// The parts of a row have no common place for an identity.
    #[error(
        "the network sees {parts} parts of an observation; allowed: an identity only for networks that see it whole"
    )]
    IdentityOfParts {
        /// How many parts.
        parts: usize,
    },
    /// The identity leaves no room for an observation.
    #[error("the identity has {found} values; allowed: fewer than the {inputs} inputs of the network")]
    Identity {
        /// Its length.
        found: usize,
        /// Length of the network's input.
        inputs: usize,
    },
    /// A number is NaN or infinite.
    #[error("value {index} of `{name}` is {value}; allowed: finite numbers")]
    NonFinite {
        /// The parameter, as in `layers.0.weight`, or `identity`.
        name: String,
        /// Which of its values.
        index: usize,
        /// The value.
        value: String,
    },
    /// The model would not fit into the format.
    #[error("the network has {parameters} parameters; allowed in an ONNX file: at most {MOST_PARAMETERS}")]
    TooLarge {
        /// How many there are.
        parameters: usize,
    },
}

impl Mlp {
    /// The network as the bytes of an ONNX model, its outputs being the logits of actions.
    ///
    /// Inputs and outputs are those of the table in the module's head: `observation`, `mask`; `logits`, `log_probs`,
    /// `action`. The length of an observation is that of the network's input less the identity.
    ///
    /// # Errors
    /// If the network is recurrent, there is not a flag for each action or none, the identity is given to one that sees parts or is as long as the network's input or longer, a parameter is not finite, or there are more
    /// parameters than an ONNX file holds.
    pub fn to_onnx(&self, options: &OnnxOptions<'_>) -> Result<Vec<u8>, OnnxError> {
        if self.config().params().recurrent {
            return Err(OnnxError::Recurrent);
        }
        let (found, inputs) = (options.identity.len(), self.config().params().input);
        if found >= inputs {
            return Err(OnnxError::Identity { found, inputs });
        }
        let (found_alike, actions) = (options.alike.len(), self.config().params().output);
        if found_alike != 0 && found_alike != actions {
            return Err(OnnxError::Alike { found: found_alike, actions });
        }
        let parts = self.config().params().parts;
        if parts > 1 && found > 0 {
            return Err(OnnxError::IdentityOfParts { parts });
        }
        let parameters = self.parameter_count();
        if parameters > MOST_PARAMETERS {
            return Err(OnnxError::TooLarge { parameters });
        }
        let entry =
            |(key, value): &(&str, &str)| Entry { key: (*key).to_owned(), value: (*value).to_owned() };
        let model = Model {
            ir_version: IR_VERSION,
            producer_name: env!("CARGO_PKG_NAME").to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            graph: Some(graph::actor(self, options)?),
            opset_import: vec![OperatorSet { domain: String::new(), version: ONNX_OPSET }],
            metadata_props: options.metadata.iter().map(entry).collect(),
        };
        Ok(model.encode_to_vec())
    }
}

#[cfg(test)]
mod tests;
