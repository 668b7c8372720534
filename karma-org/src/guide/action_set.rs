//! Sets of actions as few words of bits: action `a` is bit `a mod 32` of word `a / 32`.
//!
//! Words of 32 bits, because the truth of a condition is a lane of 32 bits as well, so that one vector instruction
//! treats the same number of environments in both. A set keeps only the words that are not 0: the set of "scale up
//! Auth" has one or two, however many services there are, which keeps the cost of a rule independent of the others.

use karma_core::{Action, ActionSpace};

/// Bits of a word.
pub(super) const BITS: u32 = Word::BITS;

/// Some actions out of 32.
pub(super) type Word = u32;

/// A set of actions.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ActionSet {
    words: Vec<(usize, Word)>,
}

impl ActionSet {
    /// The words that are not 0, by index, in ascending order.
    pub(super) fn words(&self) -> &[(usize, Word)] {
        &self.words
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(super) fn contains(&self, action: Action) -> bool {
        let (index, bit) = place(action);
        self.word(index) & bit != 0
    }

    /// Word number `index`.
    pub(super) fn word(&self, index: usize) -> Word {
        self.words.binary_search_by_key(&index, |(i, _)| *i).map_or(0, |found| self.words[found].1)
    }

    pub(super) fn insert(&mut self, action: Action) {
        let (index, bit) = place(action);
        match self.words.binary_search_by_key(&index, |(i, _)| *i) {
            Ok(found) => self.words[found].1 |= bit,
            Err(missing) => self.words.insert(missing, (index, bit)),
        }
    }

    /// The actions of either set.
    #[must_use]
    pub(super) fn union(mut self, other: &Self) -> Self {
        other.actions().for_each(|action| self.insert(action));
        self
    }

    /// The actions that are not in `other`.
    #[must_use]
    pub(super) fn minus(&self, other: &Self) -> Self {
        let left = self.words.iter().map(|(index, word)| (*index, word & !other.word(*index)));
        Self { words: left.filter(|(_, word)| *word != 0).collect() }
    }

    /// The actions, in ascending order.
    pub(super) fn actions(&self) -> impl Iterator<Item = Action> + '_ {
        self.words.iter().flat_map(|(index, word)| bits(*index, *word))
    }
}

impl FromIterator<Action> for ActionSet {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        let mut set = Self::default();
        actions.into_iter().for_each(|action| set.insert(action));
        set
    }
}

/// Number of words for the actions of `space`.
pub(super) const fn words_of(space: ActionSpace) -> usize {
    space.len().div_ceil(BITS as usize)
}

/// The word and the bit of an action.
pub(super) const fn place(action: Action) -> (usize, Word) {
    ((action.0 / BITS) as usize, 1 << (action.0 % BITS))
}

/// The actions of word number `index`, in ascending order.
pub(super) fn bits(index: usize, word: Word) -> impl Iterator<Item = Action> {
    let base = u32::try_from(index).unwrap_or(u32::MAX) * BITS;
    (0..BITS).filter(move |bit| word & (1 << bit) != 0).map(move |bit| Action(base + bit))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(a: BTreeSet<u8>, b: BTreeSet<u8>) {
            let set = |of: &BTreeSet<u8>| of.iter().rev().map(|n| Action(u32::from(*n))).collect::<ActionSet>();
            let list = |of: BTreeSet<u8>| of.into_iter().map(|n| Action(u32::from(n))).collect::<Vec<_>>();
            let (left, right) = (set(&a), set(&b));
            prop_assert_eq!(left.clone().union(&right).actions().collect::<Vec<_>>(), list(&a | &b));
            prop_assert_eq!(left.minus(&right).actions().collect::<Vec<_>>(), list(&a - &b));
            prop_assert_eq!(left.minus(&right).is_empty(), a.is_subset(&b));
            for action in 0u8..=255 {
                prop_assert_eq!(left.contains(Action(u32::from(action))), a.contains(&action));
            }
        }
    }
}
