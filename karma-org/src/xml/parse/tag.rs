//! Start tags: names, namespaces and attributes.

use std::collections::BTreeSet;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, attributes};

use super::super::MAX_DEPTH;
use super::super::element::{Attribute, Element};
use super::super::namespace::{is_name, split};
use super::super::source::{Fatal, is_xml_char};
use super::super::value::{one_line, short};
use super::Parser;

impl Parser<'_> {
    pub(super) fn start(&mut self, start: usize, tag: &BytesStart<'_>) -> Result<(), Fatal> {
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
            return Err(self.fatal(at, format!("the value of `{}` contains `<`; write `&lt;`", short(name))));
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| {
            self.fatal(
                at,
                format!("in the value of `{}`: {}", short(name), one_line(&error.to_string(), 120)),
            )
        })?;
        if !value.chars().all(is_xml_char) {
            return Err(self.fatal(
                at,
                format!("the value of `{}` has a character that XML does not allow", short(name)),
            ));
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
}
