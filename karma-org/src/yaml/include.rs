//! Reading a text and all that it includes, in YAML or in MOISE XML.

use std::sync::Arc;

use super::document;
use super::form::{Group, OrganizationForm};
use super::lower::Lowering;
use crate::spec::{OrganizationalSpecification, Origin, StructuralSpecification};
use crate::xml::{self, Includes};
use crate::{Finding, Severity};

/// Deepest chain of inclusions.
const MAX_INCLUSIONS: usize = 16;

/// One reading: what has been found, and what has been read so far.
pub(super) struct Reading<'i> {
    /// `None` if nothing is to be included.
    includes: Option<&'i mut dyn Includes>,
    pub(super) findings: Vec<Finding>,
    /// The included texts that are being read, outermost first: a name that is in it would include itself.
    chain: Vec<Arc<str>>,
    /// Bytes that may still be read, of all texts together.
    budget: usize,
}

impl<'i> Reading<'i> {
    pub(super) const fn new(includes: Option<&'i mut dyn Includes>) -> Self {
        Self { includes, findings: Vec::new(), chain: Vec::new(), budget: document::MAX_BYTES }
    }

    /// Reads a text of YAML; everything that is wrong with it is among the findings.
    pub(super) fn text(&mut self, text: &[u8]) -> Option<OrganizationalSpecification> {
        let file = self.chain.last().cloned();
        let Ok(text) = std::str::from_utf8(text) else {
            self.report(
                Severity::Error,
                "not-utf-8",
                &Origin { position: None, file },
                "the text is not UTF-8",
            );
            return None;
        };
        self.budget = self.budget.saturating_sub(text.len());
        match document::read::<OrganizationForm>(text) {
            Ok((form, positions)) => {
                let earlier = self.findings.len();
                let lowering = &mut Lowering { file: file.clone(), reading: self };
                let specification = lowering.organization(&form, positions.root());
                self.order(earlier, file.as_ref());
                Some(specification)
            }
            Err(findings) => {
                self.findings.extend(findings.0.into_iter().map(|finding| inside(finding, file.as_ref())));
                None
            }
        }
    }

    /// Brings what was found in a text into the order of the text; what was found in texts that it includes follows.
    fn order(&mut self, earlier: usize, file: Option<&Arc<str>>) {
        let key = |finding: &Finding| {
            let own = finding.origin.file.as_ref() == file;
            (!own, finding.position().filter(|_| own))
        };
        self.findings[earlier..].sort_by_key(key);
    }

    /// What a text says that is included at a place; nothing, if it cannot be had or is wrong.
    pub(super) fn include(&mut self, uri: &str, at: &Origin) -> Option<OrganizationalSpecification> {
        let shown = document::quoted(uri);
        if self.includes.is_none() {
            let message = format!("{shown} is not included: nobody said where to read it from");
            self.report(Severity::Warning, "unresolved-inclusion", at, message);
            return None;
        }
        if let Some((code, message)) = self.objection(uri, &shown) {
            self.report(Severity::Error, code, at, message);
            return None;
        }
        let from = self.chain.last().cloned();
        let read = self.includes.as_mut()?.read(uri, from.as_deref());
        match read {
            Ok(text) if text.len() <= self.budget => self.included(uri, &text),
            Ok(_) => {
                let message = format!("with {shown}, the texts have more than {} bytes", document::MAX_BYTES);
                self.report(Severity::Error, "too-large", at, message);
                None
            }
            Err(error) => {
                let reason = document::quoted(&error.to_string());
                let message = format!("{shown} cannot be read: {reason}");
                self.report(Severity::Error, "unresolved-inclusion", at, message);
                None
            }
        }
    }

    fn objection(&self, uri: &str, shown: &str) -> Option<(&'static str, String)> {
        if self.chain.iter().any(|file| **file == *uri) {
            let message =
                format!("{shown} includes itself, by way of {}", document::quoted(&self.chain.join(" → ")));
            return Some(("inclusion-cycle", message));
        }
        let deep = self.chain.len() >= MAX_INCLUSIONS;
        let message = || format!("{shown} is included more than {MAX_INCLUSIONS} texts deep");
        deep.then(|| ("inclusion-depth", message()))
    }

    fn included(&mut self, uri: &str, text: &[u8]) -> Option<OrganizationalSpecification> {
        if is_xml(text) {
            // The borrow is passed on for the time of the call only.
            let includes = self.includes.as_mut().map(|includes| &mut **includes as &mut dyn Includes);
            let (specification, findings) = xml::read_inside(text, uri, &mut self.budget, includes);
            self.findings.extend(findings);
            return specification;
        }
        self.chain.push(uri.into());
        let specification = self.group_or_all(text);
        self.chain.pop();
        specification
    }

    /// An included text may also be a group alone; it has an `id` then, which an organisation has not.
    fn group_or_all(&mut self, text: &[u8]) -> Option<OrganizationalSpecification> {
        let alone = std::str::from_utf8(text).ok().and_then(|text| document::read::<Group>(text).ok());
        let Some((group, positions)) = alone else { return self.text(text) };
        self.budget = self.budget.saturating_sub(text.len());
        let file = self.chain.last().cloned();
        let group = Lowering { file, reading: self }.group(&group, positions.root());
        let structural = StructuralSpecification { group: Some(group), ..StructuralSpecification::default() };
        Some(OrganizationalSpecification { structural, ..OrganizationalSpecification::default() })
    }

    fn report(
        &mut self,
        severity: Severity,
        code: &'static str,
        origin: &Origin,
        message: impl Into<String>,
    ) {
        self.findings.push(Finding { severity, code, message: message.into(), origin: origin.clone() });
    }
}

fn inside(mut finding: Finding, file: Option<&Arc<str>>) -> Finding {
    finding.origin.file = file.cloned();
    finding
}

/// No text of YAML that is meant here starts with `<`, and every text of XML does, after a mark and white space.
fn is_xml(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    text.trim_ascii_start().starts_with(b"<")
}
