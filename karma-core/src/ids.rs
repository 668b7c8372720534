//! Typed indices: a service is not an agent, and a vector over services cannot be indexed by an agent.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// A dense index that can address an [`IdVec`].
pub trait Id: Copy + fmt::Debug {
    /// The id at position `index`.
    ///
    /// # Panics
    /// If `index` does not fit the id's 32 bits, which no checked topology can reach.
    fn from_index(index: usize) -> Self;
    /// The position of this id.
    fn index(self) -> usize;
}

/// Defines a kind of id: a dense index of 32 bits that cannot be taken for another kind.
///
/// ```
/// use karma_core::{Id, IdVec};
///
/// karma_core::id! {
///     /// A room of a house.
///     RoomId
/// }
/// let size: IdVec<RoomId, f64> = vec![12.0, 20.5].into();
/// assert_eq!(size[RoomId::from_index(1)], 20.5);
/// ```
#[macro_export]
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(u32);

        impl $crate::Id for $name {
            fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).expect("an id fits 32 bits"))
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

id! {
    /// A service (one Deployment) of a [`Topology`](crate::Topology), in the order of its file.
    ServiceId
}
id! {
    /// A learning or scripted agent of an [`Environment`](crate::Environment).
    AgentId
}
id! {
    /// A place where traffic enters the topology.
    EntryPointId
}

/// A vector that is indexed by one kind of id only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdVec<I, T> {
    items: Vec<T>,
    #[serde(skip)]
    id: PhantomData<fn(I)>,
}

/// One value for each service.
pub type PerService<T> = IdVec<ServiceId, T>;
/// One value for each agent.
pub type PerAgent<T> = IdVec<AgentId, T>;
/// One value for each entry point.
pub type PerEntryPoint<T> = IdVec<EntryPointId, T>;

impl<I: Id, T> IdVec<I, T> {
    /// `len` copies of `value`.
    pub fn filled(value: T, len: usize) -> Self
    where
        T: Clone,
    {
        vec![value; len].into()
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The value of `id`, if it exists.
    pub fn get(&self, id: I) -> Option<&T> {
        self.items.get(id.index())
    }

    /// All ids, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = I> + ExactSizeIterator + use<I, T> {
        (0..self.items.len()).map(I::from_index)
    }

    /// All values, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// All values, mutably, in order.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.items.iter_mut()
    }

    /// All values with their ids, in order.
    pub fn iter_enumerated(&self) -> impl DoubleEndedIterator<Item = (I, &T)> {
        self.items.iter().enumerate().map(|(i, value)| (I::from_index(i), value))
    }

    /// The values as a slice.
    pub fn as_slice(&self) -> &[T] {
        &self.items
    }

    /// The values as a mutable slice.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.items
    }

    /// The values as an ordinary vector.
    pub fn into_vec(self) -> Vec<T> {
        self.items
    }

    /// The same ids with other values.
    pub fn map<U>(&self, f: impl FnMut(&T) -> U) -> IdVec<I, U> {
        self.items.iter().map(f).collect::<Vec<U>>().into()
    }
}

impl<I, T> From<Vec<T>> for IdVec<I, T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, id: PhantomData }
    }
}

impl<I, T> FromIterator<T> for IdVec<I, T> {
    fn from_iter<S: IntoIterator<Item = T>>(iter: S) -> Self {
        Vec::from_iter(iter).into()
    }
}

impl<I, T> Default for IdVec<I, T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<I, T: fmt::Debug> fmt::Debug for IdVec<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.items.fmt(f)
    }
}

impl<I: Id, T> Index<I> for IdVec<I, T> {
    type Output = T;
    fn index(&self, id: I) -> &T {
        &self.items[id.index()]
    }
}

impl<I: Id, T> IndexMut<I> for IdVec<I, T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.items[id.index()]
    }
}

impl<'a, I, T> IntoIterator for &'a IdVec<I, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<'a, I, T> IntoIterator for &'a mut IdVec<I, T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_indexed_by_its_own_ids() {
        let replicas: PerService<u32> = vec![3, 5].into();
        let ids: Vec<ServiceId> = replicas.ids().collect();
        assert_eq!(replicas[ids[1]], 5);
        assert_eq!(replicas.get(ServiceId::from_index(2)), None);
    }

    #[test]
    fn it_is_written_as_a_plain_list() {
        let replicas: PerService<u32> = vec![3, 5].into();
        let text = serde_json::to_string(&replicas).unwrap();
        assert_eq!(text, "[3,5]");
        assert_eq!(serde_json::from_str::<PerService<u32>>(&text).unwrap(), replicas);
    }
}
