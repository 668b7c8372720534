//! The model of the kernel in SMT-LIB 2, its proofs by z3, and its agreement with the Rust code.
//!
//! The model (`proofs/smt/model.smt2`, `service.smt2`, `post.smt2`) says the kernel over again, over integers without
//! bounds. Each property has a file that asserts the contrary, for any limits that were checked, any state and any memory;
//! z3 answers `unsat`. What runs over services, nodes or time is proved by induction: that a step keeps what held before.
//! Each file first asks whether what it assumes can be, and expects `sat`, so that nothing is proved of nothing.
//!
//! A proof of a model says as much of the code as the two agree. So the [agreement](agree) computes with the very text
//! that z3 reads, on millions of random and extreme cases, beside the Rust kernel: every wish, source, outcome, action and
//! mask must be the same, what the proofs assume of limits and memory must hold, and the properties as well.

mod agreement;
mod machine;
mod program;
mod read;
mod z3;

pub use agreement::{Disagreement, agree};
pub use z3::{Proved, SmtError, prove};

const MODEL: (&str, &str) = ("model.smt2", include_str!("../../smt/model.smt2"));
const SERVICE: (&str, &str) = ("service.smt2", include_str!("../../smt/service.smt2"));
const POST: (&str, &str) = ("post.smt2", include_str!("../../smt/post.smt2"));

/// A property to be proved by an SMT solver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obligation {
    /// P1 to P11, as in `docs/safety.md`.
    pub property: &'static str,
    /// The file's name, in `proofs/smt`.
    pub file: &'static str,
    /// Its text, which comes after that of the model.
    pub text: &'static str,
    /// What it proves.
    pub claim: &'static str,
    /// The files of the model that it builds on: names and texts.
    pub model: &'static [(&'static str, &'static str)],
}

/// One obligation for each property.
pub const fn obligations() -> &'static [Obligation] {
    &OBLIGATIONS
}

macro_rules! obligation {
    ($property:literal, $file:literal, $model:expr, $claim:literal) => {
        Obligation {
            property: $property,
            file: $file,
            text: include_str!(concat!("../../smt/", $file)),
            claim: $claim,
            model: $model,
        }
    };
}

const ONE: &[(&str, &str)] = &[MODEL, SERVICE, POST];

const OBLIGATIONS: [Obligation; 11] = [
    obligation!(
        "P1",
        "p1.smt2",
        ONE,
        "the action lies within the bounds, or a pause keeps the replicas where they are"
    ),
    obligation!(
        "P2",
        "p2.smt2",
        ONE,
        "no move exceeds the rate, and a window's extreme covers all that counts"
    ),
    obligation!(
        "P3",
        "p3.smt2",
        ONE,
        "nothing goes down while cooling down or below recent wishes, nor up above them"
    ),
    obligation!(
        "P4",
        "p4.smt2",
        &[MODEL],
        "any number of services fits into the budget, and what is added onto the nodes"
    ),
    obligation!(
        "P5",
        "p5.smt2",
        ONE,
        "a scale-down leaves the ready pods that demand and disruption budget need"
    ),
    obligation!("P6", "p6.smt2", ONE, "a proposal that is not listened to has no influence"),
    obligation!(
        "P7",
        "p7.smt2",
        ONE,
        "every clamp is an interval, and every wish has one answer that is a number of replicas"
    ),
    obligation!(
        "P8",
        "p8.smt2",
        &[MODEL, SERVICE],
        "safe proposals pass, others go to the nearest, and actions proposed again are the actions"
    ),
    obligation!("P9", "p9.smt2", ONE, "every decision keeps the turn back up in reserve"),
    obligation!("P10", "p10.smt2", ONE, "what demand may grow to is asked for as fast as the rate allows"),
    obligation!("P11", "p11.smt2", ONE, "no pause is broken"),
];

/// An SMT-LIB 2 text that is not of the subset that is understood here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {what}")]
pub struct ModelError {
    /// The file.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong there.
    pub what: String,
}

#[cfg(test)]
mod tests;
