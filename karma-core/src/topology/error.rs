//! What can be wrong with a topology file, said so that the reader of the message can mend it.

use thiserror::Error;

use crate::json::DocumentError;

/// Why a topology was refused. Every message names the place, the value and what is allowed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TopologyError {
    /// The reader failed.
    #[error("the topology cannot be read: {0}")]
    Io(#[source] std::io::Error),
    /// The document is larger than any sensible topology.
    #[error("the topology is larger than {} MiB, the most that is read", limit >> 20)]
    TooLarge {
        /// Most bytes that are read.
        limit: usize,
    },
    /// The document is not text.
    #[error("line {line}: not UTF-8 text; a topology is a JSON document")]
    NotUtf8 {
        /// Line of the first bad byte, from 1.
        line: usize,
    },
    /// There is nothing to read.
    #[error("the topology is empty; it needs an object with \"services\" and \"connections\"")]
    Empty,
    /// Not JSON, or a key written twice.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the JSON reader says.
        message: String,
    },
    /// A value of the wrong kind or outside of its range.
    #[error("{place}: {value} is not allowed; expected {allowed}")]
    Value {
        /// Path of the value, for instance `services.a.cpu`.
        place: String,
        /// The value as written.
        value: String,
        /// What is allowed there.
        allowed: String,
    },
    /// A field that must be there is not.
    #[error("{place}: the field \"{field}\" is missing{}", similar.as_ref().map_or(String::new(), |n| format!("; \"{n}\" is not a field")))]
    Missing {
        /// Path of the object.
        place: String,
        /// The missing field.
        field: &'static str,
        /// A field that was written and looks like a slip of the pen.
        similar: Option<String>,
    },
    /// A field or a name that is not known.
    #[error("{place}: unknown {kind} \"{name}\"{}", nearest.as_ref().map_or(String::new(), |n| format!("; did you mean \"{n}\"?")))]
    Unknown {
        /// Path of the object.
        place: String,
        /// "field", "service" or "metric".
        kind: &'static str,
        /// The name as written.
        name: String,
        /// The known name that is nearest, if one is near.
        nearest: Option<String>,
    },
    /// Two values that cannot both hold.
    #[error("{place}: {message}")]
    Contradiction {
        /// Path of the object.
        place: String,
        /// Both values and the rule.
        message: String,
    },
    /// Calls that come back to where they began.
    #[error("connections: {} call each other in a circle; a topology must be acyclic", path.join(" → "))]
    Cycle {
        /// Services of one circle, in order of the calls, the first repeated at the end.
        path: Vec<String>,
    },
}

impl From<DocumentError> for TopologyError {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Io(source) => Self::Io(source),
            DocumentError::TooLarge { limit } => Self::TooLarge { limit },
            DocumentError::NotUtf8 { line } => Self::NotUtf8 { line },
            DocumentError::Empty => Self::Empty,
            DocumentError::Syntax { line, column, message } => Self::Syntax { line, column, message },
        }
    }
}

/// The known name nearest to `name`, if it is near enough to be a slip of the pen.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = |candidate: &&str| strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase());
    known
        .into_iter()
        .map(|candidate| (near(&candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}
