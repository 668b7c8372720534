//! From text to elements: well-formed XML and nothing more.
//!
//! The events come from `quick-xml`, which reads what is nearly XML, too; what it lets pass is refused here: text
//! beside the root, undeclared prefixes, attributes written twice, entities that nobody defined. Document type
//! definitions are never interpreted. The elements that are open are a list on the heap, so that depth costs no stack.

use std::collections::BTreeSet;
use std::sync::Arc;

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event, attributes};
use quick_xml::{Error, Reader};

use crate::Finding;
use crate::spec::Origin;

use super::MAX_DEPTH;
use super::element::{Attribute, Element};
use super::namespace::{Scope, is_name, split};
use super::source::{Cursor, Fatal, is_xml_char};
use super::value::short;

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
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn fatal(&mut self, offset: usize, message: impl Into<String>) -> Fatal {
        Fatal::new("not-well-formed", message, Some(self.cursor.at(offset)))
    }

    fn broken(&mut self, error: &Error, offset: usize) -> Fatal {
        self.fatal(offset, error.to_string())
    }

    fn origin(&mut self, offset: usize) -> Origin {
        Origin { position: Some(self.cursor.at(offset)), file: self.file.clone() }
    }

    fn start(&mut self, start: usize, tag: &BytesStart<'_>) -> Result<(), Fatal> {
        if self.root.is_some() && self.open.is_empty() {
            return Err(self.fatal(start, "there is a second root element; a text has only one"));
        }
        let depth = self.open.len() + self.outer_depth;
        if depth >= MAX_DEPTH {
            let message = format!("elements are nested deeper than {MAX_DEPTH} levels");
            return Err(Fatal::new("too-deep", message, Some(self.cursor.at(start))));
        }
        let name = tag.name().0;
        if !is_name(name) {
            return Err(self.fatal(start, format!("`{}` is no name for an element", short(name))));
        }
        let mut element = Element { origin: self.origin(start), depth, ..Element::default() };
        let written = self.attributes(start, tag)?;
        let (prefix, local) = split(name);
        element.namespace = self.scope.resolve(prefix).map_err(|message| self.fatal(start, message))?;
        element.name = local.to_owned().into();
        for (offset, name, value) in written {
            let attribute = self.attribute(offset, &name, value)?;
            element.attributes.push(attribute);
        }
        self.open.push(element);
        Ok(())
    }

    /// Binds the namespaces that a tag declares and returns its other attributes, with offsets.
    fn attributes(
        &mut self,
        start: usize,
        tag: &BytesStart<'_>,
    ) -> Result<Vec<(usize, String, String)>, Fatal> {
        let mut seen = BTreeSet::new();
        let mut others = Vec::new();
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| self.bad_attribute(start, &error))?;
            let name = attribute.key.0;
            let at = start + 1 + name.as_ptr().addr().saturating_sub(tag.as_ptr().addr());
            let value = self.value(at, &attribute)?;
            if !seen.insert(name) {
                return Err(self.fatal(at, format!("the attribute `{}` is written twice", short(name))));
            }
            let declared = if name == "xmlns" { Some("") } else { name.strip_prefix("xmlns:") };
            match declared {
                Some(prefix) => {
                    let bound = self.scope.bind(self.open.len(), prefix, &value);
                    bound.map_err(|message| self.fatal(at, message))?;
                }
                None => others.push((at, name.to_owned(), value)),
            }
        }
        Ok(others)
    }

    fn attribute(&mut self, at: usize, name: &str, value: String) -> Result<Attribute, Fatal> {
        let (prefix, local) = split(name);
        let namespace = if prefix.is_empty() {
            None
        } else {
            self.scope.resolve(prefix).map_err(|message| self.fatal(at, message))?
        };
        Ok(Attribute { namespace, name: local.to_owned().into(), value, origin: self.origin(at) })
    }

    /// The value of an attribute, with white space normalised and references resolved.
    fn value(&mut self, at: usize, attribute: &attributes::Attribute<'_>) -> Result<String, Fatal> {
        let name = attribute.key.0;
        if !is_name(name) {
            return Err(self.fatal(at, format!("`{}` is no name for an attribute", short(name))));
        }
        if attribute.value.contains('<') {
            return Err(self.fatal(at, format!("the value of `{name}` contains `<`; write `&lt;`")));
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| self.fatal(at, format!("in the value of `{name}`: {error}")))?;
        if !value.chars().all(is_xml_char) {
            return Err(
                self.fatal(at, format!("the value of `{name}` has a character that XML does not allow"))
            );
        }
        Ok(value.into_owned())
    }

    fn bad_attribute(&mut self, start: usize, error: &attributes::AttrError) -> Fatal {
        use attributes::AttrError::{Duplicated, ExpectedEq, ExpectedQuote, ExpectedValue, UnquotedValue};
        let (at, message) = match error {
            ExpectedEq(at) => (at, "an attribute needs a value: `name=\"value\"`"),
            ExpectedValue(at) => (at, "after `=`, a value in quotes is expected"),
            UnquotedValue(at) => (at, "the value of an attribute must be in quotes"),
            ExpectedQuote(at, _) => (at, "the value of an attribute has no closing quote"),
            Duplicated(at, _) => (at, "an attribute is written twice"),
        };
        self.fatal(start + 1 + at, message)
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
            let message = format!("`{name}` is never closed; the text ends before `</{name}>`");
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
