//! Guides compiled from bindings: what they refuse, allow, forbid, and pay.

#![expect(clippy::unwrap_used, reason = "what these helpers unwrap is right, or the test fails")]

mod support;

mod episode;
mod explain;
mod findings;
mod hardness;
mod naive;
mod rewards;
mod rules;
mod schema;
