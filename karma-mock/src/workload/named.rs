//! Configuration values that are a name, or a table with the settings.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Error, MapAccess, Visitor};

/// Reads a `T` from its name, or from a table of its settings `P`.
pub(crate) struct NameOrTable<T, P, E> {
    /// What is expected, in words.
    pub(crate) expecting: &'static str,
    pub(crate) by_name: fn(&str) -> Result<T, E>,
    pub(crate) checked: fn(P) -> Result<T, E>,
}

impl<'de, T, P: Deserialize<'de>, E: fmt::Display> Visitor<'de> for NameOrTable<T, P, E> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<Refused: Error>(self, name: &str) -> Result<T, Refused> {
        (self.by_name)(name).map_err(Refused::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        (self.checked)(P::deserialize(MapAccessDeserializer::new(map))?).map_err(A::Error::custom)
    }
}
