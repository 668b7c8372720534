//! Settings that are a name or a table.

use std::fmt;

use karma_mock::{Scenario, ScenarioParams, WorkloadParams};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::{Serialize, Serializer};

/// A name, or the settings in full.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice<P> {
    /// A known name, or for some settings the path of a file.
    Name(String),
    /// The settings.
    Table(Box<P>),
}

/// The legitimate load as written.
pub type WorkloadChoice = Choice<WorkloadParams>;
/// A scenario as written.
pub type ScenarioChoice = Choice<ScenarioParams>;

impl<P> Choice<P> {
    /// A choice by name.
    pub fn named(name: impl Into<String>) -> Self {
        Self::Name(name.into())
    }
}

impl ScenarioChoice {
    /// The scenarios of every table.
    pub fn suite() -> Vec<Self> {
        Scenario::suite().iter().map(|scenario| Self::named(scenario.name())).collect()
    }
}

impl<P: Serialize> Serialize for Choice<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Name(name) => serializer.serialize_str(name),
            Self::Table(params) => params.serialize(serializer),
        }
    }
}

impl<'de, P: Deserialize<'de>> Deserialize<'de> for Choice<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrTable(std::marker::PhantomData))
    }
}

struct NameOrTable<P>(std::marker::PhantomData<P>);

impl<'de, P: Deserialize<'de>> Visitor<'de> for NameOrTable<P> {
    type Value = Choice<P>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name, or a table with the settings")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Choice<P>, E> {
        Ok(Choice::named(name))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Choice<P>, A::Error> {
        P::deserialize(MapAccessDeserializer::new(map)).map(|params| Choice::Table(Box::new(params)))
    }
}
