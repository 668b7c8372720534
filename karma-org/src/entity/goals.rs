//! States of goals, and how they spread through plans.
//!
//! A goal that no mission has is satisfied by its plan: the last goal of a sequence, all goals of a parallel, one of
//! a choice (where released goals count, as they do for all that waits for them). Any other goal is satisfied by the
//! agents that are committed to it: all of them, or as many as it asks for. Impossibility spreads upwards too: a
//! sequence or parallel with an impossible goal is impossible, a choice without a possible one is, unless agents are
//! committed to the goal above; they decide themselves.
//!
//! **Differences from MOISE**, where its two engines (`moise.oe` and `os2nopl`) differ or count agents twice: an agent
//! that is committed to two missions with the same goal counts once; "all committed agents" are those committed now,
//! whoever else did the goal before leaving; a scheme's goals settle after every operation, not only after one on
//! goals; a goal below a satisfied or impossible one is waiting, not enabled.
//!
//! **Cost**: settling visits each goal once for each level of the goal tree.

use std::collections::BTreeSet;

use super::facts::Scope;
use super::formula::{Bindings, Facts as _, Term, holds};
use super::goal_state::GoalState;
use super::rules::ReportPart;
use super::state::{SchemeInstance, State};
use super::view::{Law, View};
use crate::Organization;
use crate::organization::{GoalId, Quorum};
use crate::spec::{PlanOperator, ReportStage};

impl View<'_> {
    /// Whether what a goal waits for is satisfied or released.
    pub(super) fn is_prepared(self, scheme: &SchemeInstance, goal: GoalId) -> bool {
        let precondition = &self.organization.goals()[goal].precondition;
        let settled = |goal: &GoalId| scheme.satisfied.contains(goal) || scheme.released.contains(goal);
        precondition.all.iter().all(settled)
            && (precondition.any.is_empty()
                || precondition.any.iter().any(|goal| scheme.satisfied.contains(goal))
                || precondition.any.iter().all(|goal| scheme.released.contains(goal)))
    }

    /// Whether agents can pursue a goal now (`enabled` of `os2nopl`, which does not ask whether the scheme is well
    /// formed).
    pub(super) fn is_enabled(self, name: &str, scheme: &SchemeInstance, goal: GoalId) -> bool {
        !self.is_automatic(goal)
            && !scheme.impossible.contains(&goal)
            && self.is_prepared(scheme, goal)
            && self.is_called_for(name, scheme, goal)
    }

    /// Whether a goal of a report is called for; goals of plans always are.
    fn is_called_for(self, name: &str, scheme: &SchemeInstance, goal: GoalId) -> bool {
        self.rules.parts_of(goal).is_none_or(|parts| {
            parts.iter().any(|part| {
                let facts = Scope { view: self, scheme: name, group: None };
                self.stage_is_open(&facts, scheme, part)
            })
        })
    }

    fn stage_is_open(self, facts: &Scope<'_>, scheme: &SchemeInstance, part: &ReportPart) -> bool {
        let report = &self.rules.reports()[part.report];
        let when = || holds(&part.when, facts, &Bindings::default());
        let condition = || holds(&report.condition, facts, &Bindings::default());
        let reached = |stage| report.goals_of(stage).any(|goal| scheme.satisfied.contains(&goal));
        let given = |predicate| {
            facts
                .tuples(predicate, 3)
                .iter()
                .any(|tuple| tuple.first() == Some(&Term::atom(report.id.as_str())))
        };
        match part.stage {
            ReportStage::Raise => condition() && when(),
            ReportStage::Handle => reached(ReportStage::Raise) && given("raised") && when(),
            ReportStage::Context => true,
            ReportStage::Request => {
                let ready =
                    report.goals_of(ReportStage::Context).next().is_none() || reached(ReportStage::Context);
                ready && condition() && when()
            }
            ReportStage::Account => reached(ReportStage::Request) && when(),
            ReportStage::Treatment => reached(ReportStage::Account) && given("account") && when(),
        }
    }

    /// The goals that a goal is part of, nearest first.
    pub(super) fn above(self, goal: GoalId) -> impl Iterator<Item = GoalId> {
        std::iter::successors(self.organization.goals()[goal].parent, move |goal| {
            self.organization.goals()[*goal].parent
        })
    }

    /// The state of a goal, given whether its scheme is well formed.
    pub(super) fn goal_state(
        self,
        name: &str,
        scheme: &SchemeInstance,
        goal: GoalId,
        well_formed: bool,
    ) -> GoalState {
        let needed = |this: Self| {
            !this
                .above(goal)
                .any(|above| scheme.satisfied.contains(&above) || scheme.impossible.contains(&above))
        };
        if scheme.satisfied.contains(&goal) {
            GoalState::Satisfied
        } else if scheme.impossible.contains(&goal) {
            GoalState::Impossible
        } else if scheme.failed.contains(&goal) {
            GoalState::Failed
        } else if scheme.released.contains(&goal) {
            GoalState::Released
        } else if well_formed && self.is_enabled(name, scheme, goal) && needed(self) {
            GoalState::Enabled
        } else {
            GoalState::Waiting
        }
    }

    /// Whether the facts say that a goal is satisfied now.
    fn becomes_satisfied(self, scheme: &SchemeInstance, goal: GoalId) -> bool {
        if self.is_automatic(goal) {
            return self.organization.goals()[goal].plan.is_some() && self.is_prepared(scheme, goal);
        }
        let done: BTreeSet<&str> =
            scheme.done.iter().filter(|(done, _)| *done == goal).map(|(_, agent)| agent.as_str()).collect();
        match self.organization.goals()[goal].quorum {
            Quorum::All => !done.is_empty() && self.committed_to(goal, scheme).is_subset(&done),
            Quorum::AtLeast(min) => done.len() as u64 >= u64::from(min),
        }
    }

    fn becomes_impossible(self, scheme: &SchemeInstance, goal: GoalId) -> bool {
        let Some(plan) = &self.organization.goals()[goal].plan else { return false };
        let impossible = |goal: &GoalId| scheme.impossible.contains(goal);
        let spreads = match plan.operator {
            PlanOperator::Choice => plan.goals.iter().all(impossible),
            PlanOperator::Sequence | PlanOperator::Parallel => plan.goals.iter().any(impossible),
        };
        spreads && self.committed_to(goal, scheme).is_empty()
    }
}

/// Adds all goals that are satisfied or impossible by now, until nothing more follows.
pub(super) fn settle(state: &mut State, law: Law<'_>) {
    let names: Vec<String> = state.schemes.keys().cloned().collect();
    for name in names {
        while let Some((satisfied, impossible)) = unsettled(law.view(state), &name) {
            if let Some(scheme) = state.schemes.get_mut(&name) {
                scheme.impossible.retain(|goal| !satisfied.contains(goal));
                scheme.satisfied.extend(satisfied);
                scheme.impossible.extend(impossible);
            }
        }
    }
}

fn unsettled(view: View<'_>, name: &str) -> Option<(Vec<GoalId>, Vec<GoalId>)> {
    let scheme = view.scheme(name)?;
    let goals = || {
        let all = view.organization.schemes()[scheme.specification].goals.iter().copied();
        all.filter(|goal| !scheme.satisfied.contains(goal))
    };
    let satisfied: Vec<GoalId> = goals().filter(|goal| view.becomes_satisfied(scheme, *goal)).collect();
    let possible = goals().filter(|goal| !scheme.impossible.contains(goal) && !satisfied.contains(goal));
    let impossible: Vec<GoalId> = possible.filter(|goal| view.becomes_impossible(scheme, *goal)).collect();
    (!satisfied.is_empty() || !impossible.is_empty()).then_some((satisfied, impossible))
}

/// All goals that a reset of one goal makes waiting again: the goal, the goals of its plan, and whatever waited for
/// one of these.
pub(super) fn reset_closure(organization: &Organization, goal: GoalId) -> BTreeSet<GoalId> {
    let mut closure = BTreeSet::new();
    let mut open = vec![(goal, true)];
    while let Some((goal, with_plan)) = open.pop() {
        let is_new = closure.insert(goal);
        let node = &organization.goals()[goal];
        if with_plan {
            open.extend(node.plan.iter().flat_map(|plan| plan.goals.iter().map(|sub| (*sub, true))));
        }
        if is_new {
            let goals = organization.schemes()[node.scheme].goals.iter();
            let waits = |other: &&GoalId| {
                let precondition = &organization.goals()[**other].precondition;
                precondition.all.contains(&goal) || precondition.any.contains(&goal)
            };
            open.extend(goals.filter(waits).map(|other| (*other, false)));
        }
    }
    closure
}
