//! What is wrong with a name.

use std::fmt::Write as _;

/// `there is no role "ddso"; did you mean "ddos"? Known: ddos, failure`.
pub(super) fn unknown<'a>(kind: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let mut message = format!("there is no {kind} {name:?}");
    let near = known.iter().map(|other| (strsim::damerau_levenshtein(name, other), *other)).min();
    if let Some((_, near)) = near.filter(|(edits, near)| *edits <= (near.chars().count() / 3).max(1)) {
        let _ = write!(message, "; did you mean {near:?}?");
    }
    if known.is_empty() {
        message.push_str("; none is defined");
    } else {
        let _ = write!(message, " Known: {}", known.join(", "));
    }
    message
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn the_nearest_known_name_is_proposed() {
        assert_eq!(
            unknown("role", "ddso", ["ddos", "failure"]),
            "there is no role \"ddso\"; did you mean \"ddos\"? Known: ddos, failure"
        );
        assert_eq!(unknown("goal", "x", []), "there is no goal \"x\"; none is defined");
    }
}
