//! The null: what the dependence would be if one agent's deeds had nothing to do with the other's.

use std::collections::BTreeMap;
use std::ops::Range;

use karma_core::StreamRng;
use karma_core::draw::{below, shuffle};

use super::Deeds;

/// Episodes that must be alike before whole episodes are exchanged: 8! = 40 320 arrangements.
const ENOUGH: usize = 8;

/// How the deeds of an agent are taken apart from those of the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Null {
    /// Series are exchanged between episodes of a class.
    Exchange(Vec<Class>),
    /// Each series is turned round by a number of steps of its own.
    Shift(Vec<Range<usize>>),
}

impl Null {
    /// Exchanges whole episodes among those with the same context at every step, if each has enough of its kind; else
    /// among those of the same length; else shifts.
    pub(super) fn of(deeds: &Deeds) -> Self {
        let context = deeds.context().codes;
        let alike = classes(deeds.ranges().map(|range| (context[range.clone()].to_vec(), range)));
        let as_long = classes(deeds.ranges().map(|range| (range.len(), range)));
        let enough = |classes: &Vec<Vec<Range<usize>>>| classes.iter().all(|class| class.len() >= ENOUGH);
        match [alike, as_long].into_iter().find(enough) {
            Some(classes) => Self::Exchange(classes.into_iter().map(Class::new).collect()),
            None => Self::Shift(deeds.ranges().collect()),
        }
    }

    /// Rearranges the series of an agent.
    pub(super) fn arrange(&mut self, series: &[u32], arranged: &mut [u32], rng: &mut StreamRng) {
        match self {
            Self::Exchange(classes) => {
                for class in classes {
                    class.exchange(series, arranged, rng);
                }
            }
            Self::Shift(episodes) => {
                for episode in episodes.iter().filter(|episode| !episode.is_empty()) {
                    let turned = &mut arranged[episode.clone()];
                    turned.copy_from_slice(&series[episode.clone()]);
                    turned.rotate_left(below(rng, episode.len()));
                }
            }
        }
    }
}

/// Episodes with equal keys, in the order of the keys.
fn classes<K: Ord>(keyed: impl Iterator<Item = (K, Range<usize>)>) -> Vec<Vec<Range<usize>>> {
    let mut classes: BTreeMap<K, Vec<Range<usize>>> = BTreeMap::new();
    for (key, range) in keyed {
        classes.entry(key).or_default().push(range);
    }
    classes.into_values().collect()
}

/// Episodes that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Class {
    places: Vec<Range<usize>>,
    /// The places in the order of the last shuffle; the next one is as random from there.
    shuffled: Vec<Range<usize>>,
}

impl Class {
    fn new(places: Vec<Range<usize>>) -> Self {
        Self { shuffled: places.clone(), places }
    }

    /// Puts the series at the places into another order.
    fn exchange(&mut self, series: &[u32], arranged: &mut [u32], rng: &mut StreamRng) {
        shuffle(&mut self.shuffled, rng);
        for (to, from) in self.places.iter().zip(&self.shuffled) {
            arranged[to.clone()].copy_from_slice(&series[from.clone()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::SeedTree;

    fn deeds(contexts: &[[u32; 3]]) -> Deeds {
        let mut deeds = Deeds::new(1);
        for (context, first) in contexts.iter().zip((0..).step_by(10)) {
            deeds.push(&[[first, first + 1, first + 2]], Some(context)).unwrap();
        }
        deeds
    }

    fn arranged(deeds: &Deeds, seed: u64) -> Vec<u32> {
        let series = deeds.of(0).codes;
        let mut arranged = vec![0; series.len()];
        Null::of(deeds).arrange(&series, &mut arranged, &mut SeedTree::new(seed).rng());
        arranged
    }

    #[test]
    fn whole_series_change_places_among_episodes_with_the_same_context() {
        let contexts: Vec<[u32; 3]> = (0..20).map(|episode| [episode % 2, 1, 1]).collect();
        let deeds = deeds(&contexts);
        for seed in 0..20 {
            let arranged = arranged(&deeds, seed);
            let mut from: Vec<u32> = arranged.chunks(3).map(|series| series[0] / 3).collect();
            assert!(arranged.chunks(3).all(|s| s[0] % 3 == 0 && s[1] == s[0] + 1 && s[2] == s[0] + 2));
            assert!(from.iter().zip(0..).all(|(from, to)| from % 2 == to % 2));
            from.sort_unstable();
            assert_eq!(from, (0..20).collect::<Vec<u32>>());
        }
    }

    #[test]
    fn few_episodes_are_turned_round_within_themselves() {
        let deeds = deeds(&[[0; 3]; 7]);
        let turned = arranged(&deeds, 3);
        for (series, first) in turned.chunks(3).zip((0..).step_by(3)) {
            let by = series.iter().position(|symbol| *symbol == first).unwrap();
            assert_eq!(series[(by + 1) % 3], first + 1);
            assert_eq!(series[(by + 2) % 3], first + 2);
        }
        assert_ne!(turned, deeds.of(0).codes);
    }
}
