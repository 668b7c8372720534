//! The condition language: when a rule fires, and what a dense goal is worth.
//!
//! API in one look (what each file is for):
//!
//! * [`Condition::parse`], [`Expression::parse`] (`parse`): text to syntax tree; `Display` writes it back.
//! * [`Vocabulary`]: what names mean; [`ServiceSet`]: sets of services; [`Quantity`], [`Unit`], [`Dimension`].
//! * `Condition::check(&self, &Vocabulary, Asked, &Origin, &mut Vec<Finding>) -> Option<CheckedCondition>` and the
//!   same for `Expression` -> `CheckedExpression` (with `dimension()`): names, units, dimensions.
//! * `Signals`: the columns that all programs of one guide read; `Compiler::new(&Vocabulary, &mut Signals)`,
//!   `.condition(&CheckedCondition, Instance) -> TruthId`, `.value(&CheckedExpression, Instance, Limits) -> ValueId`,
//!   `.finish() -> Program`. One `Program` computes many results and shares what they have in common.
//!   `Instance { subject: Option<ServiceId>, patterns_from: usize }`: the service that is `self`, and where the
//!   matches of this agent's patterns begin.
//! * `Columns::new(&Signals, environments)`, `.begin(env)` forgets, `.write(env, &State)` adds a state.
//! * `Program::outcome(environments) -> Outcome` allocates once; `Program::evaluate(&Columns, matches: &[bool],
//!   &mut Outcome)`; `Outcome::truth(TruthId) -> &[bool]`, `Outcome::value(ValueId) -> &[f32]` (always finite).
//!   `matches` is `[pattern][environment]`.
//! * `CheckedCondition::explain(..) -> Explanation`, `CheckedExpression::explain(..)`: the scalar interpreter.

mod check;
mod compile;
mod display;
mod explain;
mod graph;
mod hint;
mod parse;
mod program;
mod report;
mod schedule;
mod service_set;
mod signals;
mod source;
mod syntax;
#[cfg(test)]
pub(crate) mod testing;
mod token;
mod unit;
mod vocabulary;

pub use check::{Asked, CheckedCondition, CheckedExpression, MAX_AGGREGATES, MAX_LAG};
pub use compile::{Compiler, Instance, Limits, TruthId, ValueId};
pub use explain::{Answer, Explanation, Moment};
pub use parse::MAX_DEPTH;
pub use program::{Outcome, Program};
pub use service_set::ServiceSet;
pub use signals::{Columns, SignalId, Signals};
pub use source::{Source, SystemTerm};
pub use syntax::{
    Additive, Aggregate, Comparison, Condition, ConditionKind, Expression, ExpressionKind, Multiplicative,
    Place, Quantifier, Trend,
};
pub use unit::{Dimension, Quantity, Unit};
pub use vocabulary::Vocabulary;
