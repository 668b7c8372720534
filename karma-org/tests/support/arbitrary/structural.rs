//! Arbitrary roles, links and groups.

use karma_org::spec::{
    CardinalityConstraint, Compatibility, ConstrainedObject, Group, GroupRole, Link, LinkKind, LinkType,
    Origin, Role, Scope, StructuralSpecification, Subgroup,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use super::{cardinality, name, properties, references};

pub(super) fn specification() -> impl Strategy<Value = StructuralSpecification> {
    let link_type = name().prop_map(|id| LinkType { id, origin: Origin::default() });
    (properties(), vec(role(), 0..4), vec(link_type, 0..3), of(group())).prop_map(
        |(properties, roles, link_types, group)| {
            let origin = Origin::default();
            StructuralSpecification { properties, roles, link_types, group, origin }
        },
    )
}

fn role() -> impl Strategy<Value = Role> {
    (name(), references(), properties()).prop_map(|(id, extends, properties)| {
        let origin = Origin::default();
        Role { id, extends, properties, origin }
    })
}

fn group() -> impl Strategy<Value = Group> {
    flat_group(Just(Vec::new())).prop_recursive(3, 8, 3, |inner| {
        let specified = inner.prop_map(Subgroup::Specified);
        flat_group(vec(prop_oneof![2 => specified, 1 => inclusion()], 0..3))
    })
}

fn inclusion() -> impl Strategy<Value = Subgroup> {
    name().prop_map(|uri| Subgroup::Included {
        uri,
        group: None,
        roles: Vec::new(),
        link_types: Vec::new(),
        schemes: Vec::new(),
        norms: Vec::new(),
        origin: Origin::default(),
    })
}

fn flat_group(subgroups: impl Strategy<Value = Vec<Subgroup>>) -> impl Strategy<Value = Group> {
    let players = (vec(group_role(), 0..3), vec(link(), 0..3));
    let constraints = (vec(constraint(), 0..3), vec(compatibility(), 0..3));
    (name(), cardinality(), properties(), players, subgroups, constraints).prop_map(
        |(id, cardinality, properties, (roles, links), subgroups, (cardinalities, compatibilities))| Group {
            id,
            cardinality,
            properties,
            roles,
            links,
            subgroups,
            cardinalities,
            compatibilities,
            origin: Origin::default(),
        },
    )
}

fn group_role() -> impl Strategy<Value = GroupRole> {
    (name(), cardinality()).prop_map(|(role, cardinality)| {
        let origin = Origin::default();
        GroupRole { role, cardinality, origin }
    })
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![Just(Scope::IntraGroup), Just(Scope::InterGroup)]
}

fn link_kind() -> impl Strategy<Value = LinkKind> {
    let known = ["acquaintance", "communication", "authority"];
    let own = name().prop_filter("one of MOISE's", move |name| !known.contains(&name.as_str()));
    prop_oneof![
        Just(LinkKind::Acquaintance),
        Just(LinkKind::Communication),
        Just(LinkKind::Authority),
        own.prop_map(LinkKind::Other),
    ]
}

fn link() -> impl Strategy<Value = Link> {
    (name(), name(), link_kind(), scope(), any::<bool>(), any::<bool>()).prop_map(
        |(from, to, kind, scope, extends_subgroups, bidirectional)| {
            let origin = Origin::default();
            Link { from, to, kind, scope, extends_subgroups, bidirectional, origin }
        },
    )
}

fn constraint() -> impl Strategy<Value = CardinalityConstraint> {
    let object = prop_oneof![Just(ConstrainedObject::Role), Just(ConstrainedObject::Group)];
    (object, name(), cardinality()).prop_map(|(object, id, cardinality)| {
        let origin = Origin::default();
        CardinalityConstraint { object, id, cardinality, origin }
    })
}

fn compatibility() -> impl Strategy<Value = Compatibility> {
    let kind = of(Just("compatibility".to_owned()));
    (name(), name(), kind, scope(), any::<bool>(), any::<bool>()).prop_map(
        |(from, to, kind, scope, extends_subgroups, bidirectional)| {
            let origin = Origin::default();
            Compatibility { from, to, kind, scope, extends_subgroups, bidirectional, origin }
        },
    )
}
