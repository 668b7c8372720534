//! Roles, groups, links and compatibilities.

use super::Lowering;
use super::arrow::Ends;
use crate::spec::{
    CardinalityConstraint, Compatibility, ConstrainedObject, Group, GroupRole, Link, LinkKind, LinkType,
    Role, Scope, Subgroup,
};
use crate::yaml::document::Place;
use crate::yaml::form::{self, Long, Names};

impl Lowering<'_, '_> {
    pub(super) fn role(&mut self, name: &str, form: Option<&form::Role>, place: Place<'_>) -> Role {
        let none = form::Role::default();
        let form = form.unwrap_or(&none);
        Role {
            id: name.to_owned(),
            extends: self.references(form.extends.as_ref(), place.field("extends")),
            properties: self.properties(form.properties.as_ref(), place.field("properties")),
            origin: self.origin_of(place),
        }
    }

    pub(super) fn link_types(&self, names: Option<&Names>, place: Place<'_>) -> Vec<LinkType> {
        let names = self.references(names, place).into_iter();
        names.map(|name| LinkType { id: name.id, origin: name.origin }).collect()
    }

    pub(in crate::yaml) fn group(&mut self, form: &form::Group, place: Place<'_>) -> Group {
        Group {
            id: form.id.clone(),
            cardinality: self.range(form.instances.as_ref(), place.field("instances")),
            properties: self.properties(form.properties.as_ref(), place.field("properties")),
            roles: self.named(form.roles.as_ref(), place.field("roles"), |this, role, range, place| {
                GroupRole {
                    role: role.to_owned(),
                    cardinality: this.range(range.as_ref(), place),
                    origin: this.origin_of(place),
                }
            }),
            links: self.items(&form.links, place.field("links"), Self::link),
            subgroups: self.items(&form.subgroups, place.field("subgroups"), Self::subgroup),
            cardinalities: self.items(&form.cardinalities, place.field("cardinalities"), Self::cardinality),
            compatibilities: self.items(
                &form.compatibilities,
                place.field("compatibilities"),
                Self::compatibility,
            ),
            origin: self.origin(place),
        }
    }

    pub(super) fn items<T, U>(
        &mut self,
        items: &[T],
        place: Place<'_>,
        mut lower: impl FnMut(&mut Self, &T, Place<'_>) -> U,
    ) -> Vec<U> {
        items.iter().enumerate().map(|(index, item)| lower(self, item, place.item(index))).collect()
    }

    fn subgroup(&mut self, form: &form::Subgroup, place: Place<'_>) -> Subgroup {
        match form {
            form::Subgroup::Specified(group) => Subgroup::Specified(self.group(group, place)),
            form::Subgroup::Included(uri) => {
                let origin = self.origin(place);
                let other = self.reading.include(uri, &origin).unwrap_or_default();
                Subgroup::Included {
                    uri: uri.clone(),
                    group: other.structural.group.map(Box::new),
                    roles: other.structural.roles,
                    link_types: other.structural.link_types,
                    schemes: other.functional.schemes,
                    norms: other.normative.norms,
                    origin,
                }
            }
        }
    }

    fn link(&mut self, form: &form::Link, place: Place<'_>) -> Link {
        let (kind, ends) = self.kind_and_ends(form, place);
        Link {
            from: ends.from,
            to: ends.to,
            kind,
            scope: scope(form.scope),
            extends_subgroups: form.extends_subgroups,
            bidirectional: form.bidirectional || ends.both,
            origin: self.origin(place),
        }
    }

    /// An arrow under its kind, or the fields that spell it out; never both.
    fn kind_and_ends(&mut self, form: &form::Link, place: Place<'_>) -> (LinkKind, Ends) {
        let arrows = [
            ("acquaintance", &form.acquaintance, LinkKind::Acquaintance),
            ("communication", &form.communication, LinkKind::Communication),
            ("authority", &form.authority, LinkKind::Authority),
        ];
        let given =
            arrows.into_iter().filter_map(|(field, arrow, kind)| Some((field, arrow.as_deref()?, kind)));
        let given: Vec<_> = given.collect();
        let spelled = form.kind.is_some() || form.from.is_some() || form.to.is_some();
        match (given.as_slice(), spelled) {
            ([(field, arrow, kind)], false) => (kind.clone(), self.arrow(arrow, place.field(field))),
            ([], true) => {
                if form.kind.is_none() {
                    self.refuse("missing-field", place, "`type` is missing here");
                }
                let kind = form.kind.as_deref().map_or(LinkKind::Acquaintance, link_kind);
                (kind, self.spelled(form.from.as_ref(), form.to.as_ref(), place))
            }
            _ => {
                let message = "a link has exactly one of `acquaintance`, `communication` and `authority` with an \
                               arrow, or else `type`, `from` and `to`";
                self.refuse("bad-link", place, message);
                (LinkKind::Acquaintance, Ends::default())
            }
        }
    }

    fn compatibility(&mut self, Long(form): &Long<form::Compatibility>, place: Place<'_>) -> Compatibility {
        let (kind, ends) = match (
            &form.compatible,
            form.from.is_some() || form.to.is_some() || form.kind.is_some(),
        ) {
            (Some(arrow), false) => {
                let at = if place.is_mapping() { place.field("compatible") } else { place };
                (Some("compatibility".to_owned()), self.arrow(arrow, at))
            }
            (None, _) => (form.kind.clone(), self.spelled(form.from.as_ref(), form.to.as_ref(), place)),
            (Some(_), true) => {
                let message = "a compatibility has either `compatible` with an arrow, or `from`, `to` and perhaps `type`";
                self.refuse("bad-compatibility", place, message);
                (None, Ends::default())
            }
        };
        Compatibility {
            from: ends.from,
            to: ends.to,
            kind,
            scope: scope(form.scope),
            extends_subgroups: form.extends_subgroups,
            bidirectional: form.bidirectional || ends.both,
            origin: self.origin(place),
        }
    }

    fn cardinality(&mut self, form: &form::Cardinality, place: Place<'_>) -> CardinalityConstraint {
        let (object, id, range, field) = match form {
            form::Cardinality::Role(form) => (ConstrainedObject::Role, &form.role, &form.agents, "agents"),
            form::Cardinality::Group(form) => {
                (ConstrainedObject::Group, &form.group, &form.instances, "instances")
            }
        };
        CardinalityConstraint {
            object,
            id: id.clone(),
            cardinality: self.range(Some(range), place.field(field)),
            origin: self.origin(place),
        }
    }
}

/// The kind of a link that is spelled out.
fn link_kind(name: &str) -> LinkKind {
    match name {
        "acquaintance" => LinkKind::Acquaintance,
        "communication" => LinkKind::Communication,
        "authority" => LinkKind::Authority,
        other => LinkKind::Other(other.to_owned()),
    }
}

const fn scope(form: form::Scope) -> Scope {
    match form {
        form::Scope::IntraGroup => Scope::IntraGroup,
        form::Scope::InterGroup => Scope::InterGroup,
    }
}
