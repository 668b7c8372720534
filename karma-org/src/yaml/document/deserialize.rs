//! `serde` values from a tree, with the position of what could not be understood.

use std::fmt;

use indexmap::map;
use serde::de::value::{StrDeserializer, StringDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::node::{Entry, Kind, Node, Scalar};
use super::words::AS_WRITTEN;
use crate::spec::Position;

/// What `serde` did not understand, and where.
#[derive(Debug)]
pub(super) struct Error {
    pub(super) message: String,
    pub(super) position: Option<Position>,
}

impl Error {
    fn at(mut self, position: Position) -> Self {
        self.position.get_or_insert(position);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), position: None }
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = match &self.kind {
            Kind::Scalar { .. } => scalar(self.scalar().unwrap_or(Scalar::Null), visitor),
            Kind::List(items) => visitor.visit_seq(Items(items.iter())),
            Kind::Mapping(entries) => visitor.visit_map(Fields { entries: entries.iter(), value: None }),
        };
        value.map_err(|error| error.at(self.position))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.kind {
            Kind::Scalar { text, .. } => {
                visitor.visit_borrowed_str(text).map_err(|e: Error| e.at(self.position))
            }
            Kind::List(_) | Kind::Mapping(_) => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.scalar() {
            Some(Scalar::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == AS_WRITTEN {
            return self.deserialize_str(visitor);
        }
        visitor.visit_newtype_struct(self).map_err(|error| error.at(self.position))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let value = match &self.kind {
            Kind::Scalar { text, .. } => visitor.visit_enum(StrDeserializer::<Error>::new(text)),
            Kind::Mapping(entries) if entries.len() == 1 => {
                visitor.visit_enum(Variant(entries.iter().next()))
            }
            Kind::List(_) | Kind::Mapping(_) => {
                Err(Error::custom("expected one of several forms, each with its name"))
            }
        };
        value.map_err(|error| error.at(self.position))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

fn scalar<'de, V: Visitor<'de>>(scalar: Scalar<'de>, visitor: V) -> Result<V::Value, Error> {
    match scalar {
        Scalar::Null => visitor.visit_unit(),
        Scalar::Bool(value) => visitor.visit_bool(value),
        Scalar::Number(value) => visitor.visit_f64(value),
        Scalar::Text(value) => visitor.visit_borrowed_str(value),
        Scalar::Integer(value) => match (u64::try_from(value), i64::try_from(value)) {
            (Ok(unsigned), _) => visitor.visit_u64(unsigned),
            (_, Ok(signed)) => visitor.visit_i64(signed),
            _ => Err(Error::invalid_value(Unexpected::Other("a whole number beyond 64 bits"), &visitor)),
        },
    }
}

struct Items<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.0.next().map(|node| seed.deserialize(node)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Fields<'de> {
    entries: map::Iter<'de, String, Entry>,
    value: Option<&'de Node>,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, entry)) = self.entries.next() else { return Ok(None) };
        self.value = Some(&entry.node);
        let key = seed.deserialize(StringDeserializer::new(name.clone()));
        key.map(Some).map_err(|error: Error| error.at(entry.name_position))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let node = self.value.take().ok_or_else(|| Error::custom("a value was asked for before its name"))?;
        seed.deserialize(node)
    }
}

/// A variant that is written as a mapping of its name to its content.
struct Variant<'de>(Option<(&'de String, &'de Entry)>);

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Content<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<'de>), Error> {
        let (name, entry) = self.0.ok_or_else(|| Error::custom("a form has a name"))?;
        let variant = seed.deserialize(StringDeserializer::new(name.clone()));
        Ok((variant.map_err(|error: Error| error.at(entry.name_position))?, Content(&entry.node)))
    }
}

/// The content of a variant.
struct Content<'de>(&'de Node);

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        serde::Deserialize::deserialize(self.0)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_any(visitor)
    }
}
