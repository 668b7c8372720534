//! The smallest automaton that accepts the same histories: partition refinement after Hopcroft (1971).
//!
//! Two states are the same if no history tells them apart. Start with two blocks, matching and not matching; take
//! a block and a class, and split every block by whether that class leads into it. Of the two halves only the
//! smaller one needs to be taken again, which gives `O(states · classes · log states)`.
//!
//! The states of the result are numbered in the order in which a breadth-first walk finds them, so that
//! patterns that mean the same have the same automaton.

use std::collections::VecDeque;

use super::subset::Dfa;

pub(super) fn minimize(dfa: &Dfa) -> Dfa {
    let blocks = Partition::refined(dfa).block_of;
    let mut number_of_block = vec![None; dfa.states()];
    let mut found = vec![0];
    number_of_block[blocks[0]] = Some(0);
    let mut table = Vec::new();
    let mut at = 0;
    while at < found.len() {
        for to in dfa.row(found[at]) {
            let number = *number_of_block[blocks[*to]].get_or_insert_with(|| {
                found.push(*to);
                found.len() - 1
            });
            table.push(number);
        }
        at += 1;
    }
    let matches = found.iter().map(|state| dfa.matches[*state]).collect();
    Dfa { table, classes: dfa.classes, matches }
}

/// States in blocks: the members of a block lie side by side in `states`.
struct Partition {
    states: Vec<usize>,
    /// Where each state lies in `states`.
    place_of: Vec<usize>,
    block_of: Vec<usize>,
    /// First and one past the last place of each block.
    blocks: Vec<(usize, usize)>,
    /// How many members at the front of each block are marked.
    marked: Vec<usize>,
}

impl Partition {
    fn refined(dfa: &Dfa) -> Self {
        let mut partition = Self::one_block(dfa.states());
        let mut touched = Vec::new();
        (0..dfa.states()).filter(|state| dfa.matches[*state]).for_each(|s| partition.mark(s, &mut touched));
        partition.split(&mut touched);
        let into = Inverse::of(dfa);
        let mut open: VecDeque<usize> = (0..partition.blocks.len()).collect();
        let mut is_open = vec![true; partition.blocks.len()];
        while let Some(block) = open.pop_front() {
            is_open[block] = false;
            let (first, end) = partition.blocks[block];
            let members = partition.states[first..end].to_vec();
            for class in 0..dfa.classes {
                for from in members.iter().flat_map(|to| into.sources(*to, class)) {
                    partition.mark(*from, &mut touched);
                }
                for (kept, fresh) in partition.split(&mut touched) {
                    is_open.push(false);
                    let add = if is_open[kept] { fresh } else { partition.smaller(kept, fresh) };
                    is_open[add] = true;
                    open.push_back(add);
                }
            }
        }
        partition
    }

    fn one_block(size: usize) -> Self {
        Self {
            states: (0..size).collect(),
            place_of: (0..size).collect(),
            block_of: vec![0; size],
            blocks: vec![(0, size)],
            marked: vec![0],
        }
    }

    /// Moves a state to the marked front of its block.
    fn mark(&mut self, state: usize, touched: &mut Vec<usize>) {
        let block = self.block_of[state];
        let border = self.blocks[block].0 + self.marked[block];
        let place = self.place_of[state];
        if place < border {
            return;
        }
        if self.marked[block] == 0 {
            touched.push(block);
        }
        self.states.swap(place, border);
        self.place_of[self.states[place]] = place;
        self.place_of[state] = border;
        self.marked[block] += 1;
    }

    /// Gives the marked part of each touched block a number of its own; the pairs (block, new block).
    fn split(&mut self, touched: &mut Vec<usize>) -> Vec<(usize, usize)> {
        let mut fresh_blocks = Vec::new();
        for block in touched.drain(..) {
            let (first, end) = self.blocks[block];
            let border = first + std::mem::take(&mut self.marked[block]);
            if border == end {
                continue;
            }
            let fresh = self.blocks.len();
            self.blocks.push((first, border));
            self.marked.push(0);
            self.blocks[block].0 = border;
            self.states[first..border].iter().for_each(|state| self.block_of[*state] = fresh);
            fresh_blocks.push((block, fresh));
        }
        fresh_blocks
    }

    fn smaller(&self, a: usize, b: usize) -> usize {
        let size = |block: usize| self.blocks[block].1 - self.blocks[block].0;
        if size(a) < size(b) { a } else { b }
    }
}

/// Which states lead into each state over each class.
struct Inverse {
    /// Where the sources for state `s` and class `c` begin, at `s * classes + c`.
    begin: Vec<usize>,
    sources: Vec<usize>,
    classes: usize,
}

impl Inverse {
    fn of(dfa: &Dfa) -> Self {
        let mut begin = vec![0; dfa.table.len() + 1];
        let slot = |index: usize, to: usize| to * dfa.classes + index % dfa.classes;
        for (index, to) in dfa.table.iter().enumerate() {
            begin[slot(index, *to) + 1] += 1;
        }
        for at in 1..begin.len() {
            begin[at] += begin[at - 1];
        }
        let mut next = begin.clone();
        let mut sources = vec![0; dfa.table.len()];
        for (index, to) in dfa.table.iter().enumerate() {
            let place = &mut next[slot(index, *to)];
            sources[*place] = index / dfa.classes;
            *place += 1;
        }
        Self { begin, sources, classes: dfa.classes }
    }

    fn sources(&self, state: usize, class: usize) -> &[usize] {
        let slot = state * self.classes + class;
        &self.sources[self.begin[slot]..self.begin[slot + 1]]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// The blocks of equal states by the definition: refined over every class until nothing changes (Moore 1956).
    fn blocks(dfa: &Dfa) -> Vec<usize> {
        let mut block: Vec<usize> = dfa.matches.iter().map(|matches| usize::from(*matches)).collect();
        for _ in 0..dfa.states() {
            let mut numbers = BTreeMap::new();
            block = (0..dfa.states())
                .map(|state| {
                    let to: Vec<usize> = dfa.row(state).iter().map(|to| block[*to]).collect();
                    let fresh = numbers.len();
                    *numbers.entry((block[state], to)).or_insert(fresh)
                })
                .collect();
        }
        block
    }

    fn reachable(dfa: &Dfa) -> Vec<usize> {
        let mut found = vec![0];
        let mut at = 0;
        while at < found.len() {
            for to in dfa.row(found[at]) {
                if !found.contains(to) {
                    found.push(*to);
                }
            }
            at += 1;
        }
        found
    }

    fn automaton() -> impl Strategy<Value = Dfa> {
        (1_usize..12, 1_usize..4).prop_flat_map(|(states, classes)| {
            let table = proptest::collection::vec(0..states, states * classes);
            let matches = proptest::collection::vec(any::<bool>(), states);
            (table, matches).prop_map(move |(table, matches)| Dfa { table, classes, matches })
        })
    }

    proptest! {
        #[test]
        fn no_state_too_many_and_none_too_few(dfa in automaton()) {
            let blocks = blocks(&dfa);
            let mut needed: Vec<usize> = reachable(&dfa).into_iter().map(|state| blocks[state]).collect();
            needed.sort_unstable();
            needed.dedup();
            prop_assert_eq!(minimize(&dfa).states(), needed.len());
        }

        #[test]
        fn the_smallest_automaton_agrees_with_the_one_it_was_made_from(
            dfa in automaton(), word in proptest::collection::vec(0_usize..12, 0..30)
        ) {
            let small = minimize(&dfa);
            let (mut one, mut other) = (0, 0);
            for class in word {
                prop_assert_eq!(dfa.matches[one], small.matches[other]);
                one = dfa.row(one)[class % dfa.classes];
                other = small.row(other)[class % dfa.classes];
            }
            prop_assert_eq!(dfa.matches[one], small.matches[other]);
        }

        #[test]
        fn a_smallest_automaton_stays_as_it_is(dfa in automaton()) {
            let small = minimize(&dfa);
            prop_assert_eq!(minimize(&small), small);
        }
    }
}
