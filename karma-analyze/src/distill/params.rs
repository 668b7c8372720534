//! Settings of a distillation.

use serde::{Deserialize, Serialize};

/// Settings as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DistillParams {
    /// The smallest depth to try, at least 1. Default 1.
    pub min_depth: usize,
    /// The largest depth to try, at most 16. Default 4: at most 16 rules of at most 4 conditions, about a page.
    pub max_depth: usize,
    /// Rows that a rule needs at least to be grown, at least 1. Default 5.
    pub min_leaf: usize,
    /// Share of the groups that are held out for the report; if there is a choice of depths, as large a share of the
    /// others is held out for it. Above 0, below 1. Default 0.25.
    pub held_out: f64,
    /// Root of the choice of groups.
    pub seed: u64,
}

impl Default for DistillParams {
    fn default() -> Self {
        Self { min_depth: 1, max_depth: 4, min_leaf: 5, held_out: 0.25, seed: 0 }
    }
}

/// A setting that cannot be run with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {value}; allowed: {allowed}")]
pub struct DistillParamsError {
    /// The setting.
    pub field: &'static str,
    /// What was written.
    pub value: String,
    /// What can be written.
    pub allowed: &'static str,
}

impl DistillParams {
    /// The settings to run with.
    ///
    /// # Errors
    /// The first setting outside its range.
    pub fn check(self) -> Result<DistillConfig, DistillParamsError> {
        let refuse = |field, value: String, allowed| Err(DistillParamsError { field, value, allowed });
        if !(1..=16).contains(&self.max_depth) {
            return refuse("max_depth", self.max_depth.to_string(), "1 to 16");
        }
        if !(1..=self.max_depth).contains(&self.min_depth) {
            return refuse("min_depth", self.min_depth.to_string(), "1 to max_depth");
        }
        if self.min_leaf == 0 {
            return refuse("min_leaf", self.min_leaf.to_string(), "at least 1");
        }
        if !(self.held_out > 0.0 && self.held_out < 1.0) {
            return refuse("held_out", self.held_out.to_string(), "above 0 and below 1");
        }
        Ok(DistillConfig { params: self })
    }
}

/// Checked settings.
#[derive(Clone, Debug, PartialEq)]
pub struct DistillConfig {
    params: DistillParams,
}

impl DistillConfig {
    /// The settings as written.
    pub const fn params(&self) -> &DistillParams {
        &self.params
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_outside_its_range_is_refused_by_name() {
        let refused = |params: DistillParams| params.check().unwrap_err().to_string();
        let depth = DistillParams { min_depth: 5, ..DistillParams::default() };
        assert_eq!(refused(depth), "min_depth is 5; allowed: 1 to max_depth");
        let share = DistillParams { held_out: 1.0, ..DistillParams::default() };
        assert_eq!(refused(share), "held_out is 1; allowed: above 0 and below 1");
    }
}
