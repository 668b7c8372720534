//! Phase 4: a trained team on a cluster.
//!
//! | what | where |
//! |---|---|
//! | what a team needs to act, as one file | [`package`], [`LivePolicy`] |
//! | the same for a controller, which knows neither networks nor rules | [`ArtefactLoader`] |
//! | what decides while the agents are not listened to | [`HpaFallback`] |
//! | what tells that they do not know a situation | [`NoveltyAlarm`] |
//! | what a cluster shows, as traces for phase 1 | `karma-transfer collect` |
//! | new traces, a better twin, a better team, a canary | `karma-transfer loop` |
//! | the decisions of a live cluster on the simulated one, in accelerated time | [`Simulation`] |
//! | the controller on a real cluster | `karma-transfer controller` |
//! | what an operator does by hand there | `karma-transfer status`, `rollback`, `take-over`, `give-back` |
//! | the decision log, and what it says in words | [`LogEntry`], `karma-transfer explain` |
//!
//! What is decided, and what may be done of it, is [`karma_k8s::decide`].

mod alarm;
pub(crate) mod cli;
mod cluster;
mod collect;
mod config_map;
mod container;
mod controller;
mod error;
mod explain;
mod fallback;
mod live;
mod loader;
mod log;
mod operate;
mod outcome;
mod play;
mod renew;
mod resource;
mod schema;
mod simulate;
#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use karma_k8s::resource::{Mode, digest_of};

pub use alarm::{NoveltyAlarm, NoveltyAlarmError};
pub use container::ContainerError;
pub use error::TransferError;
pub use fallback::{FallbackError, HpaFallback};
pub use karma_k8s::control::LogEntry;
pub use live::{ArtefactError, LivePolicy, PackageError, package};
pub use loader::ArtefactLoader;
pub use log::{DecisionLog, read_log};
pub use outcome::{Counts, Outcome};
pub use simulate::{Played, Simulation};

use cli::{ExplainArgs, SpecArgs, TransferArgs, TransferCommand};

/// The decision log, unless another file is named.
const LOG: &str = "decisions.jsonl";

/// Runs `karma-transfer`.
pub(crate) fn run(args: &TransferArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        TransferCommand::Package(args) => print(&config_map::run(args)?),
        TransferCommand::Collect(args) => collect::run(args),
        TransferCommand::Loop(args) => renew::run(args),
        TransferCommand::Run(args) => play::run(&args.play, args.mode.map(Mode::from)),
        TransferCommand::Shadow(args) => play::run(args, Some(Mode::Shadow)),
        TransferCommand::Canary(args) => play::run(args, Some(Mode::Canary)),
        TransferCommand::Explain(args) => print(&explain(args)?),
        TransferCommand::Spec(args) => print(&spec(args)?),
        TransferCommand::Crd => print(&resource::crd()),
        TransferCommand::Controller(args) => controller::run(args).map(|()| ExitCode::SUCCESS),
        TransferCommand::Status(args) => print(&operate::status(args)?),
        TransferCommand::Rollback(args) => print(&operate::rollback(args)?),
        TransferCommand::TakeOver(args) => print(&operate::take(args)?),
        TransferCommand::GiveBack(args) => print(&operate::give(args)?),
    }
}

/// Whether the user's settings or arguments are to blame.
pub(crate) fn is_usage(error: &anyhow::Error) -> bool {
    error.downcast_ref::<TransferError>().is_some_and(TransferError::is_usage)
}

/// The specification in the text of a `KarmaAutoscaler`, which may hold other objects as well.
///
/// # Errors
/// What is wrong, and where.
pub fn specification(text: &str) -> Result<karma_k8s::resource::KarmaAutoscalerSpec, String> {
    resource::parse(text)
}

fn explain(args: &ExplainArgs) -> Result<String, TransferError> {
    let log = read_log(&args.log)?;
    let nothing = |of: String| TransferError::NoDecision { path: args.log.clone(), of };
    let known = log.last().ok_or_else(|| nothing(String::new()))?.services.join(", ");
    if let Some(service) = &args.service
        && !log.iter().any(|logged| logged.services.contains(service))
    {
        return Err(nothing(format!(" of a service {service}; there are {known}")));
    }
    let first = log.len().saturating_sub(args.last.unwrap_or(log.len()));
    Ok(explain::text(&log, first, args.service.as_deref()))
}

fn spec(args: &SpecArgs) -> Result<String, TransferError> {
    let digest = args.policy.as_deref().map(|path| play::read_policy(path).map(|bytes| digest_of(&bytes)));
    Ok(resource::example(digest.transpose()?.as_deref()))
}

fn print(text: &str) -> anyhow::Result<ExitCode> {
    std::io::stdout().write_all(text.as_bytes()).context("the result cannot be printed")?;
    Ok(ExitCode::SUCCESS)
}
