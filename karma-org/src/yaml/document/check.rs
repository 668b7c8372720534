//! Checks a document against a JSON Schema and reports all that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde_json::Value;

use super::choose::{choose, is_constant};
use super::node::{Entry, Kind, Node, Scalar};
use super::schema::{Kinds, View};
use super::words::{found, hint, join, quoted};
use super::{MAX_FINDINGS, origin};
use crate::spec::Position;
use crate::{Finding, Findings};

/// Keywords that are checked here, and those that say nothing about what is allowed. `pattern` and `format` are
/// for editors, apart from the formats of whole numbers: what they ask is left to the type's `Deserialize`.
const KNOWN: [&str; 35] = [
    "$defs",
    "$ref",
    "$schema",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "default",
    "deprecated",
    "description",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "oneOf",
    "pattern",
    "prefixItems",
    "properties",
    "readOnly",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
    "$comment",
];

/// The keywords in the schema of a type that a document is not checked against: empty, if the type suits.
pub fn unchecked_keywords<T: JsonSchema>() -> BTreeSet<String> {
    let schema = super::schema::<T>();
    let mut pending = vec![schema.as_value()];
    let mut unknown = BTreeSet::new();
    while let Some(value) = pending.pop() {
        let Value::Object(keywords) = value else { continue };
        for (keyword, value) in keywords {
            match (keyword.as_str(), value) {
                ("properties" | "$defs", Value::Object(schemas)) => pending.extend(schemas.values()),
                ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                    pending.extend(schemas);
                }
                ("items" | "additionalProperties", schema) => pending.push(schema),
                (keyword, _) if !KNOWN.contains(&keyword) => drop(unknown.insert(keyword.to_owned())),
                _ => {}
            }
        }
    }
    unknown
}

/// Checks a document; the findings are in the order of the text.
pub(super) fn check(root: &Node, schema: &Value) -> Result<(), Findings> {
    let mut checker = Checker { findings: Vec::new() };
    checker.node(root, View::root(schema));
    if checker.findings.is_empty() {
        return Ok(());
    }
    checker.findings.sort_by_key(Finding::position);
    Err(Findings(checker.findings))
}

struct Checker {
    findings: Vec<Finding>,
}

impl Checker {
    fn report(&mut self, code: &'static str, position: Position, message: impl Into<String>) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding::error(code, &origin(position), message));
        }
    }

    /// Recursion is as deep as the document, which the parser has limited.
    fn node(&mut self, node: &Node, schema: View<'_>) {
        if self.findings.len() >= MAX_FINDINGS {
            return;
        }
        let forms = schema.forms();
        let Some(form) = choose(node, &forms) else {
            let (code, message) = mismatch(node, &forms);
            return self.report(code, node.position, message);
        };
        for part in form.value.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.node(node, schema.of(part));
        }
        match &node.kind {
            Kind::Scalar { text, .. } => {
                if let Some(message) = bounds(node, text, form) {
                    self.report("out-of-range", node.position, message);
                }
            }
            Kind::List(items) => self.list(node.position, items, form),
            Kind::Mapping(entries) => self.mapping(node.position, entries, form),
        }
    }

    fn list(&mut self, position: Position, items: &[Node], form: View<'_>) {
        if let Some(message) = size(items.len(), "items", ["minItems", "maxItems"], form) {
            self.report("out-of-range", position, message);
        }
        if form.value.get("uniqueItems") == Some(&Value::Bool(true)) {
            self.unique(items);
        }
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = form.item(index) {
                self.node(item, schema);
            }
        }
    }

    fn unique(&mut self, items: &[Node]) {
        let mut seen: BTreeMap<&str, Position> = BTreeMap::new();
        for item in items {
            let Kind::Scalar { text, .. } = &item.kind else { continue };
            match seen.get(text.as_str()) {
                Some(first) => {
                    let message = format!("{} is here a second time; the first is at {first}", quoted(text));
                    self.report("duplicate-item", item.position, message);
                }
                None => drop(seen.insert(text, item.position)),
            }
        }
    }

    fn mapping(&mut self, position: Position, entries: &IndexMap<String, Entry>, form: View<'_>) {
        if let Some(message) = size(entries.len(), "fields", ["minProperties", "maxProperties"], form) {
            self.report("out-of-range", position, message);
        }
        for (name, entry) in entries {
            match (form.property(name), form.additional()) {
                (Some(schema), _) => self.node(&entry.node, schema),
                (None, None) => {}
                (None, Some(Value::Bool(false))) => {
                    self.report("unknown-field", entry.name_position, unknown(name, entries, form));
                }
                (None, Some(schema)) => self.node(&entry.node, form.of(schema)),
            }
        }
        let missing = form.required().filter(|name| !entries.contains_key(*name));
        let missing: Vec<String> = missing.map(|name| format!("`{name}`")).collect();
        if !missing.is_empty() {
            let verb = if missing.len() == 1 { "is" } else { "are" };
            self.report("missing-field", position, format!("{} {verb} missing here", join(&missing, "and")));
        }
    }
}

fn unknown(name: &str, entries: &IndexMap<String, Entry>, form: View<'_>) -> String {
    let free: Vec<&str> = form.property_names().filter(|known| !entries.contains_key(*known)).collect();
    let hint = hint(name, free.iter().copied());
    let separator = if hint.is_empty() { "." } else { "" };
    let allowed = if free.is_empty() { "nothing more".to_owned() } else { free.join(", ") };
    format!("unknown field {}{hint}{separator} Allowed: {allowed}", quoted(name))
}

/// What is expected where a node can be none of the forms.
fn mismatch(node: &Node, forms: &[View<'_>]) -> (&'static str, String) {
    let constants: Vec<&str> =
        forms.iter().flat_map(|form| form.constants()).filter_map(Value::as_str).collect();
    let open = forms.iter().filter(|form| form.constants().next().is_none());
    let kinds = open.fold(Kinds::NONE, |kinds, form| kinds | form.kinds());
    let mut expected: Vec<String> = constants.iter().map(|constant| format!("`{constant}`")).collect();
    expected.extend(kinds.words().into_iter().map(str::to_owned));
    let expected = join(&expected, "or");
    match node.scalar() {
        Some(Scalar::Text(text)) if !constants.is_empty() => {
            let hint = hint(text, constants.iter().copied());
            ("not-allowed", format!("expected {expected}, found {}{hint}", quoted(text)))
        }
        _ => ("wrong-type", format!("expected {expected}, found {}{}", found(node), quotes(node, kinds))),
    }
}

/// Says how a number becomes a text, where a text is expected.
fn quotes(node: &Node, kinds: Kinds) -> String {
    match &node.kind {
        Kind::Scalar { text, plain: true } if !text.is_empty() && kinds.contains(Kinds::TEXT) => {
            format!("; if the text is meant, write \"{text}\"")
        }
        _ => String::new(),
    }
}

fn size(count: usize, what: &str, [least, most]: [&str; 2], form: View<'_>) -> Option<String> {
    let limit =
        |keyword| form.value.get(keyword).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    match (limit(least), limit(most)) {
        (Some(least), _) if count < least => Some(format!("expected at least {least} {what}, found {count}")),
        (_, Some(most)) if count > most => Some(format!("expected at most {most} {what}, found {count}")),
        _ => None,
    }
}

fn bounds(node: &Node, text: &str, form: View<'_>) -> Option<String> {
    debug_assert!(is_constant(node, form), "the form was chosen for its constants");
    let value = match node.scalar()? {
        Scalar::Text(_) => return size(text.chars().count(), "characters", ["minLength", "maxLength"], form),
        Scalar::Null | Scalar::Bool(_) => return None,
        Scalar::Integer(value) => value as f64,
        Scalar::Number(value) if value.is_finite() => value,
        Scalar::Number(_) => return Some(format!("expected a finite number, found {}", quoted(text))),
    };
    let limit = |keyword| form.value.get(keyword).and_then(Value::as_f64);
    let (lowest, highest) = width(form).unzip();
    let violated = [
        ("at least", limit("minimum").or(lowest).filter(|&limit| value < limit)),
        ("at most", limit("maximum").or(highest).filter(|&limit| value > limit)),
        ("more than", limit("exclusiveMinimum").filter(|&limit| value <= limit)),
        ("less than", limit("exclusiveMaximum").filter(|&limit| value >= limit)),
    ];
    let violated = violated.into_iter().find_map(|(words, limit)| Some((words, limit?)));
    violated
        .map(|(words, limit)| format!("expected a number that is {words} {limit}, found {}", quoted(text)))
}

/// The range of the whole numbers of a format: schemas do not repeat what the format says.
fn width(form: View<'_>) -> Option<(f64, f64)> {
    if !form.kinds().contains(Kinds::INTEGER) || form.kinds().contains(Kinds::NUMBER) {
        return None;
    }
    match form.value.get("format")?.as_str()? {
        "int32" => Some((f64::from(i32::MIN), f64::from(i32::MAX))),
        "uint32" => Some((0.0, f64::from(u32::MAX))),
        _ => None,
    }
}
