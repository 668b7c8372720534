//! Settings of the tabular learners.

use serde::{Deserialize, Serialize};

use crate::error::SettingError;

/// How values are learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Learner {
    /// By a model of the load's changes and what is known of the cost.
    ModelBased,
    /// From single steps alone.
    QLearning,
}

impl Learner {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ModelBased => "rlad-like",
            Self::QLearning => "rlad-like-q",
        }
    }
}

/// Settings of an [`Rlad`](super::Rlad) as written; defaults are the paper's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RladParams {
    /// How values are learned. Default model-based.
    pub learner: Learner,
    /// `R_max` as a multiple of the unloaded time, more than 1. Default 3.
    pub slo: f64,
    /// Weight of a violation, 0 or more. Default 0.90.
    pub violation: f64,
    /// Weight of a change, 0 or more. Default 0.01.
    pub change: f64,
    /// Weight of resources, 0 or more. Default 0.09.
    pub resources: f64,
    /// α, above 0 and at most 1. Default 0.1.
    pub learning_rate: f64,
    /// γ, 0 to 1, 1 excluded. Default 0.99.
    pub discount: f64,
    /// ε of training, 0 to 1. Default 0.1.
    pub exploration: f64,
}

impl Default for RladParams {
    fn default() -> Self {
        Self {
            learner: Learner::ModelBased,
            slo: 3.0,
            violation: 0.90,
            change: 0.01,
            resources: 0.09,
            learning_rate: 0.1,
            discount: 0.99,
            exploration: 0.1,
        }
    }
}

/// Settings of an [`Rlad`](super::Rlad), checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RladConfig(RladParams);

impl RladParams {
    /// Checks every number.
    ///
    /// # Errors
    /// The first one that is out of its range.
    pub fn check(self) -> Result<RladConfig, SettingError> {
        let weight = |value: f64| value.is_finite() && value >= 0.0;
        let rate = self.learning_rate > 0.0 && self.learning_rate <= 1.0;
        SettingError::first([
            ("slo", self.slo, self.slo > 1.0 && self.slo.is_finite(), "a finite number above 1"),
            ("violation", self.violation, weight(self.violation), "0 or more"),
            ("change", self.change, weight(self.change), "0 or more"),
            ("resources", self.resources, weight(self.resources), "0 or more"),
            ("learning_rate", self.learning_rate, rate, "more than 0 and at most 1"),
            ("discount", self.discount, (0.0..1.0).contains(&self.discount), "0 to 1, 1 excluded"),
            ("exploration", self.exploration, (0.0..=1.0).contains(&self.exploration), "0 to 1"),
        ])?;
        Ok(RladConfig(self))
    }
}

impl RladConfig {
    /// The settings as written.
    pub const fn params(&self) -> &RladParams {
        &self.0
    }
}
