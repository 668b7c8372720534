//! The facade: the phases as functions, the run directory, configuration and reports.
//!
//! | you look for | open |
//! |---|---|
//! | a whole run: train, compare, write everything down | [`Run`] |
//! | settings as written and checked | [`config`] |
//! | training only | [`train`] |
//! | the comparison with the rule-based autoscalers | [`evaluation`] |
//! | what a run leaves on the disk | [`run_dir`] |
//! | a trained team, or its agents | [`load_team`], [`load_policies`] |
//! | its actors for other programs | [`export_policy`] |
//! | what an attacker can take from it | [`attack_policy`] |
//! | organisations: files, `karma org` | [`organization`] |
//! | what a team has learned, `karma-explain` | `explain` |
//! | the commands `karma`, `karma-train` and `karma-model` | [`karma()`], [`karma_train`], `karma_model` |
//! | a real cluster on this machine, mock services, chaos: `karma-lab` | `testbed`, `karma_lab` |
//! | what a live cluster shows an autoscaler, and what is decided on it | `k8s` |
//! | a trained team on a cluster: `karma-transfer` | `transfer`, `karma_transfer` |
//! | traces of the simulated cluster | [`collect`] |
//! | a fitted twin on the disk | [`twin_file`] |
//! | the crates below | [`core`], [`nn`], [`mock`], [`baseline`], [`twin`], [`marl`], [`org`] |
//!
//! Only here are clocks read, files written and lines printed.
//!
//! ```no_run
//! use karma::config::{Budget, RunParams, Written};
//! use karma::{Outcome, Run, Silent, report};
//!
//! let params = RunParams { budget: Budget::Iterations(40), ..RunParams::default() };
//! let config = Written::from(params).check()?;
//! let run = Run::create(config, Some("runs/forty".as_ref()), false)?;
//! if let Outcome::Finished(finished) = run.work(&mut Silent)? {
//!     println!("{}", report::table(&finished.evaluation));
//! }
//! # Ok::<(), karma::RunError>(())
//! ```

mod assault;
mod cli;
mod clock;
pub mod collect;
mod command;
pub mod config;
mod error;
pub mod evaluation;
#[cfg(feature = "lab")]
mod experiment;
#[cfg(feature = "explain")]
pub mod explain;
mod interrupt;
mod jobs;
#[cfg(feature = "lab")]
mod lab;
#[cfg(feature = "traces")]
pub mod model;
pub mod organization;
mod policy;
mod progress;
mod ranks;
pub mod report;
mod run;
pub mod run_dir;
mod sweep;
mod teacher;
mod tensorboard;
mod terminal;
#[cfg(test)]
mod testing;
mod topology_json;
#[cfg(feature = "traces")]
pub mod traces;
mod train;
#[cfg(feature = "transfer")]
pub mod transfer;
pub mod twin_file;
#[cfg(feature = "mpi")]
mod world;

#[cfg(feature = "explain")]
pub use karma_analyze as analyze;
pub use karma_baseline as baseline;
pub use karma_core as core;
#[cfg(any(feature = "lab", feature = "transfer"))]
pub use karma_k8s as k8s;
pub use karma_marl as marl;
pub use karma_mock as mock;
pub use karma_nn as nn;
pub use karma_org as org;
#[cfg(feature = "lab")]
pub use karma_testbed as testbed;
pub use karma_twin as twin;

pub use assault::AssaultError;
pub use cli::{KarmaArgs, KarmaCommand, TrainArgs, TrainCommand};
#[cfg(feature = "explain")]
pub use command::karma_explain;
#[cfg(feature = "lab")]
pub use command::karma_lab;
#[cfg(feature = "traces")]
pub use command::karma_model;
#[cfg(feature = "transfer")]
pub use command::karma_transfer;
pub use command::{karma, karma_train};
pub use error::RunError;
pub use policy::{
    AttackArgs, AttackReport, ExportArgs, PolicyArgs, PolicyCard, PolicyCommand, PolicyExportError,
    attack_policy, export_policy, load_policies, load_team,
};
pub use progress::{Progress, Silent, TrainingProgress};
pub use run::{Outcome, Run, RunReport};
pub use train::{Trained, train};
