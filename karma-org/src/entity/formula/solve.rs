//! Finds out whether a condition holds.

use super::term::Bindings;
use super::{Comparison, Formula, Term};

/// Where conditions look things up.
pub(crate) trait Facts {
    /// All arguments for which the predicate holds.
    fn tuples(&self, predicate: &str, arity: usize) -> Vec<Vec<Term>>;
    /// Whether a regimented property is breached, as far as these variables are concerned.
    fn breached(&self, property: &str) -> bool;
}

/// What to do with a solution: `true` ends the search.
type Next<'a> = &'a mut dyn FnMut(&mut Bindings) -> bool;

/// Whether the condition holds for some values of its free variables.
pub(crate) fn holds(formula: &Formula, facts: &dyn Facts, bindings: &Bindings) -> bool {
    solve(formula, facts, &mut bindings.clone(), &mut |_| true)
}

fn solve(formula: &Formula, facts: &dyn Facts, bindings: &mut Bindings, next: Next<'_>) -> bool {
    match formula {
        Formula::All(parts) => all(parts, facts, bindings, next),
        Formula::Any(parts) => parts.iter().any(|part| solve(part, facts, bindings, next)),
        Formula::Not(part) => !holds(part, facts, bindings) && next(bindings),
        Formula::Compare(Comparison::Unifies, a, b) => attempt(bindings, next, |known| known.unify(a, b)),
        Formula::Compare(comparison, a, b) => {
            compare(*comparison, &bindings.resolve(a), &bindings.resolve(b)) && next(bindings)
        }
        Formula::Call(name, arguments) => call(name, arguments, facts, bindings, next),
        Formula::Breached(property) => facts.breached(property) && next(bindings),
    }
}

fn all(parts: &[Formula], facts: &dyn Facts, bindings: &mut Bindings, next: Next<'_>) -> bool {
    match parts.split_first() {
        None => next(bindings),
        Some((first, rest)) => solve(first, facts, bindings, &mut |known| all(rest, facts, known, next)),
    }
}

fn attempt(bindings: &mut Bindings, next: Next<'_>, bind: impl FnOnce(&mut Bindings) -> bool) -> bool {
    let mark = bindings.mark();
    let found = bind(bindings) && next(bindings);
    bindings.back_to(mark);
    found
}

fn call(name: &str, arguments: &[Term], facts: &dyn Facts, bindings: &mut Bindings, next: Next<'_>) -> bool {
    match (name, arguments) {
        (".member", [item, list]) => match bindings.resolve(list) {
            Term::List(items) => {
                items.iter().any(|each| attempt(bindings, next, |known| known.unify(item, each)))
            }
            _ => false,
        },
        (".length", [list, length]) => match bindings.resolve(list) {
            Term::List(items) => {
                attempt(bindings, next, |known| known.unify(length, &Term::Number(items.len() as f64)))
            }
            _ => false,
        },
        (".count", [Term::Compound(predicate, inner), number]) => {
            let count = count(predicate, inner, facts, bindings);
            attempt(bindings, next, |known| known.unify(number, &Term::Number(count)))
        }
        _ => facts
            .tuples(name, arguments.len())
            .iter()
            .any(|tuple| attempt(bindings, next, |known| known.unify_all(arguments, tuple))),
    }
}

fn count(predicate: &str, arguments: &[Term], facts: &dyn Facts, bindings: &mut Bindings) -> f64 {
    let tuples = facts.tuples(predicate, arguments.len());
    let matching = tuples.iter().filter(|tuple| {
        let mut found = false;
        attempt(bindings, &mut |_| true, |known| {
            found = known.unify_all(arguments, tuple);
            found
        });
        found
    });
    matching.count() as f64
}

/// Numbers by size, names by their letters; what is not known compares with nothing.
fn compare(comparison: Comparison, a: &Term, b: &Term) -> bool {
    match comparison {
        Comparison::Same => return a == b,
        Comparison::Different => return a != b,
        _ => {}
    }
    let order = match (a, b) {
        (Term::Number(x), Term::Number(y)) => x.partial_cmp(y),
        (Term::Atom(x), Term::Atom(y)) => Some(x.cmp(y)),
        _ => None,
    };
    order.is_some_and(|order| match comparison {
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Same | Comparison::Different | Comparison::Unifies => false,
    })
}
