//! Why an organisation cannot be used.

use std::io;
use std::path::PathBuf;

use karma_org::{Finding, Findings};
use thiserror::Error;

/// Why an organisation cannot be used. Every message names the file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OrganizationError {
    /// Neither a name that is known nor the path of a file.
    #[error(
        "there is no organisation \"{}\"; allowed: karma, the path of a specification (.xml, .yaml) or of its .guides.yaml; to train also soft and none",
        name.escape_debug()
    )]
    Unknown {
        /// As written.
        name: String,
    },
    /// A file cannot be read.
    #[error("{}: the file cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Guides without a specification beside them.
    #[error("{stem}.guides.yaml has no specification: write {stem}.xml or {stem}.yaml beside it")]
    NoSpecification {
        /// Path without its ending.
        stem: String,
    },
    /// A specification without guides, where guides are needed.
    #[error(
        "{}: this file is missing: it says what the roles of {specification} do on a cluster. `karma org schema --guides` describes it, `karma org show karma --format guides` prints an example",
        path.display()
    )]
    NoGuides {
        /// The file that should be there.
        path: PathBuf,
        /// The specification.
        specification: String,
    },
    /// A YAML file is not text.
    #[error("{file}:{line}: not UTF-8 text")]
    NotUtf8 {
        /// The file.
        file: String,
        /// Line of the first bad byte, from 1.
        line: usize,
    },
    /// What a file says is wrong.
    #[error("{}", told(file, findings))]
    Wrong {
        /// The file.
        file: String,
        /// All that is wrong with it.
        findings: Findings,
    },
}

fn told(file: &str, findings: &Findings) -> String {
    findings.0.iter().map(|finding| tell(file, finding)).collect::<Vec<_>>().join("\n")
}

/// A finding behind the name of its file; one in an included file has that name already.
pub(super) fn tell(file: &str, finding: &Finding) -> String {
    match (&finding.origin.file, finding.origin.position) {
        (Some(_), _) => finding.to_string(),
        (None, Some(_)) => format!("{file}:{finding}"),
        (None, None) => format!("{file}: {finding}"),
    }
}
