//! `karma policy export`: the trained actors of a run as ONNX models.
//!
//! One file `DIR/<agent>.onnx` for each agent. The networks themselves, as safetensors, are in the run's checkpoint.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use clap::Args;
use karma_marl::{ExportError, export_onnx};
use thiserror::Error;

use super::load_team;
use crate::error::RunError;
use crate::run_dir::{CHECKPOINT, RunDirError, atomic};

pub(super) const EXAMPLES: &str = "\
Examples:
  karma policy export runs/train-1 --out actors
      actors/bottleneck.onnx, actors/ddos.onnx and so on, for ONNX Runtime, tract or any other runtime.

A model takes `observation` (float32, batch x features, as in policy/policy.json of the run) and `mask` (bool, batch x
actions, true: legal) and gives `logits`, `log_probs` and `action`, the most probable legal action of each row.";

/// `karma policy export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// The run; it may be at work meanwhile.
    pub run: PathBuf,

    /// Where the models go, made if it is not there; files of these names are replaced.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Why a run's actors are not written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PolicyExportError {
    /// The run cannot be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The actors of its checkpoint have no form as models.
    #[error("{}: cannot be exported", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ExportError,
    },
    /// An agent's name gives no file of its own.
    #[error("agent \"{agent}\" cannot name a file; allowed: names without / that no other agent has")]
    Name {
        /// The name.
        agent: String,
    },
}

impl PolicyExportError {
    /// Whether the user's arguments are to blame.
    pub(crate) const fn is_usage(&self) -> bool {
        matches!(self, Self::Run(error) if error.is_usage())
    }
}

/// Writes the actors that `run` has trained so far as `out/<agent>.onnx`, and says where they are.
///
/// # Errors
/// If `run` is no run, its settings or its checkpoint have been changed, an agent's name is no file name, or `out`
/// cannot be written.
pub fn export_policy(run: &Path, out: &Path) -> Result<Vec<PathBuf>, PolicyExportError> {
    let (_, config) = load_team(run)?;
    let spec = config.environment_spec().map_err(RunError::from)?;
    let path = run.join(CHECKPOINT);
    let bytes = fs::read(&path).map_err(|source| file_error(&path, "read", source))?;
    let actors =
        export_onnx(&bytes, &spec).map_err(|source| PolicyExportError::Checkpoint { path, source })?;
    let names = file_names(actors.iter().map(|actor| actor.agent.as_str()))?;
    fs::create_dir_all(out).map_err(|source| file_error(out, "created", source))?;
    let files: Vec<PathBuf> = names.iter().map(|name| out.join(name)).collect();
    for (path, actor) in files.iter().zip(&actors) {
        atomic::write(path, &actor.model).map_err(|source| file_error(path, "written", source))?;
    }
    Ok(files)
}

fn file_error(path: &Path, action: &'static str, source: io::Error) -> RunError {
    RunDirError::File { path: path.to_owned(), action, source }.into()
}

/// A file for each agent. Names come from an organisation's file, which may be anyone's.
fn file_names<'a>(agents: impl Iterator<Item = &'a str>) -> Result<Vec<String>, PolicyExportError> {
    let mut taken = BTreeSet::new();
    let file_name = |agent: &str| {
        let name = format!("{agent}.onnx");
        let plain = Path::new(&name).components().eq([Component::Normal(name.as_ref())]);
        let plain = plain && !agent.is_empty() && !agent.contains(['/', '\\', '\0']);
        if plain && taken.insert(name.clone()) {
            Ok(name)
        } else {
            Err(PolicyExportError::Name { agent: agent.to_owned() })
        }
    };
    agents.map(file_name).collect()
}

#[cfg(test)]
mod tests {
    use super::file_names;

    #[test]
    fn an_agent_that_would_leave_the_directory_or_replace_another_is_refused_by_name() {
        let refused = |names: &[&str]| file_names(names.iter().copied()).map_err(|error| error.to_string());
        assert_eq!(
            refused(&["ddos", "failure"]),
            Ok(vec!["ddos.onnx".to_owned(), "failure.onnx".to_owned()])
        );
        for names in [&["../ddos"][..], &["a/b"], &["a\\b"], &[""], &["ddos", "ddos"]] {
            assert!(refused(names).is_err_and(|said| said.contains(names[0])), "{names:?}");
        }
    }
}
