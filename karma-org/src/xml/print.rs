//! Elements into text: one element to a line, two spaces to a level, everything escaped that must be.

use crate::{Finding, Findings};

use super::MAX_DEPTH;
use super::element::Element;
use super::source::is_xml_char;

/// The text of an element, as a document.
pub(super) fn print(root: &Element) -> Result<String, Findings> {
    let mut printer =
        Printer { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), findings: Vec::new() };
    printer.element(root, 0);
    if printer.findings.is_empty() { Ok(printer.out) } else { Err(Findings(printer.findings)) }
}

struct Printer {
    out: String,
    findings: Vec<Finding>,
}

impl Printer {
    fn element(&mut self, element: &Element, depth: usize) {
        if depth >= MAX_DEPTH {
            let message =
                format!("elements would be nested deeper than {MAX_DEPTH} levels, which is not read again");
            return self.findings.push(Finding::error("too-deep", &element.origin, message));
        }
        self.out.extend(std::iter::repeat_n("  ", depth));
        self.out.push('<');
        self.out.push_str(&element.name);
        for attribute in &element.attributes {
            self.out.push(' ');
            self.out.push_str(&attribute.name);
            self.out.push_str("=\"");
            self.escape(&attribute.value, Place::Attribute, element);
            self.out.push('"');
        }
        if element.children.is_empty() && element.text.is_empty() {
            self.out.push_str("/>\n");
        } else {
            self.content(element, depth);
        }
    }

    fn content(&mut self, element: &Element, depth: usize) {
        self.out.push('>');
        if element.children.is_empty() {
            self.escape(&element.text, Place::Text, element);
        } else {
            self.out.push('\n');
            element.children.iter().for_each(|child| self.element(child, depth + 1));
            self.out.extend(std::iter::repeat_n("  ", depth));
        }
        self.out.push_str("</");
        self.out.push_str(&element.name);
        self.out.push_str(">\n");
    }

    fn escape(&mut self, text: &str, place: Place, element: &Element) {
        for c in text.chars() {
            match (c, place) {
                ('&', _) => self.out.push_str("&amp;"),
                ('<', _) => self.out.push_str("&lt;"),
                ('>', _) => self.out.push_str("&gt;"),
                ('"', Place::Attribute) => self.out.push_str("&quot;"),
                ('\r', _) => self.out.push_str("&#13;"),
                ('\n', Place::Attribute) => self.out.push_str("&#10;"),
                ('\t', Place::Attribute) => self.out.push_str("&#9;"),
                (c, _) if is_xml_char(c) => self.out.push(c),
                (c, _) => self.unwritable(c, element),
            }
        }
    }

    fn unwritable(&mut self, c: char, element: &Element) {
        let message = format!(
            "`{}` contains the character U+{:04X}, which no XML can hold",
            element.name,
            u32::from(c)
        );
        self.findings.push(Finding::error("unwritable-character", &element.origin, message));
    }
}

/// White space in attributes is normalised when it is read, unless it is written as a reference.
#[derive(Clone, Copy)]
enum Place {
    Attribute,
    Text,
}
