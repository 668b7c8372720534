//! The YAML form of norms.

use schemars::JsonSchema;
use serde::Deserialize;

/// Who must or may commit to a mission. Exactly one of `obligation` and `permission` is given.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["mission"]))]
#[schemars(example = serde_json::json!({ "obligation": "writer", "mission": "mBib", "within": "1 day" }))]
pub(in crate::yaml) struct Norm {
    /// Name of the role whose players must commit to the mission.
    pub(in crate::yaml) obligation: Option<String>,
    /// Name of the role whose players may commit to the mission.
    pub(in crate::yaml) permission: Option<String>,
    /// Name of the mission, as `mission` or `scheme.mission`.
    pub(in crate::yaml) mission: String,
    /// When the norm is active; always, if absent.
    pub(in crate::yaml) when: Option<String>,
    /// Time to fulfil it.
    #[schemars(example = "1 day")]
    pub(in crate::yaml) within: Option<String>,
}
