//! Links and compatibilities between roles whose players cannot meet.

use std::collections::BTreeSet;

use crate::organization::resolve::{Parts, Report};
use crate::organization::{CompatibilityNode, GroupId, LinkNode, RoleId};
use crate::spec::{Origin, Scope};

/// Reports what is said of roles of which one has no players where it would have to have some. O(roles · depth +
/// relations) for groups that are not nested.
pub(super) fn check(parts: &Parts, report: &mut Report) {
    let everywhere = played(parts, parts.groups.ids());
    for group in parts.groups.ids() {
        let node = &parts.groups[group];
        let relations: Vec<Relation<'_>> = node
            .links
            .iter()
            .map(Relation::from)
            .chain(node.compatibilities.iter().map(Relation::from))
            .collect();
        if relations.is_empty() {
            continue;
        }
        let here = played(parts, std::iter::once(group));
        let below = if relations.iter().any(|relation| relation.extends_subgroups) {
            played(parts, subtree(parts, group).into_iter())
        } else {
            BTreeSet::new()
        };
        for relation in &relations {
            let near = if relation.extends_subgroups { &below } else { &here };
            let far = if relation.scope == Scope::InterGroup { &everywhere } else { near };
            relation.check(near, far, &node.id, (parts, report));
        }
    }
}

/// The roles that somebody may play in some groups, and all that these roles specialise.
fn played(parts: &Parts, groups: impl Iterator<Item = GroupId>) -> BTreeSet<RoleId> {
    let roles = groups.flat_map(|group| &parts.groups[group].roles).map(|(role, _)| *role);
    roles.flat_map(|role| parts.roles[role].ancestors.iter().copied()).collect()
}

/// A group and all groups below.
fn subtree(parts: &Parts, root: GroupId) -> Vec<GroupId> {
    let mut groups = vec![root];
    let mut next = 0;
    while let Some(group) = groups.get(next).copied() {
        groups.extend(&parts.groups[group].subgroups);
        next += 1;
    }
    groups
}

/// What a group says of two roles.
struct Relation<'p> {
    code: &'static str,
    name: &'static str,
    from: RoleId,
    to: RoleId,
    scope: Scope,
    extends_subgroups: bool,
    bidirectional: bool,
    origin: &'p Origin,
}

impl Relation<'_> {
    /// `near` is where the players of one end are, `far` where those of the other are.
    fn check(
        &self,
        near: &BTreeSet<RoleId>,
        far: &BTreeSet<RoleId>,
        group: &str,
        (parts, report): (&Parts, &mut Report),
    ) {
        let meets = |from, to| near.contains(from) && far.contains(to);
        if meets(&self.from, &self.to) || (self.bidirectional && meets(&self.to, &self.from)) {
            return;
        }
        let absent = if near.contains(&self.from) { self.to } else { self.from };
        let name = |role: RoleId| &parts.roles[role].id;
        let place = if self.extends_subgroups { " or below" } else { "" };
        let message = format!(
            "the {} from {:?} to {:?} joins nobody: no role of group {group:?}{place} is or specialises {:?}",
            self.name,
            name(self.from),
            name(self.to),
            name(absent)
        );
        report.warning(self.code, self.origin, message);
    }
}

impl<'p> From<&'p LinkNode> for Relation<'p> {
    fn from(link: &'p LinkNode) -> Self {
        Self {
            code: "link-without-players",
            name: "link",
            from: link.from,
            to: link.to,
            scope: link.scope,
            extends_subgroups: link.extends_subgroups,
            bidirectional: link.bidirectional,
            origin: &link.origin,
        }
    }
}

impl<'p> From<&'p CompatibilityNode> for Relation<'p> {
    fn from(written: &'p CompatibilityNode) -> Self {
        Self {
            code: "compatibility-without-players",
            name: "compatibility",
            from: written.from,
            to: written.to,
            scope: written.scope,
            extends_subgroups: written.extends_subgroups,
            bidirectional: written.bidirectional,
            origin: &written.origin,
        }
    }
}
