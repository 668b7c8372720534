//! MOISE XML: reading and writing organisations as MOISE's own tools do.
//!
//! [`read`] takes the bytes of a text and gives an [`OrganizationalSpecification`], or everything that is wrong with
//! the text, with line and column and what was expected instead. [`read_with`] also follows
//! `include-group-specification`. [`write()`] gives canonical text in the order of MOISE's schema `os.xsd`.
//!
//! ```
//! let text = r#"<organisational-specification id="hut" os-version="1.0" xmlns="http://moise.sourceforge.net/os">
//!   <functional-specification>
//!     <scheme id="build">
//!       <goal id="hut"><plan operator="paralel"><goal id="walls"/><goal id="roof"/></plan></goal>
//!     </scheme>
//!   </functional-specification>
//! </organisational-specification>"#;
//! let findings = karma_org::xml::read(text).unwrap_err();
//! assert_eq!(
//!     findings.to_string(),
//!     "4:28: error[bad-value]: `operator` is “paralel”, but `sequence`, `choice` or `parallel` is expected; \
//!      did you mean `parallel`?"
//! );
//!
//! let document = karma_org::xml::read(text.replace("paralel", "parallel"))?;
//! assert!(document.warnings.is_empty());
//! let written = karma_org::xml::write(&document.specification)?;
//! assert_eq!(karma_org::xml::read(written)?.specification, document.specification);
//! # Ok::<(), karma_org::Findings>(())
//! ```
//!
//! # What is read
//!
//! All three [`NAMESPACES`] that real files use, as default or with a prefix; with no namespace at all, there is a
//! warning. Elements and attributes of other namespaces are ignored with a warning. Attributes of `xml:` and `xsi:` speak about the text and are ignored
//! silently. Elements may come in any order.
//!
//! # What is kept
//!
//! Reading what was written gives the same specification again: `read(write(x)) == x`. Comments, processing
//! instructions, layout, the order of attributes and the namespace are not part of a specification and are lost.
//! An empty version is read as none, the stages of a report's goals are brought into the order of the schema, and
//! what an inclusion brought in is written as the inclusion again, to be resolved anew.
//!
//! # What a hostile text can do
//!
//! Cost time in proportion to its length. Texts are UTF-8 and, with all that they include, at most [`MAX_BYTES`]
//! long; elements nest at most [`MAX_DEPTH`] deep; after [`MAX_FINDINGS`] findings a text is given up; document type definitions are refused, so that there are no
//! entities but the five of XML; nothing is fetched that the caller does not hand over.

mod content;
mod decode;
mod element;
mod encode;
mod include;
mod namespace;
mod parse;
mod print;
mod source;
mod validate;
mod value;

use crate::spec::OrganizationalSpecification;
use crate::{Finding, Findings};

pub use include::Includes;
pub use namespace::NAMESPACES;

/// Most bytes of a text and all that it includes together: 4 MiB, four hundred times the largest organisation known.
pub const MAX_BYTES: usize = 4 << 20;

/// How deep elements may be nested, inclusions counted in. The deepest known organisation needs 12 levels.
pub const MAX_DEPTH: usize = 256;

/// Most findings about one text. More are of no use to anybody, and saying why costs more than reading.
pub const MAX_FINDINGS: usize = 10_000;

/// What a text says.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The organisation that is written in it.
    pub specification: OrganizationalSpecification,
    /// What is probably not meant, in the order of the text.
    pub warnings: Vec<Finding>,
}

/// Reads MOISE XML. Inclusions stay unresolved, with a warning for each.
///
/// # Errors
/// Everything that is wrong with the text, warnings included; only what is not well-formed XML ends the reading.
pub fn read(text: impl AsRef<[u8]>) -> Result<Document, Findings> {
    document(text.as_ref(), include::Reading::new(None))
}

/// Reads MOISE XML with all that it includes.
///
/// An included text is an `organisational-specification`, whose root group, roles, link types, schemes and norms are taken, or
/// a `group-specification` alone. What is found in it has the name of that text in its
/// [`Origin`](crate::spec::Origin).
///
/// # Errors
/// As [`read`]; also texts that include themselves, are included too deep, or cannot be had.
pub fn read_with(text: impl AsRef<[u8]>, includes: &mut dyn Includes) -> Result<Document, Findings> {
    document(text.as_ref(), include::Reading::new(Some(includes)))
}

fn document(text: &[u8], mut reading: include::Reading<'_>) -> Result<Document, Findings> {
    match reading.text(text) {
        Some(specification) if reading.is_usable() => {
            Ok(Document { specification, warnings: reading.findings })
        }
        _ => Err(Findings(reading.findings)),
    }
}

/// Reads what a text of another format includes under a name: what is said in it, and what is wrong with it.
/// `budget` is the number of bytes that may still be read, and goes down.
pub(crate) fn read_inside(
    text: &[u8],
    name: &str,
    budget: &mut usize,
    includes: Option<&mut dyn Includes>,
) -> (Option<OrganizationalSpecification>, Vec<Finding>) {
    let mut reading = include::Reading::inside(name, *budget, includes);
    let specification = reading.text(text);
    *budget = reading.budget();
    (specification, reading.findings)
}

/// Writes MOISE XML: two spaces to a level, defaults left out, in the order and the namespace of MOISE's schema.
///
/// # Errors
/// If a text contains a character that XML cannot hold (most control characters), or goals or groups are nested
/// deeper than [`MAX_DEPTH`] elements.
pub fn write(specification: &OrganizationalSpecification) -> Result<String, Findings> {
    print::print(&encode::specification(specification))
}
