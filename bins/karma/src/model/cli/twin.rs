//! The arguments of the commands that make, judge and renew twins.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use karma_twin::table::SplitParams;

use super::MappingArgs;
use crate::config::Overrides;
use crate::organization::NONE;

const FIT_EXAMPLES: &str = "\
Examples:
  karma-model fit traces.db --out twin
      A twin of the cluster of these traces.
  karma-model fit hotel-reservation.csv --mapping hotel-reservation.toml --out twin --model forest
      A model of any table.";

const VALIDATE_EXAMPLES: &str = "\
Examples:
  karma-model validate twin
      Errors on what was held back, one step and many steps ahead, beside those of simpler models.
  karma-model validate twin new.db --policies --html fidelity.html
      On other traces, with the order of policies in the twin and in the cluster, as a page.";

const PROTOCOL_EXAMPLES: &str = "\
Examples:
  karma-model protocol hotel-reservation.csv --mapping hotel-reservation.toml
      Every model under the same protocol: the table of the documentation.
  karma-model protocol hotel-reservation.csv --mapping hotel-reservation.toml --hold-back run:propfair
      The same with one whole run held back.";

const REFIT_EXAMPLES: &str = "\
Examples:
  karma-model refit twin new.db --out twin-2
      A twin that has learned from new traces as well.";

const DRIFT_EXAMPLES: &str = "\
Examples:
  karma-model drift twin new.db
      Whether the cluster is still the one that the twin was learned from.";

/// What learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModelKind {
    /// Networks and forests, weighed: the most accurate one.
    Blend,
    /// An ensemble of networks: fast enough to train in.
    Network,
    /// Forests.
    Forest,
    /// A ridge regression: a baseline.
    Ridge,
    /// The paper's network: a baseline.
    Plain,
}

impl From<ModelKind> for karma_twin::ModelKind {
    fn from(kind: ModelKind) -> Self {
        match kind {
            ModelKind::Blend => Self::Blend,
            ModelKind::Network => Self::Network,
            ModelKind::Forest => Self::Forest,
            ModelKind::Ridge => Self::Ridge,
            ModelKind::Plain => Self::Plain,
        }
    }
}

/// `karma-model fit`.
#[derive(Clone, Debug, Args)]
#[command(after_help = FIT_EXAMPLES)]
pub struct FitArgs {
    /// A file of traces (.db, .csv, .parquet), or any CSV file with a mapping.
    #[arg(value_name = "DATA")]
    pub data: PathBuf,

    /// Which columns of a CSV file are what.
    #[command(flatten)]
    pub mapping: MappingArgs,

    /// The topology of the traces: a name, or a topology.json [default: the one kept with them].
    #[arg(long, value_name = "NAME|FILE")]
    pub topology: Option<String>,

    /// What is held back from learning, to judge by: tail:SHARE of each run, run:NAME, or windows:EVERY [default: as the
    /// mapping says; of traces windows:5].
    #[arg(long, value_name = "PART")]
    pub hold_back: Option<SplitParams>,

    /// Where the twin goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// What learns [default: as --config says, or blend].
    #[arg(long, value_enum)]
    pub model: Option<ModelKind>,

    /// The root of all randomness.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Threads; changes no result [default: all cores].
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,

    /// Settings of the models from a TOML file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `karma-model validate`.
#[derive(Clone, Debug, Args)]
#[command(after_help = VALIDATE_EXAMPLES)]
pub struct ValidateArgs {
    /// The twin.
    #[arg(value_name = "TWIN")]
    pub twin: PathBuf,

    /// Other data than those held back when it was fitted.
    #[arg(value_name = "DATA")]
    pub data: Option<PathBuf>,

    /// Also play policies in the twin and in the cluster, and compare their order.
    #[arg(long)]
    pub policies: bool,

    /// The team of a run of karma-train is among the policies; repeat for several.
    #[arg(long = "team", value_name = "RUN", requires = "policies")]
    pub teams: Vec<PathBuf>,

    /// Settings of the cluster that the policies play in, from a TOML file: as when its traces were collected.
    #[arg(long, value_name = "FILE", requires = "policies")]
    pub config: Option<PathBuf>,

    /// Its legitimate load, as when its traces were collected [default: worldcup98].
    #[arg(long, value_name = "NAME|FILE", requires = "policies")]
    pub workload: Option<String>,

    /// Print the report as one JSON document.
    #[arg(long)]
    pub json: bool,

    /// Write the report as one page with pictures.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Threads; changes no result [default: all cores].
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

impl ValidateArgs {
    /// The settings that were given as flags.
    pub(in crate::model) fn overrides(&self) -> Overrides {
        Overrides {
            workload: self.workload.clone(),
            organization: Some(NONE.to_owned()),
            ..Overrides::default()
        }
    }
}

/// `karma-model protocol`.
#[derive(Clone, Debug, Args)]
#[command(after_help = PROTOCOL_EXAMPLES)]
pub struct ProtocolArgs {
    /// A CSV file.
    #[arg(value_name = "DATA")]
    pub data: PathBuf,

    /// Which columns are what.
    #[command(flatten)]
    pub mapping: MappingArgs,

    /// What is held back from learning, to judge by: tail:SHARE of each run, run:NAME, or windows:EVERY [default: as the
    /// mapping says].
    #[arg(long, value_name = "PART")]
    pub hold_back: Option<SplitParams>,

    /// Seeds of each model that draws.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub seeds: u64,

    /// Print the table as one JSON document.
    #[arg(long)]
    pub json: bool,

    /// No progress.
    #[arg(long)]
    pub quiet: bool,

    /// Threads; changes no result [default: all cores].
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// `karma-model refit`.
#[derive(Clone, Debug, Args)]
#[command(after_help = REFIT_EXAMPLES)]
pub struct RefitArgs {
    /// The twin.
    #[arg(value_name = "TWIN")]
    pub twin: PathBuf,

    /// New data of the same kind.
    #[arg(value_name = "DATA")]
    pub data: PathBuf,

    /// Where the new twin goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Threads; changes no result [default: all cores].
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// `karma-model drift`.
#[derive(Clone, Debug, Args)]
#[command(after_help = DRIFT_EXAMPLES)]
pub struct DriftArgs {
    /// The twin.
    #[arg(value_name = "TWIN")]
    pub twin: PathBuf,

    /// New data of the same kind.
    #[arg(value_name = "DATA")]
    pub data: PathBuf,

    /// Print the finding as one JSON document.
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    fn parses<A: clap::Args>(examples: &str, name: &str) -> usize {
        let prefix = format!("  karma-model {name} ");
        let examples = examples.lines().filter_map(|line| line.strip_prefix(&prefix));
        let parse = |example: &str| {
            let command = A::augment_args(Command::new("test"));
            let words = std::iter::once("test").chain(example.split_whitespace());
            let matches =
                command.try_get_matches_from(words).unwrap_or_else(|error| panic!("{example}: {error}"));
            A::from_arg_matches(&matches).unwrap();
        };
        examples.map(parse).count()
    }

    #[test]
    fn every_example_parses() {
        let parsed = [
            parses::<FitArgs>(FIT_EXAMPLES, "fit"),
            parses::<ValidateArgs>(VALIDATE_EXAMPLES, "validate"),
            parses::<ProtocolArgs>(PROTOCOL_EXAMPLES, "protocol"),
            parses::<RefitArgs>(REFIT_EXAMPLES, "refit"),
            parses::<DriftArgs>(DRIFT_EXAMPLES, "drift"),
        ];
        assert_eq!(parsed, [2, 2, 2, 1, 1]);
    }
}
