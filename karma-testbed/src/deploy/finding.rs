//! Why a topology cannot be deployed, said so that its author can mend it.

use std::fmt;

/// One reason not to deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable name in kebab case, such as `invalid-name`.
    pub code: &'static str,
    /// What it is about: a service, the namespace, or a setting.
    pub place: String,
    /// What is wrong, with the value and what is allowed.
    pub message: String,
}

impl Finding {
    /// A reason about the service called `name`.
    pub fn of_service(code: &'static str, name: &str, message: impl Into<String>) -> Self {
        Self::new(code, format!("service {}", quoted(name)), message)
    }

    /// A reason about anything else.
    pub fn new(code: &'static str, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, place: place.into(), message: message.into() }
    }
}

impl fmt::Display for Finding {
    /// `error[invalid-name]: service "Front": …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}: {}", self.code, self.place, self.message)
    }
}

/// Every reason, in the order of the topology; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct Findings(pub Vec<Finding>);

fn lines(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A text as a message quotes it: control characters visible, cut after 70 characters.
pub(super) fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(70).collect();
    let rest = if cut.len() < text.len() { "…" } else { "" };
    format!("\"{}{rest}\"", cut.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_reasons_are_said_one_a_line() {
        let one = Finding::of_service("invalid-name", "A", "no");
        let two = Finding::new("empty-image", "image", "none");
        assert_eq!(
            Findings(vec![one, two]).to_string(),
            "error[invalid-name]: service \"A\": no\nerror[empty-image]: image: none"
        );
    }

    #[test]
    fn a_long_or_unprintable_name_does_not_flood_a_message() {
        assert!(quoted(&"\u{7}".repeat(10_000)).len() < 500);
    }
}
