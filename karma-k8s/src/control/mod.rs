//! Control: decisions again and again, with nothing lost or done twice.
//!
//! | what | by |
//! |---|---|
//! | one leader among several processes | [`Election`], [`Leader`], [`Candidate`] |
//! | all custom resources, by those who are due | [`Fleet`] |
//! | one custom resource, decision by decision | [`Runner`] |
//! | what is written before anything is done, and what a restart makes of it | [`plan`], [`recover`] |
//! | a plan carried out | [`Hands`] |
//! | what is done once an object is deleted | [`FINALIZER`] |
//! | policies | [`PolicyLoader`], [`read_policy`] |
//! | what is told, on the object that it happened to | [`Said`], [`LogEntry`], [`Events`] |
//! | numbers for Prometheus | [`Telemetry`] |
//! | whether the process is alive and ready | [`Probes`], [`Health`] |

mod candidate;
mod carry_out;
mod draft;
mod election;
mod events;
mod finish;
mod fleet;
mod leader;
mod load;
mod measured;
mod pending;
mod plan;
mod policy;
mod probes;
mod rivals;
mod runner;
mod said;
mod telemetry;

pub use candidate::{Candidate, Move, Record};
pub use carry_out::{Hands, Outcomes};
pub use election::{Election, Leader, Standing};
pub use events::Events;
pub use finish::FINALIZER;
pub use fleet::{Fleet, FleetConfig, Listener};
pub use leader::{ElectionConfig, ElectionError, ElectionParams};
pub use plan::{Recovery, plan, recover};
pub use policy::{LoadedPolicy, PolicyError, PolicyLoader, read_policy};
pub use probes::{Health, Probes, serve};
pub use runner::{Runner, Site, Told};
pub use said::{LogEntry, Reason, Said};
pub use telemetry::{CONTENT_TYPE, Kind, Object, Telemetry};
