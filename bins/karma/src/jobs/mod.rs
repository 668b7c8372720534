//! Training on many machines: manifests for Kubernetes, printed and never applied.

pub(crate) mod cli;
mod indexed;
mod mpi;
mod names;
mod pod;
#[cfg(test)]
mod tests;
pub(crate) mod yaml;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::sweep::{SweepConfig, SweepError, SweepParams};
use cli::{JobsArgs, ManifestArgs, ManifestCommand, MpiArgs, PodOptions};

/// Most characters of a job's name: with the number of a pod it is still a DNS label.
const MOST_OF_NAME: usize = 50;

/// `karma-train manifest`.
pub(crate) fn run(args: &ManifestArgs) -> anyhow::Result<ExitCode> {
    let text = match &args.command {
        ManifestCommand::Jobs(args) => jobs(args)?,
        ManifestCommand::Mpi(args) => mpi(args)?,
    };
    std::io::stdout().write_all(text.as_bytes()).context("the manifest cannot be printed")?;
    Ok(ExitCode::SUCCESS)
}

fn jobs(args: &JobsArgs) -> anyhow::Result<String> {
    check(&args.pod)?;
    if args.parallelism == 0 {
        bail!("--parallelism is 0; allowed: at least 1");
    }
    let params = SweepParams::read(&args.file).map_err(SweepError::from)?;
    let config = SweepConfig::choosing(params, &args.file).map_err(SweepError::from)?;
    let text = std::fs::read_to_string(&args.file)?;
    let sweep = indexed::Sweep { text: &text, config: &config, parallelism: args.parallelism };
    let documents = indexed::documents(&args.pod, sweep)?;
    let (name, out) = (&args.pod.name, format!("{}/{}", pod::DATA, args.pod.name));
    let space = args.pod.namespace.as_ref().map_or_else(String::new, |namespace| format!(" -n {namespace}"));
    let head = format!(
        "# The sweep {name}, {} trials. When they are done, let the tables be gathered in {out}:\n\
         #   kubectl{space} wait --for=condition=complete --timeout=-1s job/{name}\n\
         #   kubectl{space} patch job/{name}-gather -p '{{\"spec\":{{\"suspend\":false}}}}'\n\
         #   kubectl{space} logs -f job/{name}-gather\n",
        config.trials.len()
    );
    Ok(head + &yaml::write(&documents))
}

fn mpi(args: &MpiArgs) -> anyhow::Result<String> {
    check(&args.pod)?;
    if !(1..=4096).contains(&args.workers) {
        bail!("--workers is {}; allowed: 1 to 4096", args.workers);
    }
    Ok(yaml::write(&[mpi::document(&args.pod, args.workers, &args.arguments)]))
}

fn check(options: &PodOptions) -> anyhow::Result<()> {
    names::image(&options.image)?;
    names::subdomain("--claim", &options.claim)?;
    names::label("--name", &options.name, MOST_OF_NAME)?;
    names::quantity("--cpu", &options.cpu)?;
    names::quantity("--memory", &options.memory)?;
    let labels = [("--namespace", &options.namespace), ("--kueue", &options.kueue)];
    labels
        .iter()
        .filter_map(|(flag, value)| value.as_ref().map(|value| (flag, value)))
        .try_for_each(|(flag, value)| names::label(flag, value, 63))
}
