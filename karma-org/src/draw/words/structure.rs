//! Roles and groups in words.

use karma_core::{Id as _, IdVec};

use crate::organization::{GroupId, LinkNode, Organization, Range, RoleId};

use crate::draw::names::Names;
use crate::draw::phrases::{compatibility, link, spoken};
use crate::draw::text::{capitalised, listed};

use super::headed;

/// A line for each role: what it extends, and how many may play it where.
pub(super) fn roles(organization: &Organization, names: &Names<'_>) -> Vec<String> {
    let mut played: IdVec<RoleId, Vec<(GroupId, Range)>> =
        IdVec::filled(Vec::new(), organization.roles().len());
    for (group, node) in organization.groups().iter_enumerated() {
        node.roles.iter().for_each(|(role, range)| played[*role].push((group, *range)));
    }
    let written = || organization.roles().ids().skip(1);
    let width = written().map(|role| names.role(role).chars().count()).max().unwrap_or_default();
    let line = |role: RoleId| {
        let said = [extends(organization, names, role), who_plays(&played[role], names)];
        let said: Vec<&str> = said.iter().map(String::as_str).filter(|said| !said.is_empty()).collect();
        format!("  {:width$}  {}", names.role(role), said.join("; "))
    };
    headed("Roles".to_owned(), written().map(line).collect())
}

/// What a role extends besides `soc`, which all do.
fn extends(organization: &Organization, names: &Names<'_>, role: RoleId) -> String {
    let parents = &organization.roles()[role].parents;
    let parents: Vec<RoleId> = parents.iter().copied().filter(|parent| parent.index() > 0).collect();
    if parents.is_empty() { String::new() } else { format!("extends {}", listed(&names.roles(&parents))) }
}

fn who_plays(played: &[(GroupId, Range)], names: &Names<'_>) -> String {
    if played.is_empty() {
        return "abstract".to_owned();
    }
    let places = played.iter().map(|(group, range)| format!("{} in {}", spoken(*range), names.group(*group)));
    format!("played by {}", listed(&places.collect::<Vec<_>>()))
}

/// A group: where it is, who is in it, and all that is said of links and compatibilities.
pub(super) fn group(organization: &Organization, names: &Names<'_>, id: GroupId) -> Vec<String> {
    let node = &organization.groups()[id];
    let place = node.parent.map_or_else(String::new, |parent| format!(" in {}", names.group(parent)));
    let heading = format!("Group {}{place}, {}", names.group(id), instances(node.cardinality));
    let players = [("holds", &node.roles), ("over all groups below", &node.subtree_roles)];
    let players = players.iter().filter(|(_, roles)| !roles.is_empty());
    let mut lines = vec![heading];
    lines.extend(players.map(|(verb, roles)| format!("  {}: {}", capitalised(verb), holds(roles, names))));
    lines.extend(sentences(&node.links, names));
    lines.extend(node.compatibilities.iter().map(|written| sentence(&compatibility(written, names))));
    lines
}

fn instances(range: Range) -> String {
    match (range.min, range.max) {
        (0, None) => "in any number".to_owned(),
        (1, Some(1)) => "exactly one".to_owned(),
        _ => spoken(range),
    }
}

fn holds(roles: &[(RoleId, Range)], names: &Names<'_>) -> String {
    let each = roles.iter().map(|(role, range)| format!("{} ({})", names.role(*role), spoken(*range)));
    each.collect::<Vec<_>>().join(", ")
}

fn sentence(said: &str) -> String {
    format!("  {}.", capitalised_unless_named(said))
}

/// Names stay as they are written, so that only sentences that begin with another word get a capital.
fn capitalised_unless_named(said: &str) -> String {
    let begins = ["players of ", "who plays ", "one agent "].iter().any(|begin| said.starts_with(begin));
    if begins { capitalised(said) } else { said.to_owned() }
}

/// Links that differ in their target only are said together, where the first of them is written.
fn sentences(links: &[LinkNode], names: &Names<'_>) -> Vec<String> {
    let mut together: Vec<(&LinkNode, Vec<RoleId>)> = Vec::new();
    for written in links {
        let alone = written.bidirectional || written.from == written.to;
        let same = |(first, targets): &&mut (&LinkNode, Vec<RoleId>)| {
            !alone && like(first, written) && targets[..] != [first.from]
        };
        match together.iter_mut().find(same) {
            Some((_, targets)) => targets.push(written.to),
            None => together.push((written, vec![written.to])),
        }
    }
    together.iter().map(|(first, targets)| sentence(&link(first, targets, names))).collect()
}

fn like(a: &LinkNode, b: &LinkNode) -> bool {
    let key = |link: &LinkNode| (link.from, link.scope, link.extends_subgroups, link.bidirectional);
    key(a) == key(b) && a.kind == b.kind
}
