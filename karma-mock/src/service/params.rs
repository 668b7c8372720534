//! What one mock service is told: a service of a topology, as settings of a process.

use karma_core::topology::{Connection, FanOut, WorkDistribution};
use karma_core::{Id as _, Seconds, ServiceId, Topology};
use serde::{Deserialize, Serialize};

/// Port on which a mock service takes requests: that of KARMA's published mocks.
pub const PORT: u16 = 5000;

/// Port for probes, metrics and faults. Apart from [`PORT`], so that a service that hangs can still be asked.
pub const ADMIN_PORT: u16 = 5001;

/// Environment variable that holds [`ServiceParams`] as JSON.
pub const VARIABLE: &str = "KARMA_SERVICE";

/// A mock service as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceParams {
    /// Name in metrics and logs.
    pub name: String,
    /// Port for requests (default 5000).
    #[serde(default = "port")]
    pub port: u16,
    /// Port for probes, metrics and faults (default 5001).
    #[serde(default = "admin_port")]
    pub admin_port: u16,
    /// CPU that a request burns.
    #[serde(default)]
    pub work: WorkParams,
    /// Memory that it holds.
    #[serde(default)]
    pub memory: MemoryParams,
    /// Requests in service at once (default 32).
    #[serde(default = "concurrency")]
    pub concurrency: u32,
    /// Requests that wait for a free slot (default 64); more are refused with 503.
    #[serde(default = "queue_capacity")]
    pub queue_capacity: u32,
    /// Requests per second that are let through, whatever the CPU could do (default: no limit).
    #[serde(default)]
    pub throughput: Option<f64>,
    /// Whether a slot stays taken while downstream calls are open (default true).
    #[serde(default = "yes")]
    pub blocking: bool,
    /// How the calls are made (default one after the other).
    #[serde(default)]
    pub fan_out: FanOutParams,
    /// Downstream services, in the order in which they are called.
    #[serde(default)]
    pub calls: Vec<CallParams>,
    /// How often a failed call is tried again (default 0).
    #[serde(default)]
    pub retries: u32,
    /// Seconds after which a call is given up (default 30).
    #[serde(default = "timeout")]
    pub timeout_seconds: f64,
    /// Seconds from the start of the process until it is ready (default 0).
    #[serde(default)]
    pub startup_seconds: f64,
    /// Root of what is drawn: work, coin tosses of fractional calls, choices (default 0).
    #[serde(default)]
    pub seed: u64,
}

/// CPU of a request: drawn, then multiplied by `1 + bend · (in service / concurrency)²`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkParams {
    /// Mean in seconds of one core (default 0: nothing is burnt).
    pub mean_seconds: f64,
    /// Shape (default: always the mean).
    pub distribution: DistributionParams,
    /// Growth with the number of requests in service; 0 is a linear profile (default).
    pub bend: f64,
}

impl Default for WorkParams {
    fn default() -> Self {
        Self { mean_seconds: 0.0, distribution: DistributionParams::Deterministic, bend: 0.0 }
    }
}

/// How the work of a request is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DistributionParams {
    /// Always the mean.
    Deterministic,
    /// Exponential.
    Exponential,
    /// Log-normal with this coefficient of variation.
    LogNormal(f64),
}

/// Memory, in mebibytes: `idle + per_request · n · (1 + bend · n / concurrency)` with n requests in the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemoryParams {
    /// Held without any request (default 0: what the process itself takes).
    pub idle: f64,
    /// Held for each request, in service or waiting for an answer (default 0).
    pub per_request: f64,
    /// Growth with the number of requests; 0 is a linear profile (default).
    pub bend: f64,
}

/// How downstream services are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FanOutParams {
    /// One after the other.
    #[default]
    Sequential,
    /// All at once.
    Parallel,
    /// One of them, drawn by weight.
    Weighted,
}

/// A downstream service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallParams {
    /// Name of its Kubernetes Service, or a host and port.
    pub service: String,
    /// Mean calls for each request (default 1); the fraction is a coin toss.
    #[serde(default = "one")]
    pub calls: f64,
    /// Weight under [`FanOutParams::Weighted`] (default 1).
    #[serde(default = "one")]
    pub weight: f64,
    /// Calls per second that this connection carries (default: no limit); more fail.
    #[serde(default)]
    pub throughput: Option<f64>,
}

const fn port() -> u16 {
    PORT
}

const fn admin_port() -> u16 {
    ADMIN_PORT
}

const fn concurrency() -> u32 {
    32
}

const fn queue_capacity() -> u32 {
    64
}

const fn timeout() -> f64 {
    30.0
}

const fn one() -> f64 {
    1.0
}

const fn yes() -> bool {
    true
}

impl ServiceParams {
    /// The service of a topology as a mock: its own CPU, memory, limits and calls.
    ///
    /// Work is the topology's core-seconds for a request, so one pod completes `throughput` requests a second with its
    /// CPU request fully used, as in the simulated cluster. `startup` is left out of what the topology says: a
    /// real cluster has its own start-up time.
    pub fn of(topology: &Topology, id: ServiceId) -> Self {
        let service = &topology.services[id];
        let call = |connection: &Connection| CallParams {
            service: topology.services[connection.destination].name.clone(),
            calls: connection.calls,
            weight: connection.weight,
            throughput: connection.throughput.map(|rate| rate.0),
        };
        Self {
            name: service.name.clone(),
            port: PORT,
            admin_port: ADMIN_PORT,
            work: WorkParams {
                mean_seconds: service.mean_work(),
                distribution: service.work.into(),
                bend: 0.0,
            },
            memory: MemoryParams {
                idle: service.memory_idle,
                per_request: service.memory_per_request,
                bend: 0.0,
            },
            concurrency: service.concurrency,
            queue_capacity: service.queue_capacity,
            throughput: None,
            blocking: service.blocking,
            fan_out: service.fan_out.into(),
            calls: topology.calls_from(id).map(call).collect(),
            retries: topology.retries,
            timeout_seconds: {
                let Seconds(timeout) = topology.timeout;
                timeout
            },
            startup_seconds: 0.0,
            seed: id.index() as u64,
        }
    }
}

impl From<WorkDistribution> for DistributionParams {
    fn from(work: WorkDistribution) -> Self {
        match work {
            WorkDistribution::Deterministic => Self::Deterministic,
            WorkDistribution::Exponential => Self::Exponential,
            WorkDistribution::LogNormal(cv) => Self::LogNormal(cv),
        }
    }
}

impl From<FanOut> for FanOutParams {
    fn from(fan_out: FanOut) -> Self {
        match fan_out {
            FanOut::Sequential => Self::Sequential,
            FanOut::Parallel => Self::Parallel,
            FanOut::Weighted => Self::Weighted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_of_a_topology_becomes_a_mock_that_calls_its_successors() {
        let topology = crate::topologies::by_name("online-boutique").unwrap();
        let frontend = topology.service_named("frontend").unwrap();
        let params = ServiceParams::of(&topology, frontend);
        assert_eq!(params.work.mean_seconds, topology.services[frontend].mean_work());
        assert_eq!(params.calls.len(), topology.calls_from(frontend).count());
        let text = serde_json::to_string(&params).unwrap();
        assert_eq!(serde_json::from_str::<ServiceParams>(&text).unwrap(), params);
    }

    #[test]
    fn what_is_not_written_has_its_default() {
        let params: ServiceParams = serde_json::from_str(r#"{ "name": "a" }"#).unwrap();
        assert_eq!((params.port, params.admin_port, params.concurrency), (5000, 5001, 32));
        assert_eq!(params.work, WorkParams::default());
    }
}
