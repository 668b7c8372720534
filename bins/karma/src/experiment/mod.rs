//! Experiments: rules that were calibrated and teams that were trained, on the same episodes.
//!
//! A suite is a TOML file: what all share, *arenas* (episodes), *rules* (with what of them is calibrated) and *teams* (settings and how
//! many trainings). It becomes a list of jobs that do not depend on each other: one for each rule, one for each team and seed.
//!
//! * A rule's job plays every candidate on the **training** split, takes the best by the suite's objective, and plays that one in every
//!   arena.
//! * A team's job trains it on the training split and plays it in every arena.
//!
//! Nobody sees an arena's episodes before. Everybody has the same bounds, decision period, lag, start-up delay, shield and seeds:
//! they are settings of the arena, and a contestant is only an autoscaler in it.

mod ahead;
mod aware;
mod check;
pub(crate) mod cli;
mod episodes;
mod front;
mod grids;
mod job;
mod params;
mod record;
mod report;
mod results;
mod rule;
mod sections;
mod suite;
mod taken;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod twin;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::interrupt::{EXIT_CODE, Interrupt};
use crate::organization::OrganizationFiles;
use crate::progress::Progress as _;
use crate::run_dir::atomic;
use crate::sweep::settings;
use crate::terminal::Terminal;
use cli::ExperimentArgs;
use job::Site;
use params::SuiteParams;
use record::Record;
use results::Results;
use suite::{Job, Suite};

pub(crate) use suite::SuiteError;

/// `karma-lab experiment`.
pub(crate) fn run(args: &ExperimentArgs) -> anyhow::Result<ExitCode> {
    let params = SuiteParams::read(&args.suite)?;
    let suite =
        Suite::check(params, &args.suite, args.threads).with_context(|| args.suite.display().to_string())?;
    let jobs = suite.jobs();
    if args.list {
        return list(&suite, &jobs, &args.out);
    }
    if let Some(number) = args.job {
        suite.check_job(number)?;
    }
    let mine = |index: usize| match (args.job, args.part) {
        (Some(number), _) => index == number,
        (None, Some((part, parts))) => index % parts == part - 1,
        (None, None) => !args.gather,
    };
    let interrupt = Interrupt::listen().context("cannot listen to Ctrl-C")?;
    let base = args.suite.parent().unwrap_or(Path::new(""));
    let site = Site { suite: &suite, base, directory: &args.out };
    for (index, job) in jobs.iter().enumerate().filter(|(index, _)| mine(*index)) {
        if Record::read(&suite, &args.out, job).is_some() {
            continue;
        }
        let mut terminal = Terminal::new(args.quiet, interrupt.clone());
        terminal.note(&format!("job {} of {}: {}", index + 1, jobs.len(), job.name()));
        if site.work(job, &mut terminal)?.is_none() {
            drop(terminal);
            let _ = writeln!(std::io::stderr(), "interrupted; the same command goes on");
            return Ok(ExitCode::from(EXIT_CODE));
        }
    }
    if args.job.is_none() && args.part.is_none() {
        tell(&suite, &jobs, args)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How many jobs a suite has, and the files that they need beside it.
///
/// # Errors
/// If it cannot be read, or something is wrong with it.
pub(crate) fn pieces(file: &Path) -> anyhow::Result<(usize, BTreeSet<String>)> {
    let params = SuiteParams::read(file)?;
    let suite = Suite::check(params, file, None).with_context(|| file.display().to_string())?;
    let base = file.parent().unwrap_or(Path::new(""));
    let included = suite.params.includes.iter().map(|name| file.with_file_name(name));
    let mut files: BTreeSet<String> = included.map(|path| path.to_string_lossy().into_owned()).collect();
    let teams = suite.params.teams.iter().map(|team| suite.training(team, 1, base));
    let arenas = suite.arenas.iter().map(|arena| Ok(arena.config.clone()));
    for config in teams.chain(arenas).chain([Ok(suite.home.clone())]) {
        let params = config?.params().clone();
        for name in settings::files(&params) {
            if name == params.organization {
                let of_it = OrganizationFiles::find(&name)?;
                files.extend([of_it.specification.name.clone(), of_it.guides()?.name.clone()]);
            } else {
                files.insert(name);
            }
        }
    }
    Ok((suite.jobs().len(), files))
}

fn list(suite: &Suite, jobs: &[Job<'_>], directory: &Path) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    for (index, job) in jobs.iter().enumerate() {
        let done = if Record::read(suite, directory, job).is_some() { "done" } else { "to do" };
        writeln!(out, "{index:>4}  {done:5}  {}", job.name())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The tables of what is there.
fn tell(suite: &Suite, jobs: &[Job<'_>], args: &ExperimentArgs) -> anyhow::Result<()> {
    let records: Vec<Record> = jobs.iter().filter_map(|job| Record::read(suite, &args.out, job)).collect();
    if records.is_empty() {
        bail!("{} has no result of this suite yet", args.out.display());
    }
    let results = Results::of(suite, &records);
    let command = format!("karma-lab experiment {} --out OUT --markdown FILE", args.suite.display());
    let markdown = report::markdown(&results, &command);
    let write = |name: &Path, text: &str| {
        atomic::write(name, text.as_bytes()).with_context(|| name.display().to_string())
    };
    write(&args.out.join("results.json"), &(serde_json::to_string_pretty(&results)? + "\n"))?;
    write(&args.out.join("results.md"), &markdown)?;
    write(&args.out.join("report.html"), &report::html(&results))?;
    let table = args.out.join("episodes.parquet");
    let mut bytes = Vec::new();
    episodes::write(&records, &mut bytes).with_context(|| table.display().to_string())?;
    atomic::write(&table, &bytes).with_context(|| table.display().to_string())?;
    if let Some(file) = &args.markdown {
        write(file, &markdown)?;
    }
    let told = format!("{}\nreport: {}\n", report::text(&results), args.out.join("report.html").display());
    std::io::stdout().write_all(told.as_bytes()).context("the result cannot be printed")
}
