//! Schemes: goals and plans, notification policies, missions.

use super::super::element::Element;
use super::super::value::name_of;
use super::{part, properties, references};
use crate::spec::{
    Argument, FunctionalSpecification, Goal, Mission, NotificationPolicy, Plan, Report, ReportArgument,
    ReportGoal, Scheme,
};

pub(super) fn specification(specification: &FunctionalSpecification) -> Option<Element> {
    part(specification, |functional| {
        Element::new("functional-specification", &functional.origin)
            .push(properties(&functional.properties))
            .push(functional.schemes.iter().map(scheme))
    })
}

fn scheme(scheme: &Scheme) -> Element {
    Element::new("scheme", &scheme.origin)
        .maybe("id", scheme.id.as_ref())
        .push(properties(&scheme.properties))
        .push(scheme.goal.as_ref().map(|root| goal("goal", root)))
        .push(scheme.notification_policies.iter().map(policy))
        .push(scheme.missions.iter().map(mission))
}

fn goal(name: &'static str, goal: &Goal) -> Element {
    Element::new(name, &goal.origin)
        .with("id", &goal.id)
        .maybe("min", goal.min)
        .maybe("ds", goal.description.as_ref())
        .maybe("type", goal.kind.map(name_of))
        .maybe("ttf", goal.time_to_fulfil.as_ref())
        .maybe("location", goal.location.as_ref())
        .push(properties(&goal.properties))
        .push(goal.arguments.iter().map(argument))
        .push(references(&goal.depends_on, "depends-on", "goal"))
        .push(goal.plan.as_ref().map(plan))
}

fn argument(argument: &Argument) -> Element {
    Element::new("argument", &argument.origin)
        .with("id", &argument.id)
        .maybe("value", argument.value.as_ref())
}

fn plan(plan: &Plan) -> Element {
    Element::new("plan", &plan.origin)
        .with("operator", name_of(plan.operator))
        .maybe("success-rate", plan.success_rate)
        .push(properties(&plan.properties))
        .push(plan.goals.iter().map(|child| goal("goal", child)))
}

fn policy(policy: &NotificationPolicy) -> Element {
    Element::new("notification-policy", &policy.origin)
        .with("id", &policy.id)
        .with("target", &policy.target)
        .with("condition", &policy.condition)
        .with("type", name_of(policy.kind))
        .push(properties(&policy.properties))
        .push(policy.reports.iter().map(report))
}

/// The schema fixes the order of the stages.
fn report(report: &Report) -> Element {
    let mut goals: Vec<_> = report.goals.iter().collect();
    goals.sort_by_key(|goal| goal.stage);
    Element::new("report", &report.origin)
        .with("id", &report.id)
        .push(report.arguments.iter().map(report_argument))
        .push(goals.into_iter().map(report_goal))
}

fn report_argument(argument: &ReportArgument) -> Element {
    Element::new("argument", &argument.origin).with("id", &argument.id).with("arity", &argument.arity)
}

fn report_goal(report: &ReportGoal) -> Element {
    goal(name_of(report.stage), &report.goal).maybe("when", report.when.as_ref())
}

fn mission(mission: &Mission) -> Element {
    Element::new("mission", &mission.origin)
        .with("id", &mission.id)
        .bounds(mission.cardinality)
        .push(properties(&mission.properties))
        .push(references(&mission.goals, "goal", "id"))
        .push(references(&mission.preferred, "preferred", "mission"))
}
