//! Goal trees and missions in words.

use std::fmt::Write as _;

use karma_core::IdVec;

use crate::organization::{GoalId, MissionNode, Organization, SchemeNode};
use crate::spec::PlanOperator;

use crate::draw::names::Names;
use crate::draw::phrases::{goal_notes, operator, spoken};
use crate::draw::text::{listed, one_line};

/// A scheme: its goal tree, and its missions.
pub(super) fn scheme(organization: &Organization, names: &Names<'_>, scheme: &SchemeNode) -> Vec<String> {
    let mut lines = vec![format!("Scheme {}", one_line(&scheme.id))];
    lines.extend(tree(organization, names, scheme));
    if !scheme.missions.is_empty() {
        lines.push("  Missions".to_owned());
    }
    let missions = scheme.missions.iter().map(|mission| &organization.missions()[*mission]);
    lines.extend(missions.map(|node| mission(node, names)));
    lines
}

/// The goals, indented: parents come before their children in the scheme, so that each says what stands before its
/// children. Deep trees are drawn as deep: cost in proportion to the text.
fn tree(organization: &Organization, names: &Names<'_>, scheme: &SchemeNode) -> Vec<String> {
    let mut places: IdVec<GoalId, Place> = IdVec::filled(Place::default(), organization.goals().len());
    let mut lines = Vec::with_capacity(scheme.goals.len());
    for goal in &scheme.goals {
        lines.push(format!("  {}{}", places[*goal].before, statement(organization, names, *goal)));
        let below = std::mem::take(&mut places[*goal]).below;
        for (child, place) in children(organization, *goal, &below) {
            places[child] = place;
        }
    }
    lines
}

/// What stands before a goal, and before all that is below it.
#[derive(Clone, Default)]
struct Place {
    before: String,
    below: String,
}

fn children(organization: &Organization, goal: GoalId, indent: &str) -> Vec<(GoalId, Place)> {
    let Some(plan) = &organization.goals()[goal].plan else { return Vec::new() };
    let place = |(position, child): (usize, &GoalId)| {
        let last = position + 1 == plan.goals.len();
        let (branch, trunk) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let number = match plan.operator {
            PlanOperator::Sequence => format!("{}. ", position + 1),
            PlanOperator::Choice | PlanOperator::Parallel => String::new(),
        };
        (*child, Place { before: format!("{indent}{branch}{number}"), below: format!("{indent}{trunk}") })
    };
    plan.goals.iter().enumerate().map(place).collect()
}

/// `wabs “Write an abstract”, within 1 day [mManager]`
fn statement(organization: &Organization, names: &Names<'_>, goal: GoalId) -> String {
    let node = &organization.goals()[goal];
    let mut said = names.goal(goal);
    if let Some(description) = &node.description {
        let _ = write!(said, " “{}”", one_line(description));
    }
    for note in goal_notes(node, names) {
        let _ = write!(said, ", {note}");
    }
    if !node.missions.is_empty() {
        let missions = node.missions.iter().map(|mission| one_line(&organization.missions()[*mission].id));
        let _ = write!(said, " [{}]", missions.collect::<Vec<_>>().join(", "));
    }
    if let Some(plan) = &node.plan {
        let _ = write!(said, ": {}", operator(plan.operator));
    }
    said
}

fn mission(node: &MissionNode, names: &Names<'_>) -> String {
    let goals = if node.goals.is_empty() { "no goals".to_owned() } else { listed(&names.goals(&node.goals)) };
    let preferred = match &node.preferred[..] {
        [] => String::new(),
        preferred => format!("; rather {}", listed(&names.missions(preferred))),
    };
    format!("    {} ({}): {goals}{preferred}", one_line(&node.id), spoken(node.cardinality))
}
