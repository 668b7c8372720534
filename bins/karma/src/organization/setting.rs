//! The services that guides are compiled for, where no run says it.

use std::fs::File;

use anyhow::Context as _;
use karma_core::Topology;
use karma_mock::topologies;

use crate::config::is_path;

/// A topology by its name, or from a file.
pub(super) fn topology(name: &str) -> anyhow::Result<Topology> {
    if !is_path(name) {
        return Ok(topologies::by_name(name)?);
    }
    let file = File::open(name).with_context(|| format!("{name}: the file cannot be read"))?;
    Topology::read(file).with_context(|| name.to_owned())
}
