//! From bytes to text: size, encoding and characters are checked once, before anything else; and from places in
//! that text to lines and columns.

use crate::spec::Position;

use super::MAX_BYTES;

/// Why a text cannot be read any further: the first and only thing that is said about it.
#[derive(Debug)]
pub(super) struct Fatal {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) position: Option<Position>,
}

impl Fatal {
    pub(super) fn new(code: &'static str, message: impl Into<String>, position: Option<Position>) -> Self {
        Self { code, message: message.into(), position }
    }
}

/// The text in `bytes`, without its byte order mark.
pub(super) fn decode(bytes: &[u8], budget: usize) -> Result<&str, Fatal> {
    if bytes.len() > budget {
        let message = format!(
            "the text, with all that it includes, is larger than the {MAX_BYTES} bytes that are read"
        );
        return Err(Fatal::new("too-large", message, None));
    }
    if is_wide(bytes) {
        let message = "the text is encoded as UTF-16 or UTF-32; only UTF-8 is read, so save it as UTF-8";
        return Err(Fatal::new("not-utf-8", message, None));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    match text.char_indices().find(|(_, c)| !is_xml_char(*c)) {
        None => Ok(text),
        Some((offset, c)) => {
            let message = format!("the character U+{:04X} is not allowed in XML", u32::from(c));
            Err(Fatal::new("not-well-formed", message, Some(Cursor::new(text).at(offset))))
        }
    }
}

/// Byte order marks of UTF-16 and UTF-32, and `<` in either without one.
fn is_wide(bytes: &[u8]) -> bool {
    let marks: [&[u8]; 5] = [b"\xFF\xFE", b"\xFE\xFF", b"\0\0\xFE\xFF", b"<\0", b"\0<"];
    marks.iter().any(|mark| bytes.starts_with(mark))
}

fn not_utf8(bytes: &[u8], valid: usize) -> Fatal {
    let readable = std::str::from_utf8(&bytes[..valid]).unwrap_or_default();
    let byte = bytes.get(valid).copied().unwrap_or_default();
    let message =
        format!("the byte 0x{byte:02X} is not UTF-8; only UTF-8 is read, so save the text as UTF-8");
    Fatal::new("not-utf-8", message, Some(Cursor::new(readable).at(valid)))
}

/// Whether XML 1.0 allows a character at all (production `Char`).
pub(super) const fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Turns byte offsets into lines and columns. Offsets that only grow cost the length of the text once, which
/// keeps a text of one very long line from costing its square.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    offset: usize,
    position: Position,
    after_return: bool,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, offset: 0, position: Position { line: 1, column: 1 }, after_return: false }
    }

    /// The place of a byte offset; one inside a character is the place of the next character.
    pub(super) fn at(&mut self, offset: usize) -> Position {
        if offset < self.offset {
            *self = Self::new(self.text);
        }
        let rest = self.text.get(self.offset..).unwrap_or_default();
        for c in rest.chars() {
            if self.offset >= offset {
                break;
            }
            self.offset += c.len_utf8();
            self.step(c);
        }
        self.position
    }

    /// A carriage return, a line feed, and the two together all end one line.
    const fn step(&mut self, c: char) {
        let Position { line, column } = self.position;
        self.position = match c {
            '\n' if self.after_return => self.position,
            '\n' | '\r' => Position { line: line + 1, column: 1 },
            _ => Position { line, column: column + 1 },
        };
        self.after_return = c == '\r';
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_every_line_end_counts_once() {
        let text = "äb\r\nc\rd\n\ne";
        let place = |found: char| Cursor::new(text).at(text.find(found).unwrap()).to_string();
        assert_eq!(['b', 'c', 'd', 'e'].map(place), ["1:2", "2:1", "3:1", "5:1"]);
    }

    #[test]
    fn a_cursor_can_go_back() {
        let mut cursor = Cursor::new("a\nb\nc");
        assert_eq!(cursor.at(4).line, 3);
        assert_eq!(cursor.at(2).line, 2);
    }
}
