//! Multi-agent reinforcement learning: rollouts, MAPPO, trainer and evaluation statistics.
//!
//! | you look for | open |
//! |---|---|
//! | training a team | [`MappoParams`] → [`MappoConfig`] → [`Mappo`] |
//! | training until there is a reason to stop | [`Runner`], [`StopParams`], [`Hooks`] |
//! | what one iteration came to | [`IterationStats`] |
//! | what an attacker who studies a team can take from it | [`exploitability`] |
//! | several learners that step together | [`Mappo::new_with`], [`karma_nn::Collective`] |
//! | a trained team as an autoscaler | [`TeamAutoscaler`] |
//! | acting without the trainer | [`TrainedPolicy`], from a checkpoint |
//! | acting without this program | [`export_onnx`] |
//! | acting alone, without what training needs | [`export_actors`] |
//! | environments for a learner that lives elsewhere | [`Lockstep`] |
//! | the returns of a team on given seeds | [`episodic_returns`] |
//! | interquartile means, intervals, paired differences | [`stats`] |
//! | advantages that know why an episode ended | [`gae`] |
//! | games with a known optimum | [`games`] |
//!
//! This crate learns in anything that is an [`Environment`](karma_core::Environment) and knows nothing of
//! what is behind it. It reads no clock and does no I/O. One seed gives one run, bit for bit, for any number
//! of threads, and across a checkpoint.

mod buffer;
mod critics;
mod error;
mod evaluation;
mod exploitability;
mod export;
pub mod gae;
pub mod games;
mod lockstep;
mod mappo;
mod policy;
mod recurrence;
mod runner;
mod seats;
pub mod stats;
mod team;
mod time_limit;
mod vector;

pub use buffer::RolloutBuffer;
pub use error::{MappoError, RolloutError, SetupError, TeamError};
pub use evaluation::episodic_returns;
pub use exploitability::{Attack, Exploitability, ExploitabilityError, best_response, exploitability};
pub use export::{ExportError, OnnxActor, export_actors, export_onnx};
pub use lockstep::{Arrays, Layout, Lockstep, LockstepError};
pub use mappo::{Algorithm, ImitationParams, IterationStats, Mappo, MappoConfig, MappoParams};
pub use policy::{Mode, TrainedPolicy};
pub use runner::{Hooks, Iteration, Report, Runner, StopConfig, StopParams, StopReason};
pub use team::{Deliberation, TeamAutoscaler};
pub use time_limit::TimeLimit;
