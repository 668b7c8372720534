//! The command lines of `karma-train sweep` and `karma-train seeds`.

use std::ops::Range;
use std::path::PathBuf;

use clap::Args;

use super::work::Slice;
use crate::config::Budget;

const SWEEP_EXAMPLES: &str = "\
Examples:
  karma-train sweep sweep.toml --out sweeps/first
      Every trial of sweep.toml, one after the other; the same command again goes on where it stopped.
  karma-train sweep sweep.toml --out /shared/first --only 2/4
      The second of four slices; the others may run at the same time, elsewhere.
  karma-train sweep sweep.toml --out /shared/first --trial 7
      One trial, as a pod of an Indexed Job does (karma-train manifest jobs).
  karma-train sweep sweep.toml --out /shared/first --gather
      The tables of what slices have done so far.

A sweep's file:
  [sweep]
  kind = \"random\"                 # or \"grid\", or \"halving\" with min_budget, max_budget and eta
  trials = 20
  seed = 1                        # of the draws
  objective = \"episodic_return\"   # a measure of the evaluation, or training.COLUMN of the log
  [fixed]
  budget = 40
  [space]
  \"learner.learning_rate\" = { log_uniform = [1e-4, 1e-2] }
  \"learner.hidden\" = { values = [[32, 32], [64, 64]] }
  \"learner.update_epochs\" = { integer = [4, 15] }
  \"learner.gae_lambda\" = { uniform = [0.8, 1.0] }

Trials are always compared on the calibration split; DIR/best.toml has the best settings, to be judged on the evaluation
split by karma-train --config or karma-train seeds --config.";

const SEEDS_EXAMPLES: &str = "\
Examples:
  karma-train seeds --seeds 0..10 --budget 40 --out seeds/default
      Ten runs with the default settings, and their interquartile means with intervals over seeds.
  karma-train seeds --seeds 1,2,3 --config sweeps/first/best.toml --out seeds/best
      The settings that a sweep has chosen, on the evaluation split.";

/// What sweeps of both kinds are told.
#[derive(Clone, Debug, Args)]
pub struct SweepOptions {
    /// Where the trials and the tables go; a sweep that is there goes on.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Only this trial, from 0.
    #[arg(long, value_name = "I", group = "slice")]
    pub trial: Option<usize>,

    /// Only slice I of N, from 1.
    #[arg(long, value_name = "I/N", group = "slice", value_parser = part)]
    pub only: Option<(usize, usize)>,

    /// Play nothing; make the tables of what there is.
    #[arg(long, group = "slice")]
    pub gather: bool,

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

impl SweepOptions {
    pub(super) const fn slice(&self) -> Slice {
        match (self.trial, self.only) {
            (Some(trial), _) => Slice::Trial(trial),
            (None, Some((part, parts))) => Slice::Part(part, parts),
            (None, None) => Slice::Whole,
        }
    }
}

/// Search settings: a grid, random draws, or successive halving over any setting.
#[derive(Clone, Debug, Args)]
#[command(after_help = SWEEP_EXAMPLES)]
pub struct SweepArgs {
    /// The sweep: a TOML file.
    #[arg(value_name = "SWEEP.toml")]
    pub file: PathBuf,

    #[command(flatten)]
    pub options: SweepOptions,
}

/// Repeat a run with several seeds, and tell its figures with intervals over them.
#[derive(Clone, Debug, Args)]
#[command(after_help = SEEDS_EXAMPLES)]
pub struct SeedsArgs {
    /// The seeds: FIRST..END, the end left out, or a list such as 1,2,5.
    #[arg(long, value_name = "SEEDS", value_parser = seeds)]
    pub seeds: Seeds,

    /// Settings from a TOML file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Training time or iterations of each run [default: as the settings say].
    #[arg(long)]
    pub budget: Option<Budget>,

    #[command(flatten)]
    pub options: SweepOptions,
}

/// The seeds of `karma-train seeds`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds(pub(super) Vec<i64>);

fn seeds(text: &str) -> Result<Seeds, String> {
    let number = |part: &str| part.trim().parse::<i64>().ok().filter(|seed| *seed >= 0);
    let list = match text.split_once("..") {
        Some((first, end)) => number(first).zip(number(end)).map(|(first, end)| range(first..end)),
        None => text.split(',').map(number).collect(),
    };
    let mut distinct = list.clone().unwrap_or_default();
    distinct.sort_unstable();
    distinct.dedup();
    match list {
        Some(list) if !list.is_empty() && distinct.len() == list.len() => Ok(Seeds(list)),
        _ => {
            Err("allowed: FIRST..END such as 0..10, or a list of different numbers such as 1,2,5".to_owned())
        }
    }
}

/// The numbers of a range; one more than a sweep may have trials is enough to be refused.
fn range(seeds: Range<i64>) -> Vec<i64> {
    seeds.take(super::config::MOST_TRIALS + 1).collect()
}

fn part(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
    parts
        .filter(|(part, parts)| (1..=*parts).contains(part))
        .ok_or_else(|| "allowed: I/N with I from 1 to N, such as 2/4".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::TrainArgs;
    use clap::Parser as _;

    #[test]
    fn every_example_parses() {
        let lines = [SWEEP_EXAMPLES, SEEDS_EXAMPLES].into_iter().flat_map(str::lines);
        let examples: Vec<&str> = lines.filter(|line| line.starts_with("  karma-train")).collect();
        assert_eq!(examples.len(), 6);
        for example in examples {
            TrainArgs::try_parse_from(example.split_whitespace()).unwrap();
        }
    }

    #[test]
    fn the_file_of_the_help_is_a_sweep() {
        let text =
            SWEEP_EXAMPLES.split("A sweep's file:\n").nth(1).and_then(|rest| rest.split("\n\n").next());
        let params = toml::from_str(text.unwrap()).unwrap();
        let sweep = super::super::SweepConfig::choosing(params, std::path::Path::new("sweep.toml")).unwrap();
        assert_eq!(sweep.trials.len(), 20);
    }

    #[test]
    fn seeds_are_a_range_or_a_list_and_slices_count_from_one() {
        assert_eq!(seeds("0..3"), Ok(Seeds(vec![0, 1, 2])));
        assert_eq!(seeds("5, 2"), Ok(Seeds(vec![5, 2])));
        for wrong in ["", "3..3", "-1..2", "1,1", "a", "1.."] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
        assert_eq!(part("2/4"), Ok((2, 4)));
        assert!(["0/4", "5/4", "2", "1/0", "-1/2"].iter().all(|text| part(text).is_err()));
    }
}
