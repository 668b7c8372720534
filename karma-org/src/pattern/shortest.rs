//! The shortest history that matches: an example for people, and the test of whether there is any.

use super::{Automaton, Letter, PatternState, TokenKind};

impl Automaton {
    /// A shortest history, taking turns from an observation on, at the end of which the pattern matches; `None` if
    /// no history matches, such as for `[o1,o1]`: an action comes between two observations.
    ///
    /// A search may find a match that begins with an action; the observation before it is then part of the history.
    /// No label is true in it that need not be. Takes `O(states · letters)`.
    ///
    /// ```
    /// use karma_org::pattern::{Automaton, Letter, Mode, Pattern, Vocabulary};
    ///
    /// let words = Vocabulary::new(["slow"], ["up", "down"])?;
    /// let slow_up = Automaton::compile(&Pattern::parse("slow,up,#any_seq")?, &words, Mode::Search)?;
    /// assert_eq!(slow_up.shortest_match(), Some(vec![Letter::observation(0b1), Letter::action(0b01)]));
    /// let up_down = Automaton::compile(&Pattern::parse("up,down")?, &words, Mode::Search)?;
    /// assert_eq!(up_down.shortest_match(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shortest_match(&self) -> Option<Vec<Letter>> {
        let mut seen = vec![[false; 2]; self.states()];
        let mut found = vec![Step { state: self.start(), next: TokenKind::Observation, by: None }];
        let mut at = 0;
        while let Some(&Step { state, next, .. }) = found.get(at) {
            if self.is_match(state) {
                return Some(way_to(at, &found));
            }
            for letter in self.representatives().iter().filter(|letter| letter.kind == next) {
                let to =
                    Step { state: self.advance(state, *letter), next: next.other(), by: Some((at, *letter)) };
                let seen = &mut seen[usize::from(to.state.0)][usize::from(to.next == TokenKind::Action)];
                if !std::mem::replace(seen, true) {
                    found.push(to);
                }
            }
            at += 1;
        }
        None
    }
}

/// A place of the search: a state, what comes next, and from which place and over which letter it was reached.
struct Step {
    state: PatternState,
    next: TokenKind,
    by: Option<(usize, Letter)>,
}

fn way_to(end: usize, found: &[Step]) -> Vec<Letter> {
    let mut way: Vec<Letter> =
        std::iter::successors(found[end].by, |(from, _)| found[*from].by).map(|(_, letter)| letter).collect();
    way.reverse();
    way
}
