//! The twins of a suite: collected and fitted where they are first needed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
/// Everything in it follows from the entry and the settings of the cluster, so machines that make it at the same time make the
/// same one.
///
/// # Errors
/// If no twin can be fitted, or the file cannot be written.
pub(super) fn file(
    entry: &TwinEntry,
    home: &RunConfig,
    directory: &Path,
    progress: &mut dyn Progress,
) -> anyhow::Result<Option<PathBuf>> {
    let of = json!([entry, home.stage_digest().to_string()]).to_string();
    let name = format!("{}-{}", entry.name, &Digest::of(of.as_bytes()).to_string()[..12]);
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
    let twin = fit_windows(&windows, home)?;
    Ok(Some(twin.write(&directory)?))
}
