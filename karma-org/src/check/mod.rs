//! All that is wrong with a written specification, found in one go.
//!
//! Errors are what MOISE refuses to load or could not run; warnings are what it would run, but hardly as its author
//! meant. The codes are stable.

use crate::finding::Finding;
use crate::organization::resolve::{Parts, Report, resolve};
use crate::spec::OrganizationalSpecification;

/// All findings, in the order of the text.
pub fn check(specification: &OrganizationalSpecification) -> Vec<Finding> {
    checked(specification).1.into_findings()
}

/// The resolved elements with all findings.
pub(crate) fn checked(specification: &OrganizationalSpecification) -> (Parts, Report) {
    resolve(specification)
}
