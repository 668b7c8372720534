//! The same conditions one state at a time, straight from what was written, with reasons: to be read, and to hold
//! the compiled form to.
//!
//! The interpreter knows nothing of negation normal form or of NaN: a number that is missing is `None`, and truth is
//! that of Kleene's strong three-valued logic (*Introduction to Metamathematics*, 1952), in which a comparison with
//! something missing is *unknown*, and unknown parts decide nothing (`false and unknown` is false). At the end unknown
//! counts as false. That this is what programs compute is a theorem about negation normal forms, and a test.

use std::fmt;

use karma_core::{ServiceId, State};

use super::check::{CheckedCondition, CheckedExpression};
use super::compile::Instance;
use super::service_set::ServiceSet;
use super::syntax::{Condition, ConditionKind, Quantifier};
use super::vocabulary::Vocabulary;

mod number;

/// What one environment knows at a decision.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'m> {
    /// The present state first, then that of one decision ago, and so on as far as is known.
    pub past: &'m [&'m State],
    /// Whether each pattern matches, in rows as [`Instance::patterns_from`] counts them.
    pub matches: &'m [bool],
}

/// What a condition or an expression comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// A truth, or unknown.
    Truth(Option<bool>),
    /// A number in base units, or missing.
    Number(Option<f32>),
}

/// A condition or an expression, what it comes to, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// One line: `pending_requests of Auth = 45 requests > queue_threshold = 30 requests: true`.
    pub text: String,
    /// What it comes to.
    pub answer: Answer,
    /// What that rests on.
    pub reasons: Vec<Self>,
}

impl Explanation {
    /// Whether it is true; unknown is not.
    pub fn holds(&self) -> bool {
        self.answer == Answer::Truth(Some(true))
    }

    /// The number, unless it is missing or this is a condition.
    pub const fn number(&self) -> Option<f32> {
        match self.answer {
            Answer::Number(value) => value,
            Answer::Truth(_) => None,
        }
    }

    fn indented(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        writeln!(f, "{:1$}{2}", "", 2 * depth, self.text)?;
        self.reasons.iter().try_for_each(|reason| reason.indented(f, depth + 1))
    }
}

impl fmt::Display for Explanation {
    /// One line for each part, indented below what it is a part of.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.indented(f, 0)
    }
}

impl CheckedCondition {
    /// Asks the condition of one moment, and says why. `vocabulary` is the one it was checked with.
    ///
    /// Cost: its length × services ^ (depth of aggregates), with allocations: not for a training loop.
    pub fn explain(
        &self,
        vocabulary: &Vocabulary<'_>,
        instance: Instance,
        moment: Moment<'_>,
    ) -> Explanation {
        let at = At { subject: instance.subject, lag: 0 };
        Interpreter { vocabulary, moment, patterns_from: instance.patterns_from }.condition(&self.written, at)
    }
}

impl CheckedExpression {
    /// Computes the expression at one moment, and says why. `vocabulary` is the one it was checked with.
    pub fn explain(
        &self,
        vocabulary: &Vocabulary<'_>,
        instance: Instance,
        moment: Moment<'_>,
    ) -> Explanation {
        let at = At { subject: instance.subject, lag: 0 };
        let interpreter = Interpreter { vocabulary, moment, patterns_from: instance.patterns_from };
        interpreter.number(&self.written, at).explanation()
    }
}

/// Where in space and time a part is asked.
#[derive(Clone, Copy)]
struct At {
    subject: Option<ServiceId>,
    lag: usize,
}

struct Interpreter<'i, 'v> {
    vocabulary: &'i Vocabulary<'v>,
    moment: Moment<'i>,
    patterns_from: usize,
}

impl Interpreter<'_, '_> {
    fn condition(&self, condition: &Condition, at: At) -> Explanation {
        let (what, truth, reasons) = match &condition.kind {
            ConditionKind::Constant(truth) => (condition.to_string(), Some(*truth), Vec::new()),
            ConditionKind::Or(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.condition(part, at)).collect();
                ("at least one of".to_owned(), quantified(Quantifier::Any, &parts), parts)
            }
            ConditionKind::And(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.condition(part, at)).collect();
                ("all of".to_owned(), quantified(Quantifier::All, &parts), parts)
            }
            ConditionKind::Not(part) => {
                let part = self.condition(part, at);
                ("not".to_owned(), truth_of(&part).map(|truth| !truth), vec![part])
            }
            ConditionKind::Compare(left, comparison, right) => {
                let (left, right) = (self.number(left, at), self.number(right, at));
                let truth = left.value.zip(right.value).map(|(a, b)| comparison.holds(a, b));
                let text = format!("{} {comparison} {}", left.text, right.text);
                (text, truth, left.reasons.into_iter().chain(right.reasons).collect())
            }
            ConditionKind::Each(quantifier, part, over) => {
                let parts = self.each(over, at, |at| self.condition(part, at));
                (condition.to_string(), quantified(*quantifier, &parts), parts)
            }
            ConditionKind::Missing(of) => {
                let of = self.number(of, at);
                (format!("missing({})", of.text), Some(of.value.is_none()), of.reasons)
            }
            ConditionKind::Matches(name) => (condition.to_string(), self.matches(name), Vec::new()),
        };
        let outcome = truth.map_or("unknown", |truth| if truth { "true" } else { "false" });
        Explanation { text: format!("{what}: {outcome}"), answer: Answer::Truth(truth), reasons }
    }

    /// Asks every service of the sets in turn; no set means all services.
    fn each<T>(&self, over: &[ServiceSet], at: At, ask: impl Fn(At) -> T) -> Vec<T> {
        let all = [ServiceSet::All];
        let over = if over.is_empty() { &all } else { over };
        let services = self.vocabulary.services(over, at.subject);
        services.into_iter().map(|service| ask(At { subject: Some(service), ..at })).collect()
    }

    fn matches(&self, name: &str) -> Option<bool> {
        let pattern = self.vocabulary.pattern_named(name)?;
        self.moment.matches.get(self.patterns_from + pattern).copied()
    }
}

fn truth_of(explanation: &Explanation) -> Option<bool> {
    match explanation.answer {
        Answer::Truth(truth) => truth,
        Answer::Number(_) => None,
    }
}

/// A part that decides, decides; else an unknown part makes the whole unknown.
fn quantified(quantifier: Quantifier, parts: &[Explanation]) -> Option<bool> {
    let decisive = quantifier == Quantifier::Any;
    let has = |truth| parts.iter().any(|part| truth_of(part) == truth);
    match (has(Some(decisive)), has(None)) {
        (true, _) => Some(decisive),
        (false, true) => None,
        (false, false) => Some(!decisive),
    }
}
