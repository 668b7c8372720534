//! The command line of `karma-transfer`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use karma_k8s::resource::Mode;

use super::cluster::ObjectArgs;
use super::collect::CollectArgs;
use super::config_map::PackageArgs;
use super::controller::ControllerArgs;
use super::operate::{OwnerArgs, RollbackArgs};
use super::renew::LoopArgs;

const EXAMPLES: &str = "\
Examples:
  karma-transfer collect --topology shop.json --namespace shop --prometheus http://localhost:9090 --preset istio --out shop.db
      What the cluster shows, every 15 seconds, while others scale it; karma-model fit makes a twin of it.
  karma-transfer collect --log decisions.jsonl --policy team.karma --out shop.db
      The same of what a controller has decided from.
  karma-transfer package runs/train-1 --out team.karma
      What the team of a run needs to act, as one file, and the digest that pins it.
  karma-transfer shadow --simulated ddos:4 --policy team.karma
      The loop of a live cluster on the simulated one: the HPA scales, the agents only say what they would do.
  karma-transfer explain --last
      Why it would have done that.
  karma-transfer canary --simulated ddos:4 --policy team.karma --canary api,auth --watch 300
      The agents scale two services first, and all of them once that has gone well.
  karma-transfer run --simulated ddos:4 --policy team.karma --mode active --seed 7
  karma-transfer package runs/train-1 --out team.karma --config-map team --namespace shop
      With manifests of a ConfigMap and a KarmaAutoscaler, in team.yaml.
  karma-transfer loop runs/train-1 --twin twin --log decisions.jsonl --object team --namespace shop
      Does what was decided from still fit the twin? If not: a new twin, a new team, a canary; loop remembers both.
  karma-transfer loop --log decisions.jsonl --simulated nominal --canary api --watch 300 --budget 60s
  karma-transfer crd
  karma-transfer controller --namespace shop --listen 127.0.0.1:8080
      The controller, as it runs in a cluster; docs/install.md has its chart.
  karma-transfer status team --namespace shop
  karma-transfer take-over team --namespace shop --dry-run
      Which HPA would no longer scale the Deployments of that KarmaAutoscaler.
  karma-transfer spec --policy team.karma

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the team of a loop is not put into service, 130 interrupted.";

/// A trained team on a cluster: in the shadow of the HPA, as a canary, active.
#[derive(Clone, Debug, Parser)]
#[command(name = "karma-transfer", version, after_help = EXAMPLES)]
pub(crate) struct TransferArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: TransferCommand,
}

/// What `karma-transfer` can do.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum TransferCommand {
    /// Make one file of what the team of a run needs to act.
    Package(PackageArgs),
    /// Keep what a cluster shows as traces, for karma-model fit.
    Collect(CollectArgs),
    /// Let it decide, in the mode of the specification or of --mode.
    Run(RunArgs),
    /// Let it decide, and carry out nothing.
    Shadow(PlayArgs),
    /// Let it decide, and carry that out for some services first.
    Canary(PlayArgs),
    /// Go around once: new traces, drift, refit, retrain, canary; step by step, and on from where it stopped.
    Loop(Box<LoopArgs>),
    /// Say in words what was decided, why, and what the HPA would have done.
    Explain(ExplainArgs),
    /// Print a KarmaAutoscaler with every field and what it means.
    Spec(SpecArgs),
    /// Print the definition of that kind of object, for kubectl apply -f -.
    Crd,
    /// Decide for every KarmaAutoscaler of a cluster, until told to stop.
    Controller(ControllerArgs),
    /// Say how a KarmaAutoscaler is, and what was decided last.
    Status(ObjectArgs),
    /// Put a KarmaAutoscaler into the mode Shadow: nothing is scaled any more.
    Rollback(RollbackArgs),
    /// End what an HPA or a ScaledObject does to the Deployments of a KarmaAutoscaler, and keep its manifest.
    TakeOver(OwnerArgs),
    /// Give the Deployments back to what was taken over.
    GiveBack(OwnerArgs),
}

/// What is done with decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArg {
    /// Nothing.
    Shadow,
    /// They are carried out for some services first.
    Canary,
    /// They are carried out.
    Active,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Shadow => Self::Shadow,
            ModeArg::Canary => Self::Canary,
            ModeArg::Active => Self::Active,
        }
    }
}

/// `karma-transfer run`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    /// What is done with decisions [default: the specification's, or shadow].
    #[arg(long, value_enum)]
    pub(super) mode: Option<ModeArg>,

    #[command(flatten)]
    pub(super) play: PlayArgs,
}

/// What is played, and by whom.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlayArgs {
    /// The simulated cluster in accelerated time, and what happens there: ddos:4, failures, cascade and so on.
    #[arg(long, value_name = "SCENARIO")]
    pub(super) simulated: String,

    /// The team: a file of karma-transfer package, or the directory of a run [default: policy.file of --spec].
    #[arg(long, value_name = "FILE|RUN")]
    pub(super) policy: Option<PathBuf>,

    /// A KarmaAutoscaler in YAML [default: all of its defaults].
    #[arg(long, value_name = "FILE")]
    pub(super) spec: Option<PathBuf>,

    /// Services that the agents scale first [default: the specification's].
    #[arg(long, value_name = "SERVICE", value_delimiter = ',')]
    pub(super) canary: Vec<String>,

    /// Seconds for which those are watched before all are scaled [default: the specification's, or 1800].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=604_800))]
    pub(super) watch: Option<u32>,

    /// The legitimate load, by name [default: that of the run; worldcup98 for a packaged run with a trace of its own].
    #[arg(long, value_name = "NAME")]
    pub(super) workload: Option<String>,

    /// Number of the episode: the same number, the same load and the same disturbances.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,

    /// Where each decision goes, one JSON document on each line; an earlier log is replaced.
    #[arg(long, value_name = "FILE", default_value = super::LOG)]
    pub(super) log: PathBuf,

    /// Print the outcome as one JSON document.
    #[arg(long)]
    pub(super) json: bool,

    /// No progress.
    #[arg(long)]
    pub(super) quiet: bool,
}

/// `karma-transfer explain`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The decision log.
    #[arg(long, value_name = "FILE", default_value = super::LOG)]
    pub(super) log: PathBuf,

    /// Only the last decision, or the last N [default: all].
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "1")]
    pub(super) last: Option<usize>,

    /// Only what was decided for this service.
    #[arg(long, value_name = "NAME")]
    pub(super) service: Option<String>,
}

/// `karma-transfer spec`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SpecArgs {
    /// The policy that it pins: a file of karma-transfer package, or the directory of a run.
    #[arg(long, value_name = "FILE|RUN")]
    pub(super) policy: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_flags_fit_together_and_every_example_parses() {
        TransferArgs::command().debug_assert();
        let examples = EXAMPLES.lines().filter(|line| line.starts_with("  karma-transfer"));
        assert!(examples.clone().count() >= 8);
        for example in examples {
            TransferArgs::try_parse_from(example.split_whitespace()).unwrap();
        }
    }

    #[test]
    fn last_alone_is_the_last_decision() {
        let last = |arguments: &[&str]| {
            let args =
                TransferArgs::try_parse_from(["karma-transfer", "explain"].iter().chain(arguments)).unwrap();
            match args.command {
                TransferCommand::Explain(args) => args.last,
                _ => unreachable!("it is explain"),
            }
        };
        assert_eq!([last(&[]), last(&["--last"]), last(&["--last", "5"])], [None, Some(1), Some(5)]);
    }
}
