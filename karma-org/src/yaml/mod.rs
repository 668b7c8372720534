//! Organisations as YAML: the form that a person writes.

pub mod document;
