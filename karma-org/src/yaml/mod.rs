//! Organisations as YAML: the form that a person writes.

pub mod document;
mod form;
mod include;
mod lower;
mod write;

use schemars::Schema;

use crate::spec::OrganizationalSpecification;
use crate::{Finding, Findings, Severity};

/// What a text says.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The organisation that is written in it.
    pub specification: OrganizationalSpecification,
    /// What is probably not meant, in the order of the text.
    pub warnings: Vec<Finding>,
}

/// Reads an organisation.
///
/// # Errors
/// All that is wrong with the text.
pub fn read(text: &str) -> Result<Document, Findings> {
    let (form, positions) = document::read::<form::OrganizationForm>(text)?;
    let mut reading = include::Reading::new();
    let specification =
        lower::Lowering { file: None, reading: &mut reading }.organization(&form, positions.root());
    if reading.findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(Findings(reading.findings));
    }
    Ok(Document { specification, warnings: reading.findings })
}

/// Writes an organisation.
///
/// # Errors
/// If it cannot be read again.
pub fn write(specification: &OrganizationalSpecification) -> Result<String, Findings> {
    write::write(specification)
}

/// The JSON Schema of the YAML form.
pub fn schema() -> Schema {
    document::schema::<form::OrganizationForm>()
}
