//! Organisations written in Rust: a fluent way to a specification, for programs and tests that have no text to read.
//!
//! What has only a name and a few details is made by a function that is called like it ([`goal`], [`mission`],
//! [`authority`], [`obligation`], …); what contains others is filled in by a closure. Nothing is checked until
//! [`OrganizationBuilder::organization`], which reports all that is wrong at once.
//!
//! ```
//! use karma_org::builder::{OrganizationBuilder, authority, communication, compatible, goal, mission, obligation, permission};
//!
//! let paper = OrganizationBuilder::new("wp")
//!     .role("author")
//!     .role_extending("writer", ["author"])
//!     .role_extending("editor", ["author"])
//!     .group("wpgroup", |group| {
//!         group
//!             .role("writer", 1..=5)
//!             .role("editor", 1..=1)
//!             .link(authority("editor", "writer"))
//!             .link(communication("writer", "editor").both_ways())
//!             .compatibility(compatible("editor", "writer").both_ways())
//!     })
//!     .scheme("writePaperSch", |scheme| {
//!         scheme
//!             .goal(goal("wp").sequence([
//!                 goal("draft").within("1 day").sequence(["title", "abstract"]),
//!                 goal("final").within("7 days").parallel(["sections", "references"]),
//!             ]))
//!             .mission(mission("manage").agents(1..=1).goals(["title", "abstract"]))
//!             .mission(mission("contribute").agents(1..=5).goals(["sections", "references"]).preferring("manage"))
//!     })
//!     .norm(permission("n1", "editor", "manage"))
//!     .norm(obligation("n2", "writer", "contribute").within("1 day"))
//!     .organization()?;
//!
//! let (writer, author) = (paper.role("writer").unwrap(), paper.role("author").unwrap());
//! assert!(paper.specialises(writer, author));
//! # Ok::<(), karma_org::Findings>(())
//! ```

mod goal;
mod group;
mod norm;
mod scheme;

use std::ops::{Bound, RangeBounds};

use crate::finding::Findings;
use crate::organization::Organization;
use crate::spec::{
    Cardinality, Group, LinkType, Norm, OrganizationalSpecification, Property, Reference, Role, Scheme,
};

pub use goal::{GoalBuilder, goal};
pub use group::{
    CompatibilityBuilder, GroupBuilder, LinkBuilder, acquaintance, authority, communication, compatible, link,
};
pub use norm::{NormBuilder, obligation, permission};
pub use scheme::{MissionBuilder, SchemeBuilder, mission};

/// A specification while it is written.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct OrganizationBuilder {
    specification: OrganizationalSpecification,
}

impl OrganizationBuilder {
    /// An organisation with nothing but a name.
    pub fn new(id: impl Into<String>) -> Self {
        Self { specification: OrganizationalSpecification { id: Some(id.into()), ..Default::default() } }
    }

    /// The version of the specification, as its author counts.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.specification.version = Some(version.into());
        self
    }

    /// A free property of the whole organisation.
    pub fn property(mut self, id: impl Into<String>, value: impl Into<String>) -> Self {
        self.specification.properties.push(property(id, value));
        self
    }

    /// A property of the norms, such as `default_management`, which says what happens on a violation.
    pub fn norm_property(mut self, id: impl Into<String>, value: impl Into<String>) -> Self {
        self.specification.normative.properties.push(property(id, value));
        self
    }

    /// A role that extends the root role `soc`.
    pub fn role(self, id: impl Into<String>) -> Self {
        self.role_extending(id, std::iter::empty::<String>())
    }

    /// A role that extends others.
    pub fn role_extending(
        mut self,
        id: impl Into<String>,
        extended: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let extends = extended.into_iter().map(reference).collect();
        self.specification.structural.roles.push(Role { id: id.into(), extends, ..Role::default() });
        self
    }

    /// A link type besides acquaintance, communication and authority.
    pub fn link_type(mut self, id: impl Into<String>) -> Self {
        self.specification.structural.link_types.push(LinkType { id: id.into(), ..LinkType::default() });
        self
    }

    /// The root group; a second one replaces the first.
    pub fn group(mut self, id: impl Into<String>, fill: impl FnOnce(GroupBuilder) -> GroupBuilder) -> Self {
        self.specification.structural.group = Some(Group::from(fill(GroupBuilder::new(id))));
        self
    }

    /// A scheme.
    pub fn scheme(
        mut self,
        id: impl Into<String>,
        fill: impl FnOnce(SchemeBuilder) -> SchemeBuilder,
    ) -> Self {
        self.specification.functional.schemes.push(Scheme::from(fill(SchemeBuilder::new(id))));
        self
    }

    /// A norm: [`obligation`] or [`permission`].
    pub fn norm(mut self, norm: impl Into<Norm>) -> Self {
        self.specification.normative.norms.push(norm.into());
        self
    }

    /// The specification as written, unchecked.
    pub fn build(self) -> OrganizationalSpecification {
        self.specification
    }

    /// The organisation with every name resolved.
    ///
    /// # Errors
    /// All findings, if one of them is an error.
    pub fn organization(self) -> Result<Organization, Findings> {
        Organization::new(self.specification)
    }
}

/// A range of Rust as a cardinality: `1..=5` and `1..6` are one to five, `2..` is at least two, `..` is what is left
/// to the default.
fn cardinality(range: &impl RangeBounds<u32>) -> Cardinality {
    let min = match range.start_bound() {
        Bound::Included(min) => Some(*min),
        Bound::Excluded(below) => Some(below.saturating_add(1)),
        Bound::Unbounded => None,
    };
    let max = match range.end_bound() {
        Bound::Included(max) => Some(*max),
        Bound::Excluded(above) => Some(above.saturating_sub(1)),
        Bound::Unbounded => None,
    };
    Cardinality { min, max }
}

fn property(id: impl Into<String>, value: impl Into<String>) -> Property {
    Property { id: id.into(), value: value.into(), ..Property::default() }
}

fn reference(id: impl Into<String>) -> Reference {
    Reference { id: id.into(), ..Reference::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_rust_are_cardinalities() {
        let (one, five) = (Some(1), Some(5));
        assert_eq!(cardinality(&(1..=5)), Cardinality { min: one, max: five });
        assert_eq!(cardinality(&(1..6)), Cardinality { min: one, max: five });
        assert_eq!(cardinality(&(1..)), Cardinality { min: one, max: None });
        assert_eq!(cardinality(&(..=5)), Cardinality { min: None, max: five });
        assert_eq!(cardinality(&..), Cardinality::default());
    }
}
