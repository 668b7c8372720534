//! The workload: by name, by settings, or a recorded trace of one's own.

use std::path::Path;

use karma_mock::workload::ReplayParams;
use karma_mock::{Trace, Workload, WorkloadParams};

use super::choice::{Choice, WorkloadChoice};
use super::error::ConfigError;
use super::read::is_path;
use super::sources::Sources;

/// The workload, with the bytes of its trace if that is a file.
pub(super) fn check(
    choice: &WorkloadChoice,
    sources: &Sources,
) -> Result<(Workload, Option<Vec<u8>>), ConfigError> {
    let refuse = |message: String| sources.refuse("workload", &message);
    let checked = match choice {
        Choice::Name(name) if is_path(name) => {
            return replay(&ReplayParams::of(name.clone()), sources).map_err(refuse);
        }
        Choice::Name(name) => Workload::by_name(name),
        Choice::Table(params) => match &**params {
            WorkloadParams::Trace(params) if is_path(&params.trace) => {
                return replay(params, sources).map_err(refuse);
            }
            params => Workload::new(params.clone()),
        },
    };
    checked.map(|workload| (workload, None)).map_err(|error| refuse(error.to_string()))
}

/// A trace from a file. Its name is the file's, without directory and extension.
fn replay(params: &ReplayParams, sources: &Sources) -> Result<(Workload, Option<Vec<u8>>), String> {
    let path = Path::new(&params.trace);
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let bytes = sources.read(&params.trace).map_err(|error| told(&error))?;
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
    let trace = Trace::read(bytes.as_slice(), name).map_err(|error| told(&error))?;
    let workload = Workload::replay(trace, params).map_err(|error| error.to_string())?;
    Ok((workload, Some(bytes)))
}
