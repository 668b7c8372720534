//! Notations that several elements share: names with contents, one or several names, short forms.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::yaml::document::Place;

/// Elements by name: a mapping, or a list of mappings (and bare names) if a name comes twice.
#[derive(Clone, Debug, Default)]
pub(in crate::yaml) struct Named<T>(Vec<NamedEntry<T>>);

#[derive(Clone, Debug)]
struct NamedEntry<T> {
    name: String,
    content: T,
    /// Where in the list it is, if there is a list.
    item: Option<usize>,
}

impl<T> Named<T> {
    /// Names, contents, and the places of the contents.
    pub(in crate::yaml) fn iter<'a>(
        &'a self,
        place: Place<'a>,
    ) -> impl Iterator<Item = (&'a str, &'a T, Place<'a>)> {
        self.0.iter().map(move |entry| {
            let mapping = entry.item.map_or(place, |index| place.item(index));
            let content = mapping.field(&entry.name);
            (entry.name.as_str(), &entry.content, content)
        })
    }
}

/// The content of a name: what a bare name in a list stands for.
pub(in crate::yaml) trait Content: DeserializeOwned + JsonSchema {
    /// The content of a name that has none; nothing, if every name needs one.
    fn bare() -> Option<Self>;
}

impl<T: DeserializeOwned + JsonSchema> Content for Option<T> {
    fn bare() -> Option<Self> {
        Some(None)
    }
}

macro_rules! needs_content {
    ($($content:ty),*) => {
        $(impl Content for $content {
            fn bare() -> Option<Self> {
                None
            }
        })*
    };
}

needs_content!(
    crate::yaml::document::AsWritten,
    super::Scheme,
    super::Norm,
    super::Policy,
    super::Report,
    Long<super::Mission>,
    i64
);

impl<T: Content> JsonSchema for Named<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Named_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let content = generator.subschema_for::<T>();
        let mapping = json_schema!({ "type": "object", "additionalProperties": content });
        let mut items = vec![mapping.clone()];
        if T::bare().is_some() {
            items.insert(0, json_schema!({ "type": "string" }));
        }
        let description = "Elements by name: a mapping, or a list of such mappings if a name comes twice.";
        json_schema!({ "description": description, "anyOf": [mapping, { "type": "array", "items": { "anyOf": items } }] })
    }
}

impl<'de, T: Content> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamedVisitor { item: None, content: PhantomData })
    }
}

struct NamedVisitor<T> {
    item: Option<usize>,
    content: PhantomData<T>,
}

impl<'de, T: Content> Visitor<'de> for NamedVisitor<T> {
    type Value = Named<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of names, or a list of such mappings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Named<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, content)) = access.next_entry()? {
            entries.push(NamedEntry { name, content, item: self.item });
        }
        Ok(Named(entries))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Named<T>, E> {
        let content = T::bare().ok_or_else(|| E::custom(format!("`{name}` needs a content")))?;
        Ok(Named(vec![NamedEntry { name: name.to_owned(), content, item: self.item }]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Named<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(Named::<T>(item)) = access.next_element()? {
            let index =
                entries.last().and_then(|entry: &NamedEntry<T>| entry.item).map_or(0, |last| last + 1);
            entries.extend(item.into_iter().map(|entry| NamedEntry { item: Some(index), ..entry }));
        }
        Ok(Named(entries))
    }
}

/// One name, or a list of names.
#[derive(Clone, Debug, Default)]
pub(in crate::yaml) struct Names(Vec<String>);

impl Names {
    /// The names as references to what bears them.
    pub(in crate::yaml) fn iter<'a>(
        &'a self,
        place: Place<'a>,
    ) -> impl Iterator<Item = (&'a str, Place<'a>)> {
        let at = move |index| if place.is_list() { place.item(index) } else { place };
        self.0.iter().enumerate().map(move |(index, name)| (name.as_str(), at(index)))
    }
}

impl JsonSchema for Names {
    fn schema_name() -> Cow<'static, str> {
        "Names".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let list = json_schema!({ "type": "array", "items": { "type": "string" } });
        json_schema!({ "description": "One name, or a list of names.", "anyOf": [{ "type": "string" }, list] })
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name, or a list of names")
    }

    fn visit_str<E>(self, name: &str) -> Result<Names, E> {
        Ok(Names(vec![name.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<Names, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(access)).map(Names)
    }
}

/// What a short form stands for: a text for [`Long`], if it says all that there is to say.
pub(in crate::yaml) trait Short: DeserializeOwned + JsonSchema {
    /// The schema of the short form.
    fn short_schema() -> Schema;

    /// What a text stands for; nothing, if a text is no short form.
    fn from_text(_: &str) -> Option<Self> {
        None
    }

    /// What a list of names stands for; nothing, if a list is no short form.
    fn from_names(_: Names) -> Option<Self> {
        None
    }
}

/// An element in its short or its long form.
#[derive(Clone, Debug)]
pub(in crate::yaml) struct Long<T>(pub(in crate::yaml) T);

impl<T: Short> JsonSchema for Long<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Long_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [T::short_schema(), generator.subschema_for::<T>()] })
    }
}

impl<'de, T: Short> Deserialize<'de> for Long<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LongVisitor(PhantomData)).map(Long)
    }
}

struct LongVisitor<T>(PhantomData<T>);

impl<'de, T: Short> Visitor<'de> for LongVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the short or the long form of an element")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::from_text(text).ok_or_else(|| E::custom(format!("`{text}` is no short form")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<T, A::Error> {
        let names = Deserialize::deserialize(SeqAccessDeserializer::new(access)).map(Names)?;
        T::from_names(names).ok_or_else(|| A::Error::custom("a list is no short form here"))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(access))
    }
}
