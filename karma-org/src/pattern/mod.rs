//! Trajectory patterns, compiled to automata.

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
