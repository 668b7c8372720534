//! Conditions: comparisons of like quantities, negations pushed down to them.

use super::{Checker, Measured, Truth};
use crate::condition::syntax::{
    Comparison, Condition, ConditionKind, Expression, ExpressionKind, Place, Quantifier,
};
use crate::condition::unit::{Dimension, Unit};

impl Checker<'_, '_> {
    /// `condition`, or its negation if `negated`.
    pub(super) fn truth(&mut self, condition: &Condition, negated: bool) -> Option<Truth> {
        match &condition.kind {
            ConditionKind::Constant(truth) => Some(Truth::Constant(*truth != negated)),
            ConditionKind::Or(parts) => {
                self.parts(parts, negated, if negated { Truth::All } else { Truth::Any })
            }
            ConditionKind::And(parts) => {
                self.parts(parts, negated, if negated { Truth::Any } else { Truth::All })
            }
            ConditionKind::Not(part) => self.truth(part, !negated),
            ConditionKind::Compare(left, comparison, right) => {
                let comparison = if negated { comparison.negated() } else { *comparison };
                self.compare((left, right), comparison, condition.place)
            }
            ConditionKind::Each(quantifier, part, over) => {
                let (part, over) = self.inside(over, condition.place, |inner| inner.truth(part, negated))?;
                let quantifier = match (quantifier, negated) {
                    (Quantifier::Any, false) | (Quantifier::All, true) => Quantifier::Any,
                    (Quantifier::All, false) | (Quantifier::Any, true) => Quantifier::All,
                };
                Some(Truth::Each(quantifier, Box::new(part), over))
            }
            ConditionKind::Missing(of) => {
                Some(Truth::Missing { of: self.value(of)?.value, wanted: !negated })
            }
            ConditionKind::Matches(name) => {
                let pattern = self.pattern(name, condition.place)?;
                Some(Truth::Matches { pattern, wanted: !negated })
            }
        }
    }

    /// All parts are checked, so that all that is wrong is reported.
    fn parts(&mut self, parts: &[Condition], negated: bool, join: fn(Vec<Truth>) -> Truth) -> Option<Truth> {
        let parts: Vec<_> = parts.iter().map(|part| self.truth(part, negated)).collect();
        parts.into_iter().collect::<Option<Vec<_>>>().map(join)
    }

    fn compare(&mut self, sides: (&Expression, &Expression), how: Comparison, place: Place) -> Option<Truth> {
        let (left, right) = (self.value(sides.0), self.value(sides.1));
        let (left, right) = (left?, right?);
        let unlike = |a: &Measured, b: &Measured| a.dimension.zip(b.dimension).filter(|(a, b)| a != b);
        if let Some((a, b)) = unlike(&left, &right) {
            let hint = unit_hint(sides.1, a).or_else(|| unit_hint(sides.0, b)).unwrap_or_default();
            let message = format!("compares {a} ({}) with {b} ({}){hint}", sides.0, sides.1);
            self.report.error(place, "dimension", message);
            return None;
        }
        Some(Truth::Compare(left.value, how, right.value))
    }

    fn pattern(&mut self, name: &str, place: Place) -> Option<usize> {
        let found = self.vocabulary.pattern_named(name);
        if found.is_none() {
            let known = self.vocabulary.patterns.iter().map(String::as_str);
            self.unknown(place, "pattern", name, known);
        }
        found
    }
}

/// `"; write …"`, if a literal merely lacks its unit.
pub(super) fn unit_hint(expression: &Expression, wanted: Dimension) -> Option<String> {
    let ExpressionKind::Literal(quantity) = &expression.kind else { return None };
    (quantity.unit == Unit::NONE).then(|| format!("; write \"{quantity} {}\"", wanted.symbol()))
}
