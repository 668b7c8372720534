//! Where a setting stands, what may be written there, and how units are rounded.

use std::fmt::Display;

use crate::SafetyError;

/// The longest time of a setting: 31 years.
pub(super) const LONGEST_SECONDS: f64 = 1e9;

/// Where a field stands.
pub(super) struct Place<'a>(pub(super) &'a str);

impl Place<'_> {
    pub(super) fn refuse(&self, field: &str, value: impl Display, allowed: String) -> SafetyError {
        SafetyError::Value { place: format!("{}.{field}", self.0), value: format!("{value}"), allowed }
    }

    pub(super) fn number(&self, field: &str, value: f64, least: f64, most: f64) -> Result<f64, SafetyError> {
        if (least..=most).contains(&value) {
            return Ok(value);
        }
        let allowed = format!("a number from {least} to {most}");
        Err(self.refuse(field, value, allowed))
    }

    pub(super) fn whole(&self, field: &str, value: u32, least: u32, most: u32) -> Result<u32, SafetyError> {
        if (least..=most).contains(&value) {
            return Ok(value);
        }
        Err(self.refuse(field, value, format!("a whole number from {least} to {most}")))
    }

    /// A time in milliseconds, rounded up: a window is never shorter than written.
    pub(super) fn ms(&self, field: &str, seconds: f64) -> Result<u64, SafetyError> {
        Ok(ceil(self.number(field, seconds, 0.0, LONGEST_SECONDS)? * 1000.0))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "of what is not negative; huge saturates"
)]
pub(super) fn ceil(value: f64) -> u64 {
    value.ceil() as u64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "of what is not negative; huge saturates"
)]
pub(super) fn floor(value: f64) -> u64 {
    value.floor() as u64
}

/// Thousandths of a share in [0, 1].
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 1000")]
pub(super) fn thousandths(share: f64) -> u32 {
    (share * 1000.0).round() as u32
}
