//! What a JSON Schema says about one node, without looking further down.

use std::ops::BitOr;

use serde_json::Value;

use super::node::{Kind, Node, Scalar};

/// A schema inside its document, with references followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'s> {
    pub(super) document: &'s Value,
    pub(super) value: &'s Value,
}

/// A set of the kinds of values that JSON knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const NONE: Self = Self(0);
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOL: Self = Self(2);
    pub(super) const INTEGER: Self = Self(4);
    /// Any number: whole numbers are numbers.
    pub(super) const NUMBER: Self = Self(4 | 8);
    pub(super) const TEXT: Self = Self(16);
    pub(super) const LIST: Self = Self(32);
    pub(super) const MAPPING: Self = Self(64);
    pub(super) const ALL: Self = Self(127);

    const NAMES: [(Self, &'static str, &'static str); 7] = [
        (Self::TEXT, "string", "a text"),
        (Self::NUMBER, "number", "a number"),
        (Self::INTEGER, "integer", "a whole number"),
        (Self::BOOL, "boolean", "true or false"),
        (Self::LIST, "array", "a list"),
        (Self::MAPPING, "object", "a mapping"),
        (Self::NULL, "null", "nothing"),
    ];

    /// What a node is. A number with a fraction is only the part of `NUMBER` that `INTEGER` lacks.
    pub(super) fn of(node: &Node) -> Self {
        match (&node.kind, node.scalar()) {
            (Kind::List(_), _) => Self::LIST,
            (Kind::Mapping(_), _) => Self::MAPPING,
            (_, Some(Scalar::Bool(_))) => Self::BOOL,
            (_, Some(Scalar::Integer(_))) => Self::INTEGER,
            (_, Some(Scalar::Number(_))) => Self(8),
            (_, Some(Scalar::Text(_))) => Self::TEXT,
            (_, Some(Scalar::Null) | None) => Self::NULL,
        }
    }

    /// Whether all of `other` is in this set.
    pub(super) const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// "a text or a list"; null is left out, since nobody writes it.
    pub(super) fn words(self) -> Vec<&'static str> {
        let whole = |kind: Self| kind != Self::INTEGER || !self.contains(Self::NUMBER);
        let named = Self::NAMES.iter().filter(|(kind, _, _)| *kind != Self::NULL || self == Self::NULL);
        named
            .filter(|(kind, _, _)| self.contains(*kind) && whole(*kind))
            .map(|(_, _, words)| *words)
            .collect()
    }

    fn named(name: &str) -> Self {
        Self::NAMES.iter().find(|(_, known, _)| *known == name).map_or(Self::NONE, |(kind, _, _)| *kind)
    }
}

impl BitOr for Kinds {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl<'s> View<'s> {
    pub(super) const fn root(document: &'s Value) -> Self {
        Self { document, value: document }
    }

    pub(super) const fn of(self, value: &'s Value) -> Self {
        Self { document: self.document, value }
    }

    /// The schema that `$ref` names, if there is one.
    pub(super) fn target(self) -> Option<Self> {
        let pointer = self.value.get("$ref")?.as_str()?.strip_prefix('#')?;
        self.document.pointer(pointer).map(|value| self.of(value))
    }

    /// The schemas of which one must hold; empty if there is no such choice.
    pub(super) fn alternatives(self) -> impl Iterator<Item = Self> {
        let lists =
            ["anyOf", "oneOf"].into_iter().filter_map(move |keyword| self.value.get(keyword)?.as_array());
        lists.flatten().map(move |value| self.of(value))
    }

    /// This schema with references and choices followed, so that none of what is left is either.
    pub(super) fn forms(self) -> Vec<Self> {
        // A type that refers to nothing but itself has no form; the budget ends the search for one.
        let mut budget = 256;
        let mut forms = Vec::new();
        let mut pending = vec![self];
        while let Some(view) = pending.pop().filter(|_| budget > 0) {
            budget -= 1;
            let next: Vec<Self> = view.target().into_iter().chain(view.alternatives()).collect();
            if next.is_empty() {
                forms.push(view);
            }
            pending.extend(next.into_iter().rev());
        }
        forms
    }

    /// The kinds of values that `type`, `const` and `enum` leave.
    pub(super) fn kinds(self) -> Kinds {
        if self.value == &Value::Bool(false) {
            return Kinds::NONE;
        }
        match self.value.get("type") {
            Some(Value::String(name)) => Kinds::named(name),
            Some(Value::Array(names)) => {
                let kinds = names.iter().filter_map(Value::as_str).map(Kinds::named);
                kinds.fold(Kinds::NONE, BitOr::bitor)
            }
            _ if self.constants().next().is_some() => Kinds::TEXT | Kinds::NUMBER | Kinds::BOOL | Kinds::NULL,
            _ => Kinds::ALL,
        }
    }

    /// The values that `const` or `enum` allow; empty if they allow all.
    pub(super) fn constants(self) -> impl Iterator<Item = &'s Value> {
        let list = self.value.get("enum").and_then(Value::as_array);
        self.value.get("const").into_iter().chain(list.into_iter().flatten())
    }

    /// The schema of a field, if the field is known by its name.
    pub(super) fn property(self, name: &str) -> Option<Self> {
        self.value.get("properties")?.get(name).map(|value| self.of(value))
    }

    /// All fields that are known by their names.
    pub(super) fn property_names(self) -> impl Iterator<Item = &'s str> {
        let properties = self.value.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// Fields that must be written.
    pub(super) fn required(self) -> impl Iterator<Item = &'s str> {
        let names = self.value.get("required").and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str)
    }

    /// The schema of fields that are not known by their names: absent, if there is none; false, if they are forbidden.
    pub(super) fn additional(self) -> Option<&'s Value> {
        if self.value.get("patternProperties").is_some() {
            return None;
        }
        self.value.get("additionalProperties").or_else(|| self.value.get("unevaluatedProperties"))
    }

    /// The schema of a list's item.
    pub(super) fn item(self, index: usize) -> Option<Self> {
        let prefix = self.value.get("prefixItems").and_then(|items| items.get(index));
        prefix.or_else(|| self.value.get("items")).map(|value| self.of(value))
    }
}
