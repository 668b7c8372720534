//! The nearest known name, for messages.

/// `"; did you mean \"…\"?"` if some known name is near `written`, and nothing otherwise.
///
/// Near: at most a third of its letters, and at least one, have to be changed (Damerau 1964); a difference of case
/// alone always is.
pub(super) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let edits = |name: &str| {
        if name.eq_ignore_ascii_case(written) { 0 } else { strsim::damerau_levenshtein(written, name) }
    };
    let best = known.into_iter().map(|name| (edits(name), name)).min();
    let near = best.filter(|(edits, name)| *edits <= (name.chars().count() / 3).max(1));
    near.map_or_else(String::new, |(_, name)| format!("; did you mean {name:?}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_name_is_proposed() {
        assert_eq!(
            nearest("pending_request", ["pending_requests", "age"]),
            "; did you mean \"pending_requests\"?"
        );
        assert_eq!(nearest("zebra", ["pending_requests", "age"]), "");
    }
}
