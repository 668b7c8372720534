//! Schemes: goals and plans, notification policies, missions.

use super::super::element::Element;
use super::super::value;
use super::{properties, references};
use crate::spec::{
    Argument, FunctionalSpecification, Goal, Mission, NotificationPolicy, Plan, Report, ReportArgument,
    ReportGoal, Scheme,
};

pub(super) fn specification(element: &Element) -> FunctionalSpecification {
    FunctionalSpecification {
        properties: properties(element),
        schemes: element.all("scheme").map(scheme).collect(),
        origin: element.origin.clone(),
    }
}

fn scheme(element: &Element) -> Scheme {
    Scheme {
        id: element.text("id"),
        properties: properties(element),
        goal: element.one("goal").map(goal),
        notification_policies: element.all("notification-policy").map(policy).collect(),
        missions: element.all("mission").map(mission).collect(),
        origin: element.origin.clone(),
    }
}

fn goal(element: &Element) -> Goal {
    Goal {
        id: element.required("id"),
        description: element.text("ds"),
        min: element.count("min"),
        kind: element.keyword("type"),
        time_to_fulfil: element.text("ttf"),
        location: element.text("location"),
        properties: properties(element),
        arguments: element.all("argument").map(argument).collect(),
        depends_on: references(element, "depends-on", "goal"),
        plan: element.one("plan").map(plan),
        origin: element.origin.clone(),
    }
}

fn argument(element: &Element) -> Argument {
    Argument { id: element.required("id"), value: element.text("value"), origin: element.origin.clone() }
}

fn plan(element: &Element) -> Plan {
    Plan {
        operator: element.keyword("operator").unwrap_or_default(),
        success_rate: element.real("success-rate"),
        properties: properties(element),
        goals: element.all("goal").map(goal).collect(),
        origin: element.origin.clone(),
    }
}

fn policy(element: &Element) -> NotificationPolicy {
    NotificationPolicy {
        id: element.required("id"),
        target: element.required("target"),
        condition: element.required("condition"),
        kind: element.keyword("type").unwrap_or_default(),
        properties: properties(element),
        reports: element.all("report").map(report).collect(),
        origin: element.origin.clone(),
    }
}

/// Goals of one stage keep their order; the stages themselves are brought into the order of the schema.
fn report(element: &Element) -> Report {
    let mut goals: Vec<_> = element.children.iter().filter_map(report_goal).collect();
    goals.sort_by_key(|goal| goal.stage);
    Report {
        id: element.required("id"),
        arguments: element.all("argument").map(report_argument).collect(),
        goals,
        origin: element.origin.clone(),
    }
}

fn report_argument(element: &Element) -> ReportArgument {
    ReportArgument {
        id: element.required("id"),
        arity: element.integer("arity").unwrap_or_default(),
        origin: element.origin.clone(),
    }
}

fn report_goal(element: &Element) -> Option<ReportGoal> {
    let stage = value::keyword(&element.name)?;
    Some(ReportGoal { stage, when: element.text("when"), goal: goal(element) })
}

fn mission(element: &Element) -> Mission {
    Mission {
        id: element.required("id"),
        cardinality: element.cardinality(),
        properties: properties(element),
        goals: references(element, "goal", "id"),
        preferred: references(element, "preferred", "mission"),
        origin: element.origin.clone(),
    }
}
