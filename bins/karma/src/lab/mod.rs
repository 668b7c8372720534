//! The test bed as commands: a cluster on this machine, mock services on any cluster, load, chaos, calibration.

mod calibrate;
mod chaos;
pub(crate) mod cli;
mod cluster;
mod deploy;
mod kind;
mod load;
mod prometheus;
mod scenario;
mod site;

use std::process::ExitCode;

use anyhow::Context as _;
use cli::{LabArgs, LabCommand};

/// Runs `karma-lab`.
pub(crate) fn run(args: &LabArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        LabCommand::Cluster(args) => cluster::run(args),
        LabCommand::Kind(args) => kind::run(args),
        LabCommand::Up(args) => deploy::up(args),
        LabCommand::Status(args) => deploy::status(args),
        LabCommand::Down(args) => deploy::down(args),
        LabCommand::Manifests(args) => deploy::manifests(args),
        LabCommand::Image(args) => deploy::image(args),
        LabCommand::Load(args) => load::run(args),
        LabCommand::Chaos(args) => chaos::run(args),
        LabCommand::Prometheus(args) => prometheus::run(args),
        LabCommand::Scenario(args) => scenario::run(args),
        LabCommand::Calibrate(args) => calibrate::run(args),
        LabCommand::Experiment(args) => crate::experiment::run(args),
        LabCommand::Manifest(args) => crate::jobs::suite(args),
    }
}

/// Whether the user's topology, settings or arguments are to blame.
pub(crate) fn is_usage(error: &anyhow::Error) -> bool {
    use karma_testbed::deploy::Findings;
    use karma_testbed::deploy::live::LiveError;

    let of_live =
        error.downcast_ref::<LiveError>().is_some_and(|error| matches!(error, LiveError::Refused(_)));
    of_live
        || load::is_usage(error)
        || error.is::<Findings>()
        || error.is::<crate::config::ConfigError>()
        || error.is::<crate::experiment::SuiteError>()
}

/// Runs something that waits for a cluster.
fn block_on<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    Ok(runtime.context("this machine gives no thread or no event queue")?.block_on(future))
}
