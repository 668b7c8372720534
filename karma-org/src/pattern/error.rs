//! Why a text is not a pattern, or a pattern not an automaton.

use super::{MAX_STATES, MAX_TABLE, TokenKind};

/// What is wrong with a pattern at one place. Columns count characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// Something else should stand here.
    #[error("column {column}: found {found}, expected {expected}")]
    Syntax {
        /// Where.
        column: u32,
        /// What stands there.
        found: String,
        /// What could stand there.
        expected: &'static str,
    },
    /// A number of repetitions is too large.
    #[error("column {column}: {text} repetitions; at most {max} can be counted, or `*` for any number")]
    Count {
        /// Where.
        column: u32,
        /// The number as written, its beginning if it is long.
        text: String,
        /// The largest that is allowed: [`MAX_COUNT`](super::MAX_COUNT).
        max: u32,
    },
    /// More is asked for than is allowed.
    #[error("column {column}: at least {min} but at most {max} repetitions; write the smaller number first")]
    Range {
        /// Where the repetition begins.
        column: u32,
        /// At least.
        min: u32,
        /// At most.
        max: u32,
    },
    /// A part can never occur.
    #[error("column {column}: at most 0 repetitions: this part never occurs, leave it out")]
    Nothing {
        /// Where the repetition begins.
        column: u32,
    },
    /// `#` begins none of the known words.
    #[error(
        "column {column}: `{word}` is none of `#any`, `#any_obs`, `#any_act`, `#any_seq`, `#obs_` and `#act_` \
         with a name{}", hint(.nearest.as_deref())
    )]
    UnknownWildcard {
        /// Where.
        column: u32,
        /// The word as written.
        word: String,
        /// The known word that is most like it.
        nearest: Option<String>,
    },
    /// The text is longer than [`MAX_LENGTH`](super::MAX_LENGTH).
    #[error("{characters} characters; a pattern has at most {max}")]
    TooLong {
        /// How long it is.
        characters: usize,
        /// The limit.
        max: usize,
    },
    /// Brackets are nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    #[error("column {column}: brackets are nested more than {max} deep")]
    TooDeep {
        /// The bracket that is one too many.
        column: u32,
        /// The limit.
        max: u32,
    },
    /// Written out, the pattern has more than [`MAX_POSITIONS`](super::MAX_POSITIONS) tokens.
    #[error("{positions} tokens when every counted repetition is written out; at most {max} can be")]
    TooLarge {
        /// How many it has.
        positions: u64,
        /// The limit.
        max: u64,
    },
    /// The vocabulary has no such label.
    #[error("column {column}: {} `{name}` is not known{}", label(*.kind), hint(.nearest.as_deref()))]
    UnknownLabel {
        /// Where.
        column: u32,
        /// The kind that was asked for; `None` if either would do.
        kind: Option<TokenKind>,
        /// The name as written.
        name: String,
        /// The known name that is most like it.
        nearest: Option<String>,
    },
    /// Both an observation and an action have this label.
    #[error(
        "column {column}: `{name}` is a label of observations and of actions; write `#obs_{name}` or `#act_{name}`"
    )]
    AmbiguousLabel {
        /// Where.
        column: u32,
        /// The name.
        name: String,
    },
}

/// Why a pattern has no automaton.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// Names that the vocabulary does not decide, all of them, in the order of the text.
    #[error("{}", lines(.0))]
    Names(Vec<PatternError>),
    /// Too many different labels: any set of them could be true at once, and each set is a letter.
    #[error("{count} different labels of {kind}s in one pattern; at most {max} can be told apart")]
    TooManyLabels {
        /// Of which tokens.
        kind: TokenKind,
        /// How many.
        count: usize,
        /// The limit: [`MAX_LABELS`](super::MAX_LABELS).
        max: usize,
    },
    /// The subset construction ran over the limit.
    #[error(
        "the automaton reached {states} states for {positions} tokens written out and {letters} letters; at most \
         {MAX_STATES} states, and {MAX_TABLE} states times letters, are allowed: each wildcard that is counted after \
         a label can double it"
    )]
    TooManyStates {
        /// How many states there were when it was given up.
        states: usize,
        /// Tokens of the pattern with every repetition written out.
        positions: usize,
        /// Letters that are told apart: sets of labels of observations, and of actions.
        letters: usize,
    },
}

fn label(kind: Option<TokenKind>) -> String {
    match kind {
        Some(kind) => format!("{kind} label"),
        None => "label".to_owned(),
    }
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn lines(errors: &[PatternError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The known name that is most likely meant.
pub(super) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let written: String = written.chars().take(64).collect();
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&written, known), known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known.to_owned())
}
