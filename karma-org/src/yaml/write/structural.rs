//! Roles, groups, links and compatibilities.

use super::layout::Out;
use super::{Fields, block, compact, list, maybe, properties, range, references};
use crate::spec::{
    CardinalityConstraint, Compatibility, ConstrainedObject, Group, GroupRole, Link, LinkKind, Role, Scope,
    Subgroup,
};

pub(super) fn roles(roles: &[Role]) -> Out {
    maybe(roles, role, &Out::Mapping { entries: Vec::new(), block: false }, true)
}

fn role(role: &Role) -> (&str, Option<Out>) {
    let extends = match role.extends.as_slice() {
        [single] => Out::text(&single.id),
        several => references(several),
    };
    let content = compact().some("extends", extends).some("properties", properties(&role.properties)).done();
    (&role.id, (!content.is_empty()).then_some(content))
}

pub(super) fn group(group: &Group) -> Out {
    block()
        .text("id", &group.id)
        .plain("instances", range(group.cardinality))
        .some("properties", properties(&group.properties))
        .some("roles", maybe(&group.roles, group_role, &Out::Plain("any".to_owned()), false))
        .some("links", list(&group.links, link))
        .some("compatibilities", list(&group.compatibilities, compatibility))
        .some("cardinalities", list(&group.cardinalities, cardinality))
        .some("subgroups", list(&group.subgroups, subgroup))
        .done()
}

fn group_role(role: &GroupRole) -> (&str, Option<Out>) {
    (&role.role, range(role.cardinality).map(Out::Plain))
}

fn subgroup(subgroup: &Subgroup) -> Out {
    match subgroup {
        Subgroup::Specified(specified) => group(specified),
        Subgroup::Included { uri, .. } => compact().text("include", uri).done(),
    }
}

fn link(link: &Link) -> Out {
    let kind = match &link.kind {
        LinkKind::Acquaintance => "acquaintance",
        LinkKind::Communication => "communication",
        LinkKind::Authority => "authority",
        LinkKind::Other(name) => name,
    };
    let arrow =
        arrow(&link.from, &link.to, link.bidirectional).filter(|_| !matches!(link.kind, LinkKind::Other(_)));
    let fields = match arrow {
        Some(arrow) => compact().text(kind, &arrow),
        None => spelled(compact().text("type", kind), &link.from, &link.to, link.bidirectional),
    };
    scoped(fields, link.scope, link.extends_subgroups)
}

fn compatibility(compatibility: &Compatibility) -> Out {
    let Compatibility { from, to, kind, scope, extends_subgroups, bidirectional, .. } = compatibility;
    let arrow = arrow(from, to, *bidirectional).filter(|_| kind.as_deref() == Some("compatibility"));
    match arrow {
        Some(arrow) if *scope == Scope::IntraGroup && !extends_subgroups => Out::Text(arrow),
        Some(arrow) => scoped(compact().text("compatible", &arrow), *scope, *extends_subgroups),
        None => {
            let fields = spelled(compact(), from, to, *bidirectional).optional("type", kind.as_deref());
            scoped(fields, *scope, *extends_subgroups)
        }
    }
}

/// `from -> to`, unless a name would be misread in it.
fn arrow(from: &str, to: &str, both: bool) -> Option<String> {
    let arrow = format!("{from} {} {to}", if both { "<->" } else { "->" });
    let ends = crate::yaml::lower::arrow(&arrow)?;
    (ends.from == from && ends.to == to && ends.both == both).then_some(arrow)
}

fn spelled(fields: Fields, from: &str, to: &str, both: bool) -> Fields {
    fields.text("from", from).text("to", to).flag("bidirectional", both)
}

fn scoped(fields: Fields, scope: Scope, extends_subgroups: bool) -> Out {
    let scope = (scope == Scope::InterGroup).then_some("inter-group");
    fields.plain("scope", scope).flag("extends_subgroups", extends_subgroups).done()
}

fn cardinality(constraint: &CardinalityConstraint) -> Out {
    let range = range(constraint.cardinality).unwrap_or_else(|| "any".to_owned());
    let (object, count) = match constraint.object {
        ConstrainedObject::Role => ("role", "agents"),
        ConstrainedObject::Group => ("group", "instances"),
    };
    compact().text(object, &constraint.id).plain(count, Some(range)).done()
}
