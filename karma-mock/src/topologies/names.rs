//! Names that people write, and what to answer when one is not known.

use thiserror::Error;

/// A name that stands for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown {kind} \"{}\"{}; known: {}", shortened(name), hint(nearest.as_deref()), known.join(", "))]
pub struct UnknownName {
    /// What was looked for: "topology", "scenario", "workload" or "trace".
    pub kind: &'static str,
    /// The name as written.
    pub name: String,
    /// The known name that is nearest, if one is near.
    pub nearest: Option<String>,
    /// Every name and form of name that is known.
    pub known: Vec<String>,
}

impl UnknownName {
    pub(crate) fn new(kind: &'static str, name: &str, known: &[&str]) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            nearest: nearest(name, known),
            known: known.iter().map(|&known| known.to_owned()).collect(),
        }
    }
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean \"{name}\"?)"))
}

/// A text as an error quotes it: control characters visible, cut after 40 characters.
pub(crate) fn shortened(text: &str) -> String {
    let cut: String = text.chars().take(40).collect();
    let rest = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{rest}", cut.escape_debug())
}

/// The known name that `name` is most likely a slip of (Jaro-Winkler likeness above 0.75).
fn nearest(name: &str, known: &[&str]) -> Option<String> {
    // A name of any length may come from outside, and the comparison is quadratic.
    let name: String = name.chars().take(64).collect::<String>().to_lowercase();
    known
        .iter()
        .map(|known| (strsim::jaro_winkler(&name, &known.to_lowercase()), *known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_answered_with_the_nearest_name() {
        let error = UnknownName::new("topology", "chian4", &["chain4", "diamond"]);
        assert_eq!(
            error.to_string(),
            "unknown topology \"chian4\" (did you mean \"chain4\"?); known: chain4, diamond"
        );
    }

    #[test]
    fn a_name_that_resembles_nothing_gets_the_list_only() {
        let error = UnknownName::new("topology", "zzz", &["chain4", "diamond"]);
        assert_eq!(error.nearest, None);
    }

    #[test]
    fn a_long_or_unprintable_name_does_not_flood_the_message() {
        let error = UnknownName::new("trace", &"\u{7}".repeat(1_000_000), &["nab-elb"]);
        assert!(error.to_string().len() < 400);
    }
}
