//! Settings of the search for goals.

use serde::{Deserialize, Serialize};

use crate::cluster::ClusterError;

/// Settings as someone wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GoalsParams {
    /// Most groups of states that are tried, at least 2; 6 by default.
    pub max_goals: usize,
    /// ε: share of the successful episodes that must visit a goal, in [0, 1]; 0.5 by default.
    pub epsilon: f64,
    /// How much likelier success must make a goal, and a role's moves; at least 1; 1.02 by default.
    pub least_lift: f64,
    /// Most states whose silhouettes are computed, at least 2; 2000 by default.
    pub sampled: usize,
}

impl Default for GoalsParams {
    fn default() -> Self {
        Self { max_goals: 6, epsilon: 0.5, least_lift: 1.02, sampled: 2000 }
    }
}

/// Settings that were checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GoalsConfig(GoalsParams);

impl GoalsParams {
    /// Settings to search with.
    ///
    /// # Errors
    /// If one is out of its range.
    pub fn check(self) -> Result<GoalsConfig, ClusterError> {
        let Self { max_goals, epsilon, least_lift, sampled } = self;
        ClusterError::unless(max_goals >= 2, "max_goals", max_goals as f64, "2 at least")?;
        ClusterError::unless((0.0..=1.0).contains(&epsilon), "epsilon", epsilon, "from 0 to 1")?;
        ClusterError::unless(least_lift >= 1.0, "least_lift", least_lift, "1 at least")?;
        ClusterError::unless(sampled >= 2, "sampled", sampled as f64, "2 at least")?;
        Ok(GoalsConfig(self))
    }
}

impl GoalsConfig {
    /// The settings.
    pub const fn params(&self) -> &GoalsParams {
        &self.0
    }
}
