//! A JSON document that keeps the order of its keys, refuses a key written twice, and is read field by field
//! with the path of every value at hand, so that an error can name its place.

use std::fmt;
use std::io::Read;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(f64),
    String(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl fmt::Display for Node {
    /// As a person would quote it in an error: containers by their kind, long texts cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => f.write_str(&short(*value)),
            Self::String(text) => f.write_str(&quoted(text)),
            Self::Array(_) => f.write_str("a list"),
            Self::Object(_) => f.write_str("an object"),
        }
    }
}

/// A number without a tail of zeros.
pub(crate) fn short(value: f64) -> String {
    let plain = value == 0.0 || (1e-6..1e12).contains(&value.abs());
    if plain { value.to_string() } else { format!("{value:e}") }
}

/// A text in double quotes, with control characters escaped, cut after forty characters.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", excerpt(text).replace('"', "\\\""))
}

/// At most forty characters of a text, with control characters escaped.
fn excerpt(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars().take(40) {
        if c == '\'' || c == '"' { shown.push(c) } else { shown.extend(c.escape_debug()) }
    }
    if text.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Node::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format!("the key {} is written twice", quoted(&key))));
            }
            entries.push((key, map.next_value()?));
        }
        Ok(Node::Object(entries))
    }
}

/// Why bytes are no JSON document.
#[derive(Debug)]
pub(crate) enum DocumentError {
    Io(std::io::Error),
    TooLarge { limit: usize },
    NotUtf8 { line: usize },
    Empty,
    Syntax { line: usize, column: usize, message: String },
}

/// Reads a document of at most `limit` bytes. A byte order mark before it is skipped.
pub(crate) fn read_document(reader: impl Read, limit: usize) -> Result<Node, DocumentError> {
    let mut bytes = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(DocumentError::Io)?;
    if bytes.len() > limit {
        return Err(DocumentError::TooLarge { limit });
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| DocumentError::NotUtf8 { line: line_after(&bytes[..error.valid_up_to()]) })?;
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(DocumentError::Empty);
    }
    serde_json::from_str(text).map_err(|error| syntax(&error, text))
}

/// The line that follows `bytes`, from 1.
fn line_after(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count()
}

fn syntax(error: &serde_json::Error, text: &str) -> DocumentError {
    let full = error.to_string();
    let raw = full.rsplit_once(" at line ").map_or(full.as_str(), |(message, _)| message);
    let message = match (plain(raw), error.is_syntax().then(|| found(text, error)).flatten()) {
        (plain, Some(found)) if plain.starts_with("expected") => {
            format!("{plain}, found `{}`", excerpt(found))
        }
        (plain, _) => plain.to_owned(),
    };
    DocumentError::Syntax { line: error.line(), column: error.column(), message }
}

/// What stands at the position of `error`, to the end of its line.
fn found<'a>(text: &'a str, error: &serde_json::Error) -> Option<&'a str> {
    let line = text.lines().nth(error.line().checked_sub(1)?)?;
    line.get(error.column().checked_sub(1)?..).map(str::trim_end).filter(|rest| !rest.is_empty())
}

/// `serde_json`'s messages for people who do not write parsers.
fn plain(message: &str) -> &str {
    match message {
        "EOF while parsing a list" => "the document ends inside a list; is it cut off?",
        "EOF while parsing an object" => "the document ends inside an object; is it cut off?",
        "EOF while parsing a string" => "the document ends inside a text; is it cut off?",
        "EOF while parsing a value" => "the document ends where a value should stand; is it cut off?",
        "expected value" => {
            "expected a text in double quotes, a number, a list, an object, true, false or null"
        }
        "expected ident" => "expected true, false or null",
        "expected `:`" => "expected `:` after the key",
        "key must be a string" => "expected a key in double quotes",
        "invalid number" => "expected a number in decimal notation",
        "number out of range" => "the number is too large",
        "trailing comma" => "a comma stands before a closing bracket",
        "trailing characters" => "expected the end of the document",
        "recursion limit exceeded" => "lists and objects are nested more than 127 deep",
        "control character (\\u0000-\\u001F) found while parsing a string" => {
            "a line break or control character stands inside a text"
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(text: &str) -> String {
        match read_document(text.as_bytes(), 1 << 20) {
            Err(DocumentError::Syntax { line, column, message }) => format!("{line}:{column} {message}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn slips_of_the_pen_are_told_in_plain_words() {
        for (text, expected) in [
            ("{\n \"a\": {\"b\": 5", "2:13 the document ends inside an object; is it cut off?"),
            ("[1,", "1:3 the document ends where a value should stand; is it cut off?"),
            ("[1", "1:2 the document ends inside a list; is it cut off?"),
            ("{\"servi", "1:7 the document ends inside a text; is it cut off?"),
            ("{\"a\": 1,}", "1:9 a comma stands before a closing bracket"),
            ("{'a': 1}", "1:2 expected a key in double quotes, found `'a': 1}`"),
            ("{\"a\" 1}", "1:6 expected `:` after the key, found `1}`"),
            ("{\"a\": 1 // one\n}", "1:9 expected `,` or `}`, found `// one`"),
            ("{\"a\": nul}", "1:10 expected true, false or null, found `}`"),
            ("{\"a\": 007}", "1:8 expected a number in decimal notation, found `07}`"),
            ("{\"a\": 1e400}", "1:11 the number is too large"),
            ("{\"a\": \"x\ny\"}", "2:0 a line break or control character stands inside a text"),
            ("{} {}", "1:4 expected the end of the document, found `{}`"),
            ("{\"a\": 1,\n\"a\": 2}", "2:3 the key \"a\" is written twice"),
        ] {
            assert_eq!(message(text), expected, "{text}");
        }
    }

    #[test]
    fn a_value_that_json_does_not_know_is_quoted() {
        let expected = "expected a text in double quotes, a number, a list, an object, true, false or null";
        for word in ["NaN", "Infinity", "-NaN", "None", ".5", "+5"] {
            let said = message(&format!("{{\"a\": {word}}}"));
            let told = said.contains(expected) || said.contains("expected a number in decimal notation");
            assert!(told && said.contains("found `"), "{word}: {said}");
        }
    }

    #[test]
    fn nesting_is_bounded_so_that_the_stack_is_safe() {
        assert_eq!(message(&"[".repeat(1 << 19)), "1:128 lists and objects are nested more than 127 deep");
        let deepest = format!("{}{}", "[".repeat(127), "]".repeat(127));
        assert!(read_document(deepest.as_bytes(), 1 << 20).is_ok());
    }

    #[test]
    fn long_texts_are_cut_and_control_characters_escaped() {
        assert_eq!(quoted("a\u{1b}[31m"), "\"a\\u{1b}[31m\"");
        assert_eq!(quoted(&"ä".repeat(50)), format!("\"{}…\"", "ä".repeat(40)));
        assert_eq!(quoted(&"x".repeat(40)), format!("\"{}\"", "x".repeat(40)));
    }

    #[test]
    fn numbers_are_printed_without_a_tail_of_zeros() {
        let cases = [(-5.0, "-5"), (0.1, "0.1"), (0.0, "0"), (1e300, "1e300"), (-1e-9, "-1e-9")];
        for (value, expected) in cases {
            assert_eq!(short(value), expected);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_document(&bytes[..], 100);
        }

        #[test]
        fn an_ordinary_document_is_read_as_serde_json_reads_it(numbers in prop::collection::vec(any::<f64>().prop_filter("JSON has no NaN", |x| x.is_finite()), 0..9)) {
            let text = serde_json::to_string(&numbers).unwrap();
            let expected = Node::Array(numbers.into_iter().map(Node::Number).collect());
            prop_assert_eq!(read_document(text.as_bytes(), 1 << 20).unwrap(), expected);
        }
    }
}
