//! Control: decisions again and again, with nothing lost or done twice.
//!
//! | what | by |
//! |---|---|
//! | all custom resources, by those who are due | [`Fleet`] |
//! | one custom resource, decision by decision | [`Runner`] |
//! | what is written before anything is done, and what a restart makes of it | [`plan`], [`recover`] |
//! | a plan carried out | [`Hands`] |
//! | what is done once an object is deleted | [`FINALIZER`] |
//! | policies | [`PolicyLoader`], [`read_policy`] |
//! | what is told | [`Said`], [`LogEntry`] |

mod carry_out;
mod draft;
mod finish;
mod fleet;
mod plan;
mod policy;
mod rivals;
mod runner;
mod said;

pub use carry_out::{Hands, Outcomes};
pub use finish::FINALIZER;
pub use fleet::{Fleet, FleetConfig, Listener};
pub use plan::{Recovery, plan, recover};
pub use policy::{LoadedPolicy, PolicyError, PolicyLoader, read_policy};
pub use runner::{Runner, Site, Told};
pub use said::{LogEntry, Reason, Said};
