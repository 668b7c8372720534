//! Schemes: goals as a tree from left to right, with the operators of plans and the missions.

use std::collections::BTreeMap;

use crate::draw::names::Names;
use crate::draw::phrases::{goal_notes, operator, range, spoken};
use crate::draw::text::{listed, one_line};
use crate::organization::{GoalId, MissionId, Organization, SchemeNode};
use crate::spec::PlanOperator;

use super::card::{Card, tag};
use super::metrics::{Style, shortened, wrapped};
use super::scene::{Anchor, Frame, Ink, Point, Step, at, branches, diamond, shelves, text_width};
use super::tree::{self, Placed};

/// Widest text of a goal, in pixels.
const WIDEST: f64 = 230.0;
/// Radius of the sign of an operator.
const SIGN: f64 = 9.0;

/// A scheme: its name, its missions, and its goals.
pub(super) fn scheme(organization: &Organization, names: &Names<'_>, scheme: &SchemeNode) -> Frame {
    let tree = goals(organization, names, scheme);
    let name = shortened(&one_line(&scheme.id), Style::Heading, 400.0);
    let missions = scheme.missions.iter().enumerate();
    let tags = missions.map(|(colour, mission)| mission_tag(organization, names, *mission, colour)).collect();
    let (tags, width, height) = shelves(tags, tree.width.max(520.0), 6.0);
    let above = if height > 0.0 { 34.0 + height + 18.0 } else { 40.0 };
    let wide = tree.width.max(width).max(text_width(&name, Style::Heading)) + 28.0;
    let title = format!("scheme {}", one_line(&scheme.id));
    let mut frame = Frame::sized(wide, above + tree.height + 14.0).outlined("group", 10.0).titled(title);
    frame.write(14.0, 24.0, Style::Heading, name);
    let placed = tags.into_iter().map(|tag| {
        let (x, y) = (tag.x + 14.0, tag.y + 36.0);
        tag.moved(x, y)
    });
    frame.children.extend(placed);
    frame.children.push(tree.moved(14.0, above));
    frame
}

fn mission_tag(organization: &Organization, names: &Names<'_>, mission: MissionId, colour: usize) -> Frame {
    let node = &organization.missions()[mission];
    let rather = match &node.preferred[..] {
        [] => String::new(),
        preferred => format!(", rather {}", listed(&names.missions(preferred))),
    };
    let title = format!("mission {}, for {} agents{rather}", one_line(&node.id), spoken(node.cardinality));
    tag(&format!("{} {}", one_line(&node.id), range(node.cardinality)), colour, 320.0).titled(title)
}

fn goals(organization: &Organization, names: &Names<'_>, scheme: &SchemeNode) -> Frame {
    let colours: BTreeMap<MissionId, usize> =
        scheme.missions.iter().enumerate().map(|(colour, mission)| (*mission, colour)).collect();
    let position: BTreeMap<GoalId, usize> =
        scheme.goals.iter().enumerate().map(|(position, goal)| (*goal, position)).collect();
    let parent = |goal: &GoalId| organization.goals()[*goal].parent.map(|parent| position[&parent]);
    let parents: Vec<Option<usize>> = scheme.goals.iter().map(parent).collect();
    let cards = scheme.goals.iter().map(|goal| card(organization, names, *goal, &colours)).collect();
    let most = scheme.goals.iter().filter_map(|goal| organization.goals()[*goal].plan.as_ref());
    let most = most.map(|plan| plan.goals.len()).max().unwrap_or_default();
    let gap = 48.0 + text_width(&most.to_string(), Style::Tag);
    let tree = tree::placed(cards, &parents, gap);
    let mut frame = Frame::sized(tree.width, tree.height);
    for (node, goal) in scheme.goals.iter().enumerate() {
        if let Some(plan) = &organization.goals()[*goal].plan {
            let children: Vec<usize> = plan.goals.iter().map(|child| position[child]).collect();
            draw_plan(&mut frame, &tree, plan.operator, node, &children);
        }
    }
    frame.children = tree.frames;
    frame
}

fn card(
    organization: &Organization,
    names: &Names<'_>,
    goal: GoalId,
    colours: &BTreeMap<MissionId, usize>,
) -> Frame {
    let node = &organization.goals()[goal];
    let description = node.description.as_deref().map(one_line).unwrap_or_default();
    let notes = goal_notes(node, names).join(" · ");
    let tags = node.missions.iter().filter_map(|mission| {
        let name = one_line(&organization.missions()[*mission].id);
        colours.get(mission).map(|colour| tag(&name, *colour, WIDEST).titled(format!("mission {name}")))
    });
    let card = Card::new(WIDEST)
        .text(Style::Name, &names.goal(goal))
        .texts(Style::Note, wrapped(&description, Style::Note, WIDEST, 2))
        .texts(Style::Note, wrapped(&notes, Style::Note, WIDEST, 3))
        .tags(tags.collect());
    card.frame().outlined("box", 6.0).titled(title(organization, names, goal))
}

/// All that is known of a goal, uncut.
fn title(organization: &Organization, names: &Names<'_>, goal: GoalId) -> String {
    let node = &organization.goals()[goal];
    let mut said = vec![format!("goal {}", names.goal(goal))];
    said.extend(node.description.as_deref().map(one_line));
    said.extend(goal_notes(node, names));
    said.extend(node.plan.as_ref().map(|plan| format!("plan: {}", operator(plan.operator))));
    said.join(", ")
}

/// The sign of the operator beside the goal, a trunk, and a branch to each goal of the plan.
fn draw_plan(frame: &mut Frame, tree: &Placed, kind: PlanOperator, node: usize, children: &[usize]) {
    let goal = &tree.frames[node];
    let centre = at(goal.right() + SIGN + 5.0, goal.middle());
    let trunk = tree.columns[tree.level[node]].1 + 2.0 * SIGN + 14.0;
    frame.draw(
        "line",
        vec![Step::Move(at(goal.right(), centre.y)), Step::Line(at(centre.x - SIGN, centre.y))],
    );
    let end = |child: &usize| at(tree.frames[*child].x, tree.frames[*child].middle());
    let ends: Vec<Point> = children.iter().map(end).collect();
    branches(frame, at(centre.x + SIGN, centre.y), trunk, &ends);
    if kind == PlanOperator::Sequence {
        for (number, end) in ends.iter().enumerate() {
            let (at, text) = (at(end.x - 4.0, end.y - 3.5), (number + 1).to_string());
            frame.inks.push(Ink::Text { at, anchor: Anchor::End, style: Style::Tag, text });
        }
    }
    draw_sign(frame, kind, centre);
}

/// Sequence: an arrow in a circle. Choice: an empty diamond. Parallel: two bars in a circle.
pub(super) fn draw_sign(frame: &mut Frame, kind: PlanOperator, centre: Point) {
    let c = |x: f64, y: f64| at(centre.x + x, centre.y + y);
    match kind {
        PlanOperator::Sequence => {
            frame.inks.push(Ink::Dot { at: centre, radius: SIGN, class: "sign" });
            frame.draw("stroke", vec![Step::Move(c(-5.0, 0.0)), Step::Line(c(4.5, 0.0))]);
            frame.draw(
                "stroke",
                vec![Step::Move(c(1.0, -3.5)), Step::Line(c(4.5, 0.0)), Step::Line(c(1.0, 3.5))],
            );
        }
        PlanOperator::Choice => frame.draw("sign", diamond(centre, 2.0 * SIGN, 2.0 * SIGN)),
        PlanOperator::Parallel => {
            frame.inks.push(Ink::Dot { at: centre, radius: SIGN, class: "sign" });
            for x in [-2.5, 2.5] {
                frame.draw("stroke", vec![Step::Move(c(x, -4.0)), Step::Line(c(x, 4.0))]);
            }
        }
    }
}
