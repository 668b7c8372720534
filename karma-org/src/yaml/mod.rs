//! Organisations as YAML: the form that a person writes.
//!
//! [`read`] takes a text and gives an [`OrganizationalSpecification`] in which every element knows its line and
//! column, or everything that is wrong with the text. [`read_with`] also follows inclusions, of YAML and of MOISE
//! XML. [`write()`] gives text that is read as the same specification again. [`schema`] is the JSON Schema of the
//! form, for editors; it lies in `schema/organization.schema.json`, too, and a text names it in its first line:
//! `# yaml-language-server: $schema=organization.schema.json`.
//!
//! ```
//! let text = r#"
//! organization: writing-paper
//! version: "0.8"
//!
//! roles:
//!   author: {}
//!   writer: { extends: author }
//!   editor: { extends: author }
//!
//! group:
//!   id: wpgroup
//!   roles: { writer: 1..5, editor: 1 }
//!   links:
//!     - { authority: editor -> writer, extends_subgroups: true }
//!   compatibilities: [editor <-> writer]
//!
//! schemes:
//!   writePaperSch:
//!     goal:
//!       id: wp
//!       within: 5 seconds
//!       sequence:
//!         - { id: fdv, about: First Draft Version, sequence: [wtitle, wabs, wsectitles] }
//!         - { id: sv, about: Submission Version, parallel: [wsecs, wrefs] }
//!     missions:
//!       mManager: { agents: 1, goals: [wp, wtitle, wabs, wsectitles] }
//!       mColaborator: { agents: 1..5, goals: [wsecs, wrefs] }
//!
//! norms:
//!   n1: { permission: editor, mission: mManager }
//!   n2: { obligation: writer, mission: mColaborator, within: 1 day }
//! "#;
//! let document = karma_org::yaml::read(text)?;
//! let written = karma_org::yaml::write(&document.specification)?;
//! assert_eq!(karma_org::yaml::read(&written)?.specification, document.specification);
//!
//! let findings = karma_org::yaml::read(&text.replace("permission:", "permited:")).unwrap_err();
//! assert_eq!(
//!     findings.to_string(),
//!     "30:9: error[unknown-field]: unknown field `permited`; did you mean `permission`? \
//!      Allowed: obligation, permission, when, within"
//! );
//! # Ok::<(), karma_org::Findings>(())
//! ```
//!
//! # The form
//! * Things that are looked up by name (roles, schemes, missions, norms, properties, …) are mappings from the name
//!   to the rest. If a name comes twice, as it may in a text that is not checked yet, a list of such mappings says
//!   the same; where the rest may be missing, a list of names does.
//! * Things that have a place in a tree (groups, goals) have an `id`; a goal that is nothing but its name is that name.
//! * Numbers of agents and instances are ranges: `1`, `1..5`, `1..`, `..5`, `any`.
//! * Links and compatibilities are arrows: `editor -> writer`, `editor <-> writer`.
//!
//! # What is kept
//! All of the model, also what is absent. Comments, layout and the choice among short and long forms are no part of
//! a specification and are lost. What an inclusion brought in is written as the inclusion again.
//!
//! # What is left out
//! Whether the names mean anything: that is [`Organization`](crate::Organization)'s to say.

pub mod document;
mod form;
mod include;
mod lower;
mod write;

use schemars::Schema;

use crate::spec::OrganizationalSpecification;
use crate::xml::Includes;
use crate::{Findings, Severity};

pub use crate::xml::Document;

/// Reads an organisation. Inclusions stay unresolved, with a warning for each.
///
/// # Errors
/// All that is wrong with the text: with its syntax first, then with its form, then with what is written in it.
pub fn read(text: impl AsRef<[u8]>) -> Result<Document, Findings> {
    read_text(text.as_ref(), include::Reading::new(None))
}

/// Reads an organisation with all that it includes.
///
/// An included text is an organisation, whose root group, roles, link types, schemes and norms are taken, or a group
/// alone; it is YAML or MOISE XML. What is found in it has the name of that text in its
/// [`Origin`](crate::spec::Origin).
///
/// # Errors
/// As [`read`]; also texts that include themselves, are included too deep, or cannot be had.
pub fn read_with(text: impl AsRef<[u8]>, includes: &mut dyn Includes) -> Result<Document, Findings> {
    read_text(text.as_ref(), include::Reading::new(Some(includes)))
}

fn read_text(text: &[u8], mut reading: include::Reading<'_>) -> Result<Document, Findings> {
    let specification = reading.text(text);
    let usable = reading.findings.iter().all(|finding| finding.severity == Severity::Warning);
    match specification {
        Some(specification) if usable => Ok(Document { specification, warnings: reading.findings }),
        _ => Err(Findings(reading.findings)),
    }
}

/// Writes an organisation: two spaces to a level, defaults left out, short forms where they say all.
///
/// # Errors
/// If it could not be read again: a text contains a character that XML cannot hold either (most control
/// characters), or goals or groups are nested deeper than [`document::MAX_DEPTH`] lists and mappings.
pub fn write(specification: &OrganizationalSpecification) -> Result<String, Findings> {
    write::write(specification)
}

/// The JSON Schema (2020-12) of the form.
///
/// It accepts what [`read`] accepts, short forms included, but for what a schema cannot say well: that a norm is
/// either an obligation or a permission, that a goal has one plan, and the like.
pub fn schema() -> Schema {
    document::schema::<form::OrganizationForm>()
}
