//! Settings of a forest.

use karma_nn::ConfigError;
use serde::{Deserialize, Serialize};

/// Settings as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ForestParams {
    /// Trees, 1 to 10 000 (default 300); rounded up to whole bags.
    pub trees: usize,
    /// Trees that share one bag, that is one draw of samples, 1 to 100 (default 2). With 1, noise of single trees counts
    /// as ignorance; with many, there are few bags.
    pub trees_per_bag: usize,
    /// Fewest samples in a leaf, counted as often as they were drawn, at least 1 (default 3).
    pub least_leaf: usize,
    /// Share of the features that are tried at each split, above 0, at most 1 (default 0.4).
    pub tried: f32,
    /// Consecutive samples that are drawn together, at least 1 (default 100: several times the longest memory of the
    /// encoder), but at most a twentieth of all.
    pub stretch: usize,
    /// Most samples in a bag, at least 1 (default 10 000): bounds time and memory on large data.
    pub most_samples: usize,
}

impl Default for ForestParams {
    fn default() -> Self {
        Self { trees: 300, trees_per_bag: 2, least_leaf: 3, tried: 0.4, stretch: 100, most_samples: 10_000 }
    }
}

/// Checked [`ForestParams`].
#[derive(Clone, Debug, PartialEq)]
pub struct ForestConfig(ForestParams);

impl ForestParams {
    /// The settings to run with.
    ///
    /// # Errors
    /// The first setting that is out of its range.
    pub fn check(&self) -> Result<ForestConfig, ConfigError> {
        count("trees", self.trees, 1..=10_000, "1 to 10000")?;
        count("trees_per_bag", self.trees_per_bag, 1..=100, "1 to 100")?;
        count("least_leaf", self.least_leaf, 1..=usize::MAX, "at least 1")?;
        count("stretch", self.stretch, 1..=usize::MAX, "at least 1")?;
        count("most_samples", self.most_samples, 1..=usize::MAX, "at least 1")?;
        if self.tried > 0.0 && self.tried <= 1.0 {
            Ok(ForestConfig(self.clone()))
        } else {
            let allowed = "above 0, at most 1";
            Err(ConfigError { field: "tried", value: self.tried.to_string(), allowed })
        }
    }
}

fn count(
    field: &'static str,
    value: usize,
    range: std::ops::RangeInclusive<usize>,
    allowed: &'static str,
) -> Result<(), ConfigError> {
    let refused = || ConfigError { field, value: value.to_string(), allowed };
    range.contains(&value).then_some(()).ok_or_else(refused)
}

impl ForestConfig {
    /// The settings as written.
    pub const fn params(&self) -> &ForestParams {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_out_of_range_is_named_with_its_value() {
        let refused = |params: ForestParams| params.check().unwrap_err().to_string();
        let base = ForestParams::default;
        assert_eq!(refused(ForestParams { trees: 0, ..base() }), "trees is 0; allowed: 1 to 10000");
        assert!(refused(ForestParams { tried: 0.0, ..base() }).contains("tried is 0"));
        assert!(refused(ForestParams { tried: f32::NAN, ..base() }).contains("tried is NaN"));
        assert!(refused(ForestParams { stretch: 0, ..base() }).contains("stretch is 0"));
    }
}
