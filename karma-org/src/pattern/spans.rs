//! Where a pattern matches in a history, straight from the definition: for explanations, and as the judge of the
//! automaton, with which it shares the reader of patterns and nothing of the construction.
//!
//! For each part of the pattern, and each token at which it could begin, the set of its ends is computed: a token
//! ends one further if it passes its test; a sequence ends wherever its next part ends, begun at every end of the
//! parts before; `e(min,max)` ends wherever some number of copies from `min` to `max` ends. Counting copies beyond
//! `min` stops when one more adds nothing.
//!
//! For a history of `n` tokens each part and copy takes `O(n³)` at worst and `O(n²)` memory; the automaton is what
//! runs at each step of an environment.

use std::ops::Range;

use super::automaton::resolve;
use super::bits::Bits;
use super::error::CompileError;
use super::syntax::{Item, What};
use super::vocabulary::{Letter, Test, Vocabulary};
use super::{Mode, Pattern};

impl Pattern {
    /// Every contiguous part of the history that is a match, as ranges of tokens from 0, by beginning and length.
    ///
    /// ```
    /// use karma_org::pattern::{Letter, Pattern, Vocabulary};
    ///
    /// let words = Vocabulary::new(["o1", "o2"], ["a1"])?;
    /// let (o1, o2, a1) = (Letter::observation(0b01), Letter::observation(0b10), Letter::action(0b1));
    /// let spans = Pattern::parse("[o1,a1](1,*)")?.spans(&words, &[o2, a1, o1, a1, o1, a1])?;
    /// assert_eq!(spans, [2..4, 2..6, 4..6]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// All names that the vocabulary does not decide.
    pub fn spans(
        &self,
        vocabulary: &Vocabulary,
        history: &[Letter],
    ) -> Result<Vec<Range<usize>>, CompileError> {
        let pattern = resolve(self, vocabulary)?;
        let ends = ends(&pattern, history);
        Ok(ends.iter().enumerate().flat_map(|(begin, ends)| ends.iter().map(move |end| begin..end)).collect())
    }

    /// Whether the pattern matches a history, without an automaton.
    ///
    /// # Errors
    /// All names that the vocabulary does not decide.
    pub fn matches(
        &self,
        vocabulary: &Vocabulary,
        history: &[Letter],
        mode: Mode,
    ) -> Result<bool, CompileError> {
        let spans = self.spans(vocabulary, history)?;
        let begins_well = |span: &Range<usize>| mode == Mode::Search || span.start == 0;
        Ok(spans.iter().any(|span| begins_well(span) && span.end == history.len()))
    }
}

/// The ends of the matches of one part of a pattern, by their beginning.
type Ends = Vec<Bits>;

/// All ends of something repeated.
fn ends(item: &Item<Test>, history: &[Letter]) -> Ends {
    let once = once(item, history);
    let mut copied = (0..item.times.min).fold(nothing(history), |ends, _| followed_by(&ends, &once));
    let mut found = copied.clone();
    let mut copies = item.times.min;
    while item.times.max.is_none_or(|max| copies < max) {
        copied = followed_by(&copied, &once);
        let before = found.clone();
        unite(&mut found, &copied);
        if found == before {
            break;
        }
        copies += 1;
    }
    found
}

/// All ends of one copy.
fn once(item: &Item<Test>, history: &[Letter]) -> Ends {
    match &item.what {
        What::Symbol(test, _) => {
            let mut ends = vec![Bits::none(history.len() + 1); history.len() + 1];
            let accepted = history.iter().enumerate().filter(|(_, letter)| test.accepts(**letter));
            accepted.for_each(|(begin, _)| ends[begin].insert(begin + 1));
            ends
        }
        What::Sequence(places) => places.iter().fold(nothing(history), |before, place| {
            let mut choices = place.iter().map(|item| ends(item, history));
            let first = choices.next().unwrap_or_default();
            let place = choices.fold(first, |mut all, ends| {
                unite(&mut all, &ends);
                all
            });
            followed_by(&before, &place)
        }),
    }
}

/// No token: every match ends where it begins.
fn nothing(history: &[Letter]) -> Ends {
    let tokens = history.len() + 1;
    (0..tokens)
        .map(|begin| {
            let mut end = Bits::none(tokens);
            end.insert(begin);
            end
        })
        .collect()
}

fn followed_by(first: &[Bits], then: &[Bits]) -> Ends {
    let size = first.len();
    let join = |ends: &Bits| ends.iter().fold(Bits::none(size), |all, middle| all.union(&then[middle]));
    first.iter().map(join).collect()
}

fn unite(all: &mut [Bits], more: &[Bits]) {
    all.iter_mut().zip(more).for_each(|(all, more)| all.extend(more));
}
