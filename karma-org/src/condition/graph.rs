//! The computation of a program as a graph in which equal computations are one node.
//!
//! Hash-consing (Ershov 1958; the "value numbering" of compilers): a node is built only if no equal one exists, so
//! `sum(pending_requests) > 0` in the rules of twenty services is computed once. Operations on constants are carried
//! out at once.

use indexmap::IndexSet;

use super::signals::SignalId;
use super::syntax::{Aggregate, Comparison};

/// A node, as an index in the order of construction: what a node needs comes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(pub(super) usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Arithmetic {
    /// The result, or NaN (missing) if it is not finite.
    pub(super) fn apply(self, left: f32, right: f32) -> f32 {
        finite(match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
        })
    }
}

/// `value`, or NaN if it is infinite.
pub(super) fn finite(value: f32) -> f32 {
    if value.abs() < f32::INFINITY { value } else { f32::NAN }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// A number, by its bits.
    Constant(u32),
    Signal(SignalId),
    Arithmetic(Arithmetic, NodeId, NodeId),
    Fold(Aggregate, Vec<NodeId>),
    Count(Vec<NodeId>),
    Truth(bool),
    Compare(Comparison, NodeId, NodeId),
    Missing {
        of: NodeId,
        wanted: bool,
    },
    Matches {
        pattern: usize,
        wanted: bool,
    },
    All(Vec<NodeId>),
    Any(Vec<NodeId>),
}

impl Node {
    /// The nodes that it needs.
    pub(super) fn inputs(&self) -> Vec<NodeId> {
        match self {
            Self::Constant(_) | Self::Signal(_) | Self::Truth(_) | Self::Matches { .. } => Vec::new(),
            Self::Arithmetic(_, left, right) | Self::Compare(_, left, right) => vec![*left, *right],
            Self::Missing { of, .. } => vec![*of],
            Self::Fold(_, parts) | Self::Count(parts) | Self::All(parts) | Self::Any(parts) => parts.clone(),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    nodes: IndexSet<Node>,
}

impl Graph {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn add(&mut self, node: Node) -> NodeId {
        NodeId(self.nodes.insert_full(node).0)
    }

    pub(super) fn constant(&mut self, value: f32) -> NodeId {
        self.add(Node::Constant(value.to_bits()))
    }

    fn number(&self, id: NodeId) -> Option<f32> {
        match self.node(id) {
            Node::Constant(bits) => Some(f32::from_bits(*bits)),
            _ => None,
        }
    }

    pub(super) fn arithmetic(&mut self, operator: Arithmetic, left: NodeId, right: NodeId) -> NodeId {
        match self.number(left).zip(self.number(right)) {
            Some((a, b)) => self.constant(operator.apply(a, b)),
            None => self.add(Node::Arithmetic(operator, left, right)),
        }
    }

    pub(super) fn fold(&mut self, aggregate: Aggregate, parts: Vec<NodeId>) -> NodeId {
        match (aggregate, parts.as_slice()) {
            (Aggregate::Sum, []) => self.constant(0.0),
            (_, []) => self.constant(f32::NAN),
            (_, [only]) => *only,
            _ => self.add(Node::Fold(aggregate, parts)),
        }
    }

    pub(super) fn count(&mut self, parts: Vec<NodeId>) -> NodeId {
        if parts.is_empty() { self.constant(0.0) } else { self.add(Node::Count(parts)) }
    }

    /// A comparison; a constant stands on the right.
    pub(super) fn compare(&mut self, comparison: Comparison, left: NodeId, right: NodeId) -> NodeId {
        match (self.number(left), self.number(right)) {
            (Some(a), Some(b)) => self.add(Node::Truth(comparison.holds(a, b))),
            (Some(_), None) => self.add(Node::Compare(comparison.mirrored(), right, left)),
            _ => self.add(Node::Compare(comparison, left, right)),
        }
    }

    pub(super) fn missing(&mut self, of: NodeId, wanted: bool) -> NodeId {
        match self.number(of) {
            Some(value) => self.add(Node::Truth(value.is_nan() == wanted)),
            None => self.add(Node::Missing { of, wanted }),
        }
    }

    /// Conjunction: `true` is left out, `false` decides, order and repetition do not matter.
    pub(super) fn all(&mut self, parts: Vec<NodeId>) -> NodeId {
        self.join(parts, true, Node::All)
    }

    /// Disjunction: `false` is left out, `true` decides, order and repetition do not matter.
    pub(super) fn any(&mut self, parts: Vec<NodeId>) -> NodeId {
        self.join(parts, false, Node::Any)
    }

    fn join(&mut self, mut parts: Vec<NodeId>, neutral: bool, node: fn(Vec<NodeId>) -> Node) -> NodeId {
        let constants = (self.add(Node::Truth(neutral)), self.add(Node::Truth(!neutral)));
        parts.retain(|part| *part != constants.0);
        parts.sort_unstable();
        parts.dedup();
        match parts.as_slice() {
            [] => constants.0,
            parts if parts.contains(&constants.1) => constants.1,
            [only] => *only,
            _ => self.add(node(parts)),
        }
    }
}
