//! Small sweeps for tests.

use std::path::Path;

use super::config::SweepConfig;
use super::params::SweepParams;

/// A grid over `space`.
pub(super) fn sweep(space: &str) -> SweepConfig {
    checked(&format!("[sweep]\nkind = \"grid\"\n[space]\n{space}\n"))
}

/// A sweep of runs that take a moment.
pub(super) fn tiny(kind: &str, space: &str) -> SweepConfig {
    let mut fixed = crate::testing::tiny_params();
    fixed.evaluation.split = karma_mock::Split::Calibration;
    let mut fixed = toml::Table::try_from(fixed).expect("a TOML form");
    if kind.contains("halving") {
        fixed.remove("budget");
    }
    let mut params: SweepParams =
        toml::from_str(&format!("[sweep]\n{kind}\n[space]\n{space}\n")).expect("a sweep");
    params.fixed = fixed;
    SweepConfig::choosing(params, Path::new("sweep.toml")).expect("a sound sweep")
}

fn checked(text: &str) -> SweepConfig {
    let params = toml::from_str(text).expect("a sweep");
    SweepConfig::choosing(params, Path::new("sweep.toml")).expect("a sound sweep")
}
