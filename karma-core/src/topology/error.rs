//! What can be wrong with a topology file, said so that the reader of the message can mend it.

use thiserror::Error;

use crate::json::{DocumentError, quoted};

/// Why a topology was refused. Every message names the place, the value and what is allowed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TopologyError {
    /// The reader failed.
    #[error("the topology cannot be read")]
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
        /// Column in bytes, from 1.
        column: usize,
        /// What the JSON reader says, in plain words.
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
    #[error("{place}: the field \"{field}\" is missing{}", slip(similar.as_deref()))]
    Missing {
        /// Path of the object.
        place: String,
        /// The missing field.
        field: &'static str,
        /// A field that was written and looks like a slip of the pen.
        similar: Option<String>,
    },
    /// A field or a name that is not known.
    #[error("{place}: unknown {kind} {}{}", quoted(name), hint(nearest.as_deref()))]
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
    /// Values that cannot hold together.
    #[error("{place}: {message}")]
    Contradiction {
        /// Path of the object.
        place: String,
        /// The values and the rule.
        message: String,
    },
    /// Calls that come back to where they began.
    #[error("connections: {} is a circle of calls; a topology must be acyclic", circle(path))]
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

fn slip(similar: Option<&str>) -> String {
    similar.map_or_else(String::new, |name| format!("; {} is not a field", quoted(name)))
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean {}?", quoted(name)))
}

/// The circle as a chain of arrows, its middle left out if it is long.
fn circle(path: &[String]) -> String {
    const SHOWN: usize = 12;
    if path.len() <= SHOWN + 1 {
        return path.join(" → ");
    }
    let (head, tail) = (&path[..SHOWN / 2], &path[path.len() - SHOWN / 2..]);
    let left_out = path.len() - SHOWN;
    format!("{} → … ({left_out} more) … → {}", head.join(" → "), tail.join(" → "))
}

/// Longer names are not compared: the time grows with the product of the lengths.
const LONGEST_COMPARED: usize = 256;

/// The known name nearest to `name`, if it is near enough to be a slip of the pen.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let name = name.to_lowercase();
    known
        .into_iter()
        .filter(|candidate| name.len().max(candidate.len()) <= LONGEST_COMPARED)
        .map(|candidate| (likeness(&name, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .min_by(|a, b| b.0.total_cmp(&a.0))
        .map(|(_, candidate)| candidate.to_owned())
}

/// 1 for equal names, 0 for unlike ones: edits (two letters swapped are one edit) over the length, or the share
/// that one name is of the other.
fn likeness(a: &str, b: &str) -> f64 {
    let edits = strsim::normalized_damerau_levenshtein(a, b);
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let share = short.len() as f64 / long.len().max(1) as f64;
    if share >= 0.3 && long.contains(short) { edits.max(0.6 + 0.4 * share) } else { edits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_pen_find_the_name_that_was_meant() {
        let fields = ["cpu", "cpu_limit", "ram", "min_replicas", "max_replicas", "computation_throughput"];
        for (written, meant) in [
            ("rma", Some("ram")),
            ("CPU", Some("cpu")),
            ("maxReplicas", Some("max_replicas")),
            ("min_replica", Some("min_replicas")),
            ("throughput", Some("computation_throughput")),
            ("computation_troughput", Some("computation_throughput")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, fields).as_deref(), meant, "{written}");
        }
    }

    #[test]
    fn of_equally_near_names_the_first_is_offered() {
        assert_eq!(nearest("service", ["service1", "service2"]).as_deref(), Some("service1"));
    }

    #[test]
    fn a_long_circle_is_told_by_its_ends() {
        let path: Vec<String> = (0..=99).map(|i| format!("s{}", i % 99)).collect();
        let shown = circle(&path);
        assert_eq!(shown, "s0 → s1 → s2 → s3 → s4 → s5 → … (88 more) … → s94 → s95 → s96 → s97 → s98 → s0");
    }
}
