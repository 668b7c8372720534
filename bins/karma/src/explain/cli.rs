//! The command line of `karma-explain`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;

use super::request::EPISODES;
use super::{Request, explain, summary};
use crate::interrupt::{EXIT_CODE, Interrupt};
use crate::terminal::Terminal;

const EXAMPLES: &str = "\
Examples:
  karma-explain runs/train-1
      Roles, goals, relations, rules and decisions of a trained team: runs/train-1/explanation/report.html.
  karma-explain runs/seed-1 runs/seed-2 runs/seed-3
      The first run, and how stable its roles are over all of them.
  karma-train --org runs/train-1/explanation/inferred.xml
      Train the next team under the organisation that was found.
  karma-explain runs/train-1 --trajectories live.jsonl
      Trajectories of a live cluster, or of anything else that writes them, instead of simulated ones.
  karma-explain runs/train-1 --decision ddos:3:12
      Explain the decisions of episode 3 of ddos at its step 12, too.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.";

/// Explain what a trained team does: roles, goals, relations, rules and single decisions.
///
/// Plays the calibration episodes of the run with its team, looks for structure in what the agents did, and leaves a page,
/// its pictures, the trajectories, and an organisation that the next team can be trained under. Nothing is changed in the run.
#[derive(Clone, Debug, Parser)]
#[command(name = "karma-explain", version, after_help = EXAMPLES)]
pub struct ExplainArgs {
    /// The run that is explained, and further ones of other seeds; they may be at work meanwhile.
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,

    /// Where the explanation goes; files of its names are replaced [default: RUN/explanation].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Episodes of each scenario.
    #[arg(long, value_name = "N", default_value_t = EPISODES, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub episodes: u64,

    /// Analyse these trajectories instead of simulated ones (JSON lines, as trajectories.jsonl of an explanation).
    #[arg(long, value_name = "FILE", conflicts_with = "decisions")]
    pub trajectories: Option<PathBuf>,

    /// A decision to explain, besides the most decided ones: SCENARIO:SEED:STEP; repeat for several.
    #[arg(long = "decision", value_name = "PLACE")]
    pub decisions: Vec<String>,

    /// How strictly the inferred organisation binds, from 0 (rewards only) to 1 (masks).
    #[arg(long, value_name = "CH", default_value_t = 1.0, value_parser = hardness)]
    pub hardness: f32,

    /// What the missions of the inferred organisation pay for being near their goals; 0: nothing.
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.0, value_parser = weight)]
    pub mission_weight: f32,

    /// The root of all randomness of the analysis.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Print what was found as one JSON document, and nothing else, on the standard output.
    #[arg(long)]
    pub json: bool,

    /// No progress.
    #[arg(long)]
    pub quiet: bool,
}

fn hardness(text: &str) -> Result<f32, String> {
    let value: f32 = text.parse().map_err(|_| "a number from 0 to 1 is needed".to_owned())?;
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err("a hardness lies between 0 and 1".to_owned()) }
}

fn weight(text: &str) -> Result<f32, String> {
    let value: f32 = text.parse().map_err(|_| "a number is needed".to_owned())?;
    if (0.0..=1000.0).contains(&value) {
        Ok(value)
    } else {
        Err("a weight lies between 0 and 1000".to_owned())
    }
}

/// Does what the arguments say.
pub(crate) fn run(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let interrupt = Interrupt::listen().context("cannot listen to Ctrl-C")?;
    let mut terminal = Terminal::new(args.quiet, interrupt);
    let explained = explain(&Request::from(args), &mut terminal);
    terminal.finish();
    let Some(explanation) = explained? else { return Ok(ExitCode::from(EXIT_CODE)) };
    explanation.write()?;
    let text = if args.json {
        serde_json::to_string_pretty(&explanation.view)? + "\n"
    } else {
        format!("{}\nexplanation: {}\n", summary(&explanation.view), explanation.directory.display())
    };
    std::io::stdout().write_all(text.as_bytes()).context("the result cannot be printed")?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_flags_fit_together() {
        ExplainArgs::command().debug_assert();
    }

    #[test]
    fn every_example_parses() {
        let examples: Vec<&str> =
            EXAMPLES.lines().filter(|line| line.starts_with("  karma-explain")).collect();
        assert_eq!(examples.len(), 4);
        for example in examples {
            ExplainArgs::try_parse_from(example.split_whitespace()).unwrap();
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for flag in
            [["--hardness", "1.5"], ["--mission-weight", "-1"], ["--episodes", "0"], ["--hardness", "NaN"]]
        {
            assert!(
                ExplainArgs::try_parse_from(["karma-explain", "run"].into_iter().chain(flag)).is_err(),
                "{flag:?}"
            );
        }
    }
}
