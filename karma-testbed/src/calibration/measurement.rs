//! What was measured, as a file.

use std::collections::BTreeMap;
use std::io::Read;

use karma_mock::load::{LoadError, LoadPlan};
use serde::{Deserialize, Serialize};

use super::CalibrationError;

/// Version of the format.
pub const VERSION: u32 = 1;

/// Measurements of one topology on one cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// [`VERSION`].
    pub version: u32,
    /// What was measured and where, in a sentence.
    pub title: String,
    /// `topology.json` as it was deployed.
    pub topology: serde_json::Value,
    /// Seconds of a CFS period on the cluster.
    pub cpu_period: f64,
    /// Seconds between readiness probes, as the Deployments say.
    pub readiness_period: f64,
    /// What is known of services; those without an entry are as the topology says.
    #[serde(default)]
    pub services: BTreeMap<String, ServiceFacts>,
    /// The runs.
    pub runs: Vec<Run>,
}

/// What was observed of one service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceFacts {
    /// Core-seconds of a request: CPU used over requests answered, in the fitting runs. It takes the place of the topology's work.
    pub cpu_per_request: Option<f64>,
    /// Requests that it was measured over: its weight when a measurement goes on. 0 if they were not counted.
    pub requests: f64,
    /// Seconds from the creation of a pod until it was ready, one for each observed start.
    pub starts: Vec<f64>,
}

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Parameters are fitted on it.
    Fit,
    /// It is held out, and predicted.
    Predict,
}

/// One run. Runs of one name are repetitions: they offered the same and did the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Name.
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Replicas at its start, ready, by service; those not named are the topology's initial ones.
    #[serde(default)]
    pub replicas: BTreeMap<String, u32>,
    /// Seconds at its start that do not count.
    pub warm_up: u32,
    /// Requests per second that were to be sent in each second, the warm-up included.
    pub offered: Vec<f64>,
    /// Seed of the moments at which they were sent ([`load_plan`]), if they were sent by this project's generator:
    /// the simulated cluster then gets each request at the same moment. Without it, its requests are another sample of the
    /// same rates, and differ from the measured ones by chance too. Repetitions have seeds of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What was done to the cluster, in the order of time.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// How the requests sent in each second fared, one row for each second.
    pub rows: Vec<Row>,
    /// The same over all seconds after the warm-up.
    pub totals: Totals,
}

/// Something that was done to the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Seconds from the start of the run.
    pub at: f64,
    /// Which service.
    pub service: String,
    /// What.
    pub kind: ActionKind,
}

/// What was done to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// So many pods were deleted without grace.
    Kill(u32),
    /// The containers of so many pods were made to crash.
    Crash(u32),
    /// Its Deployment was set to so many replicas.
    Scale(u32),
}

/// How the requests sent in one second fared. Latencies are seconds, of answered requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Requests sent.
    pub sent: u64,
    /// Answered without error in time.
    pub ok: u64,
    /// Refused or failed.
    pub failed: u64,
    /// Given up by the client.
    pub timed_out: u64,
    /// Mean latency.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
}

/// How the requests of a whole run fared, after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Answered requests per second.
    pub throughput: f64,
    /// Answered over sent.
    pub success: f64,
    /// Mean latency of answered requests, seconds.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
}

/// The load of a run: legitimate requests at these rates, at moments that follow from the seed.
///
/// # Errors
/// The rates are none that the generator sends.
pub fn load_plan(offered: &[f64], warm_up: u32, seed: u64) -> Result<LoadPlan, LoadError> {
    let plan = LoadPlan::new(offered.to_vec(), vec![0.0; offered.len()])?;
    Ok(plan.seeded(seed).warmed_up(warm_up))
}

impl Run {
    /// When each request was to be sent, in seconds from the start; `None` if only rates are known.
    ///
    /// # Errors
    /// See [`load_plan`].
    pub fn moments(&self) -> Result<Option<Vec<f64>>, LoadError> {
        let Some(seed) = self.seed else { return Ok(None) };
        let plan = load_plan(&self.offered, self.warm_up, seed)?;
        Ok(Some(plan.schedule().map(|due| due.at.as_secs_f64()).collect()))
    }
}

impl Measurement {
    /// Reads a file of measurements; [`check`](Self::check) it before use.
    ///
    /// # Errors
    /// Not JSON, or not of this format.
    pub fn read(reader: impl Read) -> Result<Self, CalibrationError> {
        Ok(serde_json::from_reader(reader)?)
    }
}
