//! The command line of `karma org`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const CHECK_EXAMPLES: &str = "\
Examples:
  karma org check shop.xml
      Everything that is wrong with shop.xml, and with shop.guides.yaml if it is there.
  karma org check --strict --topology shop.json shop.yaml
      Warnings count too; the guides must fit the services of shop.json.
  karma org check karma
      The organisation that comes with KARMA.

Exit codes: 0 nothing wrong, 1 errors (with --strict also warnings), 2 wrong usage.";

const SHOW_EXAMPLES: &str = "\
Examples:
  karma org show karma
      Roles, groups, links, goals and norms in words.
  karma org show shop.xml --format svg --out shop.svg
      The same as a picture.
  karma org show shop.xml --format dot --part goals | dot -Tpdf -o goals.pdf
      The goal trees for Graphviz.";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  karma org explain karma --observation auth.pending_requests=45
      What each role may do while 45 requests wait at auth, and which rule says so.
  karma org explain karma --observation entry_rate=100 --observation 'entry_rate=240, latency_ratio=1'
      Two decisions in a row, so that trends have a past; the last one is explained.
  karma org explain shop.guides.yaml --topology shop.json --role saver --observation state.json
      A state from a file: {\"cart\": {\"cpu_utilization\": 0.2}, \"entry_rate\": 80}.

An observation sets SERVICE.METRIC=NUMBER, entry_rate=NUMBER, or one of the terms success_rate, failed_pod_ratio,
latency_ratio, entry_point_availability and traffic_ratio; a number may end in %. What is not set is as in the
observation before; at first it is missing, but every service has its initial replicas.";

const CONVERT_EXAMPLES: &str = "\
Examples:
  karma org convert shop.xml --out shop.yaml
      MOISE XML as YAML; nothing but layout and comments is lost.
  karma org convert shop.yaml
      YAML as MOISE XML, on the standard output.";

/// Organisations: check them, look at them, ask what they allow.
#[derive(Clone, Debug, Parser)]
pub struct OrgArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: OrgCommand,
}

/// What can be done with an organisation.
#[derive(Clone, Debug, Subcommand)]
pub enum OrgCommand {
    /// Tell everything that is wrong with organisations, with line and column.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Show an organisation: roles, groups, links, goal trees, norms.
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
    /// Explain which rules allow or remove which actions, in words.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Turn MOISE XML into YAML, or YAML into MOISE XML.
    #[command(after_help = CONVERT_EXAMPLES)]
    Convert(ConvertArgs),
    /// Print the JSON Schema of the YAML form, for editors.
    Schema {
        /// Of guides files instead.
        #[arg(long)]
        guides: bool,
    },
}

/// `karma org check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Organisations: `karma`, specifications (MOISE XML or YAML), or guides files.
    #[arg(required = true, value_name = "NAME|FILE")]
    pub files: Vec<String>,

    /// The services that guides are checked against: a topology's name, or a topology.json.
    #[arg(long, value_name = "NAME|FILE", default_value = "chain4")]
    pub topology: String,

    /// Warnings count as errors.
    #[arg(long)]
    pub strict: bool,

    /// Print the findings as one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// What to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Everything.
    All,
    /// Roles, groups and links.
    Structure,
    /// Goal trees and missions.
    Goals,
    /// Who must or may do what.
    Norms,
}

/// How to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Words.
    Text,
    /// Graphviz.
    Dot,
    /// A picture.
    Svg,
    /// The specification as YAML.
    Yaml,
    /// The specification as MOISE XML.
    Xml,
    /// The guides file as it is.
    Guides,
}

/// `karma org show`.
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
    /// The organisation: `karma`, a specification, or a guides file.
    #[arg(value_name = "NAME|FILE")]
    pub file: String,

    /// How to show it.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,

    /// What to show of it, as words, Graphviz or a picture.
    #[arg(long, value_enum, default_value = "all")]
    pub part: Part,

    /// Where to write it [default: the standard output].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `karma org explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// The organisation: `karma`, a specification, or a guides file.
    #[arg(value_name = "NAME|FILE")]
    pub file: String,

    /// What is seen: assignments, or a JSON file; repeat for decisions in a row, the oldest first.
    #[arg(long = "observation", value_name = "VALUES|FILE", required = true)]
    pub observations: Vec<String>,

    /// The services: a topology's name, or a topology.json.
    #[arg(long, value_name = "NAME|FILE", default_value = "chain4")]
    pub topology: String,

    /// Only this role.
    #[arg(long, value_name = "ROLE")]
    pub role: Option<String>,

    /// Seconds between two decisions.
    #[arg(long, value_name = "SECONDS", default_value_t = 15.0)]
    pub decision_period: f64,

    /// Largest change of one service at one decision.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub alpha: u32,
}

/// `karma org convert`.
#[derive(Clone, Debug, Args)]
pub struct ConvertArgs {
    /// The specification.
    #[arg(value_name = "FILE")]
    pub file: String,

    /// Where to write it; its ending chooses the form [default: the standard output, in the other form].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_flags_fit_together() {
        OrgArgs::command().debug_assert();
    }

    #[test]
    fn every_example_parses() {
        let examples = [CHECK_EXAMPLES, SHOW_EXAMPLES, EXPLAIN_EXAMPLES, CONVERT_EXAMPLES];
        let mut parsed = 0;
        for example in examples.iter().flat_map(|text| text.lines()) {
            let Some(line) = example.strip_prefix("  karma org ") else { continue };
            let line = line.split('|').next().unwrap_or(line).replace("', ", "',");
            let words = line.replace(", ", ",").replace('\'', "");
            OrgArgs::try_parse_from(["org"].into_iter().chain(words.split_whitespace())).unwrap();
            parsed += 1;
        }
        assert!(parsed >= 9);
    }
}
