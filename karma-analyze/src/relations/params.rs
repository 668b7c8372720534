//! Settings of the inference.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::correction::Correction;

/// Settings as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RelationsParams {
    /// The largest delay in steps after which one agent's action is sought in another's, 1 to 64. Default 4: two minutes
    /// of decisions 30 s apart.
    pub max_lag: usize,
    /// Arrangements of the null, 1 to 10⁶. Default 999: p-values of thousandths.
    pub permutations: usize,
    /// Probability of any false link (Holm), or the expected share of false tests among the positive ones (Benjamini and
    /// Hochberg); above 0, below 1. Default 0.05.
    pub alpha: f64,
    /// Windows of equal length that each episode is cut into, 1 to 1000. Default 1.
    pub windows: usize,
    /// How many tests at once are accounted for. Default Holm.
    pub correction: Correction,
    /// Root of the arrangements of the null.
    pub seed: u64,
}

impl Default for RelationsParams {
    fn default() -> Self {
        Self { max_lag: 4, permutations: 999, alpha: 0.05, windows: 1, correction: Correction::Holm, seed: 0 }
    }
}

/// A setting that cannot be run with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {value}; allowed: {allowed}")]
pub struct RelationsParamsError {
    /// The setting.
    pub field: &'static str,
    /// What was written.
    pub value: String,
    /// What can be written.
    pub allowed: &'static str,
}

impl RelationsParams {
    /// The settings to run with.
    ///
    /// # Errors
    /// The first setting outside its range.
    pub fn check(self) -> Result<RelationsConfig, RelationsParamsError> {
        let refuse = |field, value: String, allowed| Err(RelationsParamsError { field, value, allowed });
        if !(1..=64).contains(&self.max_lag) {
            return refuse("max_lag", self.max_lag.to_string(), "1 to 64");
        }
        if !(1..=1_000_000).contains(&self.permutations) {
            return refuse("permutations", self.permutations.to_string(), "1 to 1000000");
        }
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return refuse("alpha", self.alpha.to_string(), "above 0 and below 1");
        }
        if !(1..=1000).contains(&self.windows) {
            return refuse("windows", self.windows.to_string(), "1 to 1000");
        }
        Ok(RelationsConfig { params: self, threads: NonZeroUsize::MIN })
    }
}

/// Checked settings, and how many threads to use.
#[derive(Clone, Debug, PartialEq)]
pub struct RelationsConfig {
    params: RelationsParams,
    threads: NonZeroUsize,
}

impl RelationsConfig {
    /// The settings as written.
    pub const fn params(&self) -> &RelationsParams {
        &self.params
    }

    /// The same on so many threads; results do not depend on it. One unless this is called.
    #[must_use]
    pub const fn on_threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// Threads to use.
    pub const fn threads(&self) -> NonZeroUsize {
        self.threads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_outside_its_range_is_refused_by_name() {
        let refused = |params: RelationsParams| params.check().unwrap_err().to_string();
        let lag = RelationsParams { max_lag: 0, ..RelationsParams::default() };
        assert_eq!(refused(lag), "max_lag is 0; allowed: 1 to 64");
        let alpha = RelationsParams { alpha: f64::NAN, ..RelationsParams::default() };
        assert_eq!(refused(alpha), "alpha is NaN; allowed: above 0 and below 1");
    }
}
