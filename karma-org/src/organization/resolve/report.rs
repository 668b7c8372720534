//! Findings while they are collected, and the nearest known name that each of them suggests.

use std::cell::Cell;
use std::fmt::Write as _;

use crate::finding::{Finding, Severity};
use crate::spec::Origin;

/// How many names may be compared for suggestions. A text in which every one of thousands of names dangles would
/// otherwise cost the square of its length; its author is helped enough by the first suggestions.
const COMPARISONS: usize = 200_000;

/// How alike a suggestion must be, in [0, 1].
const NEAR: f64 = 0.6;

/// How many known names are listed if none is near.
const LISTED: usize = 8;

/// The findings so far.
#[derive(Debug)]
pub(crate) struct Report {
    findings: Vec<Finding>,
    comparisons: Cell<usize>,
    incomplete: bool,
}

impl Report {
    pub(crate) const fn new() -> Self {
        Self { findings: Vec::new(), comparisons: Cell::new(COMPARISONS), incomplete: false }
    }

    pub(crate) fn error(&mut self, code: &'static str, origin: &Origin, message: impl Into<String>) {
        self.findings.push(Finding::error(code, origin, message));
    }

    /// A name that stands for nothing. It is not reported if a part of the specification could not be had, for it
    /// may stand for something there.
    pub(crate) fn unknown(&mut self, code: &'static str, origin: &Origin, message: impl Into<String>) {
        if !self.incomplete {
            self.error(code, origin, message);
        }
    }

    /// Takes note that a part of the specification could not be had.
    pub(crate) const fn set_incomplete(&mut self) {
        self.incomplete = true;
    }

    /// Whether a part of the specification could not be had.
    pub(crate) const fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    pub(crate) fn warning(&mut self, code: &'static str, origin: &Origin, message: impl Into<String>) {
        self.findings.push(Finding::warning(code, origin, message));
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Whether something was reported under one of these codes.
    pub(crate) fn has(&self, codes: &[&str]) -> bool {
        self.findings.iter().any(|finding| codes.contains(&finding.code))
    }

    /// The findings in the order of the text; those without a place keep the order in which they were found.
    pub(crate) fn into_findings(mut self) -> Vec<Finding> {
        self.findings.sort_by(|a, b| (&a.origin.file, a.position()).cmp(&(&b.origin.file, b.position())));
        self.findings
    }

    /// `; did you mean "x"?` if a known name is near, otherwise what is known if that is little.
    pub(crate) fn hint<'n>(&self, name: &str, known: impl Iterator<Item = &'n str> + Clone) -> String {
        let suggestion = self.suggestion(name, known.clone());
        if !suggestion.is_empty() {
            return suggestion;
        }
        let listed: Vec<&str> = known.take(LISTED + 1).collect();
        match listed.len() {
            0 => "; there is none".to_owned(),
            1..=LISTED => format!("; known: {}", quoted(&listed)),
            _ => String::new(),
        }
    }

    /// `; did you mean "x"?` if a known name is near.
    pub(crate) fn suggestion<'n>(&self, name: &str, known: impl Iterator<Item = &'n str>) -> String {
        self.nearest(name, known).map_or_else(String::new, |nearest| format!("; did you mean {nearest:?}?"))
    }

    fn nearest<'n>(&self, name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
        let similarity = |other: &str| {
            // "mp" for "mp(X, Y)" is a slip too, though most of the name is missing.
            let longer = name.len() > 1 && other.starts_with(name);
            strsim::normalized_damerau_levenshtein(name, other).max(if longer { NEAR } else { 0.0 })
        };
        let mut left = self.comparisons.get();
        let near = known
            .take_while(|_| {
                let some_left = left > 0;
                left = left.saturating_sub(1);
                some_left
            })
            .filter(|other| !other.is_empty() && *other != name)
            .map(|other| (similarity(other), other))
            .filter(|(likeness, _)| *likeness >= NEAR)
            .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)));
        self.comparisons.set(left);
        near.map(|(_, other)| other)
    }
}

/// `"a", "b", "c"`.
pub(crate) fn quoted(names: &[&str]) -> String {
    let mut text = String::new();
    for (i, name) in names.iter().enumerate() {
        let separator = if i == 0 { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{name:?}");
    }
    text
}
