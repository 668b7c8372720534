//! Sweeps: one run for each combination of settings, on one machine or on many.
//!
//! | file of a sweep's directory | what it holds |
//! |---|---|
//! | `sweep.toml` | the sweep; another one is refused |
//! | `trials/0007/` | the run of trial 7, as any other run |
//! | `trials/0007/rung-0.json` | what trial 7 came to at rung 0 |
//! | `trials.csv`, `trials.jsonl` | a row for each trial and rung |
//! | `best.toml` | the settings of the best trial, with the evaluation split |
//!
//! The list of trials is a function of the sweep's file alone, and a trial's run resumes bit for bit: a sweep may be
//! stopped at any moment, and its trials may be played anywhere in any order.

pub(crate) mod cli;
pub(crate) mod config;
mod error;
mod halving;
mod objective;
mod over_seeds;
pub(crate) mod params;
mod record;
mod report;
pub(crate) mod settings;
mod space;
#[cfg(test)]
mod testing;
pub(crate) mod trial;
mod work;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

pub(crate) use config::SweepConfig;
pub(crate) use error::SweepError;
pub(crate) use params::SweepParams;

use crate::config::Written;
use crate::interrupt::{EXIT_CODE, Interrupt};
use crate::progress::Progress;
use crate::terminal::Terminal;
use cli::{SeedsArgs, SweepArgs, SweepOptions};
use params::{Kind, SearchParams};
use report::SweepReport;
use trial::Site;
use work::Slice;

/// `karma-train sweep`.
pub(crate) fn sweep(args: &SweepArgs) -> anyhow::Result<ExitCode> {
    let params = SweepParams::read(&args.file).map_err(SweepError::from)?;
    let sweep = SweepConfig::choosing(params, &args.file).map_err(SweepError::from)?;
    run(&sweep, &args.options)
}

/// `karma-train seeds`.
pub(crate) fn seeds(args: &SeedsArgs) -> anyhow::Result<ExitCode> {
    let file = args.config.as_deref();
    let sweep = over_seeds_of(args, file).map_err(SweepError::from)?;
    run(&sweep, &args.options)
}

/// The sweep over the seeds of `args` that it stands for.
fn over_seeds_of(args: &SeedsArgs, file: Option<&Path>) -> Result<SweepConfig, crate::config::ConfigError> {
    let mut fixed = match file {
        None => toml::Table::new(),
        Some(path) => {
            Written::read(Some(path))?;
            let text = params::read_text(path)?;
            toml::from_str(&text).map_err(|error| params::document_error(path, &text, &error))?
        }
    };
    if let Some(budget) = args.budget {
        fixed.insert("budget".to_owned(), toml::Value::String(budget.to_string()));
    }
    let seeds = args.seeds.0.iter().copied().map(toml::Value::Integer).collect();
    let values = toml::Table::from_iter([("values".to_owned(), toml::Value::Array(seeds))]);
    let space = toml::Table::from_iter([("seed".to_owned(), toml::Value::Table(values))]);
    let sweep = SearchParams::over(Kind::Grid);
    SweepConfig::repeating(
        SweepParams { sweep, fixed, space },
        file.unwrap_or(Path::new("karma-train seeds")),
    )
}

fn run(sweep: &SweepConfig, options: &SweepOptions) -> anyhow::Result<ExitCode> {
    let (directory, slice) = (options.out.as_path(), options.slice());
    if let Slice::Trial(trial) = slice
        && trial >= sweep.trials.len()
    {
        return Err(SweepError::NoSuchTrial { trial, trials: sweep.trials.len() }.into());
    }
    work::claim(&sweep.params, directory, slice)?;
    if !options.gather {
        let interrupt = Interrupt::listen().context("cannot listen to Ctrl-C")?;
        let site = Site { sweep, directory, threads: options.threads };
        let mut progress = || Box::new(Terminal::new(options.quiet, interrupt.clone())) as Box<dyn Progress>;
        if !site.work(slice, &mut progress)? {
            let _ = writeln!(std::io::stderr(), "interrupted; the same command goes on");
            return Ok(ExitCode::from(EXIT_CODE));
        }
    }
    if slice == Slice::Whole { finish(sweep, options) } else { Ok(ExitCode::SUCCESS) }
}

/// The tables of all rows that there are.
fn finish(sweep: &SweepConfig, options: &SweepOptions) -> anyhow::Result<ExitCode> {
    let (directory, rows) = (options.out.as_path(), record::gather(sweep, &options.out));
    record::write_tables(sweep, &rows, directory).map_err(SweepError::from)?;
    let report = SweepReport::new(sweep, rows);
    if sweep.chooses() {
        report.write_best(sweep, directory).map_err(SweepError::from)?;
    }
    let text = if options.json {
        serde_json::to_string_pretty(&report)? + "\n"
    } else {
        format!("{}\nsweep: {}\n", report.table(sweep), directory.display())
    };
    std::io::stdout().write_all(text.as_bytes()).context("the result cannot be printed")?;
    if report.all_failed() {
        bail!(
            "every trial failed; their reasons are above and in {}",
            directory.join("trials.csv").display()
        );
    }
    Ok(ExitCode::SUCCESS)
}
