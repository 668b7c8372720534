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
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::sweep::{SweepConfig, SweepError, SweepParams};
use cli::{JobsArgs, ManifestArgs, ManifestCommand, MpiArgs, PodOptions};
use indexed::Work;

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
    let params = SweepParams::read(&args.file).map_err(SweepError::from)?;
    let config = SweepConfig::choosing(params, &args.file).map_err(SweepError::from)?;
    let text = std::fs::read_to_string(&args.file)?;
    sweep(&config, &text, args.parallelism)?.manifest(&args.pod, "trials")
}

/// A sweep as pieces of work.
///
/// # Errors
/// If its trials depend on each other, or need files that a pod has not.
fn sweep<'a>(config: &SweepConfig, text: &'a str, parallelism: usize) -> anyhow::Result<Work<'a>> {
    if config.halving.is_some() {
        bail!(SweepError::Indivisible);
    }
    for trial in &config.trials {
        let Ok(params) = config.run(trial, 0) else { continue };
        let files = crate::sweep::settings::files(&params);
        if let Some(file) = files.iter().find(|file| !on_the_claim(file)) {
            bail!(no_file(file, &format!("trial {}", trial.number)));
        }
    }
    let (file, pieces) = (("sweep.toml", text), config.trials.len());
    Ok(Work {
        program: "karma-train",
        command: "sweep",
        flag: "--trial",
        file,
        beside: Vec::new(),
        pieces,
        parallelism,
    })
}

/// Whether every pod has a file.
fn on_the_claim(file: &str) -> bool {
    Path::new(file).starts_with(pod::DATA)
}

fn no_file(file: &str, who: &str) -> String {
    format!(
        "a pod does not have {file}, which {who} needs; put it on the claim and write its path below {}",
        pod::DATA
    )
}

/// `karma-lab manifest`: a suite as an Indexed Job, with the files that lie beside it.
///
/// # Errors
/// If a flag is out of range, or a file cannot be read or is nowhere where a pod finds it.
#[cfg(feature = "lab")]
pub(crate) fn suite(args: &cli::SuiteJobsArgs) -> anyhow::Result<ExitCode> {
    let manifest = suite_manifest(args)?;
    std::io::stdout().write_all(manifest.as_bytes()).context("the manifest cannot be printed")?;
    Ok(ExitCode::SUCCESS)
}

/// What a suite is called in a pod.
#[cfg(feature = "lab")]
const SUITE: &str = "suite.toml";

#[cfg(feature = "lab")]
fn suite_manifest(args: &cli::SuiteJobsArgs) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(&args.file).with_context(|| args.file.display().to_string())?;
    let (pieces, files) = crate::experiment::pieces(&args.file)?;
    let file = std::path::absolute(&args.file)?;
    let mut beside = Vec::new();
    for name in &files {
        let path = std::path::absolute(name)?;
        let Some(name) = path.file_name().filter(|_| path.parent() == file.parent()) else {
            bail!("a pod does not have {name}, which the suite needs; put it beside {}", args.file.display());
        };
        if name == SUITE {
            bail!("{}: a pod has the suite itself under this name; call it another", path.display());
        }
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        beside.push((name.to_string_lossy().into_owned(), text));
    }
    let work = Work {
        program: "karma-lab",
        command: "experiment",
        flag: "--job",
        file: (SUITE, &text),
        beside,
        pieces,
        parallelism: args.parallelism,
    };
    work.manifest(&args.pod, "jobs")
}

impl Work<'_> {
    /// All documents, with what is to be done about them.
    fn manifest(&self, options: &PodOptions, pieces: &str) -> anyhow::Result<String> {
        check(options)?;
        if self.parallelism == 0 {
            bail!("--parallelism is 0; allowed: at least 1");
        }
        let (name, out) = (&options.name, format!("{}/{}", pod::DATA, options.name));
        let space =
            options.namespace.as_ref().map_or_else(String::new, |namespace| format!(" -n {namespace}"));
        let head = format!(
            "# The {} {name}, {} {pieces}. When they are done, let the tables be gathered in {out}:\n\
             #   kubectl{space} wait --for=condition=complete --timeout=-1s job/{name}\n\
             #   kubectl{space} patch job/{name}-gather -p '{{\"spec\":{{\"suspend\":false}}}}'\n\
             #   kubectl{space} logs -f job/{name}-gather\n",
            self.command, self.pieces
        );
        Ok(head + &yaml::write(&self.documents(options)))
    }
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
