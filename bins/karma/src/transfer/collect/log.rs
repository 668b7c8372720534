//! Traces of decision logs: everything that a decision was taken on is in there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use karma_core::State;
use karma_k8s::control::LogEntry;
use karma_k8s::resource::Mode;
use karma_twin::trace::TraceWindow;

use super::super::error::TransferError;
use super::super::log::read_log;
use super::Frame;
use super::looks::{Look, OTHERS, windows};

/// Hexadecimal digits of a policy's digest that tell it from others.
const DIGITS: usize = 8;

/// What logs hold of the services of `frame`, in windows, one or more for each object that they speak of; and the number of their
/// decisions on other services. Windows are called by their object, after `scenario` if there is one: what a database has of one
/// object says nothing of another. A window that several logs hold is there once.
///
/// # Errors
/// If a log cannot be read.
pub(in super::super) fn read_all(
    logs: &[PathBuf],
    frame: &Frame,
    scenario: Option<&str>,
) -> Result<(Vec<TraceWindow>, usize), TransferError> {
    let services = frame.topology.services.map(|service| service.name.clone());
    let (mut all, mut foreign) = (Vec::new(), 0);
    for log in logs {
        let mut objects: BTreeMap<String, Vec<Look>> = BTreeMap::new();
        for entry in read_log(log)? {
            if entry.services.iter().eq(services.iter()) {
                let object = format!("{}/{}", entry.namespace, entry.name);
                objects.entry(object).or_default().push(look(&entry));
            } else {
                foreign += 1;
            }
        }
        for (object, looks) in objects {
            let name = scenario.map_or_else(|| object.clone(), |scenario| format!("{scenario}, {object}"));
            for window in windows(&looks, &name, (frame.period, frame.window)) {
                if !all.contains(&window) {
                    all.push(window);
                }
            }
        }
    }
    Ok((all, foreign))
}

fn look(entry: &LogEntry) -> Look {
    let decided = &entry.decided;
    let reason = |service: &karma_k8s::decide::ServiceDecision| {
        if service.act { service.target.reason.to_string() } else { OTHERS.to_owned() }
    };
    Look { by: by(entry), state: State::from(&entry.snapshot), reasons: decided.services.map(reason) }
}

/// Who decides: the policy, where something may be carried out.
fn by(entry: &LogEntry) -> String {
    let digest = entry.policy.strip_prefix("sha256:").unwrap_or(&entry.policy);
    let digest: String = digest.chars().take(DIGITS).collect();
    match entry.decided.mode {
        Mode::Shadow => OTHERS.to_owned(),
        Mode::Canary => format!("canary-{digest}"),
        Mode::Active => format!("karma-{digest}"),
    }
}
