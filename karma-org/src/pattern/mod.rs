//! Trajectory patterns: which histories of an agent are meant, said in one line and followed in one lookup for
//! each token.
//!
//! An agent's history is `ω1 a1 ω2 a2 …`: what it observed, what it then did, and so on. MOISE+MARL uses patterns
//! over histories in two places: a role action guide allows actions *after* certain histories, and a goal reward
//! guide rewards histories that *contain* a certain sub-sequence, `grg(h) = r_b`. [`Pattern`] is the text,
//! [`Automaton`] what runs. What a label means is not known here: the caller says which labels are true of each
//! token ([`Letter`]), and what follows from a match.
//!
//! # The language
//! The papers define a pattern as a tree: a leaf `⟨h, {c_min, c_max}⟩` is a sequence of labels repeated `c_min` to
//! `c_max` times, a node `⟨⟨l_1 … l_n⟩, {c_min, c_max}⟩` a sequence of trees repeated in the same way. Leaves and
//! nodes are written alike, and a label is a tree that occurs once:
//!
//! | written | matches |
//! |---|---|
//! | `o1` | one token that carries the label `o1`, whatever else it carries |
//! | `#obs_x`, `#act_x` | the same for a name that is both an observation's and an action's |
//! | `#any`, `#any_obs`, `#any_act` | one token, one observation, one action |
//! | `#any_seq` | any sequence of tokens, also none: `#any(0,*)` |
//! | `[x,y]` | `x`, then at once `y`; gaps are written as wildcards |
//! | `x\|y` | `x` or `y`; binds closer than the comma: `x\|y,z` is `[x\|y],z` |
//! | `x(2)`, `x(1,3)`, `x(0,*)` | `x` as often as this; `<1,3>` is the same |
//!
//! Brackets around the whole, blanks, and the comma next to a bracket may be left out. The reader's grammar and
//! limits are [`MAX_LENGTH`], [`MAX_DEPTH`], [`MAX_COUNT`] and [`MAX_POSITIONS`].
//!
//! # An example, by hand
//! `[o1,a1,[o2,a2](0,2)](1,*)`, the example of the papers, asks for `o1 a1`, then up to two times `o2 a2`, and all
//! that once or more. Written out it has six places: `o1 a1 o2 a2 o2 a2`; call them 1 to 6, and the end `e`. Which
//! places may come next?
//!
//! | after | begin | 1 | 2 | 3 | 4 | 5 | 6 |
//! |---|---|---|---|---|---|---|---|
//! | next | 1 | 2 | 1, 3, e | 4 | 1, 5, e | 6 | 1, e |
//!
//! A state of the automaton is a set of places that may come next; it is a match if `e` is among them. Start with
//! `{1}`; read an observation with `o1`: `{2}`; an action with `a1`: `{1,3,e}`, a match. Now an observation that
//! carries *both* `o1` and `o2` leads to `{2,4}`: the action decides which it was. Going on like this until nothing
//! new turns up, and joining the sets that no continuation tells apart, leaves ten states:
//! `{1}`, `{2}`, `{1,3,e}`, `{4}`, `{2,4}`, `{1,5,e}`, `{6}`, `{2,6}`, `{1,e}` and the dead one, `{}`. Observations
//! are told apart by `o1` and `o2`, actions by `a1` and `a2`: four letters each, of which the two without any
//! label do the same.
//!
//! ```
//! use karma_org::pattern::{Automaton, Mode, Pattern, Vocabulary};
//!
//! let words = Vocabulary::new(["o1", "o2"], ["a1", "a2"])?;
//! let pattern = Pattern::parse("[o1,a1,[o2,a2](0,2)](1,*)")?;
//! let automaton = Automaton::compile(&pattern, &words, Mode::Anchored)?;
//! assert_eq!((automaton.states(), automaton.letters()), (10, 7));
//!
//! let token = |label: &str| words.observation(&[label]).or_else(|| words.action(&[label])).unwrap();
//! let is_match = |tokens: &str| automaton.is_match(automaton.run(tokens.split(' ').map(token)));
//! assert!(is_match("o1 a1 o2 a2 o2 a2 o1 a1"));
//! assert!(!is_match("o1 a1 o2 a2 o2 a2 o2 a2"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it works
//! Patterns are regular expressions whose letters are sets of true labels, so the classic road leads to a machine
//! that never looks back:
//!
//! 1. the text is read by recursive descent;
//! 2. K. Thompson, *Regular expression search algorithm*, CACM 1968: a nondeterministic automaton, counted
//!    repetitions written out;
//! 3. M. Rabin and D. Scott, *Finite automata and their decision problems*, IBM Journal 1959: the subset
//!    construction above, over the sets of labels that occur (their minterms) rather than over single letters;
//! 4. J. Hopcroft, *An n log n algorithm for minimizing states in a finite automaton*, 1971: states that nothing
//!    tells apart are joined; then letters that nothing tells apart.
//!
//! To *search*, the automaton is that of `#any_seq` followed by the pattern.
//!
//! # Cost
//! A token costs two dependent loads and no allocation, whatever the pattern and the length of the history; a
//! history that is followed costs the two bytes of a [`PatternState`]. A pattern of `p` tokens, written out, with
//! `k` labels of observations and `l` of actions can have `2^p` states over `2^k + 2^l` letters; almost all have
//! about `p`. The ones that do not are searches that count wildcards after a label: `o1,#any(9),o2` must remember at
//! which of the last ten tokens `o1` was true, and has `2^11` states. [`MAX_LABELS`], [`MAX_STATES`] and
//! [`MAX_TABLE`] end this with an error that says how large it got.
//!
//! # Where we differ
//! * The papers have one label for each token. Here a label is a predicate, such as "requests wait", and several can
//!   be true at once.
//! * A sub-sequence that a history *contains* is contiguous here; gaps are said with wildcards. So is "contains":
//!   [`Mode::Search`] tells each token at which a match ends, and whoever rewards decides whether that counts once.
//! * The papers' Python wrapper turns a pattern into a regular expression over joined names, reads `*` as "at most
//!   10", `#any` as any text, and hands the pattern to `eval`; the tests of this module have a case for each.
//!   In an older notebook of its author `#any_seq` is one or more pairs; here, as `#any` suggests, any sequence.
//!
//! # What is left out
//! Nothing is captured, and there is no negation: a label such as "not overloaded" is a label.
//! [`Pattern::spans`] shows where the matches lie; it works from the definition and is slow.

mod automaton;
mod bits;
mod error;
mod expected;
mod letters;
mod minimize;
mod nfa;
mod parse;
mod shortest;
mod spans;
mod subset;
mod syntax;
mod vocabulary;

pub use automaton::{Automaton, PatternState};
pub use error::{CompileError, PatternError};
pub use expected::Expected;
pub use parse::{MAX_COUNT, MAX_DEPTH, MAX_LENGTH, MAX_POSITIONS};
pub use syntax::{Pattern, Symbol};
pub use vocabulary::{Letter, MAX_VOCABULARY, TokenKind, Vocabulary, VocabularyError};

/// Most different labels of one kind of token in one pattern: `2^10` sets of them are told apart.
pub const MAX_LABELS: usize = 10;
/// Most states of an automaton while it is built.
pub const MAX_STATES: usize = 16_384;
/// Most states times letters of an automaton while it is built.
pub const MAX_TABLE: usize = 1 << 20;

/// What it means that a pattern matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// The whole history, from its first token to its last, is one match.
    Anchored,
    /// A match ends at the last token; it may begin anywhere. So `h` contains a sub-sequence in `H_g` if this is
    /// so at one of its tokens.
    Search,
}
