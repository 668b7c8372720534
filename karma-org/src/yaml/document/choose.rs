//! Which of several forms an author meant.
//!
//! JSON Schema's `anyOf` is satisfied if any form is; checking all of them costs their number to the power of the
//! depth, and says nothing useful if none holds ("matches none of 3 forms"). An author who leaves out a field of
//! one form did not mean another. So one look at the node and its direct children decides, before anything is checked:
//!
//! 1. Forms of another kind (text, number, list, mapping, …) are out; so are constants other than the node's value.
//! 2. Of several forms of a mapping, the one with the most agreement is meant: a field that is known counts 4,
//!    and 2 more if its value is of a kind that it may be; a field that is unknown costs 4, one that is missing 3;
//!    a field with a constant (a tag) gains or costs 50. Of several forms of a list, one whose items may be what the
//!    first item is.
//! 3. The first form wins a tie, as in an untagged enum of `serde`.
//!
//! Example: `{ value: 3, unit: s }` against `{value, unit}` and `{value, reason}` (all required): 4+2+4+2 = 12
//! against 4+2−4−3 = −1.
//!
//! Cost: the number of forms × the number of direct children, so a document is checked in linear time.

use serde_json::Value;

use super::node::{Kind, Node, Scalar};
use super::schema::{Kinds, View};

/// The form that was meant; `None` if the node can be none of them.
pub(super) fn choose<'s>(node: &Node, forms: &[View<'s>]) -> Option<View<'s>> {
    let mut best: Option<(i64, View<'s>)> = None;
    for &form in forms {
        let Some(score) = agreement(node, form) else { continue };
        if best.is_none_or(|(highest, _)| score > highest) {
            best = Some((score, form));
        }
    }
    best.map(|(_, form)| form)
}

fn agreement(node: &Node, form: View<'_>) -> Option<i64> {
    if !form.kinds().contains(Kinds::of(node)) || !is_constant(node, form) {
        return None;
    }
    Some(match &node.kind {
        Kind::Scalar { .. } => 0,
        Kind::List(items) => match (items.first(), form.item(0)) {
            (Some(first), Some(schema)) => i64::from(may_be(first, schema)),
            _ => 0,
        },
        Kind::Mapping(entries) => {
            let known = entries.iter().map(|(name, entry)| field(name, &entry.node, form)).sum::<i64>();
            let missing = form.required().filter(|name| !entries.contains_key(*name)).count();
            known - 3 * i64::try_from(missing).unwrap_or(i64::MAX / 8)
        }
    })
}

fn field(name: &str, node: &Node, form: View<'_>) -> i64 {
    let Some(schema) = form.property(name) else {
        return if form.additional() == Some(&Value::Bool(false)) { -4 } else { 0 };
    };
    let tag = schema.value.get("const").is_some();
    match (tag, may_be(node, schema)) {
        (true, true) => 50,
        (true, false) => -50,
        (false, true) => 6,
        (false, false) => 4,
    }
}

/// Whether a node is of a kind, and among the constants, that a schema allows.
pub(super) fn may_be(node: &Node, schema: View<'_>) -> bool {
    schema.forms().into_iter().any(|form| form.kinds().contains(Kinds::of(node)) && is_constant(node, form))
}

/// Whether a node is among the constants of a form, if the form has any.
pub(super) fn is_constant(node: &Node, form: View<'_>) -> bool {
    let mut constants = form.constants().peekable();
    constants.peek().is_none() || constants.any(|constant| equals(node, constant))
}

fn equals(node: &Node, constant: &Value) -> bool {
    match (node.scalar(), constant) {
        (Some(Scalar::Text(text)), Value::String(constant)) => text == constant,
        (Some(Scalar::Bool(value)), Value::Bool(constant)) => value == *constant,
        (Some(Scalar::Null), Value::Null) => true,
        (Some(Scalar::Integer(value)), Value::Number(constant)) => constant.as_i128() == Some(value),
        (Some(Scalar::Number(value)), Value::Number(constant)) => constant.as_f64() == Some(value),
        _ => false,
    }
}
