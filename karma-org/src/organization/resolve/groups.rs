//! Groups: the root first, then depth first, with included groups in the place of their inclusion.

use std::collections::BTreeSet;

use karma_core::Id as _;

use crate::spec::{
    Compatibility, Group, Link, LinkKind, LinkType, Norm, Origin, Role, Scheme, StructuralSpecification,
    Subgroup,
};

use super::super::{CompatibilityNode, GroupId, GroupNode, LinkNode, RoleId};
use super::{Parts, Report, constraints, named, push, range};

/// A group as it stands in the text, and where.
pub(super) struct WrittenGroup<'s> {
    pub(super) group: &'s Group,
    /// Position of the group above in the list of all groups.
    pub(super) parent: Option<usize>,
    /// Position after the last group below.
    pub(super) end: usize,
    /// What came with it, if it was included.
    pub(super) imported: Imported<'s>,
}

/// What an included text defines besides its group.
#[derive(Clone, Copy, Default)]
pub(super) struct Imported<'s> {
    pub(super) roles: &'s [Role],
    pub(super) link_types: &'s [LinkType],
    pub(super) schemes: &'s [Scheme],
    pub(super) norms: &'s [Norm],
}

/// All groups, parents before children, in the order of the text.
pub(super) fn written<'s>(
    structural: &'s StructuralSpecification,
    report: &mut Report,
) -> Vec<WrittenGroup<'s>> {
    let mut all: Vec<WrittenGroup<'s>> = Vec::new();
    let mut open: Vec<(Option<usize>, &'s Group, Imported<'s>)> = Vec::new();
    open.extend(structural.group.as_ref().map(|root| (None, root, Imported::default())));
    while let Some((parent, group, imported)) = open.pop() {
        let position = all.len();
        all.push(WrittenGroup { group, parent, end: position + 1, imported });
        for subgroup in group.subgroups.iter().rev() {
            match below(subgroup) {
                Ok((below, imported)) => open.push((Some(position), below, imported)),
                Err((uri, origin)) => {
                    let message = format!("group {:?} includes {uri:?}, which was not read", group.id);
                    report.error("unresolved-include", origin, message);
                    report.set_incomplete();
                }
            }
        }
    }
    for position in (1..all.len()).rev() {
        if let Some(parent) = all[position].parent {
            all[parent].end = all[parent].end.max(all[position].end);
        }
    }
    all
}

/// The group that a subgroup stands for, with what came with it; the name of the text if it was not read.
fn below(subgroup: &Subgroup) -> Result<(&Group, Imported<'_>), (&str, &Origin)> {
    match subgroup {
        Subgroup::Specified(group) => Ok((group, Imported::default())),
        Subgroup::Included { group: Some(group), roles, link_types, schemes, norms, .. } => {
            Ok((group, Imported { roles, link_types, schemes, norms }))
        }
        Subgroup::Included { uri, group: None, origin, .. } => Err((uri, origin)),
    }
}

pub(super) fn resolve(
    structural: &StructuralSpecification,
    written: &[WrittenGroup<'_>],
    parts: &mut Parts,
    report: &mut Report,
) {
    let own = structural.link_types.iter();
    let declared = own.chain(written.iter().flat_map(|group| group.imported.link_types));
    let predefined = ["acquaintance", "communication", "authority"].into_iter();
    let link_types: Vec<&str> = predefined.chain(declared.map(|declared| declared.id.as_str())).collect();
    for entry in written {
        let node = node(&link_types, entry, parts, report);
        let group = push(&mut parts.groups, node);
        register(entry.group, group, parts, report);
        if let Some(parent) = entry.parent {
            parts.groups[GroupId::from_index(parent)].subgroups.push(group);
        }
    }
    constraints::apply(written, parts, report);
}

fn register(group: &Group, id: GroupId, parts: &mut Parts, report: &mut Report) {
    named(&group.id, "group", &group.origin, report);
    if parts.index.groups.contains_key(&group.id) {
        report.error("duplicate-group", &group.origin, format!("group {:?} is specified twice", group.id));
    } else {
        parts.index.groups.insert(group.id.clone(), id);
    }
}

fn node(link_types: &[&str], entry: &WrittenGroup<'_>, parts: &Parts, report: &mut Report) -> GroupNode {
    let group = entry.group;
    let element = format!("group {:?}", group.id);
    let mut node = GroupNode {
        id: group.id.clone(),
        parent: entry.parent.map(GroupId::from_index),
        cardinality: range(group.cardinality, &element, &group.origin, report),
        roles: Vec::new(),
        subtree_roles: Vec::new(),
        subgroups: Vec::new(),
        links: Vec::new(),
        compatibilities: Vec::new(),
        origin: group.origin.clone(),
    };
    players(group, &mut node, parts, report);
    node.links =
        group.links.iter().filter_map(|link| self::link(link_types, group, link, parts, report)).collect();
    let compatibilities = group.compatibilities.iter();
    node.compatibilities = compatibilities.filter_map(|c| compatibility(group, c, parts, report)).collect();
    node
}

fn players(group: &Group, node: &mut GroupNode, parts: &Parts, report: &mut Report) {
    let mut seen = BTreeSet::new();
    for played in &group.roles {
        let Some(role) = parts.index.roles.get(&played.role).copied() else { continue };
        let element = format!("role {:?} of group {:?}", played.role, group.id);
        if !seen.insert(role) {
            report.error("duplicate-group-role", &played.origin, format!("{element} is listed twice"));
            continue;
        }
        let range = range(played.cardinality, &element, &played.origin, report);
        node.roles.push((role, range));
    }
}

/// A role that a link, compatibility or constraint of a group names.
pub(super) fn role(
    id: &str,
    what: &str,
    origin: &Origin,
    parts: &Parts,
    report: &mut Report,
) -> Option<RoleId> {
    let role = parts.index.roles.get(id).copied();
    if role.is_none() {
        let hint = report.hint(id, parts.index.roles.keys().map(String::as_str));
        report.unknown(
            "unknown-role",
            origin,
            format!("{what} names role {id:?}, which is not defined{hint}"),
        );
    }
    role
}

fn link(known: &[&str], group: &Group, link: &Link, parts: &Parts, report: &mut Report) -> Option<LinkNode> {
    let what = format!("the link from {:?} to {:?} in group {:?}", link.from, link.to, group.id);
    let from = role(&link.from, &what, &link.origin, parts, report);
    let to = role(&link.to, &what, &link.origin, parts, report);
    if let LinkKind::Other(kind) = &link.kind {
        link_type(known, kind, &what, &link.origin, report);
    }
    Some(LinkNode {
        from: from?,
        to: to?,
        kind: link.kind.clone(),
        scope: link.scope,
        extends_subgroups: link.extends_subgroups,
        bidirectional: link.bidirectional,
        origin: link.origin.clone(),
    })
}

fn link_type(known: &[&str], kind: &str, what: &str, origin: &Origin, report: &mut Report) {
    if !known.contains(&kind) {
        let hint = report.hint(kind, known.iter().copied());
        report.unknown(
            "unknown-link-type",
            origin,
            format!("{what} has type {kind:?}, which is not declared{hint}"),
        );
    }
}

fn compatibility(
    group: &Group,
    compatibility: &Compatibility,
    parts: &Parts,
    report: &mut Report,
) -> Option<CompatibilityNode> {
    let what = format!(
        "the compatibility of {:?} with {:?} in group {:?}",
        compatibility.from, compatibility.to, group.id
    );
    let from = role(&compatibility.from, &what, &compatibility.origin, parts, report);
    let to = role(&compatibility.to, &what, &compatibility.origin, parts, report);
    Some(CompatibilityNode {
        from: from?,
        to: to?,
        scope: compatibility.scope,
        extends_subgroups: compatibility.extends_subgroups,
        bidirectional: compatibility.bidirectional,
        origin: compatibility.origin.clone(),
    })
}
