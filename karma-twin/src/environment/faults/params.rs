//! Settings of the faults.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Settings as written; [`FaultConfig::try_from`] checks them. Probabilities are for one service (entry point) in one
/// episode; durations are drawn evenly from half of the given one to all of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultParams {
    /// Probability that pods of a service crash, in [0, 1] (default 0).
    pub crash_probability: f64,
    /// Largest share of its healthy pods that crash, in [0, 1]; drawn evenly from 0, at least one pod (default 1).
    pub crash_share: f64,
    /// Most crashes k that the pods had before, 0 to 5; drawn evenly from 0 (default 3: back-offs of 10 to 80 s).
    pub crash_restarts: u32,
    /// Probability that a service stalls, in [0, 1] (default 0).
    pub stall_probability: f64,
    /// Least share of its capacity that is left, in (0, 1]; drawn evenly up to 1 (default 0.3).
    pub stall_share: f64,
    /// Longest stall, in seconds (default 120).
    pub stall_seconds: f64,
    /// Probability that the rate of an entry point surges, in [0, 1] (default 0).
    pub surge_probability: f64,
    /// Largest factor, 1 to 100; drawn evenly on a logarithm from 1 (default 3).
    pub surge_factor: f64,
    /// Seconds until a surge has its height, and again until it is gone (default 30).
    pub surge_ramp: f64,
    /// Longest surge between its two ramps, in seconds (default 120).
    pub surge_seconds: f64,
    /// Probability that the samples of a service go missing, in [0, 1] (default 0).
    pub loss_probability: f64,
    /// Longest time for which they do, in seconds (default 60).
    pub loss_seconds: f64,
}

impl Default for FaultParams {
    fn default() -> Self {
        Self {
            crash_probability: 0.0,
            crash_share: 1.0,
            crash_restarts: 3,
            stall_probability: 0.0,
            stall_share: 0.3,
            stall_seconds: 120.0,
            surge_probability: 0.0,
            surge_factor: 3.0,
            surge_ramp: 30.0,
            surge_seconds: 120.0,
            loss_probability: 0.0,
            loss_seconds: 60.0,
        }
    }
}

/// A setting outside of its range.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("faults.{field}: {value} is not allowed; expected a number from {min} to {max}")]
pub struct FaultParamsError {
    /// The setting.
    pub field: &'static str,
    /// Its value.
    pub value: f64,
    /// Least allowed.
    pub min: f64,
    /// Most allowed.
    pub max: f64,
}

/// Checked settings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaultConfig(FaultParams);

impl FaultConfig {
    /// The settings.
    pub const fn params(&self) -> &FaultParams {
        &self.0
    }
}

impl TryFrom<FaultParams> for FaultConfig {
    type Error = FaultParamsError;

    fn try_from(params: FaultParams) -> Result<Self, Self::Error> {
        let ranges = [
            ("crash_probability", params.crash_probability, 0.0, 1.0),
            ("crash_share", params.crash_share, 0.0, 1.0),
            ("crash_restarts", f64::from(params.crash_restarts), 0.0, 5.0),
            ("stall_probability", params.stall_probability, 0.0, 1.0),
            ("stall_share", params.stall_share, 0.01, 1.0),
            ("stall_seconds", params.stall_seconds, 0.0, 86_400.0),
            ("surge_probability", params.surge_probability, 0.0, 1.0),
            ("surge_factor", params.surge_factor, 1.0, 100.0),
            ("surge_ramp", params.surge_ramp, 0.0, 86_400.0),
            ("surge_seconds", params.surge_seconds, 0.0, 86_400.0),
            ("loss_probability", params.loss_probability, 0.0, 1.0),
            ("loss_seconds", params.loss_seconds, 0.0, 86_400.0),
        ];
        for (field, value, min, max) in ranges {
            if !(min..=max).contains(&value) {
                return Err(FaultParamsError { field, value, min, max });
            }
        }
        Ok(Self(params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_strikes_by_default() {
        let params = FaultParams::default();
        let probabilities = [
            params.crash_probability,
            params.stall_probability,
            params.surge_probability,
            params.loss_probability,
        ];
        assert_eq!(probabilities, [0.0; 4]);
        assert_eq!(FaultConfig::try_from(params), Ok(FaultConfig::default()));
    }

    #[test]
    fn a_setting_out_of_range_is_named() {
        let refused = |params: FaultParams| FaultConfig::try_from(params).unwrap_err().to_string();
        let params = FaultParams { stall_share: 0.0, ..FaultParams::default() };
        assert_eq!(refused(params), "faults.stall_share: 0 is not allowed; expected a number from 0.01 to 1");
        let params = FaultParams { crash_probability: f64::NAN, ..FaultParams::default() };
        assert!(refused(params).contains("NaN"));
        assert!(serde_json::from_str::<FaultParams>(r#"{ "crash": 1 }"#).is_err());
    }
}
