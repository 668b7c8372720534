//! Roles and groups for Graphviz.

use karma_core::{Id as _, IdVec};

use crate::draw::names::Names;
use crate::draw::phrases::{compatibility, link, range};
use crate::organization::{GroupId, LinkNode, Organization, RoleId};
use crate::spec::{LinkKind, Scope};

use super::{Graph, escaped, label};

/// Roles that no single group holds, groups as nested clusters, inheritance, links and compatibilities.
pub(super) fn draw(organization: &Organization, names: &Names<'_>, graph: &mut Graph) {
    let homes = homes(organization);
    for role in organization.roles().ids().filter(|role| homes[*role].is_none()) {
        let is_abstract = organization.roles()[role].is_abstract;
        let several = (!is_abstract).then(|| "(in several groups)".to_owned());
        graph.node(&id(role), &role_label(names, role, is_abstract, several), style(is_abstract));
    }
    clusters(organization, names, &homes, graph);
    for (role, node) in organization.roles().iter_enumerated() {
        for parent in &node.parents {
            let said = format!("{} extends {}", names.role(role), names.role(*parent));
            graph.edge(&id(*parent), &id(role), &said, ", dir=back, arrowtail=onormal, color=\"#57606a\"");
        }
    }
    for group in organization.groups().ids() {
        relations(organization, names, &homes, group, graph);
    }
}

pub(super) fn id(role: RoleId) -> String {
    format!("r{}", role.index())
}

/// The group that a role stands in: the only one in which it can be played.
pub(super) fn homes(organization: &Organization) -> IdVec<RoleId, Option<GroupId>> {
    let mut played = IdVec::filled(0_usize, organization.roles().len());
    let mut homes = IdVec::filled(None, organization.roles().len());
    for (group, node) in organization.groups().iter_enumerated() {
        for (role, _) in &node.roles {
            played[*role] += 1;
            homes[*role] = (played[*role] == 1).then_some(group);
        }
    }
    homes
}

/// A label in italics where a role is abstract.
fn role_label(names: &Names<'_>, role: RoleId, is_abstract: bool, players: Option<String>) -> String {
    let mut lines = vec![names.role(role)];
    lines.extend(is_abstract.then(|| "(abstract)".to_owned()));
    lines.extend(players);
    label(&lines)
}

const fn style(is_abstract: bool) -> &'static str {
    if is_abstract { ", style=\"rounded,dashed\", fontname=\"Helvetica-Oblique\"" } else { "" }
}

/// Groups come depth first: a cluster is closed before the next one that is not in it.
fn clusters(
    organization: &Organization,
    names: &Names<'_>,
    homes: &IdVec<RoleId, Option<GroupId>>,
    graph: &mut Graph,
) {
    let mut open: Vec<GroupId> = Vec::new();
    for (group, node) in organization.groups().iter_enumerated() {
        while open.last().copied() != node.parent && open.pop().is_some() {
            graph.close();
        }
        open.push(group);
        let title = label(&[format!("{} [{}]", names.group(group), range(node.cardinality))]);
        graph.open(&format!("g{}", group.index()), &title);
        // Graphviz drops the label of a cluster without nodes.
        graph.line(&format!("g{} [shape=point, style=invis, width=0, label=\"\"];", group.index()));
        for (role, players) in &node.roles {
            let text = role_label(names, *role, false, Some(range(*players)));
            let node = occurrence(homes, group, *role);
            graph.node(&node, &text, "");
            if homes[*role].is_none() {
                graph.edge(&id(*role), &node, "the same role", ", dir=none, style=dotted, color=\"#8c959f\"");
            }
        }
        for (role, players) in &node.subtree_roles {
            let text = label(&[format!("{} in all below", names.role(*role)), range(*players)]);
            graph.node(
                &format!("g{}_all_{}", group.index(), id(*role)),
                &text,
                ", shape=plaintext, style=\"\"",
            );
        }
    }
    for _ in open {
        graph.close();
    }
}

/// The node of a role in a group.
fn occurrence(homes: &IdVec<RoleId, Option<GroupId>>, group: GroupId, role: RoleId) -> String {
    if homes[role].is_some() { id(role) } else { format!("g{}_{}", group.index(), id(role)) }
}

fn relations(
    organization: &Organization,
    names: &Names<'_>,
    homes: &IdVec<RoleId, Option<GroupId>>,
    group: GroupId,
    graph: &mut Graph,
) {
    let node = &organization.groups()[group];
    let here: std::collections::BTreeSet<RoleId> = node.roles.iter().map(|(role, _)| *role).collect();
    let end = |role: RoleId| if here.contains(&role) { occurrence(homes, group, role) } else { id(role) };
    for written in &node.links {
        let said = link(written, &[written.to], names);
        graph.edge(&end(written.from), &end(written.to), &said, &link_style(written));
    }
    for written in &node.compatibilities {
        let ways = if written.bidirectional { ", dir=both, arrowtail=odiamond" } else { "" };
        let across = if written.scope == Scope::InterGroup { ", label=\"across groups\"" } else { "" };
        let style =
            format!(", style=dashed, color=\"#0072B2\", arrowhead=odiamond, constraint=false{ways}{across}");
        graph.edge(&end(written.from), &end(written.to), &compatibility(written, names), &style);
    }
}

fn link_style(link: &LinkNode) -> String {
    let kind = match &link.kind {
        LinkKind::Acquaintance => "style=dotted".to_owned(),
        LinkKind::Communication => "style=solid".to_owned(),
        LinkKind::Authority => "style=bold, penwidth=2.5".to_owned(),
        LinkKind::Other(kind) => format!("style=dashed, label=\"{}\"", escaped(kind)),
    };
    let tail = match (link.bidirectional, link.scope) {
        (false, Scope::IntraGroup) => "",
        (true, Scope::IntraGroup) => ", dir=both",
        (false, Scope::InterGroup) => ", dir=both, arrowtail=odot",
        (true, Scope::InterGroup) => ", dir=both, arrowtail=normalodot, arrowhead=normalodot",
    };
    format!(", {kind}{tail}, color=\"#D55E00\", constraint=false")
}
