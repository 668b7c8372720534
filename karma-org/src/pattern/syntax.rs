//! A pattern as it is written: symbols, sequences, choices and how often.

use std::fmt::{self, Write as _};

use super::error::PatternError;
use super::parse;

/// A trajectory pattern, read and within all limits; its names are not yet looked up in a
/// [`Vocabulary`](super::Vocabulary).
///
/// [`Display`](fmt::Display) writes the pattern in one canonical form that reads back as the same pattern.
///
/// ```
/// use karma_org::pattern::Pattern;
///
/// let pattern = Pattern::parse("o1, a1, [o2,a2]<0,2>")?;
/// assert_eq!(pattern.to_string(), "[o1,a1,[o2,a2](0,2)]");
/// assert_eq!(Pattern::parse(&pattern.to_string())?, pattern);
/// # Ok::<(), karma_org::pattern::PatternError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pub(super) root: Item<Symbol>,
}

/// What may stand at one place of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Symbol {
    /// `#any`: one token, whatever it is.
    Any,
    /// `#any_obs`: one observation.
    AnyObservation,
    /// `#any_act`: one action.
    AnyAction,
    /// `#any_seq`: any sequence of tokens, also none; the same as `#any(0,*)`.
    AnySequence,
    /// A bare name: an observation or an action that carries this label, as the vocabulary says.
    Label(String),
    /// `#obs_x`: an observation that carries label `x`.
    Observation(String),
    /// `#act_x`: an action that carries label `x`.
    Action(String),
}

/// How often something is repeated: `(min,max)`, `(n)` or `(min,*)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub min: u32,
    /// `None` for `*`.
    pub max: Option<u32>,
}

/// A part of a pattern: something, repeated. `S` is what stands at the leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item<S> {
    pub what: What<S>,
    pub times: Times,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What<S> {
    Symbol(S, Column),
    /// One after the other; at each place one of several.
    Sequence(Vec<Vec<Item<S>>>),
}

/// Where something was written, in characters from 1. All columns are equal: the layout is not the pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column(pub u32);

impl PartialEq for Column {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Column {}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The first place where the text is not a pattern, with what was expected there, or the limit that it
    /// exceeds.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        Ok(Self { root: parse::parse(text)? })
    }

    /// Every symbol of the pattern, in the order of the text, as often as it is written.
    pub fn symbols(&self) -> Vec<&Symbol> {
        let mut found = Vec::new();
        self.root.visit(&mut |symbol, _| found.push(symbol));
        found
    }
}

impl<S> Item<S> {
    /// Shows every leaf, in the order of the text.
    pub(super) fn visit<'a>(&'a self, see: &mut impl FnMut(&'a S, Column)) {
        match &self.what {
            What::Symbol(symbol, column) => see(symbol, *column),
            What::Sequence(places) => places.iter().flatten().for_each(|item| item.visit(see)),
        }
    }

    /// The same pattern with something else in the place of every leaf.
    pub(super) fn replace<T>(&self, change: &mut impl FnMut(&S, Column) -> Item<T>) -> Item<T> {
        let what = match &self.what {
            What::Symbol(symbol, column) => match (change(symbol, *column), self.times) {
                (item, Times::ONCE) => return item,
                (item, _) => What::Sequence(vec![vec![item]]),
            },
            What::Sequence(places) => What::Sequence(
                places.iter().map(|place| place.iter().map(|item| item.replace(change)).collect()).collect(),
            ),
        };
        Item { what, times: self.times }
    }

    /// How many one-token tests remain when every repetition is written out.
    pub(super) fn positions(&self) -> u64 {
        let once = match &self.what {
            What::Symbol(..) => 1,
            What::Sequence(places) => {
                places.iter().flatten().map(Self::positions).fold(0, u64::saturating_add)
            }
        };
        once.saturating_mul(u64::from(self.times.copies()))
    }
}

impl Times {
    pub(super) const ONCE: Self = Self { min: 1, max: Some(1) };
    pub(super) const ANY: Self = Self { min: 0, max: None };

    /// How many copies of the repeated part an automaton needs.
    pub(super) fn copies(self) -> u32 {
        self.max.unwrap_or(self.min.max(1))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

impl fmt::Display for Item<Symbol> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Symbol(symbol, _) => symbol.fmt(f)?,
            What::Sequence(places) => {
                f.write_char('[')?;
                separated(f, ',', places, |f, place| separated(f, '|', place, |f, item| item.fmt(f)))?;
                f.write_char(']')?;
            }
        }
        self.times.fmt(f)
    }
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    by: char,
    items: &[T],
    write: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_char(by)?;
        }
        write(f, item)?;
    }
    Ok(())
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ONCE => Ok(()),
            Self { min, max: Some(max) } if min == max => write!(f, "({min})"),
            Self { min, max: Some(max) } => write!(f, "({min},{max})"),
            Self { min, max: None } => write!(f, "({min},*)"),
        }
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("#any"),
            Self::AnyObservation => f.write_str("#any_obs"),
            Self::AnyAction => f.write_str("#any_act"),
            Self::AnySequence => f.write_str("#any_seq"),
            Self::Label(name) => f.write_str(name),
            Self::Observation(name) => write!(f, "#obs_{name}"),
            Self::Action(name) => write!(f, "#act_{name}"),
        }
    }
}
