//! Words for messages, and a text that takes numbers as they stand.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Visitor};

use super::node::{Kind, Node, Scalar};

/// A text that may look like a number or a truth value: `0.10` is read as "0.10".
///
/// It is taken as it was written wherever the type says directly that it is there; inside an untagged enum,
/// `serde` has already made a number of it, and the text is that number's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AsWritten(pub String);

impl JsonSchema for AsWritten {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AsWritten".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

impl<'de> Deserialize<'de> for AsWritten {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(AS_WRITTEN, AsWrittenVisitor)
    }
}

/// The name under which a deserializer is asked for the text of a scalar, whatever it looks like.
pub(super) const AS_WRITTEN: &str = "karma::AsWritten";

struct AsWrittenVisitor;

impl<'de> Visitor<'de> for AsWrittenVisitor {
    type Value = AsWritten;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, or true or false")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<AsWritten, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_str<E>(self, text: &str) -> Result<AsWritten, E> {
        Ok(AsWritten(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<AsWritten, E> {
        Ok(AsWritten(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<AsWritten, E> {
        Ok(AsWritten(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<AsWritten, E> {
        Ok(AsWritten(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<AsWritten, E> {
        Ok(AsWritten(value.to_string()))
    }
}

/// A text in backquotes, on one line and not longer than a message can bear.
pub(in crate::yaml) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    format!("`{short}`")
}

/// The known name that is closest to a given one, if it is close enough to have been meant.
///
/// Closeness is Jaro and Winkler's (1990), which favours a common beginning; 0.75 is where typing errors end and
/// other words begin among the names of MOISE.
fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 100;
    let near = |candidate: &'a str| (strsim::jaro_winkler(name, candidate), candidate);
    let closest = |a: &(f64, &str), b: &(f64, &str)| a.0.total_cmp(&b.0);
    let (similarity, candidate) = (name.len() <= LONGEST)
        .then(|| known.into_iter().filter(|candidate| candidate.len() <= LONGEST).map(near).max_by(closest))
        .flatten()?;
    (similarity >= 0.75).then_some(candidate)
}

/// `; did you mean …?`, or nothing.
pub(super) fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |candidate| format!("; did you mean `{candidate}`?"))
}

/// "a, b or c".
pub(super) fn join(words: &[String], conjunction: &str) -> String {
    match words {
        [] => "nothing".to_owned(),
        [word] => word.clone(),
        [first @ .., last] => format!("{} {conjunction} {last}", first.join(", ")),
    }
}

/// What a node is, for a message.
pub(super) fn found(node: &Node) -> String {
    let text = match &node.kind {
        Kind::List(_) => return "a list".to_owned(),
        Kind::Mapping(_) => return "a mapping".to_owned(),
        Kind::Scalar { text, .. } => quoted(text),
    };
    match node.scalar() {
        Some(Scalar::Text(_)) => format!("the text {text}"),
        Some(Scalar::Integer(_) | Scalar::Number(_)) => format!("the number {text}"),
        Some(Scalar::Bool(_)) => format!("the truth value {text}"),
        Some(Scalar::Null) | None => "nothing".to_owned(),
    }
}
