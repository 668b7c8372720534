//! Names, units and negations resolved: from what is written to what can be compiled.
//!
//! A [`CheckedCondition`] exists only if every name is known and every comparison is between like quantities. Its
//! inner tree is in negation normal form: `not` has been pushed down to comparisons (`not a > b` is `a <= b`),
//! quantifiers (`not any(c)` is `all(not c)`) and tests, so that nothing missing can make a negation true.

use super::hint::nearest;
use super::report::Report;
use super::service_set::ServiceSet;
use super::source::Source;
use super::syntax::{
    Additive, Aggregate, Comparison, Condition, Expression, Multiplicative, Place, Quantifier, Trend,
};
use super::unit::Dimension;
use super::vocabulary::Vocabulary;
use crate::Finding;
use crate::spec::Origin;
use karma_core::Metric;

mod condition;
mod expression;

/// How deeply aggregates over services may be nested: the cost of a program is a power of it.
pub const MAX_AGGREGATES: usize = 2;

/// Longest time that a trend may look back, in decisions: the memory of a column is a multiple of it.
pub const MAX_LAG: usize = 512;

/// Of whom a condition is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Once, of the whole system: metrics stand in aggregates or name a service.
    Once,
    /// Of each service in turn: a bare metric is that of the service (`self`).
    EachService,
}

/// A condition in which every name is known and every comparison is between like quantities.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedCondition {
    pub(super) written: Condition,
    pub(super) truth: Truth,
}

/// An expression in which every name is known and every sum is of like quantities.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedExpression {
    pub(super) written: Expression,
    pub(super) value: Value,
    pub(super) dimension: Option<Dimension>,
}

impl CheckedCondition {
    /// What was written.
    pub const fn written(&self) -> &Condition {
        &self.written
    }
}

impl CheckedExpression {
    /// What was written.
    pub const fn written(&self) -> &Expression {
        &self.written
    }

    /// What it measures.
    pub fn dimension(&self) -> Dimension {
        self.dimension.unwrap_or_default()
    }
}

/// A truth in negation normal form.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Truth {
    Constant(bool),
    All(Vec<Self>),
    Any(Vec<Self>),
    Compare(Value, Comparison, Value),
    Each(Quantifier, Box<Self>, Vec<ServiceSet>),
    Missing { of: Value, wanted: bool },
    Matches { pattern: usize, wanted: bool },
}

/// A number in base units.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Constant(f32),
    OfSelf(Metric),
    Read(Source),
    Aggregate(Aggregate, Box<Self>, Vec<ServiceSet>),
    Count(Box<Truth>, Vec<ServiceSet>),
    Trend(Trend, Box<Self>, usize),
    Negate(Box<Self>),
    Sum(Box<Self>, Vec<(Additive, Self)>),
    Product(Box<Self>, Vec<(Multiplicative, Self)>),
}

impl Condition {
    /// Resolves every name; adds what is wrong to `findings`, as of a text that stands at `origin`.
    ///
    /// ```
    /// use karma_core::{Seconds, Topology};
    /// use karma_org::condition::{Asked, Condition, Vocabulary};
    /// use karma_org::spec::Origin;
    ///
    /// let text = r#"{ "services": { "API": { "cpu": 500, "ram": 256, "computation_throughput": 100 } },
    ///                 "connections": [] }"#;
    /// let topology = Topology::read(text.as_bytes()).unwrap();
    /// let vocabulary = Vocabulary::new(&topology, Seconds(15.0));
    /// let mut findings = Vec::new();
    /// let condition = Condition::parse("pending_requests > cpu_usage").unwrap();
    /// assert!(condition.check(&vocabulary, Asked::EachService, &Origin::default(), &mut findings).is_none());
    /// assert_eq!(
    ///     findings[0].message,
    ///     "compares requests (pending_requests) with millicores (cpu_usage)"
    /// );
    /// ```
    pub fn check(
        &self,
        vocabulary: &Vocabulary<'_>,
        asked: Asked,
        origin: &Origin,
        findings: &mut Vec<Finding>,
    ) -> Option<CheckedCondition> {
        let truth = Checker::new(vocabulary, asked, Report { origin, findings }).truth(self, false)?;
        Some(CheckedCondition { written: self.clone(), truth })
    }
}

impl Expression {
    /// Resolves every name; adds what is wrong to `findings`, as of a text that stands at `origin`.
    pub fn check(
        &self,
        vocabulary: &Vocabulary<'_>,
        asked: Asked,
        origin: &Origin,
        findings: &mut Vec<Finding>,
    ) -> Option<CheckedExpression> {
        let measured = Checker::new(vocabulary, asked, Report { origin, findings }).value(self)?;
        Some(CheckedExpression {
            written: self.clone(),
            value: measured.value,
            dimension: measured.dimension,
        })
    }
}

/// A value and what it measures; `None` is zero, which fits every unit.
struct Measured {
    value: Value,
    dimension: Option<Dimension>,
}

struct Checker<'c, 'v> {
    vocabulary: &'c Vocabulary<'v>,
    has_subject: bool,
    aggregates: usize,
    report: Report<'c>,
}

impl<'c, 'v> Checker<'c, 'v> {
    fn new(vocabulary: &'c Vocabulary<'v>, asked: Asked, report: Report<'c>) -> Self {
        Self { vocabulary, has_subject: asked == Asked::EachService, aggregates: 0, report }
    }

    /// Checks the inside of an aggregate, where every service of the sets is asked in turn.
    fn inside<T>(
        &mut self,
        over: &[ServiceSet],
        place: Place,
        check: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<(T, Vec<ServiceSet>)> {
        let over = if over.is_empty() { vec![ServiceSet::All] } else { over.to_vec() };
        let sets_are_known = self.sets(&over, place);
        let outer = std::mem::replace(&mut self.has_subject, true);
        self.aggregates += 1;
        if self.aggregates > MAX_AGGREGATES {
            let message = format!("aggregates over services may be nested {MAX_AGGREGATES} deep");
            self.report.error(place, "nested-aggregates", message);
        }
        let inner = if self.aggregates > MAX_AGGREGATES { None } else { check(self) };
        self.aggregates -= 1;
        self.has_subject = outer;
        inner.filter(|_| sets_are_known).map(|inner| (inner, over))
    }

    fn sets(&mut self, over: &[ServiceSet], place: Place) -> bool {
        let mut known = true;
        for set in over {
            if let Some(problem) = set.problem(self.vocabulary.topology, self.has_subject) {
                known = false;
                self.report.error(place, "unknown-service", problem);
            } else if !set.needs_subject()
                && self.vocabulary.services(std::slice::from_ref(set), None).is_empty()
            {
                self.report.warning(place, "empty-set", format!("no service is in the set {set}"));
            }
        }
        known
    }

    fn unknown<'n>(
        &mut self,
        place: Place,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let message = format!("there is no {what} {name:?}{}", nearest(name, known));
        self.report.error(place, "unknown-name", message);
    }
}
