//! Who extends whom, as a tree from left to right.

use karma_core::IdVec;

use crate::draw::names::Names;
use crate::organization::{Organization, RoleId};

use super::card::Card;
use super::metrics::Style;
use super::scene::{Frame, Ink, Point, arrowhead, at, branches, rounded};
use super::tree::{self, Placed};

/// Room between two columns, in pixels.
const GAP: f64 = 56.0;
/// Length of the empty arrowhead of inheritance.
const HEAD: f64 = 10.0;

/// All roles. `soc` is at the left; a role is one column to the right of the deepest role that it extends.
///
/// A role that extends several hangs on the deepest of them; to the others there is a line of its own, which passes
/// between the boxes of the columns on its way. O(n log n) for n roles, besides O(n) for each such line.
pub(super) fn roles(organization: &Organization, names: &Names<'_>) -> Frame {
    let order = order(organization);
    let parents = parents(organization, &order);
    let cards = order.iter().map(|role| card(organization, names, *role)).collect();
    let tree = tree::placed(cards, &parents, GAP);
    let mut frame = Frame::sized(tree.width, tree.height);
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); order.len()];
    for (node, parent) in parents.iter().enumerate() {
        if let Some(parent) = parent {
            children[*parent].push(node);
        }
    }
    for (parent, children) in children.iter().enumerate() {
        inherit(&mut frame, &tree, parent, children);
    }
    let position = positions(&order);
    for (node, role) in order.iter().enumerate() {
        for other in &organization.roles()[*role].parents {
            if parents[node] != Some(position[*other]) {
                inherit_aside(&mut frame, &tree, node, position[*other]);
            }
        }
    }
    frame.children = tree.frames;
    frame
}

/// Roles such that those that are extended come first: they have fewer ancestors.
fn order(organization: &Organization) -> Vec<RoleId> {
    let mut order: Vec<RoleId> = organization.roles().ids().collect();
    order.sort_by_key(|role| organization.roles()[*role].ancestors.len());
    order
}

fn positions(order: &[RoleId]) -> IdVec<RoleId, usize> {
    let mut positions = IdVec::filled(0, order.len());
    order.iter().enumerate().for_each(|(position, role)| positions[*role] = position);
    positions
}

/// For each role in order, the deepest role that it extends.
fn parents(organization: &Organization, order: &[RoleId]) -> Vec<Option<usize>> {
    let position = positions(order);
    let mut level: Vec<usize> = Vec::with_capacity(order.len());
    let mut parents = Vec::with_capacity(order.len());
    for role in order {
        let extended = organization.roles()[*role].parents.iter().map(|parent| position[*parent]);
        let parent = extended.max_by_key(|parent| (level[*parent], usize::MAX - *parent));
        level.push(parent.map_or(0, |parent| level[parent] + 1));
        parents.push(parent);
    }
    parents
}

fn card(organization: &Organization, names: &Names<'_>, role: RoleId) -> Frame {
    let name = names.role(role);
    let node = &organization.roles()[role];
    let parents = names.roles(&node.parents).join(", ");
    let extends = if parents.is_empty() { String::new() } else { format!(" extends {parents}") };
    let (style, class, kind) = if node.is_abstract {
        (Style::Abstract, "box abstract", "abstract role")
    } else {
        (Style::Name, "box", "role")
    };
    let card = Card::new(220.0).text(style, &name).frame();
    card.outlined(class, 6.0).titled(format!("{kind} {name}{extends}"))
}

/// From a role to all that hang on it, along a trunk that they share, with one arrowhead at its right edge.
fn inherit(frame: &mut Frame, tree: &Placed, parent: usize, children: &[usize]) {
    if children.is_empty() {
        return;
    }
    let above = &tree.frames[parent];
    let trunk = tree.columns[tree.level[parent]].1 + GAP * 0.55;
    let tip = at(above.right(), above.middle());
    let end = |child: &usize| at(tree.frames[*child].x, tree.frames[*child].middle());
    let ends: Vec<Point> = children.iter().map(end).collect();
    branches(frame, at(tip.x + HEAD, tip.y), trunk, &ends);
    frame.draw("hollow", arrowhead(tip, -1.0, HEAD));
}

/// A line to a second parent: from the left edge of a role through the gaps of the columns between.
fn inherit_aside(frame: &mut Frame, tree: &Placed, node: usize, parent: usize) {
    let (child, above) = (&tree.frames[node], &tree.frames[parent]);
    let tip = at(above.right(), above.middle() + above.height * 0.28);
    let mut way = vec![at(child.x, child.middle() + child.height * 0.28)];
    let mut turn = child.x - GAP * 0.22;
    let mut y = way[0].y;
    for column in (tree.level[parent] + 1..tree.level[node]).rev() {
        let free = free(tree, column, tip.y);
        way.extend([at(turn, y), at(turn, free)]);
        (y, turn) = (free, tree.columns[column].0 - GAP * 0.22);
    }
    way.extend([at(turn, y), at(turn, tip.y), at(tip.x + HEAD, tip.y)]);
    let said = tree.frames[node].title.clone();
    frame.inks.push(Ink::Path { steps: rounded(&way, 7.0), class: "line".to_owned(), title: said });
    frame.draw("hollow", arrowhead(tip, -1.0, HEAD));
}

/// The height nearest to `wanted` at which a column has no box.
fn free(tree: &Placed, column: usize, wanted: f64) -> f64 {
    let boxes = tree.frames.iter().zip(&tree.level).filter(|(_, level)| **level == column);
    let boxes: Vec<(f64, f64)> = boxes.map(|(frame, _)| (frame.y - 4.0, frame.bottom() + 4.0)).collect();
    let blocked = |y: f64| boxes.iter().any(|(top, bottom)| *top < y && y < *bottom);
    let edges = boxes.iter().flat_map(|(top, bottom)| [*top, *bottom]);
    let within = |y: &f64| (0.0..=tree.height).contains(y) && !blocked(*y);
    let nearest = std::iter::once(wanted).chain(edges).filter(within);
    nearest.min_by(|a, b| (a - wanted).abs().total_cmp(&(b - wanted).abs())).unwrap_or(wanted)
}
