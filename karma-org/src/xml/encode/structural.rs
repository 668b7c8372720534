//! Roles, links and groups.

use super::super::element::Element;
use super::super::value::name_of;
use super::{part, properties, references};
use crate::spec::{
    CardinalityConstraint, Compatibility, Group, GroupRole, Link, LinkKind, LinkType, Role,
    StructuralSpecification, Subgroup,
};

pub(super) fn specification(specification: &StructuralSpecification) -> Option<Element> {
    part(specification, |structural| {
        let roles = structural.roles.iter().map(role).collect();
        let link_types = structural.link_types.iter().map(link_type).collect();
        Element::new("structural-specification", &structural.origin)
            .push(properties(&structural.properties))
            .push(Element::holding("role-definitions", roles))
            .push(Element::holding("link-types", link_types))
            .push(structural.group.as_ref().map(group))
    })
}

fn role(role: &Role) -> Element {
    Element::new("role", &role.origin)
        .with("id", &role.id)
        .push(properties(&role.properties))
        .push(references(&role.extends, "extends", "role"))
}

fn link_type(link_type: &LinkType) -> Element {
    Element::new("link-type", &link_type.origin).with("id", &link_type.id)
}

fn group(group: &Group) -> Element {
    let constraints = group.cardinalities.iter().map(cardinality);
    let constraints = constraints.chain(group.compatibilities.iter().map(compatibility)).collect();
    Element::new("group-specification", &group.origin)
        .with("id", &group.id)
        .bounds(group.cardinality)
        .push(properties(&group.properties))
        .push(Element::holding("roles", group.roles.iter().map(group_role).collect()))
        .push(Element::holding("links", group.links.iter().map(link).collect()))
        .push(subgroups(&group.subgroups))
        .push(Element::holding("formation-constraints", constraints))
}

fn group_role(role: &GroupRole) -> Element {
    Element::new("role", &role.origin).with("id", &role.role).bounds(role.cardinality)
}

fn link(link: &Link) -> Element {
    Element::new("link", &link.origin)
        .with("from", &link.from)
        .with("to", &link.to)
        .with("type", link_kind(&link.kind))
        .scope(link.scope)
        .with_flag("extends-subgroups", link.extends_subgroups)
        .with_flag("bi-dir", link.bidirectional)
}

fn link_kind(kind: &LinkKind) -> &str {
    match kind {
        LinkKind::Acquaintance => "acquaintance",
        LinkKind::Communication => "communication",
        LinkKind::Authority => "authority",
        LinkKind::Other(name) => name,
    }
}

/// The schema wants inclusions before groups inside one `subgroups`, but allows several of these: wherever an
/// inclusion follows a group, another one begins.
fn subgroups(subgroups: &[Subgroup]) -> Vec<Element> {
    let follows = |before: &Subgroup, after: &Subgroup| !is_specified(before) || is_specified(after);
    let runs = subgroups.chunk_by(follows);
    runs.filter_map(|run| Element::holding("subgroups", run.iter().map(subgroup).collect())).collect()
}

const fn is_specified(subgroup: &Subgroup) -> bool {
    matches!(subgroup, Subgroup::Specified(_))
}

fn subgroup(subgroup: &Subgroup) -> Element {
    match subgroup {
        Subgroup::Specified(inner) => group(inner),
        Subgroup::Included { uri, origin, .. } => {
            Element::new("include-group-specification", origin).with("uri", uri)
        }
    }
}

fn cardinality(constraint: &CardinalityConstraint) -> Element {
    Element::new("cardinality", &constraint.origin)
        .bounds(constraint.cardinality)
        .with("object", name_of(constraint.object))
        .with("id", &constraint.id)
}

fn compatibility(compatibility: &Compatibility) -> Element {
    let Compatibility { from, to, kind, scope, extends_subgroups, bidirectional, origin } = compatibility;
    Element::new("compatibility", origin)
        .with("from", from)
        .with("to", to)
        .maybe("type", kind.as_ref())
        .scope(*scope)
        .with_flag("extends-subgroups", *extends_subgroups)
        .with_flag("bi-dir", *bidirectional)
}
