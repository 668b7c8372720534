//! How a text is written so that it is read as the same text, by this and by other readers of YAML.

use crate::yaml::document::is_text;

/// Longest name that stands before its colon: YAML allows 1024 characters (section 7.4.2), quotes included.
pub(super) const LONGEST_NAME: usize = 1000;

/// A text in a block: plain, or in quotes.
pub(super) fn in_block(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// A text between brackets or braces: plain, or in quotes.
pub(super) fn in_flow(text: &str) -> String {
    if is_plain(text) && !text.contains([',', '[', ']', '{', '}']) { text.to_owned() } else { quoted(text) }
}

/// A text of several lines: each on its own, if that keeps them all, or in quotes.
///
/// The first lines' indentation is given as a number only where it cannot be seen.
pub(super) fn lines(text: &str, indent: usize) -> String {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let is_line = |line: &str| line.chars().all(is_plain_character);
    if body.trim().is_empty() || body.ends_with('\n') || !body.split('\n').all(is_line) {
        return format!("{}\n", quoted(text));
    }
    let visible = text.starts_with(|c: char| !c.is_whitespace());
    let number = if visible { "" } else { "2" };
    let chomp = if text.ends_with('\n') { "" } else { "-" };
    let mut written = format!("|{number}{chomp}\n");
    for line in body.split('\n') {
        let margin = if line.is_empty() { 0 } else { indent };
        written.push_str(&" ".repeat(margin));
        written.push_str(line);
        written.push('\n');
    }
    written
}

/// Whether a text without quotes is read as that text. Rather too careful than too bold: YAML 1.1 has more words
/// for truth and more forms of numbers than YAML 1.2, and many readers know 1.1 only.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let ends_well = !text.ends_with([' ', ':']);
    let starts_well =
        text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '(' | '$' | '^' | '+'));
    let numeric = |c: char| {
        c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '_' | '-' | '+' | 'x' | 'o' | 'T' | 'Z' | ' ')
    };
    let number = text.starts_with(|c: char| c.is_numeric() || c == '+') && text.chars().all(numeric);
    ends_well
        && starts_well
        && !number
        && is_text(text)
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        && text.chars().all(is_plain_character)
        && !text.contains(": ")
        && !text.contains(" #")
}

/// What needs no escape anywhere: printable ASCII, and the letters and digits of all scripts.
fn is_plain_character(c: char) -> bool {
    matches!(c, ' '..='~') || (!c.is_ascii() && c.is_alphanumeric())
}

fn quoted(text: &str) -> String {
    let mut written = String::from('"');
    for c in text.chars() {
        match c {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            // Line ends of YAML 1.1, spaces that cannot be told apart, and the byte order mark.
            c if c.is_control() || (c != ' ' && c.is_whitespace()) || c == '\u{FEFF}' => {
                let escape = format!("\\u{:04X}", u32::from(c));
                written.push_str(&escape);
            }
            c => written.push(c),
        }
    }
    written.push('"');
    written
}

#[cfg(test)]
mod tests {
    use super::{in_block, in_flow, lines};

    #[test]
    fn names_and_sentences_need_no_quotes() {
        for text in [
            "wtitle",
            "Write the sections' title",
            "5 seconds",
            "a -> b",
            "Florianópolis",
            "a:b",
            "failed(_,g)",
        ] {
            assert_eq!(in_block(text), text);
        }
    }

    #[test]
    fn what_would_be_read_as_something_else_is_quoted() {
        for text in [
            "",
            " a",
            "a ",
            "0.8",
            "1_000",
            "12:30",
            "2024-01-01",
            "no",
            "Null",
            "~",
            "- a",
            "a: b",
            "a #b",
            "#a",
            "a:",
        ] {
            assert_eq!(in_block(text), format!("\"{text}\""));
        }
        assert_eq!(in_block("a\u{85}\t\"\\"), "\"a\\u0085\\t\\\"\\\\\"");
        assert_eq!((in_block("f(a,b)"), in_flow("f(a,b)")), ("f(a,b)".to_owned(), "\"f(a,b)\"".to_owned()));
    }

    #[test]
    fn lines_stay_lines_where_nothing_is_lost() {
        assert_eq!(lines("a\n b\n", 2), "|\n  a\n   b\n");
        assert_eq!(lines("\n  a", 2), "|2-\n\n    a\n");
        assert_eq!(lines("\n  a\n ", 2), "|2-\n\n    a\n   \n");
        assert_eq!(lines("a\tb\nc", 2), "\"a\\tb\\nc\"\n");
    }
}
