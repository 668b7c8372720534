//! Norms: roles at the left, missions at the right, and a line for each norm between them.

use std::collections::BTreeMap;

use crate::draw::names::Names;
use crate::draw::phrases::{norm, norm_terms, range, spoken};
use crate::draw::text::one_line;
use crate::organization::{MissionId, NormNode, Organization, RoleId};
use crate::spec::NormKind;

use super::card::{Card, stretched};
use super::metrics::{Style, shortened, width, wrapped};
use super::scene::{Frame, Ink, Step, arrowhead, at};

/// From norm to norm at one box, in pixels.
const PORT: f64 = 20.0;
/// From box to box.
const BETWEEN: f64 = 12.0;
/// Widest label of a norm.
const WIDEST: f64 = 300.0;

/// The roles that norms name, and all missions.
///
/// Lines cross less if each box is where the boxes are that it is joined to: missions are ordered by the mean place
/// of their roles, then roles by that of their missions (the barycentre heuristic of K. Sugiyama, S. Tagawa and M. Toda,
/// "Methods for visual understanding of hierarchical system structures", IEEE SMC 11(2), 1981), and so are the ends of
/// lines at one box. O(n log n).
pub(super) fn norms(organization: &Organization, names: &Names<'_>) -> Frame {
    let norms: Vec<&NormNode> = organization.norms().iter().collect();
    let (roles, missions) = orders(organization, &norms);
    let left_ports = ordered(norms.iter().map(|norm| (norm.role, norm.mission)), &roles, &missions);
    let right_ports = ordered(norms.iter().map(|norm| (norm.mission, norm.role)), &missions, &roles);
    let left = stack(&left_ports, |place, least| role_card(organization, names, roles[place], least));
    let right = stack(&right_ports, |place, least| mission_card(organization, names, missions[place], least));
    let (left, right) = aligned(left, right, [&left_ports, &right_ports], norms.len());
    let labels: Vec<String> = norms.iter().map(|norm| label(norm)).collect();
    let wide = labels.iter().map(|label| width(label, Style::Note)).fold(0.0, f64::max).ceil() + 14.0;
    let from = left.width;
    let middle = if norms.is_empty() { 0.0 } else { wide + (70.0 + 4.0 * norms.len() as f64).min(180.0) };
    let right = right.moved(from + middle, 0.0);
    let mut frame = Frame::sized(right.right(), left.height.max(right.height));
    let starts = port_places(&left, &left_ports, norms.len());
    let ends = port_places(&right, &right_ports, norms.len());
    for (number, written) in norms.iter().enumerate() {
        let (start, end) = (at(from, starts[number]), at(right.x, ends[number]));
        let bend = at(from + wide, start.y);
        draw_norm(&mut frame, written, [start, bend, end], norm(written, names));
        frame.write(start.x + 7.0, start.y - 4.0, Style::Note, labels[number].clone());
    }
    frame.children = vec![left, right];
    frame
}

/// Roles and missions from top to bottom.
fn orders(organization: &Organization, norms: &[&NormNode]) -> (Vec<RoleId>, Vec<MissionId>) {
    let mut roles: Vec<RoleId> = norms.iter().map(|norm| norm.role).collect();
    roles.sort_unstable();
    roles.dedup();
    let mut missions: Vec<MissionId> = organization.missions().ids().collect();
    let places = means(norms.iter().map(|norm| (norm.mission, norm.role)), &roles);
    by_place(&mut missions, &places);
    let places = means(norms.iter().map(|norm| (norm.role, norm.mission)), &missions);
    by_place(&mut roles, &places);
    (roles, missions)
}

/// The mean place of what each is joined to.
fn means<A: Ord + Copy, B: Ord + Copy>(
    pairs: impl Iterator<Item = (A, B)>,
    others: &[B],
) -> BTreeMap<A, f64> {
    let place: BTreeMap<B, usize> = others.iter().enumerate().map(|(place, other)| (*other, place)).collect();
    let mut sums: BTreeMap<A, (f64, f64)> = BTreeMap::new();
    for (one, other) in pairs {
        let (sum, number) = sums.entry(one).or_default();
        *sum += place[&other] as f64;
        *number += 1.0;
    }
    sums.into_iter().map(|(one, (sum, number))| (one, sum / number)).collect()
}

/// What is joined to nothing comes last.
fn by_place<A: Ord + Copy>(items: &mut [A], places: &BTreeMap<A, f64>) {
    let place = |item: &A| places.get(item).copied().unwrap_or(f64::INFINITY);
    items.sort_by(|a, b| place(a).total_cmp(&place(b)));
}

/// The norms of each item, ordered by the place of what is at their other end.
fn ordered<A: Ord + Copy, B: Ord + Copy>(
    pairs: impl Iterator<Item = (A, B)>,
    items: &[A],
    others: &[B],
) -> Vec<Vec<usize>> {
    let item: BTreeMap<A, usize> = items.iter().enumerate().map(|(place, item)| (*item, place)).collect();
    let other: BTreeMap<B, usize> = others.iter().enumerate().map(|(place, other)| (*other, place)).collect();
    let mut ports: Vec<Vec<(usize, usize)>> = vec![Vec::new(); items.len()];
    for (number, (a, b)) in pairs.enumerate() {
        ports[item[&a]].push((other[&b], number));
    }
    let sorted = ports.into_iter().map(|mut ports| {
        ports.sort_unstable();
        ports.into_iter().map(|(_, number)| number).collect()
    });
    sorted.collect()
}

/// Cards below each other, equally wide, each high enough for its ports.
fn stack(ports: &[Vec<usize>], card: impl Fn(usize, f64) -> Frame) -> Frame {
    let widest = (0..ports.len()).map(|place| card(place, 0.0).width).fold(0.0, f64::max);
    let cards = ports.iter().enumerate().map(|(place, ports)| {
        let height = ports.len() as f64 * PORT + 10.0;
        stretched(card(place, widest), height)
    });
    let mut column = Frame { children: cards.collect(), ..Frame::sized(widest, 0.0) };
    spread(&mut column, &vec![0.0; ports.len()]);
    column
}

/// Puts each card of a column as near to its wanted middle as those above it let it.
fn spread(column: &mut Frame, wanted: &[f64]) {
    let mut y: f64 = 0.0;
    for (card, middle) in column.children.iter_mut().zip(wanted) {
        card.y = y.max(middle - card.height / 2.0);
        y = card.bottom() + BETWEEN;
    }
    column.height = column.children.last().map_or(0.0, Frame::bottom);
}

/// The lower of two columns moved along the higher one, so that norms run straight where they can.
fn aligned(mut left: Frame, mut right: Frame, ports: [&[Vec<usize>]; 2], norms: usize) -> (Frame, Frame) {
    if left.height < right.height {
        let wanted = wanted(ports[0], &port_places(&right, ports[1], norms));
        spread(&mut left, &wanted);
    } else {
        let wanted = wanted(ports[1], &port_places(&left, ports[0], norms));
        spread(&mut right, &wanted);
    }
    (left, right)
}

/// The mean of the places at which the norms of each card end.
fn wanted(ports: &[Vec<usize>], places: &[f64]) -> Vec<f64> {
    let mean =
        |norms: &Vec<usize>| norms.iter().map(|norm| places[*norm]).sum::<f64>() / norms.len().max(1) as f64;
    ports.iter().map(mean).collect()
}

/// How high each norm ends at its box.
fn port_places(column: &Frame, ports: &[Vec<usize>], norms: usize) -> Vec<f64> {
    let mut places = vec![0.0; norms];
    for (card, ports) in column.children.iter().zip(ports) {
        let first = column.y + card.middle() - (ports.len() as f64 - 1.0) * PORT / 2.0;
        for (slot, norm) in ports.iter().enumerate() {
            places[*norm] = first + slot as f64 * PORT;
        }
    }
    places
}

fn role_card(organization: &Organization, names: &Names<'_>, role: RoleId, least: f64) -> Frame {
    let name = names.role(role);
    let is_abstract = organization.roles()[role].is_abstract;
    let (style, class) = if is_abstract { (Style::Abstract, "box abstract") } else { (Style::Name, "box") };
    let title = if is_abstract { format!("abstract role {name}") } else { format!("role {name}") };
    Card::new(220.0).text(style, &name).frame_at_least(least).outlined(class, 6.0).titled(title)
}

fn mission_card(organization: &Organization, names: &Names<'_>, mission: MissionId, least: f64) -> Frame {
    let node = &organization.missions()[mission];
    let name = names.mission(mission);
    let goals = names.goals(&node.goals).join(" · ");
    let colour = organization.schemes()[node.scheme].missions.iter().position(|other| *other == mission);
    let class = ["box c0 edge", "box c1 edge", "box c2 edge", "box c3 edge", "box c4 edge", "box c5 edge"];
    let title = format!(
        "mission {name}, for {} agents: {}",
        spoken(node.cardinality),
        names.goals(&node.goals).join(", ")
    );
    let card = Card::new(WIDEST)
        .pair(Style::Name, &name, &range(node.cardinality))
        .texts(Style::Note, wrapped(&goals, Style::Note, WIDEST, 2));
    card.frame_at_least(least).outlined(class[colour.unwrap_or_default() % class.len()], 6.0).titled(title)
}

fn label(norm: &NormNode) -> String {
    let said: Vec<String> = std::iter::once(one_line(&norm.id)).chain(norm_terms(norm)).collect();
    shortened(&said.join(" · "), Style::Note, WIDEST)
}

/// Straight below its label, then in a curve to the mission.
fn draw_norm(
    frame: &mut Frame,
    norm: &NormNode,
    [start, bend, end]: [super::scene::Point; 3],
    title: String,
) {
    let class = match norm.kind {
        NormKind::Obligation => "norm obligation",
        NormKind::Permission => "norm permission",
    };
    let tip = at(end.x - 8.0, end.y);
    let half = f64::midpoint(bend.x, tip.x);
    let curve = Step::Curve(at(half, bend.y), at(half, tip.y), tip);
    let steps = vec![Step::Move(start), Step::Line(bend), curve];
    frame.inks.push(Ink::Path { steps, class: class.to_owned(), title: Some(title) });
    frame.draw("normhead", arrowhead(end, 1.0, 9.0));
}
