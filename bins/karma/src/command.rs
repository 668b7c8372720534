//! The programs `karma-train` and `karma`, from arguments to exit code.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use karma_nn::{Alone, Collective};

use crate::assault::AssaultError;
use crate::cli::{KarmaArgs, KarmaCommand, TrainArgs, TrainCommand};
use crate::config::Written;
use crate::error::RunError;
use crate::interrupt::{EXIT_CODE, Interrupt};
use crate::policy::{self, PolicyExportError};
use crate::progress::Progress as _;
use crate::report;
use crate::run::{Outcome, Run, RunReport};
use crate::sweep::{self, SweepError};
use crate::terminal::Terminal;
#[cfg(feature = "mpi")]
use crate::world::{Job, World};
use crate::{jobs, organization};

/// Exit code for wrong usage, as clap has it.
const USAGE: u8 = 2;

/// Runs `karma-train` with these arguments, the program's name first.
pub fn karma_train(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    carry_out(arguments, work)
}

/// Runs `karma` with these arguments, the program's name first.
pub fn karma(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    carry_out(arguments, |args: &KarmaArgs| match &args.command {
        KarmaCommand::Train(args) => work(args),
        KarmaCommand::Org(args) => organization::run(args),
        KarmaCommand::Policy(args) => policy::cli::run(args),
        #[cfg(feature = "explain")]
        KarmaCommand::Explain(args) => crate::explain::cli::run(args),
        #[cfg(feature = "traces")]
        KarmaCommand::Model(args) => crate::model::run(args),
    })
}

/// Runs `karma-explain` with these arguments, the program's name first.
#[cfg(feature = "explain")]
pub fn karma_explain(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    carry_out(arguments, crate::explain::cli::run)
}

/// Runs `karma-lab` with these arguments, the program's name first.
#[cfg(feature = "lab")]
pub fn karma_lab(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    carry_out(arguments, crate::lab::run)
}

/// Runs `karma-model` with these arguments, the program's name first.
#[cfg(feature = "traces")]
pub fn karma_model(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    carry_out(arguments, crate::model::run)
}

/// Runs `karma-transfer` with these arguments, the program's name first.
#[cfg(feature = "transfer")]
pub fn karma_transfer(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    carry_out(arguments, crate::transfer::run)
}

fn carry_out<A: Parser>(
    arguments: impl IntoIterator<Item = OsString>,
    work: impl Fn(&A) -> anyhow::Result<ExitCode>,
) -> ExitCode {
    let args = match A::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    work(&args).unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "error: {error:#}");
        ExitCode::from(if is_usage(&error) { USAGE } else { 1 })
    })
}

/// Whether the user's settings or arguments are to blame.
fn is_usage(error: &anyhow::Error) -> bool {
    let of_run = error.downcast_ref::<RunError>().is_some_and(RunError::is_usage);
    #[cfg(feature = "traces")]
    let of_model = crate::model::is_usage(error);
    #[cfg(not(feature = "traces"))]
    let of_model = false;
    let of_sweep = error.downcast_ref::<SweepError>().is_some_and(SweepError::is_usage);
    let of_export = error.downcast_ref::<PolicyExportError>().is_some_and(PolicyExportError::is_usage);
    let of_attack = error.downcast_ref::<AssaultError>().is_some_and(AssaultError::is_usage);
    #[cfg(feature = "explain")]
    let of_explanation = error
        .downcast_ref::<crate::explain::ExplainError>()
        .is_some_and(crate::explain::ExplainError::is_usage);
    #[cfg(not(feature = "explain"))]
    let of_explanation = false;
    #[cfg(feature = "lab")]
    let of_lab = crate::lab::is_usage(error);
    #[cfg(not(feature = "lab"))]
    let of_lab = false;
    #[cfg(feature = "transfer")]
    let of_transfer = crate::transfer::is_usage(error);
    #[cfg(not(feature = "transfer"))]
    let of_transfer = false;
    of_run || of_transfer || of_model || of_lab || of_explanation || of_sweep || of_export || of_attack
}

fn work(args: &TrainArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        Some(TrainCommand::Sweep(args)) => sweep::sweep(args),
        Some(TrainCommand::Seeds(args)) => sweep::seeds(args),
        Some(TrainCommand::Manifest(args)) => jobs::run(args),
        None => train(args),
    }
}

fn train(args: &TrainArgs) -> anyhow::Result<ExitCode> {
    #[cfg(feature = "mpi")]
    if let Some(job) = Job::join()? {
        return job.work(|world| if world.rank() == 0 { lead(args, world) } else { follow(world) });
    }
    lead(args, Alone)
}

/// As a later one of several ranks: trains and says nothing.
#[cfg(feature = "mpi")]
fn follow(world: World) -> anyhow::Result<ExitCode> {
    let interrupt = Interrupt::listen().context("cannot listen to Ctrl-C")?;
    crate::train::follow(&interrupt, world)?;
    Ok(ExitCode::SUCCESS)
}

/// As the first rank, or the only one.
fn lead(args: &TrainArgs, ranks: impl Collective + Copy + 'static) -> anyhow::Result<ExitCode> {
    let run = begin(args)?;
    let mut terminal = Terminal::new(args.quiet, Interrupt::listen().context("cannot listen to Ctrl-C")?);
    terminal.note(&format!("run: {}\n{}", run.path().display(), run.config()));
    let path = run.path().to_owned();
    let outcome = run.work_with(&mut terminal, ranks);
    terminal.finish();
    match outcome? {
        Outcome::Finished(report) => print(args, &report).map(|()| ExitCode::SUCCESS),
        Outcome::Interrupted => {
            let _ = writeln!(
                std::io::stderr(),
                "interrupted; go on with: karma-train --resume {}",
                path.display()
            );
            Ok(ExitCode::from(EXIT_CODE))
        }
    }
}

fn begin(args: &TrainArgs) -> Result<Run, RunError> {
    let flags = args.overrides();
    let file = args.config.as_deref();
    if let Some(path) = &args.resume {
        let written = file.map(|file| Written::read(Some(file))).transpose()?;
        return Run::resume(path, |stored| written.unwrap_or(stored).with(&flags));
    }
    let config = Written::read(file)?.with(&flags).check()?;
    Run::create(config, args.out.as_deref(), args.force)
}

fn print(args: &TrainArgs, report: &RunReport) -> anyhow::Result<()> {
    let text = if args.json {
        serde_json::to_string_pretty(report)? + "\n"
    } else {
        format!("{}\nrun: {}\n", report::table(&report.evaluation), report.directory.display())
    };
    std::io::stdout().write_all(text.as_bytes()).context("the result cannot be printed")
}
