//! Syntax trees as text: what is written reads back as the same tree, with as few parentheses as that needs.

use std::fmt;

use super::service_set::{ServiceSet, quoted};
use super::syntax::{Condition, ConditionKind, Expression, ExpressionKind};

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for ConditionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(truth) => write!(f, "{truth}"),
            Self::Or(parts) => joined(f, parts, " or ", |part| matches!(part.kind, Self::Or(_))),
            Self::And(parts) => joined(f, parts, " and ", |part| part.kind.joins()),
            Self::Not(part) => {
                f.write_str("not ")?;
                guarded(f, part, part.kind.joins())
            }
            Self::Compare(left, comparison, right) => write!(f, "{left} {comparison} {right}"),
            Self::Each(quantifier, part, over) => {
                write!(f, "{quantifier}({part}")?;
                sets(f, over)
            }
            Self::Missing(of) => write!(f, "missing({of})"),
            Self::Matches(pattern) => write!(f, "matches({})", quoted(pattern)),
        }
    }
}

impl ConditionKind {
    const fn joins(&self) -> bool {
        matches!(self, Self::Or(_) | Self::And(_))
    }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[Condition],
    between: &str,
    needs_guard: impl Fn(&Condition) -> bool,
) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        guarded(f, part, needs_guard(part))?;
    }
    Ok(())
}

fn guarded(f: &mut fmt::Formatter<'_>, part: &impl fmt::Display, guard: bool) -> fmt::Result {
    if guard { write!(f, "({part})") } else { part.fmt(f) }
}

/// `, set, set)`.
fn sets(f: &mut fmt::Formatter<'_>, over: &[ServiceSet]) -> fmt::Result {
    for set in over {
        write!(f, ", {set}")?;
    }
    f.write_str(")")
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for ExpressionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(quantity) => quantity.fmt(f),
            Self::Name(name) => f.write_str(name),
            Self::Of(metric, service) => write!(f, "{metric} of {}", quoted(service)),
            Self::Aggregate(aggregate, of, over) => {
                write!(f, "{aggregate}({of}")?;
                sets(f, over)
            }
            Self::Count(of, over) => {
                write!(f, "count({of}")?;
                sets(f, over)
            }
            Self::Trend(trend, of, ago) => write!(f, "{trend}({of}, {ago})"),
            Self::Negate(of) => {
                f.write_str("-")?;
                guarded(f, of, of.kind.is_chain())
            }
            Self::Sum(first, rest) => chain(f, first, rest, |part| matches!(part.kind, Self::Sum(..))),
            Self::Product(first, rest) => chain(f, first, rest, |part| part.kind.is_chain()),
        }
    }
}

impl ExpressionKind {
    const fn is_chain(&self) -> bool {
        matches!(self, Self::Sum(..) | Self::Product(..))
    }
}

fn chain(
    f: &mut fmt::Formatter<'_>,
    first: &Expression,
    rest: &[(impl fmt::Display, Expression)],
    needs_guard: impl Fn(&Expression) -> bool,
) -> fmt::Result {
    guarded(f, first, needs_guard(first))?;
    for (operator, part) in rest {
        write!(f, " {operator} ")?;
        guarded(f, part, needs_guard(part))?;
    }
    Ok(())
}
