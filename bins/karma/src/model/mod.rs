//! Phase 1: traces are collected and looked at, and a twin is learned. The command `karma-model`.

pub mod cli;
mod collect;
mod data;
mod error;
pub mod figures;
mod files;
mod fit;
mod inspect;
mod judge;
mod mapping;
mod meter;
mod page;
mod policies;
mod protocol;
mod refit;
mod rivals;
mod sheet;
mod tables;
mod validate;

use std::process::ExitCode;

#[cfg(feature = "transfer")]
pub(crate) use data::{is_database, kept_topology, topology};
#[cfg(feature = "transfer")]
pub(crate) use fit::EVERY;
#[cfg(feature = "lab")]
pub(crate) use fit::fit_windows;
pub use page::{page, standalone, table};
#[cfg(feature = "transfer")]
pub(crate) use refit::{drift_of, refit, verdict};

use cli::{ModelArgs, ModelCommand};
use error::ModelError;

use crate::config::ConfigError;

/// Runs `karma-model`.
pub(crate) fn run(args: &ModelArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        ModelCommand::Collect(args) => collect::run(args),
        ModelCommand::Import(args) => files::import(args),
        ModelCommand::Export(args) => files::export(args),
        ModelCommand::Inspect(args) => inspect::run(args),
        ModelCommand::Fit(args) => fit::run(args),
        ModelCommand::Validate(args) => validate::run(args),
        ModelCommand::Protocol(args) => protocol::run(args),
        ModelCommand::Refit(args) => refit::run(args),
        ModelCommand::Drift(args) => refit::run_drift(args),
    }
}

/// Whether the user's settings or arguments are to blame, rather than data, the machine or the program.
pub(crate) fn is_usage(error: &anyhow::Error) -> bool {
    error.is::<ConfigError>() || error.downcast_ref::<ModelError>().is_some_and(ModelError::is_usage)
}
