//! The compiled pattern: one table lookup for each token.

use std::collections::BTreeMap;

use super::error::CompileError;
use super::letters::{Columns, representatives};
use super::minimize::minimize;
use super::nfa::Nfa;
use super::subset::{Alphabet, Dfa, determine};
use super::syntax::{Item, Symbol, Times, What};
use super::vocabulary::{Letter, Test, TokenKind, Vocabulary};
use super::{Expected, Mode, Pattern};

/// No match can be reached.
pub(super) const NEVER: u16 = u16::MAX;

/// Where a history stands in an [`Automaton`]; of use with that automaton only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternState(pub(super) u16);

/// A pattern as a deterministic automaton: the smallest one that matches the same histories.
///
/// It is immutable and can be shared; what changes from token to token is one [`PatternState`] of two bytes for
/// each history that is followed.
///
/// ```
/// use karma_org::pattern::{Automaton, Letter, Mode, Pattern, Vocabulary};
///
/// let words = Vocabulary::new(["overloaded"], ["up", "down"])?;
/// let thrash = Pattern::parse("[#any,up,#any,down](2,*)")?;
/// let thrash = Automaton::compile(&thrash, &words, Mode::Search)?;
///
/// let (seen, up, down) = (Letter::observation(0), Letter::action(0b01), Letter::action(0b10));
/// let once = thrash.run([seen, up, seen, down]);
/// assert!(!thrash.is_match(once));
/// let twice = [seen, up, seen, down].into_iter().fold(once, |state, letter| thrash.advance(state, letter));
/// assert!(thrash.is_match(twice));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// [`advance`](Self::advance): two dependent loads, no allocation, whatever the pattern and however long the
/// history. Two patterns that match the same histories have equal automata, so `==` compares meanings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Automaton {
    /// Successor of state `s` over column `c`, at `s * columns + c`.
    table: Box<[u16]>,
    columns: usize,
    observations: Columns,
    actions: Columns,
    start: PatternState,
    /// States from this one on are matches.
    first_match: u16,
    /// By state: fewest tokens to the next match, or [`NEVER`].
    pub(super) remaining: Box<[u16]>,
    pub(super) expected: Box<[Expected]>,
    representatives: Box<[Letter]>,
    mode: Mode,
}

impl Automaton {
    /// Compiles a pattern whose labels mean what the vocabulary says.
    ///
    /// # Errors
    /// All names that the vocabulary does not decide; or too many labels or states, with how many.
    pub fn compile(pattern: &Pattern, vocabulary: &Vocabulary, mode: Mode) -> Result<Self, CompileError> {
        let nfa = Nfa::new(&resolve(pattern, vocabulary)?, mode);
        let alphabet = Alphabet::of(&nfa)?;
        Ok(Self::new(&minimize(&determine(&nfa, &alphabet)?), &alphabet, mode))
    }

    pub(super) fn new(dfa: &Dfa, alphabet: &Alphabet, mode: Mode) -> Self {
        let dfa = matches_last(dfa);
        let (column_of_class, class_of_column) = merge_columns(&dfa.dfa);
        let columns = class_of_column.len();
        let table: Box<[u16]> = (0..dfa.dfa.states())
            .flat_map(|state| class_of_column.iter().map(move |class| (state, *class)))
            .map(|(state, class)| narrow(dfa.dfa.row(state)[class]))
            .collect();
        let (observations, actions) = column_of_class.split_at(alphabet.base(TokenKind::Action));
        let remaining = super::expected::remaining(&dfa.dfa);
        Self {
            table,
            columns,
            observations: Columns::new(&alphabet.observations, observations),
            actions: Columns::new(&alphabet.actions, actions),
            start: PatternState(narrow(dfa.start)),
            first_match: narrow(dfa.first_match),
            expected: super::expected::expected(&dfa.dfa, alphabet, &remaining),
            remaining,
            representatives: representatives(alphabet, &column_of_class),
            mode,
        }
    }

    /// Where a history without tokens stands.
    pub const fn start(&self) -> PatternState {
        self.start
    }

    /// Where a history stands after one more token.
    ///
    /// The state must be one of this automaton; with another one's, the result means nothing, or it panics.
    pub fn advance(&self, state: PatternState, letter: Letter) -> PatternState {
        let column = self.columns_of(letter.kind).of(letter.atoms);
        PatternState(self.table[usize::from(state.0) * self.columns + column])
    }

    /// Moves many histories on by one token each: those of a batch of environments, all of the same kind.
    ///
    /// Does not allocate.
    ///
    /// # Panics
    /// If there are not as many letters as states.
    pub fn advance_all(&self, states: &mut [PatternState], kind: TokenKind, atoms: &[u32]) {
        assert_eq!(states.len(), atoms.len(), "one letter for each history");
        let (table, columns) = (&*self.table, self.columns);
        self.columns_of(kind).for_each(states, atoms, |state, column| {
            *state = PatternState(table[usize::from(state.0) * columns + column]);
        });
    }

    /// Where a history stands after all these tokens.
    pub fn run(&self, history: impl IntoIterator<Item = Letter>) -> PatternState {
        history.into_iter().fold(self.start, |state, letter| self.advance(state, letter))
    }

    /// [`Anchored`](Mode::Anchored): whether the pattern matches the whole history.
    /// [`Search`](Mode::Search): whether a match ends at its last token.
    pub const fn is_match(&self, state: PatternState) -> bool {
        state.0 >= self.first_match
    }

    /// Whether no continuation of the history can match any more. A search is never dead.
    pub fn is_dead(&self, state: PatternState) -> bool {
        self.remaining[usize::from(state.0)] == NEVER
    }

    /// Whether the pattern matches a history without tokens. In a search, such a pattern matches at every token,
    /// which is hardly ever meant.
    pub const fn matches_nothing_at_all(&self) -> bool {
        self.is_match(self.start)
    }

    /// What was compiled.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// How many states there are.
    pub fn states(&self) -> usize {
        self.remaining.len()
    }

    /// How many letters are told apart.
    pub const fn letters(&self) -> usize {
        self.columns
    }

    /// One letter of each kind for each of its columns.
    pub(super) fn representatives(&self) -> &[Letter] {
        &self.representatives
    }

    fn columns_of(&self, kind: TokenKind) -> &Columns {
        match kind {
            TokenKind::Observation => &self.observations,
            TokenKind::Action => &self.actions,
        }
    }
}

/// Looks up every name; all that fail are reported.
pub(super) fn resolve(pattern: &Pattern, vocabulary: &Vocabulary) -> Result<Item<Test>, CompileError> {
    let mut errors = Vec::new();
    let resolved = pattern.root.replace(&mut |symbol, column| {
        let test = vocabulary.test(symbol, column).unwrap_or_else(|error| {
            errors.push(error);
            Test::Any
        });
        let times = if *symbol == Symbol::AnySequence { Times::ANY } else { Times::ONCE };
        Item { what: What::Symbol(test, column), times }
    });
    if errors.is_empty() { Ok(resolved) } else { Err(CompileError::Names(errors)) }
}

struct Ordered {
    dfa: Dfa,
    start: usize,
    first_match: usize,
}

/// The same automaton with its matching states last, so that one comparison tells a match.
fn matches_last(dfa: &Dfa) -> Ordered {
    let (yes, no): (Vec<usize>, Vec<usize>) = (0..dfa.states()).partition(|state| dfa.matches[*state]);
    let first_match = no.len();
    let order = [no, yes].concat();
    let mut number = vec![0; order.len()];
    order.iter().enumerate().for_each(|(new, old)| number[*old] = new);
    let table = order.iter().flat_map(|old| dfa.row(*old)).map(|to| number[*to]).collect();
    let matches = order.iter().map(|old| dfa.matches[*old]).collect();
    Ordered { dfa: Dfa { table, classes: dfa.classes, matches }, start: number[0], first_match }
}

/// Classes that lead to the same state from everywhere become one column. The column of each class, and a class of
/// each column.
fn merge_columns(dfa: &Dfa) -> (Vec<u16>, Vec<usize>) {
    let mut known: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    let mut class_of_column = Vec::new();
    let column_of_class = (0..dfa.classes).map(|class| {
        let targets = (0..dfa.states()).map(|state| dfa.row(state)[class]).collect();
        narrow(*known.entry(targets).or_insert_with(|| {
            class_of_column.push(class);
            class_of_column.len() - 1
        }))
    });
    let column_of_class = column_of_class.collect();
    (column_of_class, class_of_column)
}

/// States and classes are few: [`MAX_STATES`](super::MAX_STATES) and twice `2^MAX_LABELS` fit.
#[expect(clippy::cast_possible_truncation, reason = "the subset construction stops far below")]
const fn narrow(number: usize) -> u16 {
    number as u16
}
