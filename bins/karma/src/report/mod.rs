//! What a run has to say, to read: tables in plain text, and a page with pictures.

pub(crate) mod grid;
pub(crate) mod html;
pub(crate) mod notes;
pub(crate) mod plots;
pub(crate) mod shell;
pub(crate) mod svg;
pub(crate) mod table;
#[cfg(test)]
mod tests;

pub use html::html;
pub use table::{attack_table, table};
