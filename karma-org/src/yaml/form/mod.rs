//! The YAML form of an organisation: the types that its JSON Schema is made of.
//!
//! The doc comments here are what an editor shows. Short forms and long forms stand for the same; the modules
//! `lower` and `write` say which for which.

mod either;
mod functional;
mod normative;
mod notation;
mod range;
mod structural;

use schemars::JsonSchema;
use serde::Deserialize;

use super::document::AsWritten;
pub(super) use either::Either;
pub(super) use functional::{
    Goal, GoalKind, Mission, Plan, PlanOperator, Policy, Report, ReportGoal, Scheme, Stage, StagedGoal,
};
pub(super) use normative::Norm;
pub(super) use notation::{Long, Named, Names, Short};
pub(super) use range::Range;
pub(super) use structural::{Cardinality, Compatibility, Group, Link, Role, Scope, Subgroup};

/// Free properties: names and texts. MOISE+ gives some of them a meaning.
pub(super) type Properties = Option<Named<AsWritten>>;

/// An organization of MOISE+: who may be where (roles, group), what is to be done (schemes), and who must or may do what (norms).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Organization", example = example())]
pub(super) struct OrganizationForm {
    /// Name of the organization.
    pub(super) organization: Option<String>,
    /// Version of the specification, as its author counts.
    #[schemars(example = "0.8")]
    pub(super) version: Option<AsWritten>,
    /// Free properties of the whole.
    pub(super) properties: Properties,
    /// Free properties of the structural part: roles, link types, group.
    pub(super) structural_properties: Properties,
    /// Free properties of the functional part: schemes.
    pub(super) functional_properties: Properties,
    /// Free properties of the normative part. `default_management` and those named like a regimented property say
    /// what happens on a violation: fail, prohibition, or ignore.
    pub(super) normative_properties: Properties,
    /// The roles: what an agent that plays one is bound by.
    pub(super) roles: Option<Named<Option<Role>>>,
    /// Link types besides acquaintance, communication and authority.
    pub(super) link_types: Option<Names>,
    /// The root group.
    pub(super) group: Option<Group>,
    /// The schemes: goal trees, and the missions that distribute their goals.
    pub(super) schemes: Option<Named<Scheme>>,
    /// The norms: who must or may commit to which mission.
    pub(super) norms: Option<Named<Norm>>,
    /// Norms in MOISE's normative programming language, kept as text.
    pub(super) npl: Option<String>,
}

/// The smallest organization that has a bit of everything.
fn example() -> serde_json::Value {
    serde_json::json!({
        "organization": "writing-paper",
        "roles": { "author": {}, "writer": { "extends": "author" } },
        "group": { "id": "team", "roles": { "writer": "1..5" } },
        "schemes": {
            "paper": {
                "goal": { "id": "written", "sequence": ["draft", "final"] },
                "missions": { "write": { "agents": 1, "goals": ["draft", "final"] } },
            },
        },
        "norms": { "n1": { "obligation": "writer", "mission": "write" } },
    })
}
