//! The command line of `karma-model`, also known as `karma model`.

mod twin;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use karma_twin::table::{ColumnParams, ControlParams};

pub use twin::{DriftArgs, FitArgs, ModelKind, ProtocolArgs, RefitArgs, ValidateArgs};

use crate::collect::EXPLORE;
use crate::config::Overrides;

const COLLECT_EXAMPLES: &str = "\
Examples:
  karma-model collect --out traces.db
      60 episodes of each scenario of the suite, and of calm, under decisions that explore.
  karma-model collect --out traces.db --episodes 100
      The same database goes on: the first 60 are there already.
  karma-model collect --out shop.db --topology shop.json --scenario ddos --scenario nominal --policy hpa --policy explore
      A topology of your own, two scenarios, two policies.

Windows are kept as soon as they are whole. After Ctrl-C or a kill the same command goes on where it stopped.";

const IMPORT_EXAMPLES: &str = "\
Examples:
  karma-model import monday.csv tuesday.parquet --into traces.db
      Traces of several files in one database; windows that are there already are left out.
  karma-model import published.csv --into traces.db --topology chain4
      A file with the authors' 17 columns; its services must be those of the topology, which is kept with them.";

const EXPORT_EXAMPLES: &str = "\
Examples:
  karma-model export traces.db traces.parquet
      Small, typed, for keeping and passing on.
  karma-model export traces.db traces.csv
      Text, for eyes and other programs.";

const INSPECT_EXAMPLES: &str = "\
Examples:
  karma-model inspect traces.db
      How much there is of each scenario, which replicas and changes were seen how often, and what was never seen.
  karma-model inspect hotel-reservation.csv --mapping hotel-reservation.toml --html coverage.html
      Any CSV file, with a mapping that says which columns are what; also as a page with pictures.
  karma-model inspect log.csv --time begin --predict visits/60:root,wait:log10:1 --control '*_pods:decided'
      The mapping in short.";

/// Model a cluster: collect its traces, look at them, and learn a digital twin.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted.
#[derive(Clone, Debug, Parser)]
#[command(name = "karma-model", version)]
pub struct ModelArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ModelCommand,
}

/// What `karma-model` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum ModelCommand {
    /// Play episodes of the simulated cluster and keep what was seen and decided.
    #[command(after_help = COLLECT_EXAMPLES)]
    Collect(CollectArgs),
    /// Put the traces of files into a database.
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImportArgs),
    /// Write traces in another form: .csv, .parquet, or a new .db.
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArgs),
    /// Show what data cover, and what they do not.
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(InspectArgs),
    /// Fit a twin to traces, or a model to any table.
    Fit(FitArgs),
    /// Say how faithful a twin is: errors, intervals, and the order of policies.
    Validate(ValidateArgs),
    /// Fit every model under one protocol and compare them.
    Protocol(ProtocolArgs),
    /// Fit a twin again on newer data, without forgetting.
    Refit(RefitArgs),
    /// Say whether newer data still fit a twin.
    Drift(DriftArgs),
}

/// `karma-model collect`.
#[derive(Clone, Debug, Args)]
pub struct CollectArgs {
    /// The database: a name with the ending .db; one that this command began goes on.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// Settings from a TOML file, as of karma-train; flags override it.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// A topology's name, or a topology.json [default: chain4].
    #[arg(long, value_name = "NAME|FILE")]
    pub topology: Option<String>,

    /// What may happen in an episode; repeat for several [default: the suite, and calm].
    #[arg(long = "scenario", value_name = "NAME")]
    pub scenarios: Vec<String>,

    /// The legitimate load: a name, or a CSV file [default: worldcup98].
    #[arg(long, value_name = "NAME|FILE")]
    pub workload: Option<String>,

    /// Who decides: explore, or a rule such as hpa; repeat for several, one after the other.
    #[arg(long = "policy", value_name = "NAME", default_value = EXPLORE)]
    pub policies: Vec<String>,

    /// Episodes of each scenario and policy: seeds 1 to N.
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub episodes: u64,

    /// Threads for episodes; changes no result [default: all cores].
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,

    /// No progress.
    #[arg(long)]
    pub quiet: bool,
}

impl CollectArgs {
    /// The settings that were given as flags.
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            topology: self.topology.clone(),
            workload: self.workload.clone(),
            scenarios: self.scenarios.clone(),
            threads: self.threads,
            ..Overrides::default()
        }
    }
}

/// `karma-model import`.
#[derive(Clone, Debug, Args)]
pub struct ImportArgs {
    /// Files of traces: .csv (ours or the authors'), .parquet, .db.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// The database: a new one, or one of the same services.
    #[arg(long, value_name = "FILE")]
    pub into: PathBuf,

    /// Keep this topology with them: a name, or a topology.json.
    #[arg(long, value_name = "NAME|FILE")]
    pub topology: Option<String>,
}

/// `karma-model export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// A file of traces: .db, .csv or .parquet.
    #[arg(value_name = "FROM")]
    pub from: PathBuf,

    /// Where to write them; the ending chooses the form.
    #[arg(value_name = "TO")]
    pub to: PathBuf,
}

/// `karma-model inspect`.
#[derive(Clone, Debug, Args)]
pub struct InspectArgs {
    /// A file of traces (.db, .csv, .parquet), or any CSV file with a mapping.
    #[arg(value_name = "DATA")]
    pub data: PathBuf,

    /// Which columns of a CSV file are what.
    #[command(flatten)]
    pub mapping: MappingArgs,

    /// Draw which changes were seen at which replicas.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,

    /// Write everything as one page with pictures.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// Which columns of a CSV file are what; flags override the file.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Mapping of a CSV file")]
pub struct MappingArgs {
    /// The mapping as a TOML file (docs/mappings/example.toml shows every setting).
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,

    /// What is predicted: `[NAME=]COLUMN[/DIVIDE][:SCALE]` with the scale linear, root or log10:FLOOR; * stands for any
    /// text.
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub predict: Vec<ColumnParams>,

    /// What is chosen: `[NAME=]COLUMN[/DIVIDE][:decided]`; decided says that a row holds the action taken after it.
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub control: Vec<ControlParams>,

    /// What is known in advance, written as what is predicted.
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub given: Vec<ColumnParams>,

    /// The column that names the run of a row [default: one run].
    #[arg(long, value_name = "COLUMN")]
    pub run: Option<String>,

    /// The column of the time: seconds, or RFC 3339 [default: the number of the row].
    #[arg(long, value_name = "COLUMN")]
    pub time: Option<String>,

    /// Longest time after which a row still follows [default: 1.5 × the median].
    #[arg(long, value_name = "SECONDS")]
    pub max_gap: Option<f64>,

    /// Leave rows out, such as 'p99 <= 0'; repeat for several.
    #[arg(long, value_name = "CONDITION")]
    pub drop: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_flags_fit_together() {
        ModelArgs::command().debug_assert();
    }

    #[test]
    fn every_example_parses() {
        let examples = [COLLECT_EXAMPLES, IMPORT_EXAMPLES, EXPORT_EXAMPLES, INSPECT_EXAMPLES];
        let lines = examples.iter().flat_map(|text| text.lines());
        let examples: Vec<&str> = lines.filter_map(|line| line.strip_prefix("  karma-model ")).collect();
        assert!(examples.len() >= 10);
        for example in examples {
            let example = example.replace('\'', "");
            let words = std::iter::once("karma-model").chain(example.split_whitespace());
            ModelArgs::try_parse_from(words).unwrap_or_else(|error| panic!("{example}: {error}"));
        }
    }
}
