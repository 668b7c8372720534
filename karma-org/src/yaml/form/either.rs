//! Two forms of a mapping, told apart by its first field.
//!
//! An untagged enum of `serde` would do, but keeps a copy of all that is inside until it knows; groups and goals
//! nest, and a copy at every level of a large text takes its square in time and memory.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, Unexpected, Visitor};

/// One of two forms.
#[derive(Clone, Debug)]
pub(in crate::yaml) enum Either<U, S> {
    Usual(U),
    Special(S),
}

/// Reads a mapping as the special form if its first field is one of those, and as the usual form otherwise.
pub(super) struct EitherVisitor<U, S> {
    special: &'static [&'static str],
    text: fn(&str) -> Option<U>,
    forms: PhantomData<S>,
}

impl<U, S> EitherVisitor<U, S> {
    pub(super) fn new(special: &'static [&'static str]) -> Self {
        Self { special, text: |_| None, forms: PhantomData }
    }

    /// Takes a text for the usual form, too.
    pub(super) const fn or_text(self, text: fn(&str) -> Option<U>) -> Self {
        Self { text, ..self }
    }
}

impl<'de, U: DeserializeOwned, S: DeserializeOwned> Visitor<'de> for EitherVisitor<U, S> {
    type Value = Either<U, S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Either<U, S>, E> {
        let usual = (self.text)(text).map(Either::Usual);
        usual.ok_or_else(|| E::invalid_type(Unexpected::Str(text), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Either<U, S>, A::Error> {
        let first: Option<String> = access.next_key()?;
        let special = first.as_deref().is_some_and(|name| self.special.contains(&name));
        let resumed = MapAccessDeserializer::new(Resumed { first, access });
        if special {
            S::deserialize(resumed).map(Either::Special)
        } else {
            U::deserialize(resumed).map(Either::Usual)
        }
    }
}

/// A mapping whose first name was taken out already.
struct Resumed<A> {
    first: Option<String>,
    access: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Resumed<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(name) => seed.deserialize(StringDeserializer::<A::Error>::new(name)).map(Some),
            None => self.access.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.access.next_value_seed(seed)
    }
}
