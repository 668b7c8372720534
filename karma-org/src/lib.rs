#![doc = include_str!("introduction.md")]

pub mod builder;
pub mod check;
pub mod condition;
pub mod draw;
pub mod entity;
mod finding;
pub mod guide;
pub mod karma;
pub mod organization;
pub mod pattern;
pub mod spec;
pub mod xml;
pub mod yaml;

pub use check::check;
pub use finding::{Finding, Findings, Severity};
pub use organization::Organization;
