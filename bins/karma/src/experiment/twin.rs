//! The twins of a suite: collected and fitted where they are first needed, by each job that finds none.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::Context as _;
use karma_core::Digest;
use serde_json::json;

use super::params::TwinEntry;
use crate::collect::{CollectPlan, EXPLORE, collect};
use crate::config::RunConfig;
use crate::model::fit_windows;
use crate::progress::Progress;
use crate::twin_file::TWIN;

/// The file of a twin of `home`'s cluster, which is made if it is not there; `None` if that was interrupted.
///
/// Everything in it follows from the entry and the settings of the cluster, so jobs that make it at the same time make the same
/// one, each in a directory of its own name.
///
/// # Errors
/// If no twin can be fitted, or the file cannot be written.
pub(super) fn file(
    entry: &TwinEntry,
    home: &RunConfig,
    (directory, job): (&Path, &str),
    progress: &mut dyn Progress,
) -> anyhow::Result<Option<PathBuf>> {
    let of = json!([entry, home.stage_digest().to_string()]).to_string();
    let name = format!("{}-{}", entry.name, &Digest::of(of.as_bytes()).to_string()[..12]);
    let making = directory.join("twins").join(format!(".{name}-{job}"));
    let directory = directory.join("twins").join(name);
    let file = directory.join(TWIN);
    if file.exists() {
        return Ok(Some(file));
    }
    progress
        .note(&format!("collecting {} episodes of each scenario for twin {}", entry.episodes, entry.name));
    let plan = CollectPlan::new(home.clone(), EXPLORE, entry.episodes)?;
    let mut windows = Vec::new();
    let keep = |_, window| -> Result<(), std::convert::Infallible> {
        windows.push(window);
        Ok(())
    };
    let complete = collect(&plan, &BTreeSet::new(), keep, |done, all| {
        progress.evaluated(done, all);
        !progress.interrupted()
    })?;
    if !complete {
        return Ok(None);
    }
    progress.note(&format!("fitting twin {}", entry.name));
    fit_windows(&windows, home)?.write(&making)?;
    publish(&making, &directory).with_context(|| directory.display().to_string())?;
    Ok(Some(file))
}

/// Puts a directory where others look for it, unless somebody else was faster with the same.
fn publish(made: &Path, there: &Path) -> io::Result<()> {
    match fs::rename(made, there) {
        Err(_) if there.exists() => fs::remove_dir_all(made),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_later_with_the_same_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let there = directory.path().join("twin");
        for (making, text) in [(".twin-a", "first"), (".twin-b", "second")] {
            let made = directory.path().join(making);
            fs::create_dir(&made).unwrap();
            fs::write(made.join("file"), text).unwrap();
            publish(&made, &there).unwrap();
            assert!(!made.exists());
        }
        assert_eq!(fs::read_to_string(there.join("file")).unwrap(), "first");
        assert!(publish(&directory.path().join("nothing"), &directory.path().join("nowhere")).is_err());
    }
}
