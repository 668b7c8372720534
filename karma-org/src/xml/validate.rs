//! Elements against the content model: everything that is wrong with a text, in one pass.
//!
//! An element with a misspelt name is read on as the one that was probably meant, so that what is wrong inside it
//! is found, too. Elements of other namespaces are extensions of somebody else's: they are left out with a warning.

use std::sync::Arc;

use crate::Finding;

use super::MAX_FINDINGS;
use super::content::{ALL, Attr, Child, Kind, Need, Value};
use super::element::{Attribute, Element};
use super::namespace::{is_about_text, is_moise};
use super::value::{self, did_you_mean, listed, nearest, short};

/// Finds everything in `element` that its kind does not allow, and takes out what is somebody else's.
pub(super) fn validate(element: &mut Element, kind: &'static Kind, findings: &mut Vec<Finding>) {
    let (namespace, root) = (element.namespace.clone(), element.origin.clone());
    let mut validator = Validator { namespace, findings };
    validator.element(element, kind);
    if validator.is_full() {
        let message = format!("{MAX_FINDINGS} things or more are wrong; nothing beyond is looked at");
        findings.push(Finding::error("too-many-findings", &root, message));
    }
}

struct Validator<'a> {
    /// That of the root, which is taken for MOISE's even if it is not.
    namespace: Option<Arc<str>>,
    findings: &'a mut Vec<Finding>,
}

impl Validator<'_> {
    fn is_full(&self) -> bool {
        self.findings.len() >= MAX_FINDINGS
    }

    fn element(&mut self, element: &mut Element, kind: &'static Kind) {
        if self.is_full() {
            return;
        }
        self.attributes(element, kind);
        self.missing_attributes(element, kind);
        self.text(element, kind);
        element.children.retain(|child| self.is_ours(child));
        let known_as = |name: &str| kind.known_children().find(|known| known.kind.name == name);
        for child in &mut element.children {
            if known_as(&child.name).is_none() {
                self.unknown(child, kind);
            }
        }
        self.counts(element, kind);
        self.alternatives(element, kind);
        for child in &mut element.children {
            if let Some(known) = known_as(&child.name) {
                self.beyond_schema(child, known, kind);
                self.element(child, known.kind);
            }
        }
    }

    fn error(&mut self, code: &'static str, element: &Element, message: String) {
        self.findings.push(Finding::error(code, &element.origin, message));
    }

    fn warning(&mut self, code: &'static str, element: &Element, message: String) {
        self.findings.push(Finding::warning(code, &element.origin, message));
    }

    fn is_ours(&mut self, child: &Element) -> bool {
        let ours = child.namespace == self.namespace || child.namespace.as_deref().is_some_and(is_moise);
        if !ours {
            let space = child
                .namespace
                .as_deref()
                .map_or("no namespace".to_owned(), |name| format!("`{}`", short(name)));
            let message = format!("`{}` is of {space}, not of MOISE's, and is ignored", short(&child.name));
            self.warning("foreign-element", child, message);
        }
        ours
    }

    fn attributes(&mut self, element: &mut Element, kind: &Kind) {
        element.attributes.retain(|attribute| self.is_own(attribute, kind));
        for attribute in &element.attributes {
            match kind.attributes.iter().find(|known| known.name == attribute.name) {
                Some(known) => self.known_attribute(attribute, known),
                None => self.unknown_attribute(attribute, kind),
            }
        }
    }

    fn is_own(&mut self, attribute: &Attribute, kind: &Kind) -> bool {
        let Some(namespace) = &attribute.namespace else { return true };
        if !is_about_text(namespace) {
            let message = format!(
                "the attribute `{}` of `{}` is of `{}` and is ignored",
                short(&attribute.name),
                kind.name,
                short(namespace)
            );
            self.findings.push(Finding::warning("foreign-attribute", &attribute.origin, message));
        }
        false
    }

    fn known_attribute(&mut self, attribute: &Attribute, known: &Attr) {
        if known.need == Need::Legacy {
            let message = format!("`{}` is of older versions of MOISE and is ignored", known.name);
            self.findings.push(Finding::warning("legacy-attribute", &attribute.origin, message));
        }
        if let Err((code, expected)) = check(&attribute.value, &known.value) {
            let message = format!("`{}` is “{}”, but {expected}", known.name, short(&attribute.value));
            self.findings.push(Finding::error(code, &attribute.origin, message));
        }
    }

    fn unknown_attribute(&mut self, attribute: &Attribute, kind: &Kind) {
        if self.is_full() {
            return;
        }
        let known: Vec<_> = kind
            .attributes
            .iter()
            .filter(|known| known.need != Need::Legacy)
            .map(|known| known.name)
            .collect();
        let near = did_you_mean(nearest(&attribute.name, known.iter().copied()));
        let (name, allowed) = (short(&attribute.name), listed(&known));
        let message = format!("`{}` has no attribute `{name}`, only {allowed}{near}", kind.name);
        self.findings.push(Finding::error("unknown-attribute", &attribute.origin, message));
    }

    fn missing_attributes(&mut self, element: &Element, kind: &Kind) {
        let missing = |known: &&Attr| element.attribute(known.name).is_none();
        for known in kind.attributes.iter().filter(missing) {
            match known.need {
                Need::Required => {
                    let message = format!("`{}` needs the attribute `{}`", kind.name, known.name);
                    self.error("missing-attribute", element, message);
                }
                Need::Expected => {
                    let message =
                        format!("`{}` has no `{}`; MOISE's own loader demands it", kind.name, known.name);
                    self.warning("missing-attribute", element, message);
                }
                Need::Optional | Need::Legacy => {}
            }
        }
    }

    fn text(&mut self, element: &Element, kind: &Kind) {
        if let (Some(origin), false) = (&element.text_origin, kind.text) {
            let message = format!("`{}` holds no text, but there is “{}”", kind.name, short(&element.text));
            self.findings.push(Finding::error("unexpected-text", origin, message));
        }
    }

    fn counts(&mut self, element: &Element, kind: &'static Kind) {
        for known in kind.children {
            self.at_least_one(element, known, kind);
        }
        for known in kind.known_children().filter(|known| !known.many) {
            for again in element.children.iter().filter(|child| child.name == known.kind.name).skip(1) {
                let message =
                    format!("`{}` has only one `{}`, and this is another", kind.name, known.kind.name);
                self.error("duplicate-element", again, message);
            }
        }
    }

    fn at_least_one(&mut self, element: &Element, known: &Child, kind: &Kind) {
        if known.at_least_one && !element.children.iter().any(|child| child.name == known.kind.name) {
            let message = format!("`{}` should have at least one `{}`", kind.name, known.kind.name);
            self.warning("missing-element", element, message);
        }
    }

    /// Of several sets of children, one is used, and then wholly.
    fn alternatives(&mut self, element: &Element, kind: &'static Kind) {
        let uses = |set: &&[Child]| {
            set.iter().any(|known| element.children.iter().any(|child| child.name == known.kind.name))
        };
        let used: Vec<_> = kind.alternatives.iter().filter(|set| uses(set)).collect();
        match used.as_slice() {
            [] if kind.alternatives.is_empty() => {}
            [set] => set.iter().for_each(|known| self.at_least_one(element, known, kind)),
            other => {
                let sets: Vec<_> = kind.alternatives.iter().map(|set| needed(set)).collect();
                let found = if other.is_empty() { "neither" } else { "both" };
                let message =
                    format!("`{}` should have either {}, but has {found}", kind.name, sets.join(", or "));
                self.warning("mixed-elements", element, message);
            }
        }
    }

    fn beyond_schema(&mut self, child: &Element, known: &Child, kind: &Kind) {
        if known.beyond_schema {
            let message = format!(
                "MOISE's schema has no `{}` in `{}`, so that its own loader refuses the text",
                known.kind.name, kind.name
            );
            self.warning("beyond-schema", child, message);
        }
    }

    fn unknown(&mut self, child: &mut Element, kind: &'static Kind) {
        if self.is_full() {
            return;
        }
        let known: Vec<_> = kind.known_children().map(|known| known.kind.name).collect();
        let allowed = listed(&known);
        let name = short(&child.name);
        let homes = homes(&child.name);
        if !homes.is_empty() {
            let message = format!(
                "`{name}` belongs in {}, not in `{}`, which holds {allowed}",
                listed(&homes),
                kind.name
            );
            self.error("misplaced-element", child, message);
            return self.read_misplaced(child);
        }
        let near = nearest(&child.name, known);
        let message =
            format!("`{}` has no element `{name}`, only {allowed}{}", kind.name, did_you_mean(near));
        self.error("unknown-element", child, message);
        if let Some(near) = near {
            child.name = near.into();
        }
    }

    /// Looks into an element that is in the wrong place, if there is only one kind of that name.
    fn read_misplaced(&mut self, child: &mut Element) {
        let same: Vec<_> = ALL.iter().filter(|kind| kind.name == child.name).collect();
        if let [kind] = same.as_slice() {
            self.element(child, kind);
        }
    }
}

/// The elements that hold one of this name.
fn homes(name: &str) -> Vec<&'static str> {
    let holds = |kind: &&&Kind| kind.known_children().any(|known| known.kind.name == name);
    ALL.iter().filter(holds).map(|kind| kind.name).collect()
}

fn needed(set: &[Child]) -> String {
    let names: Vec<_> =
        set.iter().filter(|known| known.at_least_one).map(|known| format!("`{}`", known.kind.name)).collect();
    names.join(" and ")
}

/// Whether a text is a value of this kind; if not, what would be.
fn check(text: &str, kind: &Value) -> Result<(), (&'static str, String)> {
    let number = |expected: &str| ("bad-number", format!("{expected} is expected"));
    match kind {
        Value::Text => Ok(()),
        Value::Count => {
            let expected = format!("a whole number from 0 to {}", u32::MAX);
            value::number::<u32>(text).map(drop).map_err(|_| number(&expected))
        }
        Value::Integer => value::number::<i64>(text).map(drop).map_err(|_| number("a whole number")),
        Value::Real => value::real(text).map(drop).map_err(|()| number("a number")),
        Value::Flag => {
            let near = did_you_mean(nearest(text, ["true", "false"]));
            value::flag(text)
                .map(drop)
                .map_err(|()| ("bad-value", format!("`true` or `false` is expected{near}")))
        }
        Value::OneOf(names) => {
            let names = names();
            let near = did_you_mean(nearest(text, names.iter().copied()));
            let expected = format!("{} is expected{near}", listed(&names));
            if names.contains(&text) { Ok(()) } else { Err(("bad-value", expected)) }
        }
    }
}
