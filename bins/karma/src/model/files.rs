//! `karma-model import` and `export`: traces from one form into another.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use karma_twin::trace::Traces;

use super::cli::{ExportArgs, ImportArgs};
use super::data::{is_database, topology};
use super::error::ModelError;
use crate::topology_json;
use crate::traces::{TraceStore, read_traces, write_traces};

/// Puts the windows of files into a database, each once.
pub(super) fn import(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    if !is_database(&args.into) {
        let message =
            format!("--into is {}; allowed: a name with the ending .db or .sqlite", args.into.display());
        return Err(ModelError::Usage(message).into());
    }
    // All files before the first write: one that is wrong leaves the database as it was.
    let files = args.files.iter().map(|path| read_traces(path)).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = files.first() else { return Ok(ExitCode::SUCCESS) };
    let mut store = open(&args.into, first, args.topology.as_deref())?;
    for (traces, path) in files.iter().zip(&args.files) {
        check_same(&store, traces, path)?;
    }
    let mut there = if store.windows()?.is_empty() { Vec::new() } else { store.traces()?.into_windows() };
    let known = there.len();
    let mut doubles = 0;
    for window in files.into_iter().flat_map(Traces::into_windows) {
        if there.contains(&window) {
            doubles += 1;
            continue;
        }
        let mut writer = store.begin_window(&window.header)?;
        writer.append(&window.steps)?;
        writer.finish()?;
        there.push(window);
    }
    let text = format!(
        "{}: {} windows added, {doubles} were there already; {}\n",
        args.into.display(),
        there.len() - known,
        summary(&store)?
    );
    print(&text)
}

/// Writes traces in the form of the ending.
pub(super) fn export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let traces = read_traces(&args.from)?;
    write_traces(&args.to, &traces)?;
    let steps: usize = traces.windows().iter().map(|window| window.steps.len()).sum();
    print(&format!("{}: {} windows with {steps} steps\n", args.to.display(), traces.windows().len()))
}

/// How much there is in a database, in words.
pub(super) fn summary(store: &TraceStore) -> anyhow::Result<String> {
    let summary = store.summary()?;
    Ok(format!("{} windows with {} steps", summary.windows, summary.steps))
}

fn open(path: &Path, traces: &Traces, name: Option<&str>) -> anyhow::Result<TraceStore> {
    let topology = name.map(topology).transpose()?;
    if path.exists() {
        let store = TraceStore::open(path)?;
        let given = topology.map(|topology| topology_json::write(&topology));
        if given.is_some() && given.as_deref() != store.topology() {
            let message = format!("--topology: {} keeps another topology, or none", path.display());
            return Err(ModelError::Usage(message).into());
        }
        return Ok(store);
    }
    if let Some(topology) = &topology {
        let names = topology.services.map(|service| service.name.clone());
        if names != *traces.services() || topology.entry_points.len() != traces.entry_points() {
            let message = "--topology: its services and entry points are not those of the traces".to_owned();
            return Err(ModelError::Usage(message).into());
        }
    }
    let document = topology.map(|topology| topology_json::write(&topology));
    Ok(TraceStore::create(path, traces.services(), traces.entry_points(), document.as_deref())?)
}

fn check_same(store: &TraceStore, traces: &Traces, path: &Path) -> Result<(), ModelError> {
    let same = store.services() == traces.services() && store.entry_points() == traces.entry_points();
    let message = || {
        format!(
            "{}: traces of other services or entry points than {}; import them into another database",
            path.display(),
            store.path().display()
        )
    };
    if same { Ok(()) } else { Err(ModelError::Usage(message())) }
}

fn print(text: &str) -> anyhow::Result<ExitCode> {
    std::io::stdout().write_all(text.as_bytes()).context("the result cannot be printed")?;
    Ok(ExitCode::SUCCESS)
}
