//! Roles, links and groups.

use super::super::element::Element;
use super::{Resolve, properties, references};
use crate::spec::{
    CardinalityConstraint, Compatibility, ConstrainedObject, Group, GroupRole, Link, LinkKind, LinkType,
    Role, StructuralSpecification, Subgroup,
};

pub(super) fn specification(element: &Element, includes: &mut dyn Resolve) -> StructuralSpecification {
    StructuralSpecification {
        properties: properties(element),
        roles: element.inside("role-definitions", "role").map(role).collect(),
        link_types: element.inside("link-types", "link-type").map(link_type).collect(),
        group: element.one("group-specification").map(|child| group(child, includes)),
        origin: element.origin.clone(),
    }
}

fn role(element: &Element) -> Role {
    Role {
        id: element.required("id"),
        extends: references(element, "extends", "role"),
        properties: properties(element),
        origin: element.origin.clone(),
    }
}

fn link_type(element: &Element) -> LinkType {
    LinkType { id: element.required("id"), origin: element.origin.clone() }
}

pub(super) fn group(element: &Element, includes: &mut dyn Resolve) -> Group {
    let subgroups = element.all("subgroups").flat_map(|subgroups| &subgroups.children);
    Group {
        id: element.required("id"),
        cardinality: element.cardinality(),
        properties: properties(element),
        roles: element.inside("roles", "role").map(group_role).collect(),
        links: element.inside("links", "link").map(link).collect(),
        subgroups: subgroups.filter_map(|child| subgroup(child, includes)).collect(),
        cardinalities: element.inside("formation-constraints", "cardinality").map(cardinality).collect(),
        compatibilities: element
            .inside("formation-constraints", "compatibility")
            .map(compatibility)
            .collect(),
        origin: element.origin.clone(),
    }
}

fn group_role(element: &Element) -> GroupRole {
    GroupRole {
        role: element.required("id"),
        cardinality: element.cardinality(),
        origin: element.origin.clone(),
    }
}

fn link(element: &Element) -> Link {
    Link {
        from: element.required("from"),
        to: element.required("to"),
        kind: link_kind(element.required("type")),
        scope: element.keyword("scope").unwrap_or_default(),
        extends_subgroups: element.flag("extends-subgroups"),
        bidirectional: element.flag("bi-dir"),
        origin: element.origin.clone(),
    }
}

fn link_kind(name: String) -> LinkKind {
    match name.as_str() {
        "acquaintance" => LinkKind::Acquaintance,
        "communication" => LinkKind::Communication,
        "authority" => LinkKind::Authority,
        _ => LinkKind::Other(name),
    }
}

fn subgroup(element: &Element, includes: &mut dyn Resolve) -> Option<Subgroup> {
    match &*element.name {
        "group-specification" => Some(Subgroup::Specified(group(element, includes))),
        "include-group-specification" => Some(included(element, includes)),
        _ => None,
    }
}

fn included(element: &Element, includes: &mut dyn Resolve) -> Subgroup {
    let other = includes.resolve(element).unwrap_or_default();
    Subgroup::Included {
        uri: element.required("uri"),
        group: other.structural.group.map(Box::new),
        roles: other.structural.roles,
        link_types: other.structural.link_types,
        schemes: other.functional.schemes,
        norms: other.normative.norms,
        origin: element.origin.clone(),
    }
}

fn cardinality(element: &Element) -> CardinalityConstraint {
    CardinalityConstraint {
        object: element.keyword("object").unwrap_or(ConstrainedObject::Role),
        id: element.required("id"),
        cardinality: element.cardinality(),
        origin: element.origin.clone(),
    }
}

fn compatibility(element: &Element) -> Compatibility {
    Compatibility {
        from: element.required("from"),
        to: element.required("to"),
        kind: element.text("type"),
        scope: element.keyword("scope").unwrap_or_default(),
        extends_subgroups: element.flag("extends-subgroups"),
        bidirectional: element.flag("bi-dir"),
        origin: element.origin.clone(),
    }
}
