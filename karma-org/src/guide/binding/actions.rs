//! Sets of actions as they are written: a change of replicas, on some services.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::many::Many;

/// A set of actions: each of the changes on each of the services.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionsBinding {
    /// The changes of replicas: `up` (+1 to +α), `down` (−α to −1), `none` (0), `any`, a number such as `+2`, a
    /// range such as `-3..-1`, or a list of these.
    pub change: Many<ChangeWord>,
    /// The services: `self` (the service that the rule is asked of), `upstream` (its direct callers), `callers` (all
    /// that call it, directly or not), `downstream` (what it calls directly), `reachable` (all that it calls, directly
    /// or not), `entry` (where traffic enters), `critical`, `normal`, `low`, `not_critical`, `all`, or the name of a
    /// service; a list is their union. By default `self` in a rule that is asked of each service, else `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Many<String>>,
    /// Services that are left out, in the same words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub except: Option<Many<String>>,
}

/// Changes of replicas, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeWord {
    /// +1 to +α.
    Up,
    /// −α to −1.
    Down,
    /// No change: the no-op.
    None,
    /// −α to +α.
    Any,
    /// From one number to another, both included.
    Range(i32, i32),
}

impl ChangeWord {
    /// First and last change, for changes of at most `alpha`.
    pub fn bounds(self, alpha: i32) -> (i32, i32) {
        match self {
            Self::Up => (1, alpha),
            Self::Down => (-alpha, -1),
            Self::None => (0, 0),
            Self::Any => (-alpha, alpha),
            Self::Range(from, to) => (from, to),
        }
    }

    /// Reads a word, a number, or a range `from..to`.
    fn read(text: &str) -> Option<Self> {
        let number = |text: &str| text.trim().parse::<i32>().ok();
        match text.trim() {
            "up" => Some(Self::Up),
            "down" => Some(Self::Down),
            "none" => Some(Self::None),
            "any" => Some(Self::Any),
            text => match text.split_once("..") {
                Some((from, to)) => Some(Self::Range(number(from)?, number(to)?)),
                None => number(text).map(|change| Self::Range(change, change)),
            },
        }
    }
}

impl fmt::Display for ChangeWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up => f.write_str("up"),
            Self::Down => f.write_str("down"),
            Self::None => f.write_str("none"),
            Self::Any => f.write_str("any"),
            Self::Range(from, to) if from == to => write!(f, "{from:+}"),
            Self::Range(from, to) => write!(f, "{from:+}..{to:+}"),
        }
    }
}

impl Serialize for ChangeWord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Range(from, to) if from == to => serializer.serialize_i32(*from),
            word => serializer.collect_str(word),
        }
    }
}

impl<'de> Deserialize<'de> for ChangeWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChangeVisitor)
    }
}

struct ChangeVisitor;

impl Visitor<'_> for ChangeVisitor {
    type Value = ChangeWord;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a change: up, down, none, any, a number such as +2, or a range such as -3..-1")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ChangeWord, E> {
        ChangeWord::read(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<ChangeWord, E> {
        let change = i32::try_from(number)
            .map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(number), &self))?;
        Ok(ChangeWord::Range(change, change))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<ChangeWord, E> {
        let change = i32::try_from(number)
            .map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(number), &self))?;
        Ok(ChangeWord::Range(change, change))
    }
}

impl JsonSchema for ChangeWord {
    fn schema_name() -> Cow<'static, str> {
        "Change".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Changes of replicas: `up`, `down`, `none`, `any`, a number, or a range such as `-3..-1`.",
            "type": ["string", "integer"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_ranges_of_changes() {
        let bounds = |text| ChangeWord::read(text).map(|word| word.bounds(3));
        assert_eq!(bounds("up"), Some((1, 3)));
        assert_eq!(bounds("down"), Some((-3, -1)));
        assert_eq!(bounds("none"), Some((0, 0)));
        assert_eq!(bounds("any"), Some((-3, 3)));
        assert_eq!(bounds("+2"), Some((2, 2)));
        assert_eq!(bounds("-2 .. +1"), Some((-2, 1)));
        assert_eq!(bounds("sideways"), None);
    }

    proptest! {
        #[test]
        fn a_written_change_reads_back(from in -9i32..=9, to in -9i32..=9) {
            let word = ChangeWord::Range(from, to);
            prop_assert_eq!(ChangeWord::read(&word.to_string()), Some(word));
        }
    }
}
