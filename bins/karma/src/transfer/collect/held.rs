//! The database of traces: what it holds already is not added again.

use std::collections::BTreeMap;
use std::path::Path;

use karma_core::{Seconds, Topology};
use karma_twin::trace::TraceWindow;

use super::super::error::TransferError;
use super::looks::since;
use crate::topology_json;
use crate::traces::TraceStore;

/// The database of these services, new or to go on with.
///
/// # Errors
/// If it is one of other services, or cannot be used.
pub(in super::super) fn open(path: &Path, topology: &Topology) -> anyhow::Result<TraceStore> {
    let names = topology.services.map(|service| service.name.clone());
    if !path.exists() {
        let document = topology_json::write(topology);
        return Ok(TraceStore::create(path, &names, topology.entry_points.len(), Some(&document))?);
    }
    let store = TraceStore::open(path)?;
    if *store.services() != names || store.entry_points() != topology.entry_points.len() {
        return Err(TransferError::OtherTraces { path: path.to_owned() }.into());
    }
    Ok(store)
}

/// Those of `windows`, and those parts of them, that come after what `store` holds of the same object under the same policy.
///
/// # Errors
/// If the database cannot be read.
pub(in super::super) fn new_windows(
    store: &TraceStore,
    windows: Vec<TraceWindow>,
) -> anyhow::Result<Vec<TraceWindow>> {
    let mut held: BTreeMap<(String, String), Seconds> = BTreeMap::new();
    for entry in store.windows()? {
        let last = store.read_window(entry.id)?.steps.last().map(|step| step.state.time);
        let key = (entry.header.scenario, entry.header.policy);
        if let Some(last) = last.filter(|last| held.get(&key).is_none_or(|held| held < last)) {
            held.insert(key, last);
        }
    }
    let new = windows.into_iter().filter_map(|window| {
        let key = (window.header.scenario.clone(), window.header.policy.clone());
        match held.get(&key) {
            Some(last) => since(window, *last),
            None => Some(window),
        }
    });
    Ok(new.collect())
}
