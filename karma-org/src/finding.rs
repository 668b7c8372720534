//! What is wrong with a specification, said so that its author can mend it.

use std::fmt;

use crate::spec::{Origin, Position};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Probably not what was meant; the specification can be used.
    Warning,
    /// The specification cannot be used.
    Error,
}

/// One thing that is wrong, where it is, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name in kebab case, such as `unknown-role`.
    pub code: &'static str,
    /// What is wrong: the element, the value, and what is allowed.
    pub message: String,
    /// Where it was written.
    pub origin: Origin,
}

impl Finding {
    /// Something that makes the specification unusable.
    pub fn error(code: &'static str, origin: &Origin, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), origin: origin.clone() }
    }

    /// Something that is probably not meant.
    pub fn warning(code: &'static str, origin: &Origin, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, code, message: message.into(), origin: origin.clone() }
    }

    /// Line and column, if the element was read from a text.
    pub const fn position(&self) -> Option<Position> {
        self.origin.position
    }
}

impl fmt::Display for Finding {
    /// `12:5: error[unknown-role]: …`, with the file first if it was included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.origin.file {
            write!(f, "{file}:")?;
        }
        if let Some(position) = self.origin.position {
            write!(f, "{position}: ")?;
        }
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}]: {}", self.code, self.message)
    }
}

/// All that is wrong with a specification, in the order of the text. At least one finding is an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct Findings(pub Vec<Finding>);

fn lines(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
