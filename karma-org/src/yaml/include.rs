//! Reading a text and the texts that it includes.

use crate::spec::{OrganizationalSpecification, Origin};
use crate::{Finding, Severity};

/// One reading: what was found so far.
pub(super) struct Reading<'i> {
    pub(super) findings: Vec<Finding>,
    marker: std::marker::PhantomData<&'i ()>,
}

impl Reading<'_> {
    pub(super) fn new() -> Self {
        Self { findings: Vec::new(), marker: std::marker::PhantomData }
    }
    pub(super) fn include(&mut self, uri: &str, origin: &Origin) -> Option<OrganizationalSpecification> {
        let message = format!("`{uri}` is not included: nobody said where to read it from");
        self.findings.push(Finding {
            severity: Severity::Warning,
            code: "unresolved-inclusion",
            message,
            origin: origin.clone(),
        });
        None
    }
}
