//! The YAML form of roles and groups.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::either::{Either, EitherVisitor};
use super::{Long, Named, Names, Properties, Range, Short};

/// A role.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "extends": "author" }))]
pub(in crate::yaml) struct Role {
    /// The roles that it specialises: it inherits their links and compatibilities. Without any, it specialises `soc`.
    pub(in crate::yaml) extends: Option<Names>,
    /// Free properties.
    pub(in crate::yaml) properties: Properties,
}

/// A kind of group: the roles that are played in it, the links among them, and its subgroups.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "id": "team",
    "roles": { "writer": "1..5", "editor": 1 },
    "links": [{ "authority": "editor -> writer" }],
    "compatibilities": ["editor <-> writer"],
}))]
pub(in crate::yaml) struct Group {
    /// Its name.
    pub(in crate::yaml) id: String,
    /// How many instances may exist in one instance of the group around it.
    #[serde(default)]
    pub(in crate::yaml) instances: Option<Range>,
    /// Free properties.
    #[serde(default)]
    pub(in crate::yaml) properties: Properties,
    /// The roles that can be played in it, each with its number of players.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "writer": "1..5", "editor": 1 }))]
    pub(in crate::yaml) roles: Option<Named<Option<Range>>>,
    /// Who may know of, talk to, or command whom.
    #[serde(default)]
    #[schemars(example = serde_json::json!([{ "authority": "editor -> writer", "extends_subgroups": true }]))]
    pub(in crate::yaml) links: Vec<Link>,
    /// Pairs of roles that one agent may play together; all others are incompatible.
    #[serde(default)]
    #[schemars(example = serde_json::json!(["editor <-> writer"]))]
    pub(in crate::yaml) compatibilities: Vec<Long<Compatibility>>,
    /// Numbers of players and instances that hold in this group; they override those beside the role or group.
    #[serde(default)]
    #[schemars(example = serde_json::json!([{ "role": "editor", "agents": 1 }]))]
    pub(in crate::yaml) cardinalities: Vec<Cardinality>,
    /// Groups inside it, in place or included from another text.
    #[serde(default)]
    pub(in crate::yaml) subgroups: Vec<Subgroup>,
}

/// Whether players in one instance of a group are meant, or players in different instances.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::yaml) enum Scope {
    /// Players in one instance of the group. This is what holds if no scope is given.
    #[default]
    IntraGroup,
    /// Players in different instances of the group.
    InterGroup,
}

/// A link: `authority: editor -> writer`, with `<->` if it holds in both directions; or spelled out with `type`, `from` and `to`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "authority": "editor -> writer" }))]
#[schemars(example = serde_json::json!({ "type": "leadership", "from": "editor", "to": "writer" }))]
pub(in crate::yaml) struct Link {
    /// The source may know of the target.
    pub(in crate::yaml) acquaintance: Option<String>,
    /// The source may talk to the target, and know of it.
    pub(in crate::yaml) communication: Option<String>,
    /// The source may command the target, talk to it, and know of it.
    pub(in crate::yaml) authority: Option<String>,
    /// Type of the link: one of the three, or a declared one.
    #[serde(rename = "type")]
    pub(in crate::yaml) kind: Option<String>,
    /// Name of the source role.
    pub(in crate::yaml) from: Option<String>,
    /// Name of the target role.
    pub(in crate::yaml) to: Option<String>,
    /// Inside an instance of the group, or between instances.
    pub(in crate::yaml) scope: Scope,
    /// Whether it also holds in the subgroups.
    pub(in crate::yaml) extends_subgroups: bool,
    /// Whether it also holds from target to source.
    pub(in crate::yaml) bidirectional: bool,
}

/// Two roles that one agent may play together: `compatible: editor <-> writer`, or spelled out with `from` and `to`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "compatible": "editor <-> writer", "scope": "inter-group" }))]
pub(in crate::yaml) struct Compatibility {
    /// Who plays the first role may play the second, and with `<->` also the other way round.
    pub(in crate::yaml) compatible: Option<String>,
    /// Name of the role that is played.
    pub(in crate::yaml) from: Option<String>,
    /// Name of the role that may be played as well.
    pub(in crate::yaml) to: Option<String>,
    /// The type that MOISE's XML gives, always "compatibility". The forms with an arrow have it by themselves.
    #[serde(rename = "type")]
    pub(in crate::yaml) kind: Option<String>,
    /// Inside an instance of the group, or between instances.
    pub(in crate::yaml) scope: Scope,
    /// Whether it also holds in the subgroups.
    pub(in crate::yaml) extends_subgroups: bool,
    /// Whether it also holds from `to` to `from`.
    pub(in crate::yaml) bidirectional: bool,
}

impl Short for Compatibility {
    fn short_schema() -> Schema {
        json_schema!({
            "description": "Two roles that one agent may play together.",
            "type": "string",
            "pattern": "->",
            "examples": ["editor <-> writer", "editor -> writer"],
        })
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(Self { compatible: Some(text.to_owned()), ..Self::default() })
    }
}

/// A number of players or instances.
#[derive(Clone, Debug)]
pub(in crate::yaml) enum Cardinality {
    /// Players of a role.
    Role(RoleCardinality),
    /// Instances of a subgroup.
    Group(GroupCardinality),
}

impl JsonSchema for Cardinality {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Cardinality".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let role = generator.subschema_for::<RoleCardinality>();
        let group = generator.subschema_for::<GroupCardinality>();
        json_schema!({ "anyOf": [role, group] })
    }
}

impl<'de> Deserialize<'de> for Cardinality {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let group = EitherVisitor::<RoleCardinality, GroupCardinality>::new(&["group", "instances"]);
        Ok(match deserializer.deserialize_any(group)? {
            Either::Usual(role) => Self::Role(role),
            Either::Special(group) => Self::Group(group),
        })
    }
}

/// How many agents play a role.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "role": "editor", "agents": 1 }))]
pub(in crate::yaml) struct RoleCardinality {
    /// Name of the role.
    pub(in crate::yaml) role: String,
    /// How many agents play it.
    pub(in crate::yaml) agents: Range,
}

/// How many instances a subgroup has.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "group": "team", "instances": "1..3" }))]
pub(in crate::yaml) struct GroupCardinality {
    /// Name of the subgroup.
    pub(in crate::yaml) group: String,
    /// How many instances it has.
    pub(in crate::yaml) instances: Range,
}

/// A group inside a group.
#[derive(Clone, Debug)]
pub(in crate::yaml) enum Subgroup {
    /// Written in place.
    Specified(Group),
    /// Written in another text.
    Included(String),
}

/// A group that is written in another text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "include": "team.xml" }))]
pub(in crate::yaml) struct Include {
    /// Name of the text: XML or YAML.
    pub(in crate::yaml) include: String,
}

impl JsonSchema for Subgroup {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Subgroup".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [generator.subschema_for::<Group>(), generator.subschema_for::<Include>()] })
    }
}

impl<'de> Deserialize<'de> for Subgroup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let either = deserializer.deserialize_any(EitherVisitor::<Group, Include>::new(&["include"]))?;
        Ok(match either {
            Either::Usual(group) => Self::Specified(group),
            Either::Special(included) => Self::Included(included.include),
        })
    }
}
