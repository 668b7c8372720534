//! From the YAML form to the written model: short forms are spelled out, and every element gets its place in the text.
//!
//! | Form | Model |
//! |---|---|
//! | `agents: 1..5` | `min` 1, `max` 5; `1..` has no `max`, `..5` no `min`, `any` neither |
//! | `authority: a <-> b` | a link of that kind from `a` to `b`, bidirectional |
//! | `compatible: a -> b`, or `a -> b` alone | a compatibility with its type "compatibility" written |
//! | `sequence: […]` | a plan with that operator and no properties |
//! | a name for a goal | a goal with that name and nothing else |
//! | a list for a mission | a mission with those goals and no cardinality |
//! | a name in a list of roles | a role, or a role of the group, with nothing else |

mod arrow;
mod functional;
mod normative;
mod structural;

use std::sync::Arc;

pub(super) use arrow::parse as arrow;

use super::document::{AsWritten, Place};
use super::form::{self, Named, Names};
use super::include::Reading;
use crate::Finding;
use crate::spec::{
    Cardinality, FunctionalSpecification, NormativeSpecification, OrganizationalSpecification, Origin,
    Property, Reference, StructuralSpecification,
};

/// Lowers one text; what is wrong in it, and in what it includes, is added to the findings of the reading.
pub(super) struct Lowering<'r, 'i> {
    pub(super) file: Option<Arc<str>>,
    pub(super) reading: &'r mut Reading<'i>,
}

impl Lowering<'_, '_> {
    pub(super) fn organization(
        &mut self,
        form: &form::OrganizationForm,
        place: Place<'_>,
    ) -> OrganizationalSpecification {
        OrganizationalSpecification {
            id: form.organization.clone(),
            version: form.version.as_ref().map(|version| version.0.clone()),
            properties: self.properties(form.properties.as_ref(), place.field("properties")),
            structural: self.structural(form, place),
            functional: FunctionalSpecification {
                properties: self
                    .properties(form.functional_properties.as_ref(), place.field("functional_properties")),
                schemes: self.named(form.schemes.as_ref(), place.field("schemes"), Self::scheme),
                origin: self.origin_of(place.field("schemes")),
            },
            normative: NormativeSpecification {
                properties: self
                    .properties(form.normative_properties.as_ref(), place.field("normative_properties")),
                norms: self.named(form.norms.as_ref(), place.field("norms"), Self::norm),
                npl: form.npl.clone(),
                origin: self.origin_of(place.field("norms")),
            },
            origin: self.origin(place),
        }
    }

    fn structural(&mut self, form: &form::OrganizationForm, place: Place<'_>) -> StructuralSpecification {
        StructuralSpecification {
            properties: self
                .properties(form.structural_properties.as_ref(), place.field("structural_properties")),
            roles: self.named(form.roles.as_ref(), place.field("roles"), |this, name, role, place| {
                this.role(name, role.as_ref(), place)
            }),
            link_types: self.link_types(form.link_types.as_ref(), place.field("link_types")),
            group: form.group.as_ref().map(|group| self.group(group, place.field("group"))),
            origin: self.origin_of(place.field("group")),
        }
    }

    /// Lowers each of several named elements; the place is that of the content.
    fn named<T, U>(
        &mut self,
        named: Option<&Named<T>>,
        place: Place<'_>,
        mut lower: impl FnMut(&mut Self, &str, &T, Place<'_>) -> U,
    ) -> Vec<U> {
        let entries = named.into_iter().flat_map(|named| named.iter(place));
        entries.map(|(name, content, place)| lower(self, name, content, place)).collect()
    }

    fn properties(&mut self, properties: Option<&Named<AsWritten>>, place: Place<'_>) -> Vec<Property> {
        self.named(properties, place, |this, name, value, place| Property {
            id: name.to_owned(),
            value: value.0.clone(),
            origin: this.origin_of(place),
        })
    }

    fn references(&self, names: Option<&Names>, place: Place<'_>) -> Vec<Reference> {
        let names = names.into_iter().flat_map(|names| names.iter(place));
        names.map(|(name, place)| Reference { id: name.to_owned(), origin: self.origin(place) }).collect()
    }

    fn range(&mut self, range: Option<&form::Range>, place: Place<'_>) -> Cardinality {
        match range.map(form::Range::parse) {
            None => Cardinality::default(),
            Some(Ok(cardinality)) => cardinality,
            Some(Err(message)) => {
                self.refuse("bad-range", place, message);
                Cardinality::default()
            }
        }
    }

    /// Where a value starts.
    fn origin(&self, place: Place<'_>) -> Origin {
        Origin { position: Some(place.position()), file: self.file.clone() }
    }

    /// Where the name of a value is.
    fn origin_of(&self, place: Place<'_>) -> Origin {
        Origin { position: Some(place.name_position()), file: self.file.clone() }
    }

    fn refuse(&mut self, code: &'static str, place: Place<'_>, message: impl Into<String>) {
        let origin = self.origin(place);
        self.reading.findings.push(Finding::error(code, &origin, message));
    }
}
