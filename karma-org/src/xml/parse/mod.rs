//! From text to elements: well-formed XML and nothing more.
//!
//! The events come from `quick-xml`, which reads what is nearly XML, too; what it lets pass is refused here: text
//! beside the root, undeclared prefixes, attributes written twice, entities that nobody defined. Document type
//! definitions are never interpreted. The elements that are open are a list on the heap, so that depth costs no stack.

mod tag;

use std::sync::Arc;

use quick_xml::errors::IllFormedError;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, BytesRef, Event};
use quick_xml::{Error, Reader};

use crate::Finding;
use crate::spec::Origin;

use super::element::Element;
use super::namespace::Scope;
use super::source::{Cursor, Fatal, is_xml_char};
use super::value::{one_line, short};

/// The root element of a text, and what is worth a warning about it.
pub(super) fn parse(
    text: &str,
    file: Option<&Arc<str>>,
    depth: usize,
) -> Result<(Element, Vec<Finding>), Fatal> {
    let mut parser = Parser {
        cursor: Cursor::new(text),
        file: file.cloned(),
        scope: Scope::default(),
        open: Vec::new(),
        root: None,
        outer_depth: depth,
        is_ascii: text.is_ascii(),
        warnings: Vec::new(),
    };
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    loop {
        let start = offset(reader.buffer_position());
        match reader.read_event() {
            Ok(Event::Eof) => return parser.finish(start),
            Ok(event) => parser.event(start, &event)?,
            Err(error) => return Err(parser.broken(&error, offset(reader.error_position()))),
        }
    }
}

/// Offsets fit, because the text is in memory.
fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    file: Option<Arc<str>>,
    scope: Scope,
    open: Vec<Element>,
    root: Option<Element>,
    /// How deep the whole text already is in the one that includes it.
    outer_depth: usize,
    /// Whether it does not matter which encoding the text claims.
    is_ascii: bool,
    warnings: Vec<Finding>,
}

impl Parser<'_> {
    fn event(&mut self, start: usize, event: &Event<'_>) -> Result<(), Fatal> {
        match event {
            Event::Start(tag) => self.start(start, tag),
            Event::Empty(tag) => self.start(start, tag).and_then(|()| self.end(start)),
            Event::End(_) => self.end(start),
            Event::Text(text) => self.text(start, &text.xml10_content()),
            Event::CData(text) => self.text(start, &text.xml10_content()),
            Event::GeneralRef(reference) => self.reference(start, reference),
            Event::DocType(definition) => self.doctype(start, definition),
            Event::Decl(_) if start > 0 => {
                Err(self.fatal(start, "the XML declaration must be the very first thing in the text"))
            }
            Event::Decl(declaration) => self.declaration(declaration),
            Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    /// The bytes have turned out to be UTF-8, but that can be chance.
    fn declaration(&mut self, declaration: &BytesDecl<'_>) -> Result<(), Fatal> {
        match declaration.encoding() {
            Some(Ok(encoding)) if !self.is_ascii && !encoding.eq_ignore_ascii_case("utf-8") => {
                let message = format!(
                    "the text says that it is encoded as `{}`; only UTF-8 is read, so save it as UTF-8",
                    short(&encoding)
                );
                Err(Fatal::new("not-utf-8", message, Some(self.cursor.at(0))))
            }
            _ => Ok(()),
        }
    }

    fn fatal(&mut self, offset: usize, message: impl Into<String>) -> Fatal {
        Fatal::new("not-well-formed", message, Some(self.cursor.at(offset)))
    }

    /// What the events say is wrong; it may quote as much of the text as it likes.
    fn broken(&mut self, error: &Error, offset: usize) -> Fatal {
        let message = match error {
            Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
                let begin = self.open.last().and_then(|element| element.origin.position);
                let begin = begin.map(|position| format!(" for that of {position}")).unwrap_or_default();
                format!("`</{}>` is expected{begin}, but there is `</{}>`", short(expected), short(found))
            }
            Error::IllFormed(IllFormedError::UnmatchedEndTag(name)) => {
                format!("`</{}>` ends what never began", short(name))
            }
            Error::IllFormed(error) => error.to_string(),
            Error::Syntax(error) => error.to_string(),
            error => one_line(&error.to_string(), 120),
        };
        self.fatal(offset, message)
    }

    fn origin(&mut self, offset: usize) -> Origin {
        Origin { position: Some(self.cursor.at(offset)), file: self.file.clone() }
    }

    fn end(&mut self, start: usize) -> Result<(), Fatal> {
        let Some(element) = self.open.pop() else {
            return Err(self.fatal(start, "an element ends that never began"));
        };
        self.scope.leave(self.open.len());
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, start: usize, text: &str) -> Result<(), Fatal> {
        let blank = text.len() - text.trim_start().len();
        let origin = if blank == text.len() { None } else { Some(self.origin(start + blank)) };
        match (self.open.last_mut(), origin) {
            (Some(element), origin) => {
                element.text.push_str(text);
                element.text_origin = element.text_origin.take().or(origin);
                Ok(())
            }
            (None, None) => Ok(()),
            (None, Some(_)) => {
                let message = format!("the text “{}” is outside of the root element", short(text));
                Err(self.fatal(start + blank, message))
            }
        }
    }

    /// A reference in text: a character, or one of the five entities that XML itself defines.
    fn reference(&mut self, start: usize, reference: &BytesRef<'_>) -> Result<(), Fatal> {
        let character = reference.resolve_char_ref().map_err(|error| self.broken(&error, start))?;
        match character {
            Some(c) if is_xml_char(c) => self.text(start, c.encode_utf8(&mut [0; 4])),
            Some(_) => {
                Err(self.fatal(start, format!("`&{};` is no character that XML allows", short(reference))))
            }
            None => match resolve_predefined_entity(reference) {
                Some(text) => self.text(start, text),
                None => Err(self.fatal(start, format!("the entity `&{};` is not defined", short(reference)))),
            },
        }
    }

    /// A document type that only names something is ignored; one that defines something is refused, since
    /// what it defines could be a text of any size.
    fn doctype(&mut self, start: usize, definition: &str) -> Result<(), Fatal> {
        if definition.contains('[') {
            let message =
                "the document type defines entities or the like; definitions are refused, remove them";
            return Err(Fatal::new("doctype", message, Some(self.cursor.at(start))));
        }
        let message = "the document type is ignored; MOISE files have none";
        let origin = self.origin(start);
        self.warnings.push(Finding::warning("doctype", &origin, message));
        Ok(())
    }

    fn finish(mut self, end: usize) -> Result<(Element, Vec<Finding>), Fatal> {
        if let Some(element) = self.open.last() {
            let (name, position) = (&element.name, element.origin.position);
            let message = format!("`{0}` is never closed; the text ends before `</{0}>`", short(name));
            return Err(Fatal::new("not-well-formed", message, position));
        }
        match self.root.take() {
            Some(root) => Ok((root, self.warnings)),
            None => {
                Err(self.fatal(end, "there is no element at all; expected `organisational-specification`"))
            }
        }
    }
}
