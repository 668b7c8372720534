//! The proofs of `karma-shield`, run again by one command: `cargo run --release -p karma-proofs`.
//!
//! | proof | of | open |
//! |---|---|---|
//! | SMT induction over unbounded integers | P1 to P11, of a model | [`smt`] |
//! | that the model is the code | the model | [`smt::agree`] |
//! | a safety game, solved and certified | P10, of the code | [`game`], [`checker`] |
//! | adversarial sequences under a monitor | every property, of the code | [`sequences`] |
//!
//! `docs/safety.md` says what the properties are and what is not guaranteed; `proofs/break.sh` shows that each proof can
//! fail.

pub mod checker;
mod cli;
mod command;
pub mod game;
mod report;
pub mod sequences;
pub mod smt;

pub use command::command;
