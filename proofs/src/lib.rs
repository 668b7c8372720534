//! The proofs of `karma-shield`, run again by one command: `cargo run --release -p karma-proofs`.

pub mod checker;
pub mod game;
pub mod sequences;
pub mod smt;
