//! Organisations: what is resolved from a specification, what follows from it, and what is found wrong with it.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "organization/checks.rs"]
mod checks;

#[path = "organization/examples.rs"]
mod examples;

#[path = "organization/functional.rs"]
mod functional;

#[path = "organization/large.rs"]
mod large;

#[path = "organization/laws.rs"]
mod laws;

#[path = "organization/random.rs"]
mod random;

#[path = "organization/structural.rs"]
mod structural;
