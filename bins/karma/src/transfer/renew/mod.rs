//! `karma-transfer loop`: new traces → drift → refit → retrain → canary, one time around, step by step.
//!
//! | step | what it leaves | it ends there if |
//! |---|---|---|
//! | traces | `traces.db`: what decision logs hold and the twin has not learned from | |
//! | drift | `drift.json` | no refit is due |
//! | refit | `twin/` | |
//! | train | `run/`: a team of the same settings, trained in that twin | |
//! | judge | | its return on windows that were held back is below that of the team in service |
//! | package | `team.karma` | nobody says where it should be tried |
//! | canary | | it is rolled back; the team in service stays |
//!
//! A step that is done is not done again: after Ctrl-C or a kill the same command goes on.

mod book;
mod judge;
mod roll_out;
mod steps;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use super::cluster::ClusterArgs;
use super::print;
use crate::config::Budget;
use crate::interrupt::{EXIT_CODE, Interrupt};
use crate::progress::Progress as _;
use crate::terminal::Terminal;

use book::{Book, End};
use steps::Steps;

/// Exit code of a cycle whose team does not go into service.
const NOT_PROMOTED: u8 = 3;

/// `karma-transfer loop`.
#[derive(Clone, Debug, Args)]
pub(crate) struct LoopArgs {
    /// The run whose team is in service [default: as the directory of the loop knows].
    #[arg(requires = "twin")]
    run: Option<PathBuf>,

    /// The twin that knows the cluster, of karma-model fit [default: as the directory of the loop knows].
    #[arg(long, value_name = "DIR", requires = "run")]
    twin: Option<PathBuf>,

    /// Decision logs with what is new, of karma-transfer controller or of simulated episodes.
    #[arg(long = "log", value_name = "FILE", required = true)]
    logs: Vec<PathBuf>,

    /// Where the loop keeps what it has done.
    #[arg(long, value_name = "DIR", default_value = "loop")]
    dir: PathBuf,

    /// Training time (60s, 5m, 1h) or a number of iterations [default: as the run in service].
    #[arg(long, value_name = "BUDGET")]
    budget: Option<Budget>,

    /// Go on where no refit is due, and with a team that is not better.
    #[arg(long)]
    force: bool,

    /// Read the logs, measure the drift, and change nothing.
    #[arg(long)]
    dry_run: bool,

    /// No progress.
    #[arg(long)]
    quiet: bool,

    #[command(flatten)]
    place: PlaceArgs,
}

/// Where the new team is tried.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlaceArgs {
    /// Try the new team on the simulated cluster: ddos:4, failures, cascade and so on.
    #[arg(long, value_name = "SCENARIO", group = "place")]
    simulated: Option<String>,

    /// Number of that episode.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Try the new team on a cluster: the KarmaAutoscaler that lets it scale.
    #[arg(long, value_name = "NAME", group = "place")]
    object: Option<String>,

    /// Its namespace [default: the one of the kubeconfig].
    #[arg(short, long, value_name = "NAME", requires = "object")]
    namespace: Option<String>,

    /// Services that it scales first [default: the specification's].
    #[arg(long, value_name = "SERVICE", value_delimiter = ',')]
    canary: Vec<String>,

    /// Seconds for which those are watched [default: the specification's, or 1800].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=604_800))]
    watch: Option<u32>,

    /// How long to wait for the end of the canary on a cluster, before the team in service is put back.
    #[arg(long, value_name = "TIME", default_value = "2h", value_parser = super::collect::time)]
    patience: Duration,

    /// Do not ask before a cluster is changed.
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// How a time around went.
enum Around {
    /// To an end.
    Ended(End),
    /// To where somebody must say how to go on.
    Waits(String),
    /// It was stopped.
    Interrupted,
}

/// Goes around once.
pub(super) fn run(args: &LoopArgs) -> anyhow::Result<ExitCode> {
    let interrupt = Interrupt::listen().context("cannot listen to Ctrl-C")?;
    let mut terminal = Terminal::new(args.quiet, interrupt.clone());
    if args.dry_run {
        let told = steps::look_ahead(args);
        return print(&told?);
    }
    let mut book = Book::open(&args.dir, (args.run.as_deref(), args.twin.as_deref()))?;
    terminal.note(&format!("cycle {} in {}", book.number(), book.folder().display()));
    let around = Steps { args, book: &mut book, terminal: &mut terminal, interrupt: &interrupt }.go();
    terminal.finish();
    conclude(around?, &book)
}

fn conclude(around: Around, book: &Book) -> anyhow::Result<ExitCode> {
    let (text, code) = match around {
        Around::Interrupted => ("interrupted; the same command goes on\n".to_owned(), EXIT_CODE),
        Around::Waits(text) => (text, 0),
        Around::Ended(End::NoDrift) => ("no refit is due: the team in service stays\n".to_owned(), 0),
        Around::Ended(End::NotBetter) => (
            "the new team is not better: the team in service stays (--force goes on)\n".to_owned(),
            NOT_PROMOTED,
        ),
        Around::Ended(End::NotPromoted) => {
            ("the canary was not promoted: the team in service stays\n".to_owned(), NOT_PROMOTED)
        }
        Around::Ended(End::Promoted) => {
            (format!("promoted: {} is in service\n", book.service.run.display()), 0)
        }
    };
    print(&text)?;
    Ok(ExitCode::from(code))
}
