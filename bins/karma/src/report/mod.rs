//! What a run has to say, to read: tables in plain text, and a page with pictures.

mod grid;
mod html;
mod notes;
mod plots;
pub(crate) mod svg;
mod table;
#[cfg(test)]
mod tests;

pub use html::html;
pub use table::{attack_table, table};
