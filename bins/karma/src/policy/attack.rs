//! `karma policy attack`: how much could somebody take who has studied a trained team?

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use karma_mock::environment::SiegeParams;
use serde::Serialize;

use super::load_policies;
use crate::assault::{ATTACKERS, AssaultError, Studied, Study, study};
use crate::evaluation::{RowReport, summarized, team_row};
use crate::interrupt::{EXIT_CODE, Interrupt};
use crate::progress::Progress;
use crate::report;
use crate::terminal::Terminal;

pub(super) const EXAMPLES: &str = "\
Examples:
  karma policy attack runs/train-1
      What an attacker finds in 60 iterations (minutes), and what the team keeps.
  karma policy attack runs/train-1 --budget 1440 --iterations 200
      Twice the malicious requests, and more time to learn.

The attacker changes the rate of malicious requests at the entry points and alters data, as in the paper; it sees what the
defenders see. What it finds is a lower bound: another attacker may find more.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.";

/// `karma policy attack`.
#[derive(Clone, Debug, Args)]
pub struct AttackArgs {
    /// The run; it may be at work meanwhile.
    pub run: PathBuf,

    /// Iterations that the attacker learns, each of as many episodes as the run's learner plays at once.
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub iterations: u64,

    /// Malicious requests of an episode, in seconds of the nominal rate [default: the run's attacker.budget, or 720].
    #[arg(long, value_name = "SECONDS")]
    pub budget: Option<f64>,

    /// Episodes on which the attackers are compared, at least 1.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub episodes: u64,

    /// The root of all randomness of the attacker's training.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Print the result as one JSON document, and nothing else, on the standard output.
    #[arg(long)]
    pub json: bool,

    /// No progress.
    #[arg(long)]
    pub quiet: bool,
}

/// What attackers took from a team.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttackReport {
    /// Iterations that the attacker learned.
    pub iterations: u64,
    /// The root of the randomness of its training.
    pub seed: u64,
    /// What it was allowed.
    pub attacker: SiegeParams,
    /// Against nobody, against an attacker that has learned nothing, against the trained one: the same episodes.
    pub rows: Vec<RowReport>,
}

/// Does what the arguments say.
pub(super) fn run(args: &AttackArgs) -> anyhow::Result<ExitCode> {
    let interrupt = Interrupt::listen().context("cannot listen to Ctrl-C")?;
    let mut terminal = Terminal::new(args.quiet, interrupt);
    let report = attack_policy(args, &mut terminal);
    terminal.finish();
    let Some(report) = report? else { return Ok(ExitCode::from(EXIT_CODE)) };
    let text =
        if args.json { serde_json::to_string_pretty(&report)? + "\n" } else { report::attack_table(&report) };
    io::stdout().write_all(text.as_bytes()).context("the result cannot be printed")?;
    Ok(ExitCode::SUCCESS)
}

/// Trains an attacker against the team of a run, and compares; `None` if `progress` said stop.
///
/// # Errors
/// If the run cannot be read, the attacker's limits are out of range, or training fails.
pub fn attack_policy(
    args: &AttackArgs,
    progress: &mut dyn Progress,
) -> Result<Option<AttackReport>, AssaultError> {
    let (team, config) = load_policies(&args.run)?;
    let given = config.params().attacker.unwrap_or_default();
    let limits = SiegeParams { budget: args.budget.unwrap_or(given.budget), ..given };
    let plan = Study { limits, iterations: args.iterations, seed: args.seed, episodes: args.episodes };
    let row = Arc::new(team_row(&config, team)?);
    let Some(studied) = study(&config, &row, plan, progress)? else { return Ok(None) };
    let Studied { iterations, episodes } = studied;
    let rows = ATTACKERS.iter().zip(&episodes).map(|(names, played)| summarized(&config, *names, played));
    Ok(Some(AttackReport { iterations, seed: args.seed, attacker: limits, rows: rows.collect() }))
}
