//! `a -> b` and `a <-> b`.

use super::Lowering;
use crate::yaml::document::{Place, quoted};

/// From where to where, and whether also back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::yaml) struct Ends {
    pub(in crate::yaml) from: String,
    pub(in crate::yaml) to: String,
    pub(in crate::yaml) both: bool,
}

/// Reads an arrow; nothing, if the text is none.
pub(in crate::yaml) fn parse(text: &str) -> Option<Ends> {
    let (from, to, both) = match text.split_once("<->") {
        Some((from, to)) => (from, to, true),
        None => text.split_once("->").map(|(from, to)| (from, to, false))?,
    };
    let (from, to) = (from.trim(), to.trim());
    let name = |text: &str| !text.is_empty() && !text.contains("->");
    (name(from) && name(to)).then(|| Ends { from: from.to_owned(), to: to.to_owned(), both })
}

impl Lowering<'_, '_> {
    /// The ends that an arrow gives.
    pub(super) fn arrow(&mut self, text: &str, place: Place<'_>) -> Ends {
        parse(text).unwrap_or_else(|| {
            let message = format!(
                "expected two roles with an arrow, such as `a -> b` or `a <-> b`; found {}",
                quoted(text)
            );
            self.refuse("bad-arrow", place, message);
            Ends::default()
        })
    }

    /// The ends that `from` and `to` give.
    pub(super) fn spelled(&mut self, from: Option<&String>, to: Option<&String>, place: Place<'_>) -> Ends {
        for (name, end) in [("from", from), ("to", to)] {
            if end.is_none() {
                self.refuse("missing-field", place, format!("`{name}` is missing here"));
            }
        }
        Ends { from: from.cloned().unwrap_or_default(), to: to.cloned().unwrap_or_default(), both: false }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ends, parse};

    #[test]
    fn an_arrow_has_a_role_at_each_end() {
        let ends = |from: &str, to: &str, both| Some(Ends { from: from.to_owned(), to: to.to_owned(), both });
        assert_eq!(parse("a -> b"), ends("a", "b", false));
        assert_eq!(parse("a<->b"), ends("a", "b", true));
        assert_eq!(parse("role-1->role-2"), ends("role-1", "role-2", false));
        for text in ["a", "a ->", "<-> b", "a -> b -> c", "a <-> b <-> c", "a <- b", ""] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
