//! Where the parts of a binding were written.

use std::sync::Arc;

use crate::spec::{Origin, Position};
use crate::yaml::document::{Place, Positions};

/// Where the parts of a binding were written, if it was read from a text. All are equal, as all [`Origin`]s are.
#[derive(Clone, Debug, Default)]
pub struct Source(Option<Arc<Positions>>);

impl PartialEq for Source {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl From<Positions> for Source {
    fn from(positions: Positions) -> Self {
        Self(Some(Arc::new(positions)))
    }
}

impl Source {
    /// The whole text, to walk down from.
    pub fn root(&self) -> Spot<'_> {
        Spot(self.0.as_ref().map(|positions| positions.root()))
    }
}

/// A part of a binding, and the way down to what is inside it.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'a>(Option<Place<'a>>);

impl Spot<'_> {
    /// What is written under a name.
    #[must_use]
    pub fn field(self, name: &str) -> Self {
        Self(self.0.map(|place| place.field(name)))
    }

    /// An item of a list, counted from 0.
    #[must_use]
    pub fn item(self, index: usize) -> Self {
        Self(self.0.map(|place| place.item(index)))
    }

    /// Whether it is a list.
    pub fn is_list(self) -> bool {
        self.0.is_some_and(|place| place.is_list())
    }

    /// Where the part starts.
    pub fn origin(self) -> Origin {
        Self::origin_at(self.0.map(|place| place.position()))
    }

    /// Where the name of the part is, or where the part starts, if it has none.
    pub fn name_origin(self) -> Origin {
        Self::origin_at(self.0.map(|place| place.name_position()))
    }

    fn origin_at(position: Option<Position>) -> Origin {
        position.map_or_else(Origin::default, |position| Origin::at(position.line, position.column))
    }
}
