//! What the traces never held: crashes, stalls, surges and lost metrics, drawn by seed and laid over a replay.
//!
//! Everything is off by default. Each kind strikes each service (each entry point, for surges) at most once in an
//! episode, with its probability, at a moment that is drawn evenly from the episode. What strikes is drawn from named
//! streams of the episode's seed, so that it is the same under any decision.
//!
//! | kind | what it does |
//! |---|---|
//! | crash | a share of the healthy pods fails; they restart after `CrashLoopBackOff`, 10·2ᵏ s, at most 300 s |
//! | stall | the service works at a share of its capacity: the structure counts its healthy pods only in part |
//! | surge | the rate at an entry point rises to a multiple, stays and falls, with a ramp on both sides |
//! | loss | the samples of a service are missing from what is seen; the twin itself goes on undisturbed |
//!
//! A stall acts through the features that [`Structure::Cluster`](crate::Structure::Cluster) derives; a model without
//! them feels nothing of it.

mod params;
mod plan;

pub use params::{FaultConfig, FaultParams, FaultParamsError};
pub(super) use plan::Faults;
