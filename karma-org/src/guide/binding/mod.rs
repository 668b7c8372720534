//! The binding file as written: what the roles, goals and missions of an organisation mean on a cluster.
//!
//! MOISE+ says who must do what; it does not say what a role's "may" is on a cluster, nor what a goal is worth.
//! A binding does, for one organisation. It is YAML; [`Guides::compile`](super::Guides::compile) checks it.

mod actions;
mod goals;
mod many;
mod roles;
mod source;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Findings;
use crate::yaml::document;

pub use actions::{ActionsBinding, ChangeWord};
pub use goals::{GoalRewardGuide, MissionBinding};
pub use many::Many;
pub use roles::{RoleActionGuide, RoleBinding, RoleRewardGuide, RuleBinding, RuleScope};
pub use source::{Source, Spot};

/// What the roles, goals and missions of an organisation mean on a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// Where its parts were written; nowhere, if it was not read from a text.
    #[serde(skip)]
    pub source: Source,
    /// Name of the organisation that is bound.
    pub organization: String,
    /// Hardness of every role that has none of its own, in [0, 1]: 1 masks, 0 only shapes the reward; 1 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardness: Option<f32>,
    /// Numbers that conditions and expressions call by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub parameters: IndexMap<String, Parameter>,
    /// How much each service matters; what the topology says by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priorities: Option<Priorities>,
    /// Trajectory patterns, over the labels.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub patterns: IndexMap<String, String>,
    /// What the symbols of the patterns mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Labels>,
    /// The roles that agents play, in the order of the agents; and abstract ones, whose rules hold for every role that extends
    /// them.
    #[serde(default)]
    pub roles: IndexMap<String, RoleBinding>,
    /// What the goals are worth.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub goals: IndexMap<String, GoalRewardGuide>,
    /// How the missions weigh them.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub missions: IndexMap<String, MissionBinding>,
}

impl Binding {
    /// Reads a binding from YAML.
    ///
    /// # Errors
    /// All that is wrong with the form of the text, with line and column. What it says is checked by
    /// [`Guides::compile`](super::Guides::compile).
    ///
    /// ```
    /// use karma_org::guide::Binding;
    ///
    /// let binding = Binding::read("organization: shop\nroles:\n  clerk: { penalty: -0.5 }\n").unwrap();
    /// assert_eq!(binding.roles["clerk"].penalty, Some(-0.5));
    ///
    /// let findings = Binding::read("organization: shop\nroles:\n  clerk: { penalti: -0.5 }\n").unwrap_err();
    /// assert!(findings.to_string().starts_with("3:12: error[unknown-field]: unknown field `penalti`"));
    /// ```
    pub fn read(text: &str) -> Result<Self, Findings> {
        let (binding, positions) = document::read::<Self>(text)?;
        Ok(Self { source: positions.into(), ..binding })
    }
}

/// A number with a name, a unit and a reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The number.
    pub value: f64,
    /// Its unit, such as `requests`, `m`, `Mi`, `s`, `1/s`, `Kbps`, `%`; empty for a ratio.
    pub unit: String,
    /// Where the number comes from.
    pub reason: String,
}

/// How much a service matters when resources are short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriorityWord {
    /// Never scaled down to save resources.
    Critical,
    /// In between.
    Normal,
    /// Scaled down first.
    Low,
}

/// Priorities of services.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Priorities {
    /// Of a service that is not listed; what the topology says by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<PriorityWord>,
    /// By name of the service.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub services: IndexMap<String, PriorityWord>,
}

/// What the symbols of patterns mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// Symbols for what is observed: a condition over the whole system.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub observations: IndexMap<String, String>,
    /// Symbols for what is done: a set of actions.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub actions: IndexMap<String, ActionsBinding>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Position;

    const TEXT: &str = "organization: shop\nroles:\n  clerk:\n    rules:\n      - name: serve\n        when: pending_requests > 3 requests\n        allow:\n          - { change: [+1, down], on: self }\n";

    #[test]
    fn every_part_knows_its_line_and_column() {
        let binding = Binding::read(TEXT).unwrap();
        let place = |line, column| Some(Position { line, column });
        let clerk = binding.source.root().field("roles").field("clerk");
        assert_eq!(clerk.name_origin().position, place(3, 3));
        let rule = clerk.field("rules").item(0);
        assert_eq!(rule.field("when").origin().position, place(6, 15));
        assert_eq!(rule.field("allow").item(0).field("change").item(1).origin().position, place(8, 28));
    }

    #[test]
    fn a_single_element_needs_no_brackets() {
        let binding = Binding::read(TEXT).unwrap();
        let actions = &binding.roles["clerk"].rules[0].allow.0[0];
        assert_eq!(actions.change, Many(vec![ChangeWord::Range(1, 1), ChangeWord::Down]));
        assert_eq!(actions.on, Some(Many(vec!["self".to_owned()])));
    }

    #[test]
    fn all_that_is_wrong_with_the_form_is_told() {
        let text = "organization: shop\nroles:\n  clerk:\n    agents: many\n    rules:\n      - { name: x, wen: y }\n";
        let findings = Binding::read(text).unwrap_err().0;
        let lines: Vec<_> = findings.iter().filter_map(|finding| Some(finding.position()?.line)).collect();
        assert_eq!(lines, [4, 6], "{findings:?}");
    }

    #[test]
    fn the_form_asks_for_nothing_that_goes_unchecked() {
        let unchecked = document::unchecked_keywords::<Binding>();
        assert!(unchecked.is_empty(), "{unchecked:?}");
    }
}
