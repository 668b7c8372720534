//! `karma-model collect`: episodes into a database, resumable.
//!
//! Beside the database `traces.db` lies `traces.db.json` with the settings on which its windows depend, so that it goes
//! on under the same settings only. Its lock keeps a second collector away.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use karma_twin::trace::TraceWindow;
use serde_json::{Value, json};

use super::cli::CollectArgs;
use super::data::is_database;
use super::error::ModelError;
use super::files::summary;
use super::meter::Meter;
use crate::collect::{CollectError, CollectPlan, Job, collect};
use crate::config::{RunConfig, Written, first_difference};
use crate::interrupt::{EXIT_CODE, Interrupt};
use crate::run_dir::atomic;
use crate::topology_json;
use crate::traces::{Problem, TraceFileError, TraceStore};

/// The settings on which a window depends, apart from its scenario, policy and seed.
const SETTINGS: [&str; 8] = [
    "topology",
    "workload",
    "workload_file",
    "scenarios",
    "decision_period",
    "alpha",
    "simulation",
    "reward",
];

/// Collects until all is there or the user stops it.
pub(super) fn run(args: &CollectArgs) -> anyhow::Result<ExitCode> {
    let config = Written::read(args.config.as_deref())?.with(&args.overrides()).check()?;
    let plan = |policy: &String| CollectPlan::new(config.clone(), policy, args.episodes).map_err(usage);
    let plans = args.policies.iter().map(plan).collect::<Result<Vec<_>, _>>()?;
    let (mut store, _lock) = open(&args.out, &config)?;
    let interrupt = Interrupt::listen().context("cannot listen to Ctrl-C")?;
    let mut meter = Meter::new(args.quiet, "episodes");
    let total: usize = plans.iter().map(|plan| plan.jobs().len()).sum();
    let (mut before, mut complete) = (0, true);
    for plan in &plans {
        let there = jobs(&store)?;
        let watch = |done: usize, _| {
            meter.show((before + done) as u64, total as u64);
            !interrupt.seen()
        };
        complete = collect(plan, &there, |_, window| keep(&mut store, &window), watch)?;
        if !complete {
            break;
        }
        before += plan.jobs().len();
    }
    meter.finish();
    conclude(&store, complete)
}

/// A wrong name of a policy is the user's.
fn usage(error: CollectError) -> anyhow::Error {
    match error {
        CollectError::UnknownPolicy { .. } => ModelError::Usage(format!("--policy: {error}")).into(),
        other => other.into(),
    }
}

fn conclude(store: &TraceStore, complete: bool) -> anyhow::Result<ExitCode> {
    let text = format!("{}: {}\n", store.path().display(), summary(store)?);
    std::io::stdout().write_all(text.as_bytes()).context("the result cannot be printed")?;
    if complete {
        return Ok(ExitCode::SUCCESS);
    }
    let _ = writeln!(std::io::stderr(), "interrupted; the same command goes on");
    Ok(ExitCode::from(EXIT_CODE))
}

/// Adds a window. Its steps are one transaction, so that after a kill it is there as a whole or not at all.
fn keep(store: &mut TraceStore, window: &TraceWindow) -> Result<(), TraceFileError> {
    let mut writer = store.begin_window(&window.header)?;
    writer.append(&window.steps)?;
    writer.finish()
}

/// What is there already. A window that a kill left between its steps and its mark is whole.
fn jobs(store: &TraceStore) -> Result<BTreeSet<Job>, TraceFileError> {
    Ok(store.windows()?.iter().filter_map(|entry| Job::of(&entry.header)).collect())
}

/// The database, new or to go on with, and the lock on its settings.
fn open(path: &Path, config: &RunConfig) -> anyhow::Result<(TraceStore, File)> {
    if !is_database(path) {
        let message = format!("--out is {}; allowed: a name with the ending .db or .sqlite", path.display());
        return Err(ModelError::Usage(message).into());
    }
    let (beside, settings) = (settings_file(path), settings(config));
    let place = || format!("{}: the settings of the database", beside.display());
    if !beside.exists() {
        if path.exists() {
            let message = format!("{} was not begun by collect; choose another name", path.display());
            return Err(ModelError::Usage(message).into());
        }
        let text = serde_json::to_string_pretty(&settings)? + "\n";
        atomic::write_with(&beside, |file| file.write_all(text.as_bytes())).with_context(place)?;
    }
    let lock = lock(&beside)?;
    let stored: Value =
        serde_json::from_slice(&fs::read(&beside).with_context(place)?).with_context(place)?;
    if let Some((setting, stored, given)) = first_difference(&stored, &settings) {
        let message = format!(
            "{} was begun with {setting} = {stored}, not {given}; give the same settings, or another --out",
            path.display()
        );
        return Err(ModelError::Usage(message).into());
    }
    let topology = &config.setup().topology;
    let names = topology.services.map(|service| service.name.clone());
    let document = topology_json::write(topology);
    match TraceStore::create(path, &names, topology.entry_points.len(), Some(&document)) {
        Err(TraceFileError { problem: Problem::Occupied, .. }) => Ok((TraceStore::open(path)?, lock)),
        created => Ok((created?, lock)),
    }
}

fn lock(path: &Path) -> anyhow::Result<File> {
    let file = File::open(path).with_context(|| format!("{}: cannot be opened", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ModelError::Usage(
            "another process is collecting into this database; wait for it or stop it first".to_owned(),
        )
        .into()),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{}: cannot be locked", path.display()))
        }
    }
}

fn settings_file(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".json");
    PathBuf::from(name)
}

fn settings(config: &RunConfig) -> Value {
    let identity = config.identity();
    let chosen = SETTINGS.iter().map(|setting| ((*setting).to_owned(), identity[*setting].clone()));
    json!(chosen.collect::<serde_json::Map<String, Value>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny;

    fn refused(path: &Path, config: &RunConfig) -> String {
        open(path, config)
            .unwrap_err()
            .to_string()
            .replace(&format!("{}/", path.parent().unwrap().display()), "")
    }

    #[test]
    fn every_setting_on_which_a_window_depends_is_known_under_its_name() {
        let settings = settings(&tiny());
        let absent: Vec<&str> = SETTINGS.into_iter().filter(|setting| settings[*setting].is_null()).collect();
        assert_eq!(absent, ["workload_file"], "which only a file of one's own has");
    }

    #[test]
    fn a_database_goes_on_under_the_same_settings_only_and_for_one_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("traces.db");
        let first = open(&path, &tiny()).unwrap();
        assert_eq!(
            refused(&path, &tiny()),
            "another process is collecting into this database; wait for it or stop it first"
        );
        drop(first);
        open(&path, &tiny()).unwrap();
        let other =
            crate::testing::checked(crate::config::RunParams { alpha: 2, ..crate::testing::tiny_params() });
        assert_eq!(
            refused(&path, &other),
            "traces.db was begun with alpha = 3, not 2; give the same settings, or another --out"
        );
    }

    #[test]
    fn a_database_of_another_origin_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("traces.db");
        fs::write(&path, "something").unwrap();
        assert_eq!(refused(&path, &tiny()), "traces.db was not begun by collect; choose another name");
        assert!(
            refused(&directory.path().join("traces.csv"), &tiny()).ends_with("the ending .db or .sqlite")
        );
    }
}
