//! The tree of a YAML document, with the position of every name and value.

use indexmap::IndexMap;

use crate::spec::Position;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) position: Position,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Plain (unquoted) scalars stand for numbers and the like; all others are text.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Mapping(IndexMap<String, Entry>),
}

/// The value of a name in a mapping.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name_position: Position,
    pub(super) node: Node,
}

/// What a scalar stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Integer(i128),
    Number(f64),
    Text(&'a str),
}

impl Node {
    /// What the scalar stands for; nothing if this is a list or a mapping.
    pub(super) fn scalar(&self) -> Option<Scalar<'_>> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => Some(resolve(text)),
            Kind::Scalar { text, plain: false } => Some(Scalar::Text(text)),
            Kind::List(_) | Kind::Mapping(_) => None,
        }
    }
}

/// What an unquoted scalar stands for in YAML 1.2's core schema (section 10.3.2).
pub(super) fn resolve(text: &str) -> Scalar<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Scalar::Number(f64::NAN),
        _ => {}
    }
    let (sign, unsigned) = match text.strip_prefix(['-', '+']) {
        Some(rest) if text.starts_with('-') => (-1.0, rest),
        Some(rest) => (1.0, rest),
        None => (1.0, text),
    };
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Scalar::Number(sign * f64::INFINITY);
    }
    integer(text).map(Scalar::Integer).or_else(|| number(text, unsigned)).unwrap_or(Scalar::Text(text))
}

fn integer(text: &str) -> Option<i128> {
    if let Some(octal) = text.strip_prefix("0o") {
        return digits(octal, 8);
    }
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return digits(hexadecimal, 16);
    }
    text.parse().ok()
}

fn digits(text: &str, radix: u32) -> Option<i128> {
    text.chars().all(|c| c.is_digit(radix)).then(|| i128::from_str_radix(text, radix).ok()).flatten()
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`: Rust reads the same, and some words besides.
fn number<'a>(text: &str, unsigned: &str) -> Option<Scalar<'a>> {
    let starts = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let only = unsigned.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    (starts && only).then(|| text.parse().ok()).flatten().map(Scalar::Number)
}

/// A part of a document: its position, and the way down to what is inside it.
///
/// A part that was not written has the position of the closest part around it that was.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    node: Option<&'a Node>,
    name: Option<Position>,
    fallback: Position,
}

impl<'a> Place<'a> {
    pub(super) const fn root(node: &'a Node) -> Self {
        Self { node: Some(node), name: None, fallback: node.position }
    }

    /// The value of a name in this mapping.
    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        match self.node.map(|node| &node.kind) {
            Some(Kind::Mapping(entries)) => entries.get(name).map_or_else(
                || self.absent(),
                |entry| Self {
                    node: Some(&entry.node),
                    name: Some(entry.name_position),
                    fallback: entry.node.position,
                },
            ),
            _ => self.absent(),
        }
    }

    /// An item of this list, counted from 0.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        match self.node.map(|node| &node.kind) {
            Some(Kind::List(items)) => items.get(index).map_or_else(|| self.absent(), Self::root),
            _ => self.absent(),
        }
    }

    /// Whether the part was written.
    pub const fn is_written(&self) -> bool {
        self.node.is_some()
    }

    /// Whether the part is a list.
    pub const fn is_list(&self) -> bool {
        matches!(self.node, Some(Node { kind: Kind::List(_), .. }))
    }

    /// Whether the part is a mapping.
    pub const fn is_mapping(&self) -> bool {
        matches!(self.node, Some(Node { kind: Kind::Mapping(_), .. }))
    }

    /// Where the value starts.
    pub const fn position(&self) -> Position {
        self.fallback
    }

    /// Where the name of the value is in its mapping; where the value starts, if it has none.
    pub fn name_position(&self) -> Position {
        self.name.unwrap_or(self.fallback)
    }

    const fn absent(self) -> Self {
        Self { node: None, name: None, fallback: self.fallback }
    }
}

#[cfg(test)]
mod tests {
    use super::{Scalar, resolve};

    #[test]
    fn unquoted_scalars_mean_what_the_core_schema_says() {
        for (text, meant) in [
            ("", Scalar::Null),
            ("~", Scalar::Null),
            ("True", Scalar::Bool(true)),
            ("+1", Scalar::Integer(1)),
            ("-3", Scalar::Integer(-3)),
            ("0o17", Scalar::Integer(15)),
            ("0xfF", Scalar::Integer(255)),
            ("5000000000000000000000", Scalar::Integer(5_000_000_000_000_000_000_000)),
            ("1.", Scalar::Number(1.0)),
            (".5e-1", Scalar::Number(0.05)),
            ("-.inf", Scalar::Number(f64::NEG_INFINITY)),
        ] {
            assert_eq!(resolve(text), meant, "{text:?}");
        }
        for text in ["yes", "on", "1..5", "1_000", "0o9", "0x", "-0x1", "1e", ".", "e5", "inf", "nan", "5 s"]
        {
            assert_eq!(resolve(text), Scalar::Text(text));
        }
    }
}
