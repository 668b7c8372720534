//! From the written model to YAML: the shortest form that says all of an element, and only what is not the default.

mod functional;
mod layout;
mod normative;
mod scalar;
mod structural;

use std::collections::BTreeSet;

use super::document::{MAX_DEPTH, is_character, quoted};
use crate::spec::{Cardinality, OrganizationalSpecification, Origin, Property, Reference};
use crate::{Finding, Findings};
use layout::Out;

/// Writes YAML.
pub(super) fn write(specification: &OrganizationalSpecification) -> Result<String, Findings> {
    let root = organization(specification);
    let mut findings = Vec::new();
    let depth = root.depth();
    if depth > MAX_DEPTH {
        let message =
            format!("lists and mappings would nest {depth} deep; at most {MAX_DEPTH} are read again");
        findings.push(Finding::error("too-deep", &Origin::default(), message));
    }
    characters(&root, &mut findings);
    if findings.is_empty() { Ok(layout::document(&root)) } else { Err(Findings(findings)) }
}

fn organization(specification: &OrganizationalSpecification) -> Out {
    let (structural, functional) = (&specification.structural, &specification.functional);
    let normative = &specification.normative;
    block()
        .optional("organization", specification.id.as_deref())
        .optional("version", specification.version.as_deref())
        .some("properties", properties(&specification.properties))
        .some("structural_properties", properties(&structural.properties))
        .some("roles", structural::roles(&structural.roles))
        .some("link_types", list(&structural.link_types, |declared| Out::text(&declared.id)))
        .all("group", structural.group.as_ref().map(structural::group))
        .some("functional_properties", properties(&functional.properties))
        .some("schemes", named(&functional.schemes, functional::scheme))
        .some("normative_properties", properties(&normative.properties))
        .some("norms", named(&normative.norms, normative::norm))
        .optional("npl", normative.npl.as_deref())
        .done()
}

/// A mapping that grows field by field; what is absent is left out.
struct Fields {
    entries: Vec<(String, Out)>,
    block: bool,
}

/// A mapping with one field to a line.
const fn block() -> Fields {
    Fields { entries: Vec::new(), block: true }
}

/// A mapping that may stand on one line.
const fn compact() -> Fields {
    Fields { entries: Vec::new(), block: false }
}

impl Fields {
    fn field(mut self, name: &str, value: Out) -> Self {
        self.entries.push((name.to_owned(), value));
        self
    }

    fn text(self, name: &str, text: &str) -> Self {
        self.field(name, Out::text(text))
    }

    fn optional(self, name: &str, text: Option<&str>) -> Self {
        self.all(name, text.map(Out::text))
    }

    fn plain(self, name: &str, value: Option<impl ToString>) -> Self {
        self.all(name, value.map(|value| Out::Plain(value.to_string())))
    }

    /// A field that is there if there is a value.
    fn all(self, name: &str, value: Option<Out>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// A field that is there if the list or mapping has anything in it.
    fn some(self, name: &str, value: Out) -> Self {
        if value.is_empty() { self } else { self.field(name, value) }
    }

    /// A flag that is there if it is set.
    fn flag(self, name: &str, set: bool) -> Self {
        self.plain(name, set.then_some("true"))
    }

    fn done(self) -> Out {
        Out::Mapping { entries: self.entries, block: self.block }
    }
}

/// Elements under their names, one to a line: a mapping, or a list of mappings if a name comes twice.
///
/// Every element has a content; [`maybe`] is for those that need not.
fn named<T>(items: &[T], content: impl Fn(&T) -> (&str, Out)) -> Out {
    gather(items, content, true)
}

/// As [`named`], on one line if that is wide enough.
fn named_compact<T>(items: &[T], content: impl Fn(&T) -> (&str, Out)) -> Out {
    gather(items, content, false)
}

fn gather<T>(items: &[T], content: impl Fn(&T) -> (&str, Out), block: bool) -> Out {
    let entries: Vec<(&str, Out)> = items.iter().map(content).collect();
    let names: BTreeSet<&str> = entries.iter().map(|(name, _)| *name).collect();
    let owned = |(name, content): (&str, Out)| (name.to_owned(), content);
    if names.len() == entries.len() {
        return Out::Mapping { entries: entries.into_iter().map(owned).collect(), block };
    }
    let single = |entry| Out::Mapping { entries: vec![owned(entry)], block: false };
    Out::List(entries.into_iter().map(single).collect())
}

/// Elements under their names, of which some have no content: the names alone, if none has.
fn maybe<T>(items: &[T], content: impl Fn(&T) -> (&str, Option<Out>), absent: &Out, block: bool) -> Out {
    if items.iter().all(|item| content(item).1.is_none()) {
        return Out::List(items.iter().map(|item| Out::text(content(item).0)).collect());
    }
    gather(
        items,
        |item: &T| {
            let (name, content) = content(item);
            (name, content.unwrap_or_else(|| absent.clone()))
        },
        block,
    )
}

fn properties(properties: &[Property]) -> Out {
    gather(properties, |property| (property.id.as_str(), Out::text(&property.value)), properties.len() > 1)
}

fn list<T>(items: &[T], write: impl Fn(&T) -> Out) -> Out {
    Out::List(items.iter().map(write).collect())
}

/// One name, or a list of names.
fn references(references: &[Reference]) -> Out {
    list(references, |reference| Out::text(&reference.id))
}

fn range(cardinality: Cardinality) -> Option<String> {
    match (cardinality.min, cardinality.max) {
        (None, None) => None,
        (Some(min), Some(max)) if min == max => Some(min.to_string()),
        (min, max) => {
            let bound = |bound: Option<u32>| bound.map_or_else(String::new, |bound| bound.to_string());
            Some(format!("{}..{}", bound(min), bound(max)))
        }
    }
}

/// Finds characters that are not read again.
fn characters(value: &Out, findings: &mut Vec<Finding>) {
    match value {
        Out::Plain(_) => {}
        Out::Text(text) => findings.extend(strange(text)),
        Out::List(items) => items.iter().for_each(|item| characters(item, findings)),
        Out::Mapping { entries, .. } => {
            for (name, value) in entries {
                findings.extend(strange(name));
                characters(value, findings);
            }
        }
    }
}

fn strange(text: &str) -> Option<Finding> {
    let character = text.chars().find(|&c| !is_character(c))?;
    let text = quoted(text);
    let message = format!("the character U+{:04X} in {text} cannot be part of a text", u32::from(character));
    Some(Finding::error("control-character", &Origin::default(), message))
}
