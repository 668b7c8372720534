//! What goals are worth.

use std::collections::BTreeMap;

use super::{Compiler, names};
use crate::condition::{CheckedExpression, Dimension, Expression};
use crate::guide::binding::{GoalRewardGuide, Spot};
use crate::organization::{GoalId, Organization};

/// A goal with a meaning.
pub(super) enum Meaning {
    /// A value at every step.
    Value(CheckedExpression),
    /// A reward whenever pattern number `pattern` matches.
    Pattern { pattern: usize, reward: f32, once: bool },
}

/// The goals that have a meaning in which nothing was found wrong.
pub(super) struct CheckedGoals {
    pub(super) meanings: Vec<Meaning>,
    /// The meaning of each goal that the binding names.
    pub(super) index: BTreeMap<GoalId, usize>,
}

/// Checks all goals of the binding.
pub(super) fn check(compiler: &mut Compiler<'_>) -> CheckedGoals {
    let binding = compiler.binding;
    let mut goals = CheckedGoals { meanings: Vec::new(), index: BTreeMap::new() };
    for (name, goal) in &binding.goals {
        let spot = compiler.spot().field("goals").field(name);
        let ids = named(compiler.organization, name);
        if ids.is_empty() {
            let known = compiler.organization.goals().iter().map(|goal| goal.id.as_str());
            compiler.error_in_name("unknown-goal", spot, names::unknown("goal", name, known));
        }
        if let Some(meaning) = meaning(compiler, name, goal, spot) {
            goals.index.extend(ids.into_iter().map(|id| (id, goals.meanings.len())));
            goals.meanings.push(meaning);
        }
    }
    goals
}

/// The goals called `name`, or `scheme.name`: a bare name is that of all goals of the name, whatever their scheme.
pub(super) fn named(organization: &Organization, name: &str) -> Vec<GoalId> {
    let goals = organization.goals().iter_enumerated();
    let is_meant = |id: &str, scheme| {
        id == name || name.strip_suffix(id).and_then(|rest| rest.strip_suffix('.')) == Some(scheme)
    };
    let meant = goals.filter(|(_, goal)| is_meant(&goal.id, organization.schemes()[goal.scheme].id.as_str()));
    meant.map(|(id, _)| id).collect()
}

fn meaning(
    compiler: &mut Compiler<'_>,
    name: &str,
    goal: &GoalRewardGuide,
    spot: Spot<'_>,
) -> Option<Meaning> {
    match (&goal.value, &goal.pattern) {
        (Some(value), None) => {
            for (field, is_written) in [("reward", goal.reward.is_some()), ("once", goal.once.is_some())] {
                if is_written {
                    let message = format!("goal {name:?} has a `value`; `{field}` belongs to a `pattern`");
                    compiler.error("goal-meaning", spot.field(field), message);
                }
            }
            value_of(compiler, value, spot.field("value"))
        }
        (None, Some(pattern)) => pattern_of(compiler, name, goal, (pattern, spot)),
        _ => {
            let message = format!("goal {name:?} needs either a `value` or a `pattern` with a `reward`");
            compiler.error("goal-meaning", spot, message);
            None
        }
    }
}

fn value_of(compiler: &mut Compiler<'_>, text: &str, spot: Spot<'_>) -> Option<Meaning> {
    let origin = spot.origin();
    let parsed = Expression::parse_at(text, &origin, &mut compiler.findings)?;
    let value =
        parsed.check(&compiler.vocabulary, crate::condition::Asked::Once, &origin, &mut compiler.findings)?;
    if value.dimension() != Dimension::NONE {
        let message = format!(
            "a reward is a plain number, but this is one of {}: divide by what counts as much, such as `100 {}`",
            value.dimension(),
            value.dimension().symbol()
        );
        compiler.error("reward-unit", spot, message);
    }
    Some(Meaning::Value(value))
}

fn pattern_of(
    compiler: &mut Compiler<'_>,
    name: &str,
    goal: &GoalRewardGuide,
    (pattern, spot): (&str, Spot<'_>),
) -> Option<Meaning> {
    let reward = goal.reward.unwrap_or_default();
    compiler.number(reward, spot.field("reward"), f32::MIN..=f32::MAX, "a reward");
    if reward == 0.0 {
        let message = format!("goal {name:?} has a pattern, but no reward for it: add `reward: 1`");
        compiler.error("goal-meaning", spot, message);
    }
    let index = compiler.vocabulary.pattern_named(pattern);
    if index.is_none() {
        let known = compiler.binding.patterns.keys().map(String::as_str);
        compiler.error("unknown-pattern", spot.field("pattern"), names::unknown("pattern", pattern, known));
    }
    Some(Meaning::Pattern { pattern: index?, reward, once: goal.once.unwrap_or(false) })
}
