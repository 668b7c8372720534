//! Control: what keeps a controller alone, visible and watched.
//!
//! | what | by |
//! |---|---|
//! | one leader among several replicas | [`Election`], [`Leader`], [`Candidate`] |
//! | what happened, on the object that it happened to | [`Events`], [`Reason`] |
//! | numbers for Prometheus | [`Telemetry`] |
//! | whether the process is alive and ready | [`Probes`], [`Health`] |

mod candidate;
mod election;
mod events;
mod leader;
mod probes;
mod telemetry;

pub use candidate::{Candidate, Move, Record};
pub use election::{Election, Leader, Standing};
pub use events::{Events, Reason};
pub use leader::{ElectionConfig, ElectionError, ElectionParams};
pub use probes::{Health, Probes, serve};
pub use telemetry::{CONTENT_TYPE, Kind, Listened, Mode, Object, Telemetry};
