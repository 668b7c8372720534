//! An organisational specification as it is written: every element of MOISE+, with nothing resolved and nothing
//! checked, so that reading and writing lose nothing.
//!
//! The content is that of MOISE's `os.xsd`: a [`StructuralSpecification`] says who may be where, a
//! [`FunctionalSpecification`] what is to be done, a [`NormativeSpecification`] who must or may do what. Names
//! are plain text here and may dangle; [`Organization`](crate::Organization) is the same with every name
//! resolved, and exists only if nothing is wrong.
//!
//! Fields that a text may leave out are `Option`s or empty: what was absent stays absent when it is written again.

mod functional;
mod inclusion;
mod normative;
mod notification;
mod origin;
mod structural;

pub use functional::{
    Argument, FunctionalSpecification, Goal, GoalKind, Mission, Plan, PlanOperator, Scheme,
};
pub use normative::{Norm, NormKind, NormativeSpecification};
pub use notification::{
    NotificationKind, NotificationPolicy, Report, ReportArgument, ReportGoal, ReportStage,
};
pub use origin::{Origin, Position};
pub use structural::{
    Cardinality, CardinalityConstraint, Compatibility, ConstrainedObject, Group, GroupRole, Link, LinkKind,
    LinkType, Role, Scope, StructuralSpecification, Subgroup,
};

/// A whole organisation, as written: who (structural), what (functional), and who must or may do what (normative).
#[doc(alias = "OS")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrganizationalSpecification {
    /// Its name.
    pub id: Option<String>,
    /// Version of the specification, as its author counts (`os-version`).
    pub version: Option<String>,
    /// Free properties.
    pub properties: Vec<Property>,
    /// Roles and groups.
    pub structural: StructuralSpecification,
    /// Schemes, goals and missions.
    pub functional: FunctionalSpecification,
    /// Norms.
    pub normative: NormativeSpecification,
    /// Where it was written.
    pub origin: Origin,
}

/// A free property: a name and a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Property {
    /// Its name.
    pub id: String,
    /// Its value.
    pub value: String,
    /// Where it was written.
    pub origin: Origin,
}

/// The name of another element, and where that name was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// The name.
    pub id: String,
    /// Where it was written.
    pub origin: Origin,
}

impl From<&str> for Reference {
    fn from(id: &str) -> Self {
        Self { id: id.to_owned(), origin: Origin::default() }
    }
}
