//! Schemes and their goals: the goal tree from its root, parents before children, then the goals of reports.

use std::time::Duration;

use karma_core::Id as _;

use crate::spec::{Goal, GoalKind, NotificationPolicy, Origin, Plan, Reference, Scheme};

use super::super::time;
use super::super::{GoalId, GoalNode, PlanNode, Precondition, Quorum, SchemeId, SchemeNode};
use super::{Parts, Report, named, push};

pub(super) fn resolve(schemes: &[&Scheme], parts: &mut Parts, report: &mut Report) {
    for scheme in schemes {
        let name = scheme.id.as_deref().unwrap_or_default();
        let node = SchemeNode {
            id: name.to_owned(),
            // Without a root goal there is an error, and nobody will ask for it.
            root: GoalId::from_index(parts.goals.len()),
            goals: Vec::new(),
            missions: Vec::new(),
            origin: scheme.origin.clone(),
        };
        let id = push(&mut parts.schemes, node);
        if parts.index.schemes.contains_key(name) {
            report.error("duplicate-scheme", &scheme.origin, format!("scheme {name:?} is specified twice"));
        } else {
            parts.index.schemes.insert(name.to_owned(), id);
        }
        goals(scheme, id, parts, report);
    }
}

fn goals(scheme: &Scheme, id: SchemeId, parts: &mut Parts, report: &mut Report) {
    let mut tree =
        Tree { scheme: id, name: scheme.id.as_deref().unwrap_or_default(), dependencies: Vec::new() };
    match &scheme.goal {
        Some(root) => tree.add(root, parts, report),
        None => {
            report.error("missing-goal", &scheme.origin, format!("scheme {:?} has no root goal", tree.name));
        }
    }
    for report_goal in scheme.notification_policies.iter().flat_map(report_goals) {
        tree.add(report_goal, parts, report);
    }
    for (goal, depends_on) in std::mem::take(&mut tree.dependencies) {
        tree.depend(goal, depends_on, parts, report);
    }
    for policy in &scheme.notification_policies {
        tree.watch(policy, parts, report);
    }
}

fn report_goals(policy: &NotificationPolicy) -> impl Iterator<Item = &Goal> {
    policy.reports.iter().flat_map(|report| &report.goals).map(|report_goal| &report_goal.goal)
}

/// The goals of one scheme while they are collected.
struct Tree<'s> {
    scheme: SchemeId,
    name: &'s str,
    /// Goals and what they depend on, to be resolved when all goals are known: a goal may depend on a later one.
    dependencies: Vec<(GoalId, &'s [Reference])>,
}

impl<'s> Tree<'s> {
    fn add(&mut self, root: &'s Goal, parts: &mut Parts, report: &mut Report) {
        let mut open: Vec<(Option<GoalId>, &'s Goal)> = vec![(None, root)];
        while let Some((parent, goal)) = open.pop() {
            let node = self.node(goal, parent, report);
            let id = push(&mut parts.goals, node);
            parts.schemes[self.scheme].goals.push(id);
            self.register(goal, id, parts, report);
            if let Some(plan) = parent.and_then(|parent| parts.goals[parent].plan.as_mut()) {
                plan.goals.push(id);
            }
            if !goal.depends_on.is_empty() {
                self.dependencies.push((id, &goal.depends_on));
            }
            let children = goal.plan.iter().flat_map(|plan| plan.goals.iter().rev());
            open.extend(children.map(|child| (Some(id), child)));
        }
    }

    fn node(&self, goal: &Goal, parent: Option<GoalId>, report: &mut Report) -> GoalNode {
        let element = format!("goal {:?} of scheme {:?}", goal.id, self.name);
        GoalNode {
            id: goal.id.clone(),
            scheme: self.scheme,
            description: goal.description.clone(),
            kind: goal.kind.unwrap_or_default(),
            quorum: quorum(goal),
            time_to_fulfil: duration(goal.time_to_fulfil.as_deref(), &element, &goal.origin, report),
            location: goal.location.clone(),
            parent,
            plan: goal.plan.as_ref().map(|plan| self::plan(plan, &element, report)),
            depends_on: Vec::new(),
            precondition: Precondition::default(),
            missions: Vec::new(),
            origin: goal.origin.clone(),
        }
    }

    fn register(&self, goal: &Goal, id: GoalId, parts: &mut Parts, report: &mut Report) {
        named(&goal.id, "goal", &goal.origin, report);
        if parts.index.goal(&parts.goals, self.scheme, &goal.id).is_some() {
            let message = format!("goal {:?} is specified twice in scheme {:?}", goal.id, self.name);
            report.error("duplicate-goal", &goal.origin, message);
        } else {
            parts.index.goals.entry(goal.id.clone()).or_default().push(id);
        }
    }

    fn depend(&self, goal: GoalId, depends_on: &[Reference], parts: &mut Parts, report: &mut Report) {
        for reference in depends_on {
            let what = format!("goal {:?} of scheme {:?} depends on", parts.goals[goal].id, self.name);
            if let Some(first) = self.find((&reference.id, &reference.origin), &what, parts, report)
                && !parts.goals[goal].depends_on.contains(&first)
            {
                parts.goals[goal].depends_on.push(first);
            }
        }
    }

    fn watch(&self, policy: &NotificationPolicy, parts: &Parts, report: &mut Report) {
        let what = format!("notification policy {:?} of scheme {:?} watches", policy.id, self.name);
        self.find((&policy.target, &policy.origin), &what, parts, report);
    }

    fn find(
        &self,
        (id, origin): (&str, &Origin),
        what: &str,
        parts: &Parts,
        report: &mut Report,
    ) -> Option<GoalId> {
        let found = parts.index.goal(&parts.goals, self.scheme, id);
        if found.is_none() {
            let known = parts.schemes[self.scheme].goals.iter().map(|goal| parts.goals[*goal].id.as_str());
            let message =
                format!("{what} goal {id:?}, which is not in that scheme{}", report.hint(id, known));
            report.error("unknown-goal", origin, message);
        }
        found
    }
}

/// What is written, except that one agent is enough for a state that is reached once.
fn quorum(goal: &Goal) -> Quorum {
    match (goal.min, goal.kind) {
        (Some(min), _) => Quorum::AtLeast(min),
        (None, Some(GoalKind::Achievement)) => Quorum::AtLeast(1),
        (None, _) => Quorum::All,
    }
}

fn plan(plan: &Plan, element: &str, report: &mut Report) -> PlanNode {
    if plan.goals.is_empty() {
        report.error(
            "empty-plan",
            &plan.origin,
            format!("the plan of {element} has no goals; leave the plan out"),
        );
    }
    if let Some(rate) = plan.success_rate
        && !(0.0..=1.0).contains(&rate)
    {
        let message = format!("the plan of {element} has success rate {rate}; allowed is 0 to 1");
        report.error("bad-success-rate", &plan.origin, message);
    }
    PlanNode { operator: plan.operator, success_rate: plan.success_rate, goals: Vec::new() }
}

/// A time to fulfil; `None` is for ever.
pub(super) fn duration(
    text: Option<&str>,
    element: &str,
    origin: &Origin,
    report: &mut Report,
) -> Option<Duration> {
    let text = text?;
    time::duration(text).unwrap_or_else(|time::NotADuration| {
        let message = format!("{element} is to be fulfilled within {text:?}; allowed is {}", time::ALLOWED);
        report.error("bad-duration", origin, message);
        None
    })
}
