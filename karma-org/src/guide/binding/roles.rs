//! What a role means on a cluster, as written: its rules and its penalty.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::actions::ActionsBinding;
use super::many::Many;

/// The rules of a role: which actions its agents may take, and what it costs to take others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleBinding {
    /// Number of agents that play the role; 1 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<u32>,
    /// Hardness of the role's rules in [0, 1], unless a rule has its own; the binding's by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardness: Option<f32>,
    /// The rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleBinding>,
    /// What is allowed besides, whether rules fire or not, unless one of them forbids it; by default to change
    /// nothing. An empty list obliges the role to act when its rules fire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub always: Option<Many<ActionsBinding>>,
    /// What is allowed while no rule that allows something fires; by default to change nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Many<ActionsBinding>>,
    /// Added to the reward of an action outside of the guide, times (1 − hardness); at most 0, which is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<f32>,
}

/// The action guide of a role: the rules, and what is allowed besides, of a [`RoleBinding`].
#[doc(alias = "RAG")]
#[derive(Clone, Copy, Debug)]
pub struct RoleActionGuide<'b> {
    /// The rules.
    pub rules: &'b [RuleBinding],
    /// What is allowed whether they fire or not; by default to change nothing.
    pub always: Option<&'b Many<ActionsBinding>>,
    /// What is allowed while no rule that allows something fires; by default to change nothing.
    pub otherwise: Option<&'b Many<ActionsBinding>>,
    /// Hardness of the rules that have none of their own; the binding's by default.
    pub hardness: Option<f32>,
}

/// The reward guide of a role: the price of an action outside of its action guide.
#[doc(alias = "RRG")]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RoleRewardGuide {
    /// `r_m`, at most 0: added, times (1 − hardness), for an action outside of the guide.
    pub penalty: f32,
}

impl RoleBinding {
    /// Which actions fit the role.
    pub fn action_guide(&self) -> RoleActionGuide<'_> {
        let Self { rules, always, otherwise, hardness, .. } = self;
        RoleActionGuide { rules, always: always.as_ref(), otherwise: otherwise.as_ref(), hardness: *hardness }
    }

    /// What other actions cost.
    pub fn reward_guide(&self) -> RoleRewardGuide {
        RoleRewardGuide { penalty: self.penalty.unwrap_or(0.0) }
    }
}

/// What a rule is asked of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RuleScope {
    /// Of the whole system, once.
    #[default]
    #[serde(rename = "once")]
    Once,
    /// Of each service: conditions and actions may speak of `self`, its callers and what it calls.
    #[serde(rename = "each service")]
    EachService,
}

/// Words for services of a priority.
const PRIORITIES: [&str; 4] = ["critical", "normal", "low", "not_critical"];

/// A rule: when a condition holds, some actions are allowed, or forbidden.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleBinding {
    /// What the rule is called in explanations.
    pub name: String,
    /// The condition under which it fires; always, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What it is asked of: `once` (the default) or `each service`.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub scope: Option<RuleScope>,
    /// Actions that are allowed when it fires.
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    pub allow: Many<ActionsBinding>,
    /// Actions that are forbidden when it fires, whatever other rules allow.
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    pub forbid: Many<ActionsBinding>,
    /// Hardness of this rule in [0, 1]; the role's by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardness: Option<f32>,
}

impl RuleBinding {
    /// Whether what it allows depends on the priorities of services.
    pub(in crate::guide) fn chooses_by_priority(&self) -> bool {
        let named = |words: &Option<Many<String>>| {
            words.as_ref().is_some_and(|words| words.0.iter().any(|word| PRIORITIES.contains(&word.as_str())))
        };
        self.allow.0.iter().any(|set| named(&set.on) || named(&set.except))
    }

    /// What it is asked of.
    pub fn scope(&self) -> RuleScope {
        self.scope.unwrap_or_default()
    }
}
