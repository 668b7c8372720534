//! Findings about a condition, with the place inside its text.

use super::syntax::Place;
use crate::spec::Origin;
use crate::{Finding, Severity};

/// Collects what is wrong with one condition that stands at `origin` in some larger text.
///
/// Where the larger text's position is known, a finding is there and its message begins with the column inside the
/// condition (a quoted or folded text does not let us add the two); otherwise the condition is a text of its own
/// and the finding has its position.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) origin: &'a Origin,
    pub(super) findings: &'a mut Vec<Finding>,
}

impl Report<'_> {
    pub(super) fn error(&mut self, place: Place, code: &'static str, message: impl Into<String>) {
        self.add(Severity::Error, place, code, message.into());
    }

    pub(super) fn warning(&mut self, place: Place, code: &'static str, message: impl Into<String>) {
        self.add(Severity::Warning, place, code, message.into());
    }

    fn add(&mut self, severity: Severity, place: Place, code: &'static str, message: String) {
        let (origin, message) = match (self.origin.position, place.0) {
            (Some(_), Some(inside)) if inside.line > 1 => {
                (self.origin.clone(), format!("line {}, column {}: {message}", inside.line, inside.column))
            }
            (Some(_), Some(inside)) => (self.origin.clone(), format!("column {}: {message}", inside.column)),
            (_, inside) => (Origin { position: inside, file: self.origin.file.clone() }, message),
        };
        self.findings.push(Finding { severity, code, message, origin });
    }
}
