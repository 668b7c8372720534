//! Control: what keeps a controller alone, visible and watched.
//!
//! | what | by |
//! |---|---|
//! | one leader among several replicas | [`Election`], [`Leader`], [`Candidate`] |

mod candidate;
mod election;
mod leader;

pub use candidate::{Candidate, Move, Record};
pub use election::{Election, Leader, Standing};
pub use leader::{ElectionConfig, ElectionError, ElectionParams};
