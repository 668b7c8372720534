//! What a pattern would accept next, and how far a match is.

use std::collections::VecDeque;

use super::TokenKind;
use super::automaton::{Automaton, NEVER, PatternState};
use super::subset::{Alphabet, Dfa};

/// Which tokens lead on from a state.
///
/// A label *leads on* if a token that carries it can be continued to matches to which a token that carries none of
/// the pattern's labels cannot. A wildcard leads on if a token without any label keeps a match possible, which a
/// search always does.
#[doc(alias = "next_actions")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Labels of observations that lead on, as bits of the vocabulary.
    pub observations: u32,
    /// Labels of actions that lead on, as bits of the vocabulary.
    pub actions: u32,
    /// Whether an observation without any label keeps a match possible.
    pub any_observation: bool,
    /// Whether an action without any label keeps a match possible.
    pub any_action: bool,
}

impl Automaton {
    /// Which labels lead on from a state: what a guide by pattern would have an agent do next.
    ///
    /// ```
    /// use karma_org::pattern::{Automaton, Letter, Mode, Pattern, Vocabulary};
    ///
    /// let words = Vocabulary::new(["overloaded"], ["up", "down"])?;
    /// let pattern = Pattern::parse("overloaded,up|down")?;
    /// let automaton = Automaton::compile(&pattern, &words, Mode::Anchored)?;
    /// let expected = automaton.expected(automaton.run([Letter::observation(0b1)]));
    /// assert_eq!((expected.actions, expected.any_action), (0b11, false));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn expected(&self, state: PatternState) -> Expected {
        self.expected[usize::from(state.0)]
    }

    /// The fewest tokens after which a match can end: 0 in a match, `None` if none can be reached.
    pub fn remaining(&self, state: PatternState) -> Option<u16> {
        Some(self.remaining[usize::from(state.0)]).filter(|remaining| *remaining != NEVER)
    }

    /// How much of the shortest match is done, from 0 (as far as at the beginning, or further, or dead) to 1 (a match).
    pub fn coverage(&self, state: PatternState) -> f32 {
        match (self.remaining(state), self.remaining(self.start())) {
            (Some(0), _) => 1.0,
            (Some(now), Some(first)) if now < first => 1.0 - f32::from(now) / f32::from(first),
            _ => 0.0,
        }
    }
}

/// By state: the length of a shortest way to a match.
pub(super) fn remaining(dfa: &Dfa) -> Box<[u16]> {
    let mut sources = vec![Vec::new(); dfa.states()];
    for state in 0..dfa.states() {
        dfa.row(state).iter().for_each(|to| sources[*to].push(state));
    }
    let mut remaining = vec![NEVER; dfa.states()];
    let mut open: VecDeque<(usize, u16)> =
        (0..dfa.states()).filter(|state| dfa.matches[*state]).map(|state| (state, 0)).collect();
    while let Some((state, distance)) = open.pop_front() {
        if remaining[state] == NEVER {
            remaining[state] = distance;
            open.extend(sources[state].drain(..).map(|source| (source, distance + 1)));
        }
    }
    remaining.into()
}

/// By state: what leads on.
pub(super) fn expected(dfa: &Dfa, alphabet: &Alphabet, remaining: &[u16]) -> Box<[Expected]> {
    let of_state = |state: usize| {
        let row = dfa.row(state);
        let lead_on = |kind| {
            let base = alphabet.base(kind);
            let labels = alphabet.labels(kind).iter().enumerate();
            let leading = labels.filter(|(index, _)| row[base + (1 << index)] != row[base]);
            (leading.fold(0, |bits, (_, bit)| bits | 1 << bit), remaining[row[base]] != NEVER)
        };
        let (observations, any_observation) = lead_on(TokenKind::Observation);
        let (actions, any_action) = lead_on(TokenKind::Action);
        Expected { observations, actions, any_observation, any_action }
    };
    (0..dfa.states()).map(of_state).collect()
}
