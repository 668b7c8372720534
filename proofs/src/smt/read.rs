//! S-expressions of SMT-LIB 2, with the lines that they stand on.

use super::ModelError;

/// An atom or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sexp<'a> {
    /// A name or a number.
    Atom(&'a str, u32),
    /// What stands between two parentheses, and the line of the first.
    List(Vec<Self>, u32),
}

impl<'a> Sexp<'a> {
    /// The line on which it begins, from 1.
    pub(crate) const fn line(&self) -> u32 {
        match self {
            Self::Atom(_, line) | Self::List(_, line) => *line,
        }
    }

    /// The name or number, if it is one.
    pub(crate) const fn atom(&self) -> Option<&'a str> {
        match self {
            Self::Atom(text, _) => Some(text),
            Self::List(..) => None,
        }
    }

    /// What is in the list, if it is one.
    pub(crate) fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items, _) => Some(items),
            Self::Atom(..) => None,
        }
    }

    /// The command that it is, and its operands.
    pub(crate) fn command(&self) -> Option<(&'a str, &[Self])> {
        let (head, operands) = self.list()?.split_first()?;
        Some((head.atom()?, operands))
    }
}

/// Reads a file: a sequence of lists. `;` begins a comment.
///
/// # Errors
/// If a parenthesis is missing or too many, or an atom stands outside of a list.
pub(crate) fn read<'a>(file: &'static str, text: &'a str) -> Result<Vec<Sexp<'a>>, ModelError> {
    let error = |line, what: &str| ModelError { file, line, what: what.to_owned() };
    let (mut done, mut open) = (Vec::new(), Vec::<(Vec<Sexp<'a>>, u32)>::new());
    for (number, line) in (1u32..).zip(text.lines()) {
        let code = line.split(';').next().unwrap_or_default();
        for token in tokens(code) {
            let closed = match token {
                "(" => {
                    open.push((Vec::new(), number));
                    continue;
                }
                ")" => {
                    let (items, line) = open.pop().ok_or_else(|| error(number, "one `)` too many"))?;
                    Sexp::List(items, line)
                }
                atom => Sexp::Atom(atom, number),
            };
            match (open.last_mut(), closed) {
                (Some((items, _)), closed) => items.push(closed),
                (None, Sexp::List(items, line)) => done.push(Sexp::List(items, line)),
                (None, Sexp::Atom(..)) => return Err(error(number, "something outside of parentheses")),
            }
        }
    }
    match open.first() {
        None => Ok(done),
        Some((_, line)) => Err(error(*line, "this `(` is never closed")),
    }
}

fn tokens(code: &str) -> impl Iterator<Item = &str> {
    code.split_whitespace().flat_map(|word| {
        let is_parenthesis = |c| c == '(' || c == ')';
        word.split_inclusive(is_parenthesis).flat_map(move |piece| {
            let (atom, parenthesis) = piece.split_at(piece.find(is_parenthesis).unwrap_or(piece.len()));
            [atom, parenthesis].into_iter().filter(|token| !token.is_empty())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_nest_and_remember_their_lines() {
        let read = read("a", "(a (b 1)) ; and (\n\n(c)").unwrap();
        let atom = |text| Sexp::Atom(text, 1);
        let inner = Sexp::List(vec![atom("b"), atom("1")], 1);
        assert_eq!(read, [Sexp::List(vec![atom("a"), inner], 1), Sexp::List(vec![Sexp::Atom("c", 3)], 3)]);
    }

    #[test]
    fn parentheses_that_do_not_match_are_told_with_their_line() {
        let said = |text| read("a.smt2", text).unwrap_err().to_string();
        assert_eq!(said("(a\n(b)"), "a.smt2, line 1: this `(` is never closed");
        assert_eq!(said("(a)\n)"), "a.smt2, line 2: one `)` too many");
        assert_eq!(said("a"), "a.smt2, line 1: something outside of parentheses");
    }
}
