//! Groups as nested boxes: the roles that are played in them, and links and compatibilities between roles.

use std::collections::BTreeMap;

use karma_core::IdVec;

use crate::draw::names::Names;
use crate::draw::phrases::{compatibility, link, range, spoken};
use crate::organization::{CompatibilityNode, GroupId, GroupNode, LinkNode, Organization, RoleId};
use crate::spec::{LinkKind, Scope};

use super::arcs::{Arc, End, Mark, Routes};
use super::card::{Card, stretched};
use super::metrics::{Style, shortened};
use super::scene::{Anchor, Frame, Ink, at, shelves, text_width};

/// Room between the edge of a group and what is in it, in pixels.
const PADDING: f64 = 14.0;

/// The root group with all that is in it, if there is any.
///
/// Groups below come later in the list, so that from its end each finds its subgroups finished.
pub(super) fn groups(organization: &Organization, names: &Names<'_>, kinds: &[&str]) -> Option<Frame> {
    let mut finished: IdVec<GroupId, Option<Frame>> = IdVec::filled(None, organization.groups().len());
    for group in organization.groups().ids().rev() {
        let subgroups = &organization.groups()[group].subgroups;
        let subgroups: Vec<Frame> = subgroups.iter().filter_map(|below| finished[*below].take()).collect();
        finished[group] = Some(draw(organization, names, kinds, group, subgroups));
    }
    finished.into_vec().into_iter().flatten().next()
}

fn draw(
    organization: &Organization,
    names: &Names<'_>,
    kinds: &[&str],
    group: GroupId,
    subgroups: Vec<Frame>,
) -> Frame {
    let node = &organization.groups()[group];
    let (rows, alone) = rows(organization, node);
    let mut items = vec![linked(organization, names, kinds, node, &rows)];
    items.push(unlinked(names, node, &alone));
    items.retain(|item| item.height > 0.0);
    items.extend(subgroups);
    let area: f64 = items.iter().map(|item| item.width * item.height).sum();
    let widest = items.iter().map(|item| item.width).fold(0.0, f64::max);
    let (items, width, height) = shelves(items, widest.max(area.sqrt() * 1.7), PADDING);
    heading(names, group, node, (width, height), items)
}

fn heading(
    names: &Names<'_>,
    group: GroupId,
    node: &GroupNode,
    (width, height): (f64, f64),
    items: Vec<Frame>,
) -> Frame {
    let name = shortened(&names.group(group), Style::Heading, 280.0);
    let note = range(node.cardinality);
    let (wide, note_wide) = (text_width(&name, Style::Heading), text_width(&note, Style::Note));
    let width = width.max(wide + 10.0 + note_wide) + 2.0 * PADDING;
    let below = if height > 0.0 { height + PADDING } else { 0.0 };
    let title = format!("group {}, {}", names.group(group), spoken(node.cardinality));
    let mut frame = Frame::sized(width, 38.0 + below).outlined("group", 10.0).titled(title);
    frame.write(PADDING, 24.0, Style::Heading, name);
    let corner = at(width - PADDING, 24.0);
    frame.inks.push(Ink::Text { at: corner, anchor: Anchor::End, style: Style::Note, text: note });
    let inner = |item: Frame| {
        let (x, y) = (item.x + PADDING, item.y + 38.0);
        item.moved(x, y)
    };
    frame.children = items.into_iter().map(inner).collect();
    frame
}

/// Roles between which there are lines, those that command first; and the other ones that are played here.
fn rows(organization: &Organization, node: &GroupNode) -> (Vec<RoleId>, Vec<RoleId>) {
    let mut rank: BTreeMap<RoleId, usize> = BTreeMap::new();
    let links = node.links.iter().map(|link| (link.from, link.to));
    let pairs = node.compatibilities.iter().map(|pair| (pair.from, pair.to));
    links.chain(pairs).for_each(|(from, to)| rank.extend([(from, 0), (to, 0)]));
    let commands = node.links.iter().filter(|link| link.kind == LinkKind::Authority && !link.bidirectional);
    let commands: Vec<(RoleId, RoleId)> =
        commands.map(|link| (link.from, link.to)).filter(|(from, to)| from != to).collect();
    settle(&commands, &mut rank);
    let played =
        |role: &RoleId| node.roles.iter().position(|(played, _)| played == role).unwrap_or(usize::MAX);
    let is_abstract = |role: &RoleId| organization.roles()[*role].is_abstract;
    let mut rows: Vec<RoleId> = rank.keys().copied().collect();
    rows.sort_by_cached_key(|role| (std::cmp::Reverse(rank[role]), is_abstract(role), played(role), *role));
    let named = node.roles.iter().chain(&node.subtree_roles).map(|(role, _)| *role);
    let mut alone: Vec<RoleId> = named.filter(|role| !rank.contains_key(role)).collect();
    alone.dedup();
    (rows, alone)
}

/// Ranks each role above those that it commands, for as many rounds as a chain of command can be long.
fn settle(commands: &[(RoleId, RoleId)], rank: &mut BTreeMap<RoleId, usize>) {
    for _ in 0..rank.len() {
        let mut changed = false;
        for (from, to) in commands {
            let least = rank[to] + 1;
            if rank[from] < least && least < rank.len() {
                rank.insert(*from, least);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// A column of roles, with their links at the right and their compatibilities at the left.
fn linked(
    organization: &Organization,
    names: &Names<'_>,
    kinds: &[&str],
    node: &GroupNode,
    rows: &[RoleId],
) -> Frame {
    let row: BTreeMap<RoleId, usize> = rows.iter().enumerate().map(|(row, role)| (*role, row)).collect();
    let links = node
        .links
        .iter()
        .map(|written| link_arc(written, [row[&written.from], row[&written.to]], kinds, names));
    let pairs = node.compatibilities.iter();
    let pairs = pairs.map(|written| pair_arc(written, [row[&written.from], row[&written.to]], names));
    let right = Routes::new(links.collect(), rows.len());
    let left = Routes::new(pairs.collect(), rows.len());
    let widest =
        rows.iter().map(|role| role_card(organization, names, node, *role, 0.0).width).fold(0.0, f64::max);
    let mut y = 0.0;
    let mut cards: Vec<Frame> = Vec::with_capacity(rows.len());
    for (position, role) in rows.iter().enumerate() {
        let card = role_card(organization, names, node, *role, widest).moved(left.width(), y);
        let card = stretched(card, right.height(position).max(left.height(position)));
        y = card.bottom() + 10.0;
        cards.push(card);
    }
    let mut frame = Frame::sized(left.width() + widest + right.width(), (y - 10.0).max(0.0));
    let edges = (left.width(), left.width() + widest);
    left.draw(&mut frame, &cards, edges.0, -1.0);
    right.draw(&mut frame, &cards, edges.1, 1.0);
    frame.children = cards;
    frame
}

/// Roles without lines, in as many columns as look well.
fn unlinked(names: &Names<'_>, node: &GroupNode, roles: &[RoleId]) -> Frame {
    let card = |least: f64| {
        let cards = roles.iter().map(move |role| plain_card(names, node, *role, least));
        cards.collect::<Vec<Frame>>()
    };
    let widest = card(0.0).iter().map(|card| card.width).fold(0.0, f64::max);
    let cards = card(widest);
    let area: f64 = cards.iter().map(|card| card.width * card.height).sum();
    let (children, width, height) = shelves(cards, (area.sqrt() * 1.6).max(widest), 8.0);
    Frame { children, ..Frame::sized(width, height) }
}

fn role_card(
    organization: &Organization,
    names: &Names<'_>,
    node: &GroupNode,
    role: RoleId,
    least: f64,
) -> Frame {
    let is_here = node.roles.iter().chain(&node.subtree_roles).any(|(played, _)| *played == role);
    if is_here {
        return plain_card(names, node, role, least);
    }
    let name = names.role(role);
    let (style, class, said) = if organization.roles()[role].is_abstract {
        (Style::Abstract, "box abstract", "abstract role")
    } else {
        (Style::Name, "box elsewhere", "played in another group: role")
    };
    let card = Card::new(220.0).text(style, &name).frame_at_least(least);
    card.outlined(class, 6.0).titled(format!("{said} {name}"))
}

fn plain_card(names: &Names<'_>, node: &GroupNode, role: RoleId, least: f64) -> Frame {
    let name = names.role(role);
    let of = |roles: &[(RoleId, crate::organization::Range)]| {
        roles.iter().find(|(played, _)| *played == role).map(|(_, players)| *players)
    };
    let (note, class, said) = match (of(&node.roles), of(&node.subtree_roles)) {
        (Some(players), _) => (range(players), "box", format!("{} players", spoken(players))),
        (None, Some(players)) => (
            format!("{} in all", range(players)),
            "box elsewhere",
            format!("{} in all groups below", spoken(players)),
        ),
        (None, None) => (String::new(), "box elsewhere", "played elsewhere".to_owned()),
    };
    let card = Card::new(220.0).pair(Style::Name, &name, &note).frame_at_least(least);
    card.outlined(class, 6.0).titled(format!("role {name}, {said}"))
}

fn link_arc(written: &LinkNode, rows: [usize; 2], kinds: &[&str], names: &Names<'_>) -> Arc {
    let (class, kind) = match &written.kind {
        LinkKind::Acquaintance => ("acquaintance", None),
        LinkKind::Communication => ("communication", None),
        LinkKind::Authority => ("authority", None),
        LinkKind::Other(kind) => ("other", kinds.binary_search(&kind.as_str()).ok()),
    };
    let ends = [if written.bidirectional { End::Arrow } else { End::Plain }, End::Arrow];
    let marks = kind.map(|kind| Mark::Kind(kind + 1)).into_iter();
    let marks = marks.chain(reach(written.scope, written.extends_subgroups)).collect();
    Arc { rows, ends, class: class.to_owned(), marks, title: link(written, &[written.to], names) }
}

fn pair_arc(written: &CompatibilityNode, rows: [usize; 2], names: &Names<'_>) -> Arc {
    let ends = [if written.bidirectional { End::Diamond } else { End::Plain }, End::Diamond];
    let marks = reach(written.scope, written.extends_subgroups).collect();
    Arc { rows, ends, class: "compatible".to_owned(), marks, title: compatibility(written, names) }
}

fn reach(scope: Scope, extends_subgroups: bool) -> impl Iterator<Item = Mark> {
    let across = (scope == Scope::InterGroup).then_some(Mark::Across);
    across.into_iter().chain(extends_subgroups.then_some(Mark::Below))
}

/// The kinds of link that the organisation declares itself, in ascending order.
pub(super) fn own_kinds(organization: &Organization) -> Vec<&str> {
    let links = organization.groups().iter().flat_map(|group| &group.links);
    let mut kinds: Vec<&str> = links
        .filter_map(|link| match &link.kind {
            LinkKind::Other(kind) => Some(kind.as_str()),
            _ => None,
        })
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}
