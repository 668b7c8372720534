//! Settings of an inference.

use karma_core::Seconds;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Settings as someone wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InferenceParams {
    /// Seconds between two decisions, above 0; 15 by default, as everywhere.
    pub period: f64,
    /// Most comparisons in the condition of a rule, 1 to 6; 3 by default.
    pub max_depth: usize,
    /// Fewest decisions behind a rule; 40 by default.
    pub min_leaf: usize,
    /// Fewest actions in a direction, below which a role is not given that direction; 20 by default.
    pub min_actions: usize,
    /// Share of a role's actions that its rules are to cover, in (0, 1]; 0.9 by default. The rest is taken for noise, of which
    /// a policy that still explores has some.
    pub coverage: f64,
    /// A service that gets less than this share of a role's actions is left out of its rules, and so is a rule that holds
    /// less of them; in [0, 1), 0.02 by default.
    pub rare: f64,
}

impl Default for InferenceParams {
    fn default() -> Self {
        Self { period: 15.0, max_depth: 3, min_leaf: 40, min_actions: 20, coverage: 0.9, rare: 0.02 }
    }
}

/// Settings that were checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InferenceConfig(InferenceParams);

/// A setting out of its range.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{setting} is {value}; it must be {allowed}")]
pub struct InferenceParamsError {
    /// Which.
    pub setting: &'static str,
    /// Its value.
    pub value: String,
    /// What is allowed.
    pub allowed: &'static str,
}

impl InferenceParams {
    /// Settings to infer with.
    ///
    /// # Errors
    /// If one is out of its range.
    pub fn check(self) -> Result<InferenceConfig, InferenceParamsError> {
        let Self { period, max_depth, coverage, rare, .. } = self;
        let checks = [
            (period.is_finite() && period > 0.0, "period", period.to_string(), "above 0 seconds"),
            ((1..=6).contains(&max_depth), "max_depth", max_depth.to_string(), "from 1 to 6"),
            (coverage > 0.0 && coverage <= 1.0, "coverage", coverage.to_string(), "above 0 and at most 1"),
            ((0.0..1.0).contains(&rare), "rare", rare.to_string(), "from 0 to below 1"),
        ];
        match checks.into_iter().find(|(fits, ..)| !fits) {
            Some((_, setting, value, allowed)) => Err(InferenceParamsError { setting, value, allowed }),
            None => Ok(InferenceConfig(self)),
        }
    }
}

impl InferenceConfig {
    /// The settings.
    pub const fn params(&self) -> &InferenceParams {
        &self.0
    }

    /// Time between two decisions.
    pub const fn period(&self) -> Seconds {
        Seconds(self.0.period)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_out_of_its_range_is_named_with_the_range() {
        assert!(InferenceParams::default().check().is_ok());
        let refused = |params: InferenceParams| params.check().unwrap_err().to_string();
        let base = InferenceParams::default();
        assert_eq!(
            refused(InferenceParams { coverage: 0.0, ..base }),
            "coverage is 0; it must be above 0 and at most 1"
        );
        assert_eq!(
            refused(InferenceParams { max_depth: 9, ..base }),
            "max_depth is 9; it must be from 1 to 6"
        );
        assert!(refused(InferenceParams { period: f64::NAN, ..base }).starts_with("period is NaN"));
        assert!(refused(InferenceParams { rare: 1.0, ..base }).starts_with("rare is 1"));
    }
}
