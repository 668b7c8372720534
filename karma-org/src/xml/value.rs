//! What attributes may say: numbers, yes or no, and words of a fixed list.

use std::str::FromStr;

use crate::spec::{
    ConstrainedObject, GoalKind, NormKind, NotificationKind, PlanOperator, ReportStage, Scope,
};

/// An enumeration whose values have names in MOISE XML.
pub(super) trait Keyword: Copy + PartialEq + 'static {
    /// Every name and what it means.
    const TABLE: &'static [(&'static str, Self)];
}

macro_rules! keywords {
    ($($type:ident { $($name:literal => $variant:ident),+ })+) => { $(
        impl Keyword for $type {
            const TABLE: &'static [(&'static str, Self)] = &[$(($name, Self::$variant)),+];
        }
    )+ };
}

keywords! {
    Scope { "intra-group" => IntraGroup, "inter-group" => InterGroup }
    ConstrainedObject { "role" => Role, "group" => Group }
    GoalKind { "performance" => Performance, "achievement" => Achievement, "maintenance" => Maintenance }
    PlanOperator { "sequence" => Sequence, "choice" => Choice, "parallel" => Parallel }
    NotificationKind { "exception" => Exception, "accountability" => Accountability }
    NormKind { "obligation" => Obligation, "permission" => Permission }
    ReportStage {
        "raise-goal" => Raise, "handle-goal" => Handle, "context-goal" => Context,
        "requesting-goal" => Request, "accounting-goal" => Account, "treatment-goal" => Treatment
    }
}

/// What a word means, if it is one of the list.
pub(super) fn keyword<K: Keyword>(text: &str) -> Option<K> {
    K::TABLE.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
}

/// The word for a value.
pub(super) fn name_of<K: Keyword>(value: K) -> &'static str {
    K::TABLE.iter().find(|(_, other)| *other == value).map_or("", |(name, _)| name)
}

/// All words of a list.
pub(super) fn names<K: Keyword>() -> Vec<&'static str> {
    K::TABLE.iter().map(|(name, _)| *name).collect()
}

/// A whole number as XML Schema writes it: white space around it and a sign before it are allowed.
pub(super) fn number<T: FromStr>(text: &str) -> Result<T, T::Err> {
    trim(text).parse()
}

/// A finite number. The infinities and the not-a-number of XML Schema are refused: no attribute can mean them.
pub(super) fn real(text: &str) -> Result<f64, ()> {
    trim(text).parse().ok().filter(|number: &f64| number.is_finite()).ok_or(())
}

/// Yes or no as XML Schema writes it.
pub(super) fn flag(text: &str) -> Result<bool, ()> {
    match trim(text) {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(()),
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// The known name that was probably meant: fewest edits, at most one in three characters.
pub(super) fn nearest(name: &str, known: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    if name.len() > LONGEST_COMPARED {
        return None;
    }
    let lower = name.to_lowercase();
    let distances = known.into_iter().map(|other| (strsim::damerau_levenshtein(&lower, other), other));
    let allowed = (name.chars().count() / 3).max(1);
    distances
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Comparing costs the product of the lengths; longer names are no misspellings of ours.
const LONGEST_COMPARED: usize = 64;

/// `; did you mean `name`?`, or nothing.
pub(super) fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// The beginning of a text, for a message.
pub(super) fn short(text: &str) -> String {
    one_line(text, 40)
}

/// At most so many characters of a text, on one line whatever the text contains.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let mut rest = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    let beginning: String = rest.by_ref().take(most).collect();
    if rest.next().is_none() { beginning } else { beginning + "…" }
}

/// Names for a message: "`a`, `b` or `c`".
pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_near_to_the_one_that_was_meant() {
        assert_eq!(nearest("paralel", names::<PlanOperator>()), Some("parallel"));
        assert_eq!(nearest("Sequence", names::<PlanOperator>()), Some("sequence"));
        assert_eq!(nearest("obligaton", names::<NormKind>()), Some("obligation"));
        assert_eq!(nearest("xor", names::<PlanOperator>()), None);
    }

    #[test]
    fn numbers_are_those_of_xml_schema() {
        assert_eq!(number::<u32>(" +5\n"), Ok(5));
        assert!(
            number::<u32>("-1").is_err()
                && number::<u32>("4294967296").is_err()
                && number::<u32>("").is_err()
        );
        assert_eq!(real("1e-3"), Ok(0.001));
        assert!(real("NaN").is_err() && real("inf").is_err());
        assert_eq!((flag("1"), flag("false"), flag("True")), (Ok(true), Ok(false), Err(())));
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(listed(&["a"]), "`a`");
    }
}
