//! `karma-model inspect`: what data cover, and what they do not.
//!
//! A model knows what it has seen. So the question to data is not how much there is, but which load, which replicas and
//! which changes of them there are, and in which of their combinations nothing was ever tried.

mod coverage;
mod grids;
mod picture;
mod source;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use super::cli::InspectArgs;
use super::data::Data;

/// Prints the coverage, and draws it if asked.
pub(super) fn run(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    let title = args.data.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let coverage = match Data::read(&args.data, &args.mapping)? {
        Data::Traces(traces, topology) => source::of_traces(title, &traces, topology.as_deref()),
        Data::Table(table, mapping) => source::of_table(title, &table, mapping.params().moved),
    };
    if let Some(path) = &args.svg {
        write(path, &super::standalone(&picture::heat_maps(&coverage)))?;
    }
    if let Some(path) = &args.html {
        write(path, &picture::page(&coverage))?;
    }
    let text = grids::text(&coverage);
    std::io::stdout().write_all(text.as_bytes()).context("the result cannot be printed")?;
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("{}: cannot be written", path.display()))
}
