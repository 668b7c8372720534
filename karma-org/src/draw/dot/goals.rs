//! Goal trees and missions for Graphviz.

use karma_core::Id as _;

use crate::draw::names::Names;
use crate::draw::phrases::goal_notes;
use crate::draw::text::one_line;
use crate::organization::{GoalId, Organization, PlanNode, SchemeNode};
use crate::spec::PlanOperator;

use super::{Graph, escaped, label};

/// A cluster for each scheme, with its goals and the nodes of their plans.
pub(super) fn draw(organization: &Organization, names: &Names<'_>, graph: &mut Graph) {
    for (scheme, node) in organization.schemes().iter_enumerated() {
        graph.open(&format!("s{}", scheme.index()), &label(&[one_line(&node.id)]));
        node.goals.iter().for_each(|goal| draw_goal(organization, names, *goal, graph));
        dependencies(organization, names, node, graph);
        graph.close();
    }
}

fn id(goal: GoalId) -> String {
    format!("t{}", goal.index())
}

fn draw_goal(organization: &Organization, names: &Names<'_>, goal: GoalId, graph: &mut Graph) {
    let node = &organization.goals()[goal];
    let mut lines = vec![names.goal(goal)];
    lines.extend(node.description.as_deref().map(one_line));
    lines.extend(Some(goal_notes(node, names).join(", ")).filter(|notes| !notes.is_empty()));
    let missions = node.missions.iter().map(|mission| one_line(&organization.missions()[*mission].id));
    let missions = missions.collect::<Vec<_>>().join(", ");
    lines.extend(
        Some(missions).filter(|missions| !missions.is_empty()).map(|missions| format!("[{missions}]")),
    );
    graph.node(&id(goal), &label(&lines), "");
    if let Some(plan) = &node.plan {
        draw_plan(goal, plan, graph);
    }
}

/// The operator's node, and an edge to each goal of the plan.
fn draw_plan(goal: GoalId, plan: &PlanNode, graph: &mut Graph) {
    let (sign, attributes) = match plan.operator {
        PlanOperator::Sequence => ("→", ", shape=circle, style=solid"),
        PlanOperator::Choice => ("or", ", shape=diamond, style=solid"),
        PlanOperator::Parallel => ("||", ", shape=circle, style=solid"),
    };
    let node = format!("p{}", goal.index());
    graph.node(
        &node,
        sign,
        &format!("{attributes}, width=0.3, height=0.3, fixedsize=true, fontsize=10, ordering=out"),
    );
    graph.edge(&id(goal), &node, "plan", ", dir=none");
    for (position, child) in plan.goals.iter().enumerate() {
        let order = match plan.operator {
            PlanOperator::Sequence => format!(", label=\"{}\"", position + 1),
            PlanOperator::Choice | PlanOperator::Parallel => String::new(),
        };
        graph.edge(&node, &id(*child), "goal of the plan", &format!(", dir=none{order}"));
    }
}

fn dependencies(organization: &Organization, names: &Names<'_>, scheme: &SchemeNode, graph: &mut Graph) {
    for goal in &scheme.goals {
        for first in &organization.goals()[*goal].depends_on {
            let said = format!("{} waits for {}", names.goal(*goal), names.goal(*first));
            let style = format!(", style=dashed, constraint=false, label=\"{}\"", escaped("then"));
            graph.edge(&id(*first), &id(*goal), &said, &style);
        }
    }
}
