//! From the nondeterministic automaton to a deterministic one: the subset construction of Rabin and Scott (1959).
//!
//! A letter is a set of true labels, so the classic construction would ask about `2^32` letters. Only the labels
//! that occur in the pattern matter: `k` of observations and `l` of actions give `2^k + 2^l` letter classes (the
//! minterms of the labels). From one set of positions, the positions reached over a class are those reached over
//! wildcards together with those reached over each label in the class; the unions are built up one label at a
//! time, so that a whole row costs one union for each class.

use std::collections::{BTreeMap, VecDeque};

use super::bits::Bits;
use super::error::CompileError;
use super::nfa::Nfa;
use super::vocabulary::Test;
use super::{MAX_LABELS, MAX_STATES, MAX_TABLE, TokenKind};

/// A deterministic automaton: state 0 is the first, and every state has a successor over every class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dfa {
    /// Successor of state `s` over class `c`, at `s * classes + c`.
    pub table: Vec<usize>,
    pub classes: usize,
    /// Whether a match ends in the state.
    pub matches: Vec<bool>,
}

impl Dfa {
    pub(super) fn states(&self) -> usize {
        self.matches.len()
    }

    pub(super) fn row(&self, state: usize) -> &[usize] {
        &self.table[state * self.classes..][..self.classes]
    }
}

/// The labels that occur in a pattern, by kind, as ascending bits of the vocabulary.
///
/// Class `m` of `0..2^k` is the observations of which exactly the labels in `m` are true (counted in this list);
/// class `2^k + m` is the same for actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alphabet {
    pub observations: Vec<u32>,
    pub actions: Vec<u32>,
}

impl Alphabet {
    pub(super) fn of(nfa: &Nfa) -> Result<Self, CompileError> {
        Ok(Self {
            observations: labels(nfa, TokenKind::Observation)?,
            actions: labels(nfa, TokenKind::Action)?,
        })
    }

    pub(super) fn labels(&self, kind: TokenKind) -> &[u32] {
        match kind {
            TokenKind::Observation => &self.observations,
            TokenKind::Action => &self.actions,
        }
    }

    /// The class of the tokens of a kind without any of the labels.
    pub(super) fn base(&self, kind: TokenKind) -> usize {
        match kind {
            TokenKind::Observation => 0,
            TokenKind::Action => 1 << self.observations.len(),
        }
    }

    pub(super) fn classes(&self) -> usize {
        (1 << self.observations.len()) + (1 << self.actions.len())
    }
}

fn labels(nfa: &Nfa, kind: TokenKind) -> Result<Vec<u32>, CompileError> {
    let of_kind = nfa.tests.iter().filter_map(|test| match test {
        Test::Label(of, bit) if *of == kind => Some(*bit),
        _ => None,
    });
    let mut labels: Vec<u32> = of_kind.collect();
    labels.sort_unstable();
    labels.dedup();
    match labels.len() {
        count if count > MAX_LABELS => Err(CompileError::TooManyLabels { kind, count, max: MAX_LABELS }),
        _ => Ok(labels),
    }
}

/// The subset construction.
pub(super) fn determine(nfa: &Nfa, alphabet: &Alphabet) -> Result<Dfa, CompileError> {
    let classes = alphabet.classes();
    let mut numbers = BTreeMap::from([(nfa.start.clone(), 0)]);
    let mut matches = vec![nfa.start.contains(nfa.end())];
    let mut open = VecDeque::from([nfa.start.clone()]);
    let mut table = Vec::new();
    while let Some(set) = open.pop_front() {
        for to in successors(nfa, alphabet, &set) {
            let fresh = numbers.len();
            let number = *numbers.entry(to).or_insert_with_key(|to| {
                matches.push(to.contains(nfa.end()));
                open.push_back(to.clone());
                fresh
            });
            table.push(number);
        }
        let states = numbers.len();
        if states > MAX_STATES || states * classes > MAX_TABLE {
            return Err(CompileError::TooManyStates { states, positions: nfa.tests.len(), letters: classes });
        }
    }
    Ok(Dfa { table, classes, matches })
}

/// The sets reached from a set, over each class in their order.
fn successors(nfa: &Nfa, alphabet: &Alphabet, from: &Bits) -> Vec<Bits> {
    let mut found = Vec::with_capacity(alphabet.classes());
    for kind in [TokenKind::Observation, TokenKind::Action] {
        let labels = alphabet.labels(kind);
        let mut over_any = Bits::none(nfa.end() + 1);
        let mut over_label = vec![over_any.clone(); labels.len()];
        for position in from.iter().filter(|position| *position != nfa.end()) {
            match nfa.tests[position] {
                Test::Any => over_any.extend(&nfa.follow[position]),
                Test::Kind(of) if of == kind => over_any.extend(&nfa.follow[position]),
                Test::Label(of, bit) if of == kind => {
                    if let Ok(index) = labels.binary_search(&bit) {
                        over_label[index].extend(&nfa.follow[position]);
                    }
                }
                Test::Kind(_) | Test::Label(..) => {}
            }
        }
        let base = found.len();
        found.push(over_any);
        for class in 1_usize..1 << labels.len() {
            let without_lowest: &Bits = &found[base + (class & (class - 1))];
            let set = without_lowest.clone().union(&over_label[class.trailing_zeros() as usize]);
            found.push(set);
        }
    }
    found
}
