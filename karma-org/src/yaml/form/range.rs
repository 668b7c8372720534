//! Ranges: `3`, `1..5`, `1..`, `..5`, `any`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};

use crate::spec;
use crate::yaml::document::{AsWritten, quoted};

/// How many, as it was written: `3`, `1..5`, `1..`, `..5`, or `any`.
#[derive(Clone, Debug)]
pub(in crate::yaml) struct Range(String);

impl Range {
    /// The range, or what is wrong with it.
    pub(in crate::yaml) fn parse(&self) -> Result<spec::Cardinality, String> {
        parse_range(&self.0)
    }
}

impl<'de> Deserialize<'de> for Range {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        AsWritten::deserialize(deserializer).map(|written| Self(written.0))
    }
}

impl JsonSchema for Range {
    fn schema_name() -> Cow<'static, str> {
        "Range".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How many: exactly `3`, from one to five `1..5`, at least one `1..`, at most five `..5`, or `any`.",
            "type": ["integer", "string"],
            "minimum": 0,
            "pattern": r"^\s*(any|\d+|\d+\s*\.\.\s*(\d+|\*)?|\.\.\s*\d+)\s*$",
            "examples": [1, "1..5", "1..", "..5", "any"],
        })
    }
}

/// Reads a range. Bounds are whole numbers of 32 bits; `*` is an upper bound that is not there, as in UML.
fn parse_range(text: &str) -> Result<spec::Cardinality, String> {
    let trimmed = text.trim();
    if trimmed == "any" {
        return Ok(spec::Cardinality::default());
    }
    let (min, max) = match trimmed.split_once("..") {
        None => (bound(trimmed)?, bound(trimmed)?),
        Some((min, "*")) if !min.is_empty() => (bound(min)?, None),
        Some((min, max)) if !min.is_empty() || !max.is_empty() => (open(min)?, open(max)?),
        Some(_) => return Err(not_a_bound("")),
    };
    Ok(spec::Cardinality { min, max })
}

fn open(text: &str) -> Result<Option<u32>, String> {
    if text.trim().is_empty() { Ok(None) } else { bound(text) }
}

fn bound(text: &str) -> Result<Option<u32>, String> {
    let digits = text.trim();
    let number = digits.chars().all(|c| c.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    number.map(Some).ok_or_else(|| not_a_bound(digits))
}

fn not_a_bound(text: &str) -> String {
    let found = if text.is_empty() { "nothing".to_owned() } else { quoted(text) };
    format!(
        "expected a range such as `3`, `1..5`, `1..`, `..5` or `any`, with bounds up to {}; found {found}",
        u32::MAX
    )
}
