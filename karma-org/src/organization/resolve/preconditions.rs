//! What must be satisfied or released before a goal is enabled.

use karma_core::IdVec;

use crate::spec::PlanOperator;

use super::super::{GoalId, GoalNode, Precondition};
use super::Parts;

/// Derives the precondition of every goal, as `Goal.getPreConditionGoals` and `os2nopl` of MOISE do:
///
/// * what it explicitly depends on, then
/// * if it has a plan: the last goal of a sequence, or all goals of a parallel or choice plan;
/// * if it is a leaf: the goal before it in the nearest sequence around it that has one.
///
/// All of them must hold, but for a choice any of them is enough – *including* what the goal explicitly depends on.
/// O(goals · depth).
pub(super) fn derive(parts: &mut Parts) {
    let previous = previous(&parts.goals);
    let preconditions: Vec<Precondition> = parts.goals.ids().map(|goal| of(goal, parts, &previous)).collect();
    for (goal, precondition) in parts.goals.iter_mut().zip(preconditions) {
        goal.precondition = precondition;
    }
}

/// The goal before each goal in its sequence.
fn previous(goals: &IdVec<GoalId, GoalNode>) -> IdVec<GoalId, Option<GoalId>> {
    let mut previous = IdVec::filled(None, goals.len());
    let plans = goals.iter().filter_map(|goal| goal.plan.as_ref());
    for plan in plans.filter(|plan| plan.operator == PlanOperator::Sequence) {
        for pair in plan.goals.windows(2) {
            previous[pair[1]] = Some(pair[0]);
        }
    }
    previous
}

fn of(goal: GoalId, parts: &Parts, previous: &IdVec<GoalId, Option<GoalId>>) -> Precondition {
    let node = &parts.goals[goal];
    let mut waits_for = node.depends_on.clone();
    match &node.plan {
        Some(plan) if plan.operator == PlanOperator::Sequence => waits_for.extend(plan.goals.last()),
        Some(plan) => waits_for.extend(&plan.goals),
        None => waits_for.extend(before(goal, parts, previous)),
    }
    let mut seen = std::collections::BTreeSet::new();
    waits_for.retain(|goal| seen.insert(*goal));
    match &node.plan {
        Some(plan) if plan.operator == PlanOperator::Choice => {
            Precondition { all: Vec::new(), any: waits_for }
        }
        _ => Precondition { all: waits_for, any: Vec::new() },
    }
}

fn before(goal: GoalId, parts: &Parts, previous: &IdVec<GoalId, Option<GoalId>>) -> Option<GoalId> {
    let around = std::iter::successors(Some(goal), |goal| parts.goals[*goal].parent);
    around.into_iter().find_map(|goal| previous[goal])
}
