//! Settings of looking ahead.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How far is looked ahead, and how sure one has to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LookaheadParams {
    /// Decisions that a try is followed, 1 to 1000. Default 5: longer looks count on things to stay as they are for longer.
    pub horizon: usize,
    /// Replicas of one service that are tried above and below what is asked for, 1 to 100. Default 1.
    pub reach: u32,
    /// Futures that are imagined for each decision, 1 to 1000. Default 2.
    pub futures: usize,
    /// Reward that a try has to earn more than what was asked for, 0 to 1; less is chance. Default 0.01.
    pub margin: f32,
    /// Seconds that a twin runs before it is asked, 1 to 60. Default 10: some times as long as a client waits.
    pub settle: f64,
    /// Misfit above which a twin is not asked: the mean of squared logarithms of ratios, 0 to 100. Default 0.3: three quarters more or less.
    pub misfit: f64,
}

impl Default for LookaheadParams {
    fn default() -> Self {
        Self { horizon: 5, reach: 1, futures: 2, margin: 0.01, settle: 10.0, misfit: 0.3 }
    }
}

/// A setting out of range.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{field}` is {found}, allowed is {allowed}")]
pub struct LookaheadError {
    /// The setting.
    pub field: &'static str,
    /// Its value.
    pub found: String,
    /// What it may be.
    pub allowed: &'static str,
}

impl LookaheadParams {
    /// Checks the numbers.
    ///
    /// # Errors
    /// The first that is out of its range.
    pub fn check(self) -> Result<LookaheadConfig, LookaheadError> {
        let Self { horizon, reach, futures, margin, settle, misfit } = self;
        let fine = [
            ("horizon", (1..=1000).contains(&horizon), horizon.to_string(), "1 to 1000"),
            ("reach", (1..=100).contains(&reach), reach.to_string(), "1 to 100"),
            ("futures", (1..=1000).contains(&futures), futures.to_string(), "1 to 1000"),
            ("margin", (0.0..=1.0).contains(&margin), margin.to_string(), "0 to 1"),
            ("settle", (1.0..=60.0).contains(&settle), settle.to_string(), "1 to 60"),
            ("misfit", (0.0..=100.0).contains(&misfit), misfit.to_string(), "0 to 100"),
        ];
        match fine.into_iter().find(|(_, fine, ..)| !fine) {
            Some((field, _, found, allowed)) => Err(LookaheadError { field, found, allowed }),
            None => Ok(LookaheadConfig(self)),
        }
    }
}

/// Checked [`LookaheadParams`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LookaheadConfig(LookaheadParams);

impl LookaheadConfig {
    /// The settings.
    pub const fn params(&self) -> &LookaheadParams {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_its_range() {
        let default = LookaheadParams::default;
        let refused = |params: LookaheadParams| params.check().unwrap_err().to_string();
        assert_eq!(
            refused(LookaheadParams { horizon: 0, ..default() }),
            "`horizon` is 0, allowed is 1 to 1000"
        );
        assert_eq!(
            refused(LookaheadParams { reach: 101, ..default() }),
            "`reach` is 101, allowed is 1 to 100"
        );
        assert_eq!(
            refused(LookaheadParams { futures: 0, ..default() }),
            "`futures` is 0, allowed is 1 to 1000"
        );
        assert_eq!(
            refused(LookaheadParams { margin: f32::NAN, ..default() }),
            "`margin` is NaN, allowed is 0 to 1"
        );
        assert_eq!(
            refused(LookaheadParams { settle: 0.5, ..default() }),
            "`settle` is 0.5, allowed is 1 to 60"
        );
        assert_eq!(
            refused(LookaheadParams { misfit: -1.0, ..default() }),
            "`misfit` is -1, allowed is 0 to 100"
        );
        assert_eq!(*default().check().unwrap().params(), default());
    }
}
