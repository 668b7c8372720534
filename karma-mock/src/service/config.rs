//! Settings of a mock service, checked.

use karma_core::topology::WorkDistribution;
use thiserror::Error;

use super::params::{DistributionParams, ServiceParams};

/// Settings that a mock service refuses, all of them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the settings of a mock service are refused:\n  {}", .0.join("\n  "))]
pub struct ServiceParamsError(pub Vec<String>);

/// Checked settings.
#[derive(Clone, Debug)]
pub struct ServiceConfig(ServiceParams);

impl ServiceConfig {
    /// The settings.
    pub const fn params(&self) -> &ServiceParams {
        &self.0
    }
}

impl From<DistributionParams> for WorkDistribution {
    fn from(shape: DistributionParams) -> Self {
        match shape {
            DistributionParams::Deterministic => Self::Deterministic,
            DistributionParams::Exponential => Self::Exponential,
            DistributionParams::LogNormal(cv) => Self::LogNormal(cv),
        }
    }
}

impl TryFrom<ServiceParams> for ServiceConfig {
    type Error = ServiceParamsError;

    fn try_from(params: ServiceParams) -> Result<Self, ServiceParamsError> {
        let mut said = Vec::new();
        let mut within = |field: String, value: f64, (least, most): (f64, f64)| {
            if !(least..=most).contains(&value) {
                said.push(format!(
                    "{field}: {value} is not allowed; expected a number from {least} to {most}"
                ));
            }
        };
        within("work.mean_seconds".into(), params.work.mean_seconds, (0.0, 60.0));
        within("work.bend".into(), params.work.bend, (0.0, 100.0));
        if let DistributionParams::LogNormal(cv) = params.work.distribution {
            within("work.distribution.log_normal".into(), cv, (0.0, 10.0));
        }
        within("memory.idle".into(), params.memory.idle, (0.0, 1e6));
        within("memory.per_request".into(), params.memory.per_request, (0.0, 1e5));
        within("memory.bend".into(), params.memory.bend, (0.0, 100.0));
        within("concurrency".into(), f64::from(params.concurrency), (1.0, 4096.0));
        within("throughput".into(), params.throughput.unwrap_or(1.0), (1e-3, 1e6));
        within("retries".into(), f64::from(params.retries), (0.0, 10.0));
        within("timeout_seconds".into(), params.timeout_seconds, (1e-3, 3600.0));
        within("startup_seconds".into(), params.startup_seconds, (0.0, 3600.0));
        for call in &params.calls {
            let place = |field: &str| format!("calls.{}.{field}", call.service);
            within(place("calls"), call.calls, (0.0, 1000.0));
            within(place("weight"), call.weight, (0.0, 1e9));
            within(place("throughput"), call.throughput.unwrap_or(1.0), (1e-3, 1e6));
        }
        if params.port != 0 && params.port == params.admin_port {
            said.push(format!("port and admin_port are both {}; they must differ", params.port));
        }
        if params.name.is_empty() {
            said.push("name: it must not be empty".to_owned());
        }
        if said.is_empty() { Ok(Self(params)) } else { Err(ServiceParamsError(said)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_that_is_wrong_is_named() {
        let params: ServiceParams = serde_json::from_str(
            r#"{ "name": "", "concurrency": 0, "admin_port": 5000, "work": { "mean_seconds": -1 },
                 "calls": [ { "service": "b", "weight": -2 } ] }"#,
        )
        .unwrap();
        let said = ServiceConfig::try_from(params).unwrap_err().to_string();
        for place in
            ["name: ", "concurrency: 0", "port and admin_port", "work.mean_seconds: -1", "calls.b.weight: -2"]
        {
            assert!(said.contains(place), "{place} is not in {said}");
        }
    }
}
