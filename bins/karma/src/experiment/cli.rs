//! The command line of `karma-lab experiment`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  karma-lab experiment suites/smoke.toml --out results/smoke
      Calibrate, train, compare; a minute. What is there already is not done again.
  karma-lab experiment suites/paper.toml --out results/paper --list
      What is to be done, and what of it is done.
  karma-lab experiment suites/paper.toml --out results/paper --part 2/4
      A quarter of it; the other parts may run on other machines, if they share the directory or it is copied together.
  karma-lab experiment suites/paper.toml --out results/paper --gather --markdown docs/results.md
      Tables of what is there, without doing more.

Leaves OUT/jobs/*.json (every episode), OUT/teams/ (every training), OUT/twins/, OUT/results.json, OUT/results.md, OUT/report.html and
OUT/episodes.parquet (a row for each episode).

Exit codes: 0 done, 1 failed, 2 wrong usage or suite, 130 interrupted (the same command goes on).";

/// Compare rules and trained teams as a suite says, resumable and in parts.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExperimentArgs {
    /// The suite.
    #[arg(value_name = "SUITE")]
    pub(crate) suite: PathBuf,

    /// Where everything is kept.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Only this job, from 0, in the order of --list.
    #[arg(long, value_name = "N", conflicts_with_all = ["part", "gather"])]
    pub(crate) job: Option<usize>,

    /// Only a part of the jobs: 2/4 is the second quarter.
    #[arg(long, value_name = "I/N", value_parser = part, conflicts_with = "gather")]
    pub(crate) part: Option<(usize, usize)>,

    /// Do nothing more; make tables of what is there.
    #[arg(long)]
    pub(crate) gather: bool,

    /// Print the jobs and which of them are done, and stop.
    #[arg(long)]
    pub(crate) list: bool,

    /// Write the tables as Markdown here, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,

    /// Threads for episodes [default: all]. No result depends on it.
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,

    /// No progress bar.
    #[arg(long)]
    pub(crate) quiet: bool,
}

fn part(text: &str) -> Result<(usize, usize), String> {
    let numbers =
        text.split_once('/').and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
    numbers
        .filter(|(part, parts)| (1..=*parts).contains(part))
        .ok_or_else(|| "a part such as 2/4 is needed: the second of four".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_one_of_some() {
        assert_eq!(part("2/4"), Ok((2, 4)));
        for text in ["0/4", "5/4", "2", "a/b", "1/0"] {
            assert!(part(text).is_err(), "{text}");
        }
    }
}
