//! Settings by path: `learner.learning_rate` in the tree of a run's configuration.

use std::path::Path;

use toml::{Table, Value};

use crate::config::{RunParams, is_path};

/// A setting and the value that a trial gives it.
pub(crate) type Assignment = (String, Value);

/// Sets the value at a dotted path; tables on the way are made, anything else there is replaced.
pub(crate) fn set(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = table.entry(first).or_insert_with(|| Value::Table(Table::new()));
            if !inner.is_table() {
                *inner = Value::Table(Table::new());
            }
            if let Value::Table(inner) = inner {
                set(inner, rest, value);
            }
        }
    }
}

/// The table with keys such as `"learner.gamma"` put where they belong.
pub(super) fn expand(table: Table) -> Table {
    let mut expanded = Table::new();
    for (key, value) in table {
        set(&mut expanded, &key, value);
    }
    expanded
}

/// The run that a table of settings describes, or what is wrong with it in one sentence.
pub(crate) fn params(table: Table) -> Result<RunParams, String> {
    let failed = |error: toml::de::Error| {
        explain(&error.message().lines().map(str::trim).collect::<Vec<_>>().join("; "))
    };
    Value::Table(table).try_into().map_err(failed)
}

/// Adds the nearest known name to serde's "unknown field `x`, expected one of `a`, `b`", and leaves the long list out.
fn explain(message: &str) -> String {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match names.as_slice() {
        [written, known @ ..] if message.starts_with("unknown field") => match nearest(written, known) {
            Some(name) => format!("unknown setting `{written}`; did you mean `{name}`?"),
            None => format!("unknown setting `{written}`; known here: {}", known.join(", ")),
        },
        _ => message.to_owned(),
    }
}

/// The known name that is most likely meant.
pub(super) fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let written: String = written.chars().take(64).collect();
    let scored = known.iter().map(|known| (strsim::jaro_winkler(&written, known), *known));
    scored.filter(|(likeness, _)| *likeness > 0.75).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

/// Makes the settings that name files independent of where the sweep's file is.
pub(crate) fn rebase(params: &mut RunParams, base: &Path) {
    let absolute = |name: &str| {
        let path = base.join(name);
        std::path::absolute(&path).unwrap_or(path).to_string_lossy().into_owned()
    };
    let places = [&mut params.topology, &mut params.organization].into_iter();
    for name in places.chain(workload_file(&mut params.workload)) {
        if is_path(name) {
            *name = absolute(name);
        }
    }
    params.twin = params.twin.as_deref().map(absolute);
}

fn workload_file(workload: &mut crate::config::WorkloadChoice) -> Option<&mut String> {
    match workload {
        crate::config::Choice::Name(name) => Some(name),
        crate::config::Choice::Table(table) => match table.as_mut() {
            karma_mock::WorkloadParams::Trace(replay) => Some(&mut replay.trace),
            _ => None,
        },
    }
}

/// The files that a run needs beside its configuration.
pub(crate) fn files(params: &RunParams) -> Vec<String> {
    let mut params = params.clone();
    let mut files: Vec<String> = workload_file(&mut params.workload).cloned().into_iter().collect();
    files.extend([params.topology, params.organization]);
    files.retain(|name| is_path(name));
    files.extend(params.twin);
    files
}

/// A value as a cell of a table: text without quotes, everything else as TOML.
pub(crate) fn show(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_sets_what_is_in_the_tree_and_makes_what_is_not() {
        let mut table: Table = toml::from_str("seed = 1\n[learner]\ngamma = 0.9\n").unwrap();
        set(&mut table, "learner.num_envs", Value::Integer(2));
        set(&mut table, "seed", Value::Integer(7));
        set(&mut table, "evaluation.seeds", Value::Integer(3));
        let params = params(table).unwrap();
        assert_eq!((params.seed, params.learner.num_envs, params.evaluation.seeds), (7, 2, 3));
        assert_eq!(params.learner.gamma, 0.9);
    }

    #[test]
    fn paths_as_keys_are_the_same_settings() {
        let dotted: Table = toml::from_str("\"learner.gamma\" = 0.5\n\"learner.num_envs\" = 2\n").unwrap();
        let nested: Table = toml::from_str("[learner]\ngamma = 0.5\nnum_envs = 2\n").unwrap();
        assert_eq!(expand(dotted), nested);
    }

    #[test]
    fn a_setting_that_there_is_not_is_answered_with_the_nearest() {
        let refused = |text: &str| params(toml::from_str(text).unwrap()).unwrap_err();
        assert_eq!(refused("learner.gama = 1"), "unknown setting `gama`; did you mean `gamma`?");
        assert!(refused("zzz = 1").starts_with("unknown setting `zzz`; known here: topology, workload, "));
        assert_eq!(refused("alpha = \"x\""), "invalid type: string \"x\", expected u32");
    }

    #[test]
    fn files_are_found_beside_the_sweep() {
        let mut params = RunParams { topology: "shop.json".into(), ..RunParams::default() };
        rebase(&mut params, Path::new("/lab"));
        assert_eq!(files(&params), ["/lab/shop.json"]);
        rebase(&mut params, Path::new("/elsewhere"));
        assert_eq!(params.topology, "/lab/shop.json");
        assert_eq!(params.organization, "karma", "a name is no file");
    }
}
