//! Settings of the simulated cluster that no topology holds.

use karma_core::Seconds;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The shortest CFS period that Linux takes, in seconds.
const SHORTEST_PERIOD: f64 = 0.001;

/// Settings as written; [`SimulationConfig::try_from`] checks them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimulationParams {
    /// Seconds between scrapes; 5.
    pub scrape_period: f64,
    /// Probability that a scrape of one service is lost; 0.
    pub scrape_loss: f64,
    /// Sigma of the log-normal start-up delay, whose median the topology gives; 0.3.
    pub startup_sigma: f64,
    /// Seconds between readiness probes; 10, Kubernetes' default.
    pub readiness_period: f64,
    /// Seconds that a terminating pod may take to finish its requests; 30, Kubernetes' default.
    pub grace_period: f64,
    /// Seconds of a CFS period, in which a pod may use its CPU limit times the period at the full speed of its node's
    /// cores, and then stands still; 0.1 is Kubernetes' default. 0, the default here, shares the limit as a fluid.
    pub cpu_period: f64,
    /// Seconds that each call spends outside of its pods, there and back: wire, kernel, proxies; 0. They cost no CPU
    /// and are all spent on the way there.
    pub network: f64,
    /// Seconds for which a warning or a degradation lasts; 60.
    pub fault_duration: f64,
    /// Kilobits of a request; 16.
    pub request_kilobits: f64,
    /// Kilobits of an answer; 80.
    pub answer_kilobits: f64,
}

impl Default for SimulationParams {
    fn default() -> Self {
        Self {
            scrape_period: 5.0,
            scrape_loss: 0.0,
            startup_sigma: 0.3,
            readiness_period: 10.0,
            grace_period: 30.0,
            cpu_period: 0.0,
            network: 0.0,
            fault_duration: 60.0,
            request_kilobits: 16.0,
            answer_kilobits: 80.0,
        }
    }
}

/// A setting outside of its range.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("simulation.{field}: {value} is not allowed; expected a number from {min} to {max}")]
pub struct SimulationParamsError {
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
pub struct SimulationConfig(SimulationParams);

impl SimulationConfig {
    /// The settings.
    pub const fn params(&self) -> &SimulationParams {
        &self.0
    }

    /// Seconds between scrapes.
    pub const fn scrape_period(&self) -> Seconds {
        Seconds(self.0.scrape_period)
    }
}

impl TryFrom<SimulationParams> for SimulationConfig {
    type Error = SimulationParamsError;

    fn try_from(params: SimulationParams) -> Result<Self, Self::Error> {
        let ranges = [
            ("scrape_period", params.scrape_period, 0.1, 600.0),
            ("scrape_loss", params.scrape_loss, 0.0, 1.0),
            ("startup_sigma", params.startup_sigma, 0.0, 3.0),
            ("readiness_period", params.readiness_period, 0.0, 600.0),
            ("grace_period", params.grace_period, 0.0, 3600.0),
            ("cpu_period", params.cpu_period, 0.0, 1.0),
            ("network", params.network, 0.0, 10.0),
            ("fault_duration", params.fault_duration, 0.0, 3600.0),
            ("request_kilobits", params.request_kilobits, 0.0, 1e9),
            ("answer_kilobits", params.answer_kilobits, 0.0, 1e9),
        ];
        for (field, value, min, max) in ranges {
            if !(min..=max).contains(&value) {
                return Err(SimulationParamsError { field, value, min, max });
            }
        }
        if params.cpu_period > 0.0 && params.cpu_period < SHORTEST_PERIOD {
            let (value, min) = (params.cpu_period, SHORTEST_PERIOD);
            return Err(SimulationParamsError { field: "cpu_period", value, min, max: 1.0 });
        }
        Ok(Self(params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_allowed() {
        assert_eq!(SimulationConfig::try_from(SimulationParams::default()), Ok(SimulationConfig::default()));
    }

    #[test]
    fn a_setting_outside_of_its_range_is_named_with_its_range() {
        for value in [-1.0, f64::NAN, f64::INFINITY] {
            let params = SimulationParams { scrape_loss: value, ..SimulationParams::default() };
            let error = SimulationConfig::try_from(params).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("simulation.scrape_loss: {value} is not allowed; expected a number from 0 to 1")
            );
        }
    }
}
