//! The command line of `karma-lab`.

use clap::{Parser, Subcommand};

use super::calibrate::CalibrateArgs;
use super::chaos::ChaosArgs;
use super::cluster::ClusterArgs;
use super::deploy::{DownArgs, ImageArgs, ManifestArgs, StatusArgs, UpArgs};
use super::kind::KindArgs;
use super::load::LoadArgs;
use super::prometheus::PrometheusArgs;
use super::scenario::ScenarioArgs;
use crate::experiment::cli::ExperimentArgs;
use crate::jobs::cli::SuiteJobsArgs;

const EXAMPLES: &str = "\
Examples:
  export KUBEBUILDER_ASSETS=$(karma-testbed/control-plane/build.sh)
  sudo -E karma-lab cluster up
      A whole Kubernetes cluster in namespaces of its own on this machine; `karma-lab cluster down` leaves nothing.
  karma-lab up chain4 --hpa
      The four services of the paper as mocks, each with Kubernetes' own autoscaler.
  karma-lab status
      What runs, what it uses, what the autoscalers see.
  sudo karma-lab load --service api --rate 20 --duration 60s
      Open-loop load on its entry point.
  karma-lab chaos kill orders
      Delete a pod, and watch it come back.
  sudo karma-lab scenario ddos:4 chain4 --out ddos.json
      A whole episode of a scenario, attack and disturbances included.
  karma-lab down
  sudo karma-lab cluster down
  karma-lab experiment suites/smoke.toml --out results/smoke
      Without a cluster: rules and trained teams on the same simulated episodes.

Which cluster: that of --kubeconfig; else the one that `cluster up` started; else the one of KUBECONFIG.
Topologies: chain4, diamond, online-boutique, chain:N, tree:N:BRANCHING, mesh:N:SEED, or a file.

Exit codes: 0 done, 1 failed, 2 wrong usage or a topology that cannot be deployed.";

/// The test bed: a Kubernetes cluster on this machine, mock services on it or on another one, load, chaos.
#[derive(Clone, Debug, Parser)]
#[command(name = "karma-lab", version, after_help = EXAMPLES)]
pub(crate) struct LabArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: LabCommand,
}

/// What `karma-lab` can do.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum LabCommand {
    /// A Kubernetes cluster on this machine, without Docker: up, status, down.
    Cluster(ClusterArgs),
    /// A cluster of Kind with the mock service's image, where Docker or Podman is at hand.
    Kind(KindArgs),
    /// Deploy a topology as mock services and wait until they are ready.
    Up(Box<UpArgs>),
    /// What of it runs, what it uses, and what the autoscalers see.
    Status(StatusArgs),
    /// Remove what `up` made, also if it was made in part.
    Down(DownArgs),
    /// Write a topology as a Kustomize base.
    Manifests(Box<ManifestArgs>),
    /// Write the image of the mock service, or of the controller, without Docker.
    Image(ImageArgs),
    /// Send open-loop load to an entry point and measure.
    Load(Box<LoadArgs>),
    /// Disturb it: kill, crash, hang, slow, fail, contend.
    Chaos(ChaosArgs),
    /// Run a Prometheus that scrapes the mock services, and say how KARMA reads it.
    Prometheus(PrometheusArgs),
    /// Play a scenario: its load, its attack and its disturbances, as the simulated cluster plays them.
    Scenario(Box<ScenarioArgs>),
    /// Measure the real cluster, fit the simulated one to it, and say how well it predicts the rest.
    Calibrate(CalibrateArgs),
    /// Compare rules and trained teams as a suite says; no cluster is needed.
    Experiment(ExperimentArgs),
    /// Print a suite as a Kubernetes Indexed Job: one pod for each of its jobs.
    Manifest(Box<SuiteJobsArgs>),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_commands_are_consistent_and_their_examples_are_understood() {
        LabArgs::command().debug_assert();
        for line in EXAMPLES.lines().filter_map(|line| line.trim().strip_prefix("karma-lab ")) {
            let words = std::iter::once("karma-lab").chain(line.split_whitespace());
            assert!(LabArgs::try_parse_from(words).is_ok(), "{line}");
        }
        for line in [
            "cluster up --name a",
            "image --controller karma-transfer",
            "kind up --workers 2",
            "scenario ddos:4 chain4 --seed 3",
            "calibrate m.json",
            "manifest suites/paper.toml --image registry.example/karma:0.1 --claim karma-data --name paper",
        ] {
            let words = std::iter::once("karma-lab").chain(line.split_whitespace());
            assert!(LabArgs::try_parse_from(words).is_ok(), "{line}");
        }
    }
}
