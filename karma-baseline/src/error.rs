//! The error of a setting that is out of its range.

use thiserror::Error;

/// A setting that makes no rule.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[error("`{field}` is {value}, allowed is {allowed}")]
pub struct SettingError {
    /// The setting.
    pub field: &'static str,
    /// Its value.
    pub value: f64,
    /// What is allowed.
    pub allowed: &'static str,
}

impl SettingError {
    /// The first of these settings that does not hold: name, value, whether it holds, what is allowed.
    pub(crate) fn first<const N: usize>(
        settings: [(&'static str, f64, bool, &'static str); N],
    ) -> Result<(), Self> {
        match settings.into_iter().find(|(.., holds, _)| !holds) {
            Some((field, value, _, allowed)) => Err(Self { field, value, allowed }),
            None => Ok(()),
        }
    }
}
