//! Suites for tests.

use std::path::Path;

use super::params::SuiteParams;
use super::suite::{Suite, SuiteError};

/// A suite of a text, which belongs to the present directory.
pub(super) fn suite(text: &str) -> Result<Suite, SuiteError> {
    let params: SuiteParams = toml::from_str(text).unwrap();
    Suite::check(params, Path::new("suite.toml"), Some(2))
}
