//! Reading a text and all that it includes.

use std::io;
use std::mem;
use std::sync::Arc;

use crate::spec::{OrganizationalSpecification, Origin, StructuralSpecification};
use crate::{Finding, Severity};

use super::content::{GROUP, Kind, SPECIFICATION};
use super::decode::{self, Resolve};
use super::element::Element;
use super::namespace::{NAMESPACES, is_moise};
use super::source::{self, Fatal};
use super::value::{did_you_mean, nearest, one_line, short};
use super::{MAX_BYTES, parse, validate};

/// Where the texts come from that `include-group-specification` names. A library reads no files: whoever calls it
/// decides what a name means, and what may be read at all.
///
/// Any `FnMut(&str) -> io::Result<Vec<u8>>` is one; it gets the name as written. Implement the trait itself to
/// know which text asks.
pub trait Includes {
    /// The text called `uri`; `from` is the name of the text that asks, `None` if it is the one that was read first.
    ///
    /// # Errors
    /// If there is no such text or it cannot be had; the error becomes part of a finding.
    fn read(&mut self, uri: &str, from: Option<&str>) -> io::Result<Vec<u8>>;
}

impl<F: FnMut(&str) -> io::Result<Vec<u8>>> Includes for F {
    fn read(&mut self, uri: &str, _: Option<&str>) -> io::Result<Vec<u8>> {
        self(uri)
    }
}

/// One reading: what has been found, and what has been read so far.
pub(super) struct Reading<'a> {
    /// `None` if nothing is to be included.
    includes: Option<&'a mut dyn Includes>,
    pub(super) findings: Vec<Finding>,
    /// The texts that are being read, outermost first: a name that is in it would include itself.
    chain: Vec<Arc<str>>,
    /// Bytes that may still be read. Texts that include each other twice and twice again grow as fast as
    /// nested entities do; this is what stops them.
    budget: usize,
    depth: usize,
}

impl<'a> Reading<'a> {
    pub(super) const fn new(includes: Option<&'a mut dyn Includes>) -> Self {
        Self { includes, findings: Vec::new(), chain: Vec::new(), budget: MAX_BYTES, depth: 0 }
    }

    /// A reading of a text that another one includes under a name; `budget` is what may still be read.
    pub(super) fn inside(name: &str, budget: usize, includes: Option<&'a mut dyn Includes>) -> Self {
        Self { chain: vec![name.into()], budget, ..Self::new(includes) }
    }

    /// Bytes that may still be read.
    pub(super) const fn budget(&self) -> usize {
        self.budget
    }

    /// Reads a text; everything that is wrong with it is among the findings, in the order of the text.
    pub(super) fn text(&mut self, bytes: &[u8]) -> Option<OrganizationalSpecification> {
        let file = self.chain.last().cloned();
        match self.root(bytes, file.as_ref()) {
            Ok((root, kind)) => Some(self.specification(&root, kind)),
            Err(Fatal { code, message, position }) => {
                let origin = Origin { position, file };
                self.findings.push(Finding::error(code, &origin, message));
                None
            }
        }
    }

    fn root(&mut self, bytes: &[u8], file: Option<&Arc<str>>) -> Result<(Element, &'static Kind), Fatal> {
        let text = source::decode(bytes, self.budget)?;
        self.budget -= bytes.len();
        let (mut root, mut findings) = parse::parse(text, file, self.depth)?;
        findings.extend(namespace(&root));
        let is_group = file.is_some() && root.name == GROUP.name;
        let kind = if is_group { &GROUP } else { &SPECIFICATION };
        if root.name != kind.name {
            return Err(wrong_root(&root));
        }
        validate::validate(&mut root, kind, &mut findings);
        findings.sort_by_key(Finding::position);
        self.findings.append(&mut findings);
        Ok((root, kind))
    }

    fn specification(&mut self, root: &Element, kind: &Kind) -> OrganizationalSpecification {
        if kind.name == SPECIFICATION.name {
            return decode::specification(root, self);
        }
        let group = Some(decode::group(root, self));
        let structural = StructuralSpecification { group, ..StructuralSpecification::default() };
        OrganizationalSpecification { structural, ..OrganizationalSpecification::default() }
    }

    pub(super) fn is_usable(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Warning)
    }

    fn report(&mut self, severity: Severity, code: &'static str, inclusion: &Element, message: String) {
        self.findings.push(Finding { severity, code, message, origin: inclusion.origin.clone() });
    }
}

/// Deepest chain of inclusions.
const MAX_INCLUSIONS: usize = 16;

impl Resolve for Reading<'_> {
    fn resolve(&mut self, inclusion: &Element) -> Option<OrganizationalSpecification> {
        let uri = inclusion.attribute("uri")?;
        let shown = short(uri);
        let from = self.chain.last().cloned();
        let Some(includes) = &mut self.includes else {
            let message = format!("`{shown}` is not included: nobody said where to read it from");
            self.report(Severity::Warning, "unresolved-inclusion", inclusion, message);
            return None;
        };
        if self.chain.iter().any(|file| **file == *uri) {
            let message =
                format!("`{shown}` includes itself: {} → {shown}", one_line(&self.chain.join(" → "), 120));
            self.report(Severity::Error, "inclusion-cycle", inclusion, message);
            return None;
        }
        if self.chain.len() >= MAX_INCLUSIONS {
            let message = format!("`{shown}` is included more than {MAX_INCLUSIONS} texts deep");
            self.report(Severity::Error, "inclusion-depth", inclusion, message);
            return None;
        }
        match includes.read(uri, from.as_deref()) {
            Ok(bytes) => self.included(uri, &bytes, inclusion.depth),
            Err(error) => {
                self.report(
                    Severity::Error,
                    "unresolved-inclusion",
                    inclusion,
                    format!("`{shown}` cannot be read: {}", one_line(&error.to_string(), 120)),
                );
                None
            }
        }
    }
}

impl Reading<'_> {
    fn included(&mut self, uri: &str, bytes: &[u8], depth: usize) -> Option<OrganizationalSpecification> {
        self.chain.push(uri.into());
        let outer = mem::replace(&mut self.depth, depth);
        let read = self.text(bytes);
        self.depth = outer;
        self.chain.pop();
        read
    }
}

/// What is to be said about the namespace of a root element.
fn namespace(root: &Element) -> Option<Finding> {
    match root.namespace.as_deref() {
        Some(namespace) if is_moise(namespace) => None,
        Some(namespace) => {
            let near = did_you_mean(nearest(namespace, NAMESPACES));
            let message = format!("the namespace `{}` is none of MOISE's{near}", short(namespace));
            Some(Finding::error("unknown-namespace", &root.origin, message))
        }
        None => {
            let message =
                format!("the text has no namespace; MOISE's own loader demands `{}`", NAMESPACES[0]);
            Some(Finding::warning("missing-namespace", &root.origin, message))
        }
    }
}

fn wrong_root(root: &Element) -> Fatal {
    let near = did_you_mean(nearest(&root.name, [SPECIFICATION.name]));
    let message = format!(
        "the root element is `{}`, but `{}` is expected{near}",
        short(&root.name),
        SPECIFICATION.name
    );
    Fatal::new("unknown-element", message, root.origin.position)
}
