//! What tokens are: kinds, labels and letters.

use std::fmt;

use super::error::{PatternError, nearest};
use super::parse::is_name;
use super::syntax::{Column, Symbol};

/// Most labels that one kind of token can have: one bit each in [`Letter::atoms`].
pub const MAX_VOCABULARY: usize = 32;

/// A history takes turns: an observation, then an action, then an observation …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// `ω`: what the agent saw.
    Observation,
    /// `a`: what it then did.
    Action,
}

impl TokenKind {
    /// What comes after it in a history.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Observation => Self::Action,
            Self::Action => Self::Observation,
        }
    }
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Observation => "observation",
            Self::Action => "action",
        })
    }
}

/// One token of a history as patterns see it: its kind, and which labels are true of it.
///
/// ```
/// use karma_org::pattern::{Letter, Vocabulary};
///
/// let words = Vocabulary::new(["overloaded", "slow"], ["up", "down"])?;
/// assert_eq!(words.observation(&["slow"]), Some(Letter::observation(0b10)));
/// assert_eq!(words.observation(&["overloaded", "slow"]), Some(Letter::observation(0b11)));
/// assert_eq!(words.action(&[]), Some(Letter::action(0)));
/// assert_eq!(words.action(&["slow"]), None);
/// # Ok::<(), karma_org::pattern::VocabularyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Letter {
    /// Observation or action.
    pub kind: TokenKind,
    /// Bit `i` is set if label `i` of that kind, in the order of the [`Vocabulary`], is true.
    pub atoms: u32,
}

impl Letter {
    /// An observation of which the labels in `atoms` are true.
    pub const fn observation(atoms: u32) -> Self {
        Self { kind: TokenKind::Observation, atoms }
    }

    /// An action of which the labels in `atoms` are true.
    pub const fn action(atoms: u32) -> Self {
        Self { kind: TokenKind::Action, atoms }
    }
}

/// The names of labels: of observations and of actions, each kind counted from 0.
///
/// A label is a predicate over one token. Several labels may be true of the same token, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    observations: Vec<String>,
    actions: Vec<String>,
}

/// Why names cannot be a vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VocabularyError {
    /// More labels than bits.
    #[error("{count} labels of {kind}s; at most {MAX_VOCABULARY} can be told apart")]
    TooMany {
        /// Of which tokens.
        kind: TokenKind,
        /// How many.
        count: usize,
    },
    /// A name that could not be written in a pattern.
    #[error("{kind} label `{name}`: a name is made of letters, digits and `_ - . : / + =`")]
    Name {
        /// Of which tokens.
        kind: TokenKind,
        /// The name.
        name: String,
    },
    /// Two labels of the same kind have the same name.
    #[error("{kind} label `{name}` is given twice")]
    Twice {
        /// Of which tokens.
        kind: TokenKind,
        /// The name.
        name: String,
    },
}

impl Vocabulary {
    /// The labels of observations and those of actions; the same name may be in both.
    ///
    /// # Errors
    /// If there are more than 32 of a kind, or a name is given twice or could not be written in a pattern.
    pub fn new<O, A>(observations: O, actions: A) -> Result<Self, VocabularyError>
    where
        O: IntoIterator<Item: Into<String>>,
        A: IntoIterator<Item: Into<String>>,
    {
        let observations: Vec<String> = observations.into_iter().map(Into::into).collect();
        let actions: Vec<String> = actions.into_iter().map(Into::into).collect();
        check(TokenKind::Observation, &observations)?;
        check(TokenKind::Action, &actions)?;
        Ok(Self { observations, actions })
    }

    /// The labels of one kind of token, in the order of their bits.
    pub fn labels(&self, kind: TokenKind) -> &[String] {
        match kind {
            TokenKind::Observation => &self.observations,
            TokenKind::Action => &self.actions,
        }
    }

    /// The bit of a label.
    pub fn bit(&self, kind: TokenKind, name: &str) -> Option<u32> {
        self.labels(kind).iter().zip(0..).find(|(known, _)| *known == name).map(|(_, bit)| bit)
    }

    /// The observation that carries exactly these labels; `None` if one of them is not an observation's.
    pub fn observation(&self, labels: &[&str]) -> Option<Letter> {
        self.atoms(TokenKind::Observation, labels).map(Letter::observation)
    }

    /// The action that carries exactly these labels; `None` if one of them is not an action's.
    pub fn action(&self, labels: &[&str]) -> Option<Letter> {
        self.atoms(TokenKind::Action, labels).map(Letter::action)
    }

    fn atoms(&self, kind: TokenKind, labels: &[&str]) -> Option<u32> {
        labels.iter().try_fold(0, |atoms, label| Some(atoms | 1 << self.bit(kind, label)?))
    }

    /// What a symbol asks of a token.
    pub(super) fn test(&self, symbol: &Symbol, column: Column) -> Result<Test, PatternError> {
        use TokenKind::{Action, Observation};
        match symbol {
            Symbol::Any | Symbol::AnySequence => Ok(Test::Any),
            Symbol::AnyObservation => Ok(Test::Kind(Observation)),
            Symbol::AnyAction => Ok(Test::Kind(Action)),
            Symbol::Observation(name) => self.label(Some(Observation), name, column),
            Symbol::Action(name) => self.label(Some(Action), name, column),
            Symbol::Label(name) => self.label(None, name, column),
        }
    }

    fn label(&self, kind: Option<TokenKind>, name: &str, column: Column) -> Result<Test, PatternError> {
        let find = |of: TokenKind| match kind {
            Some(kind) if kind != of => None,
            _ => self.bit(of, name),
        };
        let (column, name) = (column.0, name.to_owned());
        match (find(TokenKind::Observation), find(TokenKind::Action)) {
            (Some(_), Some(_)) => Err(PatternError::AmbiguousLabel { column, name }),
            (Some(bit), None) => Ok(Test::Label(TokenKind::Observation, bit)),
            (None, Some(bit)) => Ok(Test::Label(TokenKind::Action, bit)),
            (None, None) => {
                let nearest = nearest(&name, self.names(kind));
                Err(PatternError::UnknownLabel { column, kind, name, nearest })
            }
        }
    }

    fn names(&self, kind: Option<TokenKind>) -> impl Iterator<Item = &str> {
        let kinds = [TokenKind::Observation, TokenKind::Action];
        kinds
            .into_iter()
            .filter(move |known| kind.is_none_or(|kind| kind == *known))
            .flat_map(|kind| self.labels(kind))
            .map(String::as_str)
    }
}

fn check(kind: TokenKind, names: &[String]) -> Result<(), VocabularyError> {
    if names.len() > MAX_VOCABULARY {
        return Err(VocabularyError::TooMany { kind, count: names.len() });
    }
    for (index, name) in names.iter().enumerate() {
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(VocabularyError::Name { kind, name: name.clone() });
        }
        if names[..index].contains(name) {
            return Err(VocabularyError::Twice { kind, name: name.clone() });
        }
    }
    Ok(())
}

/// What one place of a pattern asks of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Any,
    Kind(TokenKind),
    /// The kind, and the bit that must be set.
    Label(TokenKind, u32),
}

impl Test {
    pub(super) fn accepts(self, letter: Letter) -> bool {
        match self {
            Self::Any => true,
            Self::Kind(kind) => kind == letter.kind,
            Self::Label(kind, bit) => kind == letter.kind && letter.atoms >> bit & 1 == 1,
        }
    }
}
