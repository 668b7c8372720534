//! Terms, and what variables stand for.

use std::fmt;

/// A term of a condition: `bob`, `3`, `X`, `index(3)`, `[a, b]`. A quoted text is an atom, so that names with
/// capital letters or blanks can be written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    Number(f64),
    Atom(String),
    Variable(String),
    Compound(String, Vec<Self>),
    List(Vec<Self>),
}

impl Term {
    pub(crate) fn atom(text: impl Into<String>) -> Self {
        Self::Atom(text.into())
    }

    pub(crate) fn compound(functor: &str, arguments: Vec<Self>) -> Self {
        Self::Compound(functor.to_owned(), arguments)
    }

    /// Whether it holds no variable.
    pub(crate) fn is_ground(&self) -> bool {
        match self {
            Self::Number(_) | Self::Atom(_) => true,
            Self::Variable(_) => false,
            Self::Compound(_, items) | Self::List(items) => items.iter().all(Self::is_ground),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |items: &[Self]| items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        match self {
            Self::Number(value) => write!(f, "{value}"),
            Self::Atom(text) | Self::Variable(text) => f.write_str(text),
            Self::Compound(functor, items) => write!(f, "{functor}({})", joined(items)),
            Self::List(items) => write!(f, "[{}]", joined(items)),
        }
    }
}

/// What variables stand for. Binding only appends, so that going back is cutting the tail.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings(Vec<(String, Term)>);

impl Bindings {
    /// These variables stand for these terms.
    pub(crate) fn of(pairs: &[(&str, Term)]) -> Self {
        Self(pairs.iter().map(|(name, term)| ((*name).to_owned(), term.clone())).collect())
    }

    pub(super) const fn mark(&self) -> usize {
        self.0.len()
    }

    pub(super) fn back_to(&mut self, mark: usize) {
        self.0.truncate(mark);
    }

    fn value(&self, name: &str) -> Option<&Term> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, term)| term)
    }

    /// The term with all that is known put in.
    pub(super) fn resolve(&self, term: &Term) -> Term {
        let all = |items: &[Term]| items.iter().map(|item| self.resolve(item)).collect();
        match term {
            Term::Variable(name) => {
                self.value(name).map_or_else(|| term.clone(), |known| self.resolve(known))
            }
            Term::Compound(functor, items) => Term::Compound(functor.clone(), all(items)),
            Term::List(items) => Term::List(all(items)),
            Term::Number(_) | Term::Atom(_) => term.clone(),
        }
    }

    /// Makes two terms equal, if that can be. On failure some variables may be bound: go back to the mark.
    pub(super) fn unify(&mut self, a: &Term, b: &Term) -> bool {
        match (self.resolve(a), self.resolve(b)) {
            (Term::Variable(x), Term::Variable(y)) if x == y => true,
            (Term::Variable(x), other) | (other, Term::Variable(x)) => {
                let circular = mentions(&other, &x);
                self.0.push((x, other));
                !circular
            }
            (Term::Compound(f, xs), Term::Compound(g, ys)) => f == g && self.unify_all(&xs, &ys),
            (Term::List(xs), Term::List(ys)) => self.unify_all(&xs, &ys),
            (x, y) => x == y,
        }
    }

    pub(super) fn unify_all(&mut self, xs: &[Term], ys: &[Term]) -> bool {
        xs.len() == ys.len() && xs.iter().zip(ys).all(|(x, y)| self.unify(x, y))
    }
}

fn mentions(term: &Term, name: &str) -> bool {
    match term {
        Term::Variable(other) => other == name,
        Term::Compound(_, items) | Term::List(items) => items.iter().any(|item| mentions(item, name)),
        Term::Number(_) | Term::Atom(_) => false,
    }
}
