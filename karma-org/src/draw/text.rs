//! Texts made fit for a line, for XML and for Graphviz.

/// A text on one line: line breaks and tabs become spaces, and what neither XML nor a terminal can show becomes `�`.
///
/// Marks that turn the direction of writing are replaced as well: in a name they would turn all that follows.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            '\u{200E}'
            | '\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}'
            | '\u{FFFE}'
            | '\u{FFFF}' => '\u{FFFD}',
            c if c.is_control() => '\u{FFFD}',
            c => c,
        })
        .collect()
}

/// A text as content of an XML element or attribute.
pub(super) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A text as part of a label in a quoted string of the DOT language.
///
/// A backslash begins an escape there, a quote ends the string, and an ampersand begins an entity as in HTML.
pub(super) fn dot(text: &str) -> String {
    one_line(text).replace('\\', r"\\").replace('"', "\\\"").replace('&', "&amp;")
}

/// "a", "a and b", "a, b and c".
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A number and what is counted: "1 goal", "2 goals", "2 compatibilities".
pub(super) fn counted(number: usize, what: &str) -> String {
    match (number, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {what}s"),
    }
}

/// The text with its first letter in upper case.
pub(super) fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_and_what_xml_cannot_hold_is_replaced() {
        assert_eq!(xml("<a&\"b'>\n\u{0}\u{FFFE}🦀"), "&lt;a&amp;&quot;b&#39;&gt; \u{FFFD}\u{FFFD}🦀");
    }

    #[test]
    fn a_label_cannot_end_its_string_nor_begin_an_escape_or_an_entity() {
        assert_eq!(dot("a\"b\\N&lt;\n"), r#"a\"b\\N&amp;lt; "#);
    }

    #[test]
    fn lists_and_numbers_read_as_english() {
        let names = ["a", "b", "c"].map(str::to_owned);
        assert_eq!([0, 1, 2, 3].map(|n| listed(&names[..n])), ["", "a", "a and b", "a, b and c"]);
        assert_eq!(
            [counted(1, "goal"), counted(0, "goal"), counted(2, "policy")],
            ["1 goal", "0 goals", "2 policies"]
        );
    }
}
