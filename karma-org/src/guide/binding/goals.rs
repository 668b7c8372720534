//! What goals and missions are worth, as written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A goal reward guide, what a goal is worth: either a `value` at every step, or a `reward` at each step at which a `pattern` ends.
#[doc(alias = "GRG")]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoalRewardGuide {
    /// A dense reward: an expression without a unit, computed in the state that a step led to and kept within
    /// [−1, 1]. Where a sample that it needs is missing, the goal is worth nothing at that step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A sparse reward: the name of a trajectory pattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What a match of the pattern is worth; negative for something to be avoided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<f32>,
    /// Whether only the first match of an episode counts; every match by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<bool>,
}

/// How much a mission counts, of what it is made, and when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MissionBinding {
    /// Weight κ of the mission in the reward of an agent that has it; 1 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f32>,
    /// Priority p in [0, 1), for agents that are obliged to the mission: its rewards are divided by 1 − p. Agents that
    /// are only permitted count with 0, which is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<f32>,
    /// Weight of each goal; by default 1 for each goal of the mission that has a meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goals: Option<IndexMap<String, f32>>,
    /// From when it counts, as a time after the start of an episode, such as `60 s`; from the start by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Until when it counts, such as `10 min`; to the end by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}
