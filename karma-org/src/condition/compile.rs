//! Checked conditions to programs.

use karma_core::ServiceId;

use super::check::{CheckedCondition, CheckedExpression, Truth, Value};
use super::graph::{Arithmetic, Graph, Node, NodeId};
use super::program::Program;
use super::schedule::{Output, schedule};
use super::service_set::ServiceSet;
use super::signals::Signals;
use super::source::Source;
use super::syntax::{Additive, Multiplicative, Quantifier, Trend};
use super::vocabulary::Vocabulary;

/// A truth that a program computes, as an index into its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TruthId(pub(super) usize);

/// A number that a program computes, as an index into its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValueId(pub(super) usize);

/// Of whom a condition is compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instance {
    /// The service that is `self`; needed for what was checked as [`Asked::EachService`](super::Asked::EachService).
    pub subject: Option<ServiceId>,
    /// Row of the matches at which the patterns of the vocabulary begin: agents match patterns apart.
    pub patterns_from: usize,
}

impl Instance {
    /// The condition asked of one service.
    pub const fn of(subject: ServiceId) -> Self {
        Self { subject: Some(subject), patterns_from: 0 }
    }
}

/// What becomes of a number that is missing or out of bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Least value.
    pub low: f32,
    /// Greatest value.
    pub high: f32,
    /// The value where the expression is missing.
    pub missing: f32,
}

impl Limits {
    /// What a dense goal may be worth: [-1, 1], and nothing where it cannot be known.
    pub const GOAL: Self = Self { low: -1.0, high: 1.0, missing: 0.0 };
    /// Every finite number; 0 where it is missing.
    pub const FINITE: Self = Self { low: f32::MIN, high: f32::MAX, missing: 0.0 };

    pub(super) const fn apply(self, value: f32) -> f32 {
        if value.is_nan() { self.missing } else { value.max(self.low).min(self.high) }
    }
}

/// Collects conditions and expressions and makes one program of them, in which what they share is computed once.
///
/// Cost of compiling an instance: its length × services ^ (depth of aggregates).
#[derive(Debug)]
pub struct Compiler<'c, 'v> {
    vocabulary: &'c Vocabulary<'v>,
    signals: &'c mut Signals,
    graph: Graph,
    truths: Vec<NodeId>,
    values: Vec<(NodeId, Limits)>,
}

/// Where in space and time a part of a condition is asked.
#[derive(Clone, Copy)]
struct At {
    instance: Instance,
    lag: usize,
}

impl<'c, 'v> Compiler<'c, 'v> {
    /// A compiler without conditions; it adds to `signals` what its program reads.
    pub fn new(vocabulary: &'c Vocabulary<'v>, signals: &'c mut Signals) -> Self {
        Self { vocabulary, signals, graph: Graph::default(), truths: Vec::new(), values: Vec::new() }
    }

    /// Adds a condition. Where `self` is needed and `instance` has none, it is missing.
    pub fn condition(&mut self, condition: &CheckedCondition, instance: Instance) -> TruthId {
        let node = self.truth(&condition.truth, At { instance, lag: 0 });
        self.truths.push(node);
        TruthId(self.truths.len() - 1)
    }

    /// Adds an expression, whose value is kept in `limits`.
    pub fn value(&mut self, expression: &CheckedExpression, instance: Instance, limits: Limits) -> ValueId {
        let node = self.number(&expression.value, At { instance, lag: 0 });
        self.values.push((node, limits));
        ValueId(self.values.len() - 1)
    }

    /// The program that computes everything that was added.
    pub fn finish(self) -> Program {
        let truths = self.truths.iter().enumerate().map(|(index, node)| (*node, Output::Truth(index)));
        let value =
            |(index, (node, limits)): (usize, &(NodeId, Limits))| (*node, Output::Value(index, *limits));
        let outputs: Vec<_> = truths.chain(self.values.iter().enumerate().map(value)).collect();
        schedule(&self.graph, &outputs)
    }

    fn truth(&mut self, truth: &Truth, at: At) -> NodeId {
        match truth {
            Truth::Constant(truth) => self.graph.add(Node::Truth(*truth)),
            Truth::All(parts) => {
                let parts = parts.iter().map(|part| self.truth(part, at)).collect();
                self.graph.all(parts)
            }
            Truth::Any(parts) => {
                let parts = parts.iter().map(|part| self.truth(part, at)).collect();
                self.graph.any(parts)
            }
            Truth::Compare(left, comparison, right) => {
                let (left, right) = (self.number(left, at), self.number(right, at));
                self.graph.compare(*comparison, left, right)
            }
            Truth::Each(quantifier, part, over) => {
                let parts = self.over(over, at, |compiler, at| compiler.truth(part, at));
                match quantifier {
                    Quantifier::Any => self.graph.any(parts),
                    Quantifier::All => self.graph.all(parts),
                }
            }
            Truth::Missing { of, wanted } => {
                let of = self.number(of, at);
                self.graph.missing(of, *wanted)
            }
            Truth::Matches { pattern, wanted } => {
                let pattern = at.instance.patterns_from + pattern;
                self.graph.add(Node::Matches { pattern, wanted: *wanted })
            }
        }
    }

    fn number(&mut self, value: &Value, at: At) -> NodeId {
        match value {
            Value::Constant(value) => self.graph.constant(*value),
            Value::OfSelf(metric) => match at.instance.subject {
                Some(subject) => self.read(Source::Metric(subject, *metric), at),
                None => self.graph.constant(f32::NAN),
            },
            Value::Read(source) => self.read(*source, at),
            Value::Aggregate(how, of, over) => {
                let parts = self.over(over, at, |compiler, at| compiler.number(of, at));
                self.graph.fold(*how, parts)
            }
            Value::Count(of, over) => {
                let parts = self.over(over, at, |compiler, at| compiler.truth(of, at));
                self.graph.count(parts)
            }
            Value::Trend(trend, of, lag) => {
                let now = self.number(of, at);
                let then = self.number(of, At { lag: at.lag + lag, ..at });
                let how = match trend {
                    Trend::Change => Arithmetic::Subtract,
                    Trend::Growth => Arithmetic::Divide,
                };
                self.graph.arithmetic(how, now, then)
            }
            Value::Negate(of) => {
                let (minus_one, of) = (self.graph.constant(-1.0), self.number(of, at));
                self.graph.arithmetic(Arithmetic::Multiply, of, minus_one)
            }
            Value::Sum(first, rest) => self.chain(first, rest, at, |sign| match sign {
                Additive::Plus => Arithmetic::Add,
                Additive::Minus => Arithmetic::Subtract,
            }),
            Value::Product(first, rest) => self.chain(first, rest, at, |operator| match operator {
                Multiplicative::Times => Arithmetic::Multiply,
                Multiplicative::Over => Arithmetic::Divide,
            }),
        }
    }

    fn read(&mut self, source: Source, at: At) -> NodeId {
        let signal = self.signals.intern(source, at.lag);
        self.graph.add(Node::Signal(signal))
    }

    fn chain<O>(
        &mut self,
        first: &Value,
        rest: &[(O, Value)],
        at: At,
        how: impl Fn(&O) -> Arithmetic,
    ) -> NodeId {
        let mut left = self.number(first, at);
        for (operator, part) in rest {
            let right = self.number(part, at);
            left = self.graph.arithmetic(how(operator), left, right);
        }
        left
    }

    /// Asks every service of the sets.
    fn over(
        &mut self,
        sets: &[ServiceSet],
        at: At,
        mut ask: impl FnMut(&mut Self, At) -> NodeId,
    ) -> Vec<NodeId> {
        let services = self.vocabulary.services(sets, at.instance.subject);
        let inner = |service| At { instance: Instance { subject: Some(service), ..at.instance }, ..at };
        services.into_iter().map(|service| ask(self, inner(service))).collect()
    }
}
