//! Elements: what a text is made of before it means anything, and what a specification becomes before it is text.

use std::borrow::Cow;
use std::sync::Arc;

use crate::spec::{Cardinality, Origin, Scope};

use super::value::{self, Keyword};

/// An XML element. Nesting is limited by [`MAX_DEPTH`](super::MAX_DEPTH) where one is parsed, so that functions
/// over elements may be recursive.
#[derive(Clone, Debug, Default)]
pub(super) struct Element {
    /// Its namespace, if it has one.
    pub(super) namespace: Option<Arc<str>>,
    /// Its name, without prefix.
    pub(super) name: Cow<'static, str>,
    pub(super) origin: Origin,
    /// How many elements it is in, those of including texts counted in.
    pub(super) depth: usize,
    pub(super) attributes: Vec<Attribute>,
    pub(super) children: Vec<Self>,
    /// All its character data.
    pub(super) text: String,
    /// Where the first character is that is not white space.
    pub(super) text_origin: Option<Origin>,
}

/// An attribute. Namespace declarations are none.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    /// The namespace of its prefix, if it has one.
    pub(super) namespace: Option<Arc<str>>,
    /// Its name, without prefix.
    pub(super) name: Cow<'static, str>,
    pub(super) value: String,
    pub(super) origin: Origin,
}

/// What decoding asks. Values that cannot be read are absent: validation has reported them.
impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .map(|attribute| attribute.value.as_str())
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.attribute(name).map(ToOwned::to_owned)
    }

    pub(super) fn required(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    pub(super) fn count(&self, name: &str) -> Option<u32> {
        self.attribute(name).and_then(|text| value::number(text).ok())
    }

    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.attribute(name).and_then(|text| value::number(text).ok())
    }

    pub(super) fn real(&self, name: &str) -> Option<f64> {
        self.attribute(name).and_then(|text| value::real(text).ok())
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.attribute(name).and_then(|text| value::flag(text).ok()).unwrap_or_default()
    }

    pub(super) fn keyword<K: Keyword>(&self, name: &str) -> Option<K> {
        self.attribute(name).and_then(value::keyword)
    }

    pub(super) fn cardinality(&self) -> Cardinality {
        Cardinality { min: self.count("min"), max: self.count("max") }
    }

    pub(super) fn all<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(super) fn one(&self, name: &'static str) -> Option<&Self> {
        self.all(name).next()
    }

    /// What is in an element that only holds others, such as `roles`.
    pub(super) fn inside<'a>(
        &'a self,
        outer: &'static str,
        inner: &'static str,
    ) -> impl Iterator<Item = &'a Self> {
        self.all(outer).flat_map(move |child| child.all(inner))
    }
}

/// What encoding builds with.
impl Element {
    pub(super) fn new(name: &'static str, origin: &Origin) -> Self {
        Self { name: Cow::Borrowed(name), origin: origin.clone(), ..Self::default() }
    }

    pub(super) fn with(mut self, name: &'static str, value: &(impl ToString + ?Sized)) -> Self {
        let origin = self.origin.clone();
        self.attributes.push(Attribute {
            namespace: None,
            name: name.into(),
            value: value.to_string(),
            origin,
        });
        self
    }

    pub(super) fn maybe(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, &value),
            None => self,
        }
    }

    /// A flag that is off unless it is written.
    pub(super) fn with_flag(self, name: &'static str, on: bool) -> Self {
        if on { self.with(name, "true") } else { self }
    }

    /// The scope, which is inside the group unless it is written.
    pub(super) fn scope(self, scope: Scope) -> Self {
        if scope == Scope::default() { self } else { self.with("scope", value::name_of(scope)) }
    }

    pub(super) fn bounds(self, cardinality: Cardinality) -> Self {
        self.maybe("min", cardinality.min).maybe("max", cardinality.max)
    }

    pub(super) fn push(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// An element that only holds others; none if there are none.
    pub(super) fn holding(name: &'static str, children: Vec<Self>) -> Option<Self> {
        let origin = children.first()?.origin.clone();
        Some(Self { children, ..Self::new(name, &origin) })
    }
}
