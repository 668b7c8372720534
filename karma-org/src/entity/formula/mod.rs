//! Conditions in the part of MOISE's normative programming language (NPL) that specifications use: what holds
//! in the organisation, found by search.
//!
//! ```text
//! condition  = alternative { "|" alternative }
//! alternative = literal { "&" literal }
//! literal    = "not" literal | "(" condition ")" | "true" | "false" | "#" property
//!            | term ("<" | "<=" | ">" | ">=" | "==" | "\==" | "=") term | predicate
//! predicate  = name [ "(" term { "," term } ")" ] | ".member(x, list)" | ".length(list, n)" | ".count(predicate, n)"
//! term       = number | name | "text" | Variable | "_" | name "(" term, … ")" | "[" term, … "]"
//! ```
//!
//! A predicate is looked up among the facts of the organisation; variables take every value for which it holds,
//! one after the other (backtracking, as in Prolog). `not c` holds if `c` has no solution (negation as failure).
//! `#role_cardinality` and its like hold while that regimented property is breached.
//!
//! **Cost** of n predicates with f facts each: f^n at worst. A condition has at most 64 parts and 32 levels; there
//! are no rules, so every search ends. Arithmetic and lists with a tail are left out.

mod parse;
mod solve;
mod term;

pub(crate) use parse::{formula, term};
pub(crate) use solve::{Facts, holds};
pub(crate) use term::{Bindings, Term};

/// How two terms compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Same,
    Different,
    Unifies,
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Formula {
    /// All of them; of none: true.
    All(Vec<Self>),
    /// One of them; of none: false.
    Any(Vec<Self>),
    Not(Box<Self>),
    Compare(Comparison, Term, Term),
    /// A predicate and its arguments; those that begin with a point are built in.
    Call(String, Vec<Term>),
    /// A regimented property that is breached.
    Breached(String),
}

impl Formula {
    pub(crate) const TRUE: Self = Self::All(Vec::new());

    /// Every predicate in it, with its number of arguments, and every property.
    pub(crate) fn each_name(&self, found: &mut dyn FnMut(&str, Option<usize>)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each_name(found)),
            Self::Not(part) => part.each_name(found),
            Self::Compare(..) => {}
            Self::Call(name, arguments) => {
                found(name, Some(arguments.len()));
                if let (".count", Some(Term::Compound(inner, items))) = (name.as_str(), arguments.first()) {
                    found(inner, Some(items.len()));
                }
            }
            Self::Breached(property) => found(property, None),
        }
    }
}
