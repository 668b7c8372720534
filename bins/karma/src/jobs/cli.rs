//! The command line of `karma-train manifest`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  karma-train manifest jobs sweep.toml --image registry.example/karma:0.1 --claim karma-data
      An Indexed Job with one pod for each trial; pipe it to kubectl apply -f -.
  karma-train manifest jobs sweep.toml --image registry.example/karma:0.1 --claim karma-data --kueue team-a --cpu 4
      The same in a queue of Kueue, with 4 cores for each trial.
  karma-train manifest mpi --image registry.example/karma-mpi:0.1 --claim karma-data --workers 4 -- --budget 40 --out /data/run
      One training on four machines, as an MPIJob of Kubeflow.";

/// Print Kubernetes manifests for training on many machines.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ManifestArgs {
    /// What to print.
    #[command(subcommand)]
    pub command: ManifestCommand,
}

/// What can be printed.
#[derive(Clone, Debug, Subcommand)]
pub enum ManifestCommand {
    /// A sweep as an Indexed Job: one pod for each trial.
    Jobs(JobsArgs),
    /// One training on several machines as an `MPIJob` of Kubeflow.
    Mpi(MpiArgs),
}

/// What all pods need.
#[derive(Clone, Debug, Parser)]
pub struct PodOptions {
    /// The image, with the program on its PATH.
    #[arg(long)]
    pub image: String,

    /// The claim of a volume that all pods share and write, mounted at /data.
    #[arg(long, value_name = "PVC")]
    pub claim: String,

    /// Name of the job, and of the directory on the claim.
    #[arg(long, default_value = "karma")]
    pub name: String,

    /// The namespace [default: that of kubectl].
    #[arg(long)]
    pub namespace: Option<String>,

    /// Cores of a pod.
    #[arg(long, value_name = "QUANTITY", default_value = "2")]
    pub cpu: String,

    /// Memory of a pod.
    #[arg(long, value_name = "QUANTITY", default_value = "1Gi")]
    pub memory: String,

    /// A queue of Kueue: the job waits until it is admitted.
    #[arg(long, value_name = "QUEUE")]
    pub kueue: Option<String>,
}

/// `karma-train manifest jobs`.
#[derive(Clone, Debug, Args)]
pub struct JobsArgs {
    /// The sweep: a TOML file.
    #[arg(value_name = "SWEEP.toml")]
    pub file: PathBuf,

    /// Most pods at a time.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub parallelism: usize,

    #[command(flatten)]
    pub pod: PodOptions,
}

/// `karma-lab manifest`.
#[cfg(feature = "lab")]
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Example:\n  karma-lab manifest suites/paper.toml --image registry.example/karma:0.1 --claim karma-data --name paper\n      \
    An Indexed Job with one pod for each job of the suite; pipe it to kubectl apply -f -."
)]
pub(crate) struct SuiteJobsArgs {
    /// The suite; files that its settings name must lie beside it.
    #[arg(value_name = "SUITE.toml")]
    pub(crate) file: PathBuf,

    /// Most pods at a time.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) parallelism: usize,

    #[command(flatten)]
    pub(crate) pod: PodOptions,
}

/// `karma-train manifest mpi`.
#[derive(Clone, Debug, Args)]
pub struct MpiArgs {
    /// Machines that train.
    #[arg(long, value_name = "P")]
    pub workers: usize,

    #[command(flatten)]
    pub pod: PodOptions,

    /// The arguments of karma-train, after --.
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::TrainArgs;

    #[test]
    fn every_example_parses() {
        let examples: Vec<&str> = EXAMPLES.lines().filter(|line| line.starts_with("  karma-train")).collect();
        assert_eq!(examples.len(), 3);
        for example in examples {
            TrainArgs::try_parse_from(example.split_whitespace()).unwrap();
        }
    }
}
