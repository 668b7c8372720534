//! Who must or may do what.

use super::{Origin, Property};

/// The norms.
#[doc(alias = "NS")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NormativeSpecification {
    /// Free properties; `default_management` and those named like a regimented property say what happens on a violation.
    pub properties: Vec<Property>,
    /// The norms.
    pub norms: Vec<Norm>,
    /// Norms in MOISE's normative programming language, kept as text.
    pub npl: Option<String>,
    /// Where it was written.
    pub origin: Origin,
}

/// Whether a norm binds or allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum NormKind {
    /// Players of the role must commit to the mission. Whoever must, may.
    #[default]
    Obligation,
    /// Players of the role may commit to the mission.
    Permission,
}

/// A role's obligation or permission to commit to a mission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Norm {
    /// Its name.
    pub id: String,
    /// When it is active; always, if absent.
    pub condition: Option<String>,
    /// Name of the role.
    pub role: String,
    /// Whether it binds or allows.
    pub kind: NormKind,
    /// Name of the mission, written as `mission` or `scheme.mission`.
    pub mission: String,
    /// Time to fulfil, such as "1 day".
    pub time_constraint: Option<String>,
    /// Where it was written.
    pub origin: Origin,
}
