//! What several tests of organisations need.

pub(crate) mod arbitrary;
pub(crate) mod counts;
