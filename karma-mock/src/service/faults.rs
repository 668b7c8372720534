//! What a mock service is told to do wrong.

use serde::{Deserialize, Serialize};

/// Faults that hold until they are replaced; the default is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Speed of computing as a multiple of nominal: a request burns its work divided by it (default 1).
    pub speed: f64,
    /// Share of requests that are answered with 500 (default 0).
    pub error_rate: f64,
    /// Seconds that every answer is held back without using CPU (default 0).
    pub latency_seconds: f64,
    /// Whether requests are taken and never answered, and liveness is denied (default false).
    pub hang: bool,
}

impl Default for Faults {
    fn default() -> Self {
        Self { speed: 1.0, error_rate: 0.0, latency_seconds: 0.0, hang: false }
    }
}

impl Faults {
    /// # Errors
    /// The first number that is out of its range.
    pub fn check(&self) -> Result<(), String> {
        let ranges = [
            ("speed", self.speed, (0.001, 100.0)),
            ("error_rate", self.error_rate, (0.0, 1.0)),
            ("latency_seconds", self.latency_seconds, (0.0, 3600.0)),
        ];
        for (field, value, (least, most)) in ranges {
            if !(least..=most).contains(&value) {
                return Err(format!(
                    "{field}: {value} is not allowed; expected a number from {least} to {most}"
                ));
            }
        }
        Ok(())
    }
}
