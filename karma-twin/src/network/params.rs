//! Settings of the ensemble.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Settings as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkParams {
    /// Networks in the ensemble, 2 to 64 (default 5; Chua et al., NeurIPS 2018, use 5). Each learns without one of as
    /// many stretches of time.
    pub members: usize,
    /// Widths of the hidden layers (default 128, 128).
    pub hidden: Vec<usize>,
    /// Passes over the samples, 1 to 10 000 (default 20).
    pub epochs: usize,
    /// Rows of one step of the optimiser, 1 to 65 536 (default 128).
    pub batch: usize,
    /// Step size at the beginning; it falls to 0 along a cosine (default 2e-3).
    pub learning_rate: f32,
    /// Decoupled weight decay (Loshchilov and Hutter, ICLR 2019), at least 0 (default 2).
    pub weight_decay: f32,
    /// Share of the inputs that are hidden in each row while learning, in [0, 1) (default 0.1).
    pub input_dropout: f32,
    /// Standard deviation of the noise on the normalised inputs while learning, at least 0 (default 0.05).
    pub input_noise: f32,
    /// Steps of the model's own roll-outs that it learns from, 0 to 64; 0: only recorded pasts (default 8).
    pub imagination: usize,
    /// Imagined pasts for each recorded one, in (0, 4] (default 0.25).
    pub imagined_share: f32,
}

impl Default for NetworkParams {
    fn default() -> Self {
        Self {
            members: 5,
            hidden: vec![128, 128],
            epochs: 20,
            batch: 128,
            learning_rate: 2e-3,
            weight_decay: 2.0,
            input_dropout: 0.1,
            input_noise: 0.05,
            imagination: 8,
            imagined_share: 0.25,
        }
    }
}

/// A setting of the ensemble is out of its range.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{setting} is {value}; allowed: {allowed}")]
pub struct NetworkSettingError {
    /// Its name.
    pub setting: &'static str,
    /// Its value.
    pub value: String,
    /// What is allowed.
    pub allowed: &'static str,
}

/// Checked [`NetworkParams`].
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkConfig(NetworkParams);

impl NetworkParams {
    /// The settings to run with.
    ///
    /// # Errors
    /// The first setting that is out of its range.
    pub fn check(&self) -> Result<NetworkConfig, NetworkSettingError> {
        let unless = |holds: bool, setting, value: String, allowed| {
            if holds { Ok(()) } else { Err(NetworkSettingError { setting, value, allowed }) }
        };
        let share = |x: f32| (0.0..1.0).contains(&x);
        let widths = self.hidden.iter().all(|width| (1..=16_384).contains(width)) && self.hidden.len() <= 16;
        unless((2..=64).contains(&self.members), "members", self.members.to_string(), "2 to 64")?;
        unless(widths, "hidden", format!("{:?}", self.hidden), "at most 16 widths of 1 to 16384")?;
        unless((1..=10_000).contains(&self.epochs), "epochs", self.epochs.to_string(), "1 to 10000")?;
        unless((1..=65_536).contains(&self.batch), "batch", self.batch.to_string(), "1 to 65536")?;
        let rate = self.learning_rate;
        unless(rate.is_finite() && rate > 0.0, "learning_rate", rate.to_string(), "a finite number above 0")?;
        let not_negative = [("weight_decay", self.weight_decay), ("input_noise", self.input_noise)];
        for (setting, value) in not_negative {
            unless(
                value.is_finite() && value >= 0.0,
                setting,
                value.to_string(),
                "a finite number of at least 0",
            )?;
        }
        unless(share(self.input_dropout), "input_dropout", self.input_dropout.to_string(), "0 to below 1")?;
        unless(self.imagination <= 64, "imagination", self.imagination.to_string(), "0 to 64")?;
        let imagined = self.imagined_share;
        unless(
            imagined > 0.0 && imagined <= 4.0,
            "imagined_share",
            imagined.to_string(),
            "above 0, at most 4",
        )?;
        Ok(NetworkConfig(self.clone()))
    }
}

impl NetworkConfig {
    /// The settings as written.
    pub const fn params(&self) -> &NetworkParams {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_out_of_range_is_named_with_its_value() {
        let refused = |params: NetworkParams| params.check().unwrap_err().to_string();
        let base = NetworkParams::default;
        assert_eq!(refused(NetworkParams { members: 1, ..base() }), "members is 1; allowed: 2 to 64");
        assert_eq!(
            refused(NetworkParams { input_dropout: 1.0, ..base() }),
            "input_dropout is 1; allowed: 0 to below 1"
        );
        assert!(refused(NetworkParams { hidden: vec![0], ..base() }).contains("hidden is [0]"));
        assert!(
            refused(NetworkParams { learning_rate: f32::NAN, ..base() }).contains("learning_rate is NaN")
        );
    }
}
