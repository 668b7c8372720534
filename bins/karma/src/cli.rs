//! The command lines of `karma` and `karma-train`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::{Budget, Overrides};
use crate::jobs::cli::ManifestArgs;
use crate::organization::cli::OrgArgs;
use crate::policy::PolicyArgs;
use crate::sweep::cli::{SeedsArgs, SweepArgs};

const EXAMPLES: &str = "\
Examples:
  karma-train
      Train on chain4 under the recorded World Cup load and the whole scenario suite, then compare.
  karma-train --budget 60s --scenario ddos:4
      One minute of training against an attack of four times the nominal load.
  karma-train --topology shop.json --workload diurnal --seed 7 --out runs/shop
      A topology of your own.
  karma-train --org none --budget 60s
      The same team without its organisation; --org soft shapes rewards and masks nothing.
  karma-train --shield off --budget 60s
      Without the safety shield, to see what it costs (its limits are [safety] of a configuration file).
  karma-train --attacker on --budget 5m
      Train against an attacker that learns as well (its limits are [attacker] of a configuration file).
  karma-train --org shop.xml --topology shop.json
      An organisation of your own, with shop.guides.yaml beside it (see karma org).
  karma-train --twin twin --budget 60
      Train in a twin that karma-model has fitted, and compare in the simulated cluster.
  karma-train --config run.toml --budget 200
      Settings from a file, and 200 iterations: the same result on every machine.
  karma-train --resume runs/train-1 --budget 10m
      Go on with a run, ten minutes of training in all.
  karma-train --budget 60s --json > result.json
      The result as one JSON document.
  karma-train sweep sweep.toml --out sweeps/first
      Search settings (see karma-train sweep --help).
  karma-train seeds --seeds 0..10 --budget 40 --out seeds/default
      Ten seeds of the same run, with intervals over them.

Topologies: chain4, diamond, online-boutique, chain:N, tree:N:BRANCHING, mesh:N:SEED, or a file.
Workloads:  constant, diurnal, burst, worldcup98, azure-code, azure-conv, nab-elb, or a CSV file.
Scenarios:  bottleneck, ddos, failures, contention, mixed, cascade, nominal;
            ddos:TIMES, bottleneck:PERCENT, failures:PERCENT, contention:PERCENT.
Organisations: karma, soft, none, or a file.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted (the run can be resumed).";

/// Resilient Kubernetes autoscaling by a team of learning agents.
#[derive(Clone, Debug, Parser)]
#[command(name = "karma", version)]
pub struct KarmaArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: KarmaCommand,
}

/// What `karma` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum KarmaCommand {
    /// Train a team in the simulated cluster and compare it with the rule-based autoscalers, as karma-train.
    Train(Box<TrainArgs>),
    /// Organisations: check them, look at them, ask what they allow.
    Org(OrgArgs),
    /// Trained policies: give them to other programs, and try how much an attacker can take from them.
    Policy(PolicyArgs),
    /// Explain what a trained team does, as karma-explain.
    #[cfg(feature = "explain")]
    Explain(Box<crate::explain::cli::ExplainArgs>),
    /// Collect traces of a cluster, look at them, and learn a twin, as karma-model.
    #[cfg(feature = "traces")]
    Model(Box<crate::model::cli::ModelArgs>),
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Switch {
    /// With it.
    On,
    /// Without it.
    Off,
}

/// What `karma-train` can do beside one run.
#[derive(Clone, Debug, Subcommand)]
pub enum TrainCommand {
    /// Search settings: a grid, random draws, or successive halving.
    Sweep(SweepArgs),
    /// Repeat a run with several seeds.
    Seeds(SeedsArgs),
    /// Print Kubernetes manifests for training on many machines.
    Manifest(ManifestArgs),
}

/// Train a team of agents in the simulated cluster and compare it with the rule-based autoscalers.
///
/// Ends with a table and a run directory: configuration, metrics, policy, every evaluation episode and a report. Ctrl-C leaves
/// a run that --resume continues.
#[derive(Clone, Debug, Parser)]
#[command(name = "karma-train", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct TrainArgs {
    /// Something other than one run.
    #[command(subcommand)]
    pub command: Option<TrainCommand>,

    /// Settings from a TOML file; flags override it.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// A topology's name, or a topology.json [default: chain4].
    #[arg(long, value_name = "NAME|FILE")]
    pub topology: Option<String>,

    /// What may happen in an episode; repeat for several [default: the suite].
    #[arg(long = "scenario", value_name = "NAME")]
    pub scenarios: Vec<String>,

    /// The legitimate load: a name, or a CSV file [default: worldcup98].
    #[arg(long, value_name = "NAME|FILE")]
    pub workload: Option<String>,

    /// Train in this twin of the cluster, a file of karma-model fit, instead of the simulated cluster.
    #[arg(long, value_name = "FILE")]
    pub twin: Option<String>,

    /// The organisation of the team: karma, soft, none, or a specification or guides file [default: karma].
    #[arg(long = "org", value_name = "NAME|FILE")]
    pub organization: Option<String>,

    /// How strictly roles bind, from 0 (rewards only) to 1 (masks) [default: as the organisation says].
    #[arg(long, value_name = "CH")]
    pub hardness: Option<f32>,

    /// Whether an attacker learns beside the team in training, on top of the scenarios [default: off].
    #[arg(long, value_name = "on|off", value_enum, hide_possible_values = true)]
    pub attacker: Option<Switch>,

    /// Whether the safety shield stands between policies and cluster, in training and in evaluation [default: on].
    #[arg(long, value_name = "on|off", value_enum, hide_possible_values = true)]
    pub shield: Option<Switch>,

    /// The root of all randomness of training [default: 1].
    #[arg(long)]
    pub seed: Option<u64>,

    /// Training time (60s, 5m, 1h) or a number of iterations; evaluation comes on top [default: 3m].
    #[arg(long)]
    pub budget: Option<Budget>,

    /// Where the run goes [default: runs/train-N, the next free N].
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    pub out: Option<PathBuf>,

    /// Go on with a run, bit for bit.
    #[arg(long, value_name = "DIR")]
    pub resume: Option<PathBuf>,

    /// Replace the run in --out, if there is one.
    #[arg(long, requires = "out")]
    pub force: bool,

    /// Evaluation episodes of each scenario [default: 10].
    #[arg(long, value_name = "N")]
    pub evaluation_seeds: Option<usize>,

    /// Threads for episodes; changes no result [default: all cores].
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,

    /// Print the result as one JSON document, and nothing else, on the standard output.
    #[arg(long)]
    pub json: bool,

    /// No progress.
    #[arg(long)]
    pub quiet: bool,
}

impl TrainArgs {
    /// The settings that were given as flags.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            topology: self.topology.clone(),
            workload: self.workload.clone(),
            scenarios: self.scenarios.clone(),
            twin: self.twin.clone(),
            organization: self.organization.clone(),
            hardness: self.hardness,
            attacker: self.attacker.map(|switch| switch == Switch::On),
            shield: self.shield.map(|switch| switch == Switch::On),
            seed: self.seed,
            budget: self.budget,
            threads: self.threads,
            evaluation_seeds: self.evaluation_seeds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_flags_fit_together() {
        TrainArgs::command().debug_assert();
    }

    #[test]
    fn every_example_parses() {
        let examples = EXAMPLES.lines().filter_map(|line| line.strip_prefix("  karma-train"));
        assert!(examples.clone().count() >= 5);
        for example in examples {
            let words = example.split('>').next().into_iter().flat_map(str::split_whitespace);
            TrainArgs::try_parse_from(["karma-train"].into_iter().chain(words)).unwrap();
        }
    }
}
