//! A clairvoyant: the yardstick for what knowing the future is worth.
//!
//! It knows the coming arrival rates and the coming speed of every service ([`Foresight`]), and asks now for the
//! fewest replicas that keep each service below a target utilisation until the decision *after* next can take
//! effect. For service `s` at time `t`, with horizon `h = lead + period`:
//!
//! `replicas = ⌈ Σ_e visits(e, s) · max rate_e / (target · capacity(s) · min speed_s) ⌉`, max and min over
//! `[t, t + h]`,
//!
//! clamped to the bounds. `lead` is what a new pod takes until it serves, `period` the time until the next
//! decision: a replica that is needed within `h` must be asked for now.
//!
//! **What it is not.** Not an upper bound: it plans each service by its own capacity, so neither crowded nodes,
//! nor limited links, nor crashes, nor queues that are already there are foreseen; and the target leaves slack.
//! A policy that beats it found something, or found a gap in this list.
//!
//! Cost per decision: entry points × services, plus the cells of the horizon. Tiny example: 90 requests per second,
//! 50 per pod, target 0.9 → ⌈90 / 45⌉ = 2 replicas; at half speed 4.

use karma_core::{
    Autoscaler, Decision, EntryPointId, Foresight, PerEntryPoint, PerService, Replicas, Seconds, ServiceId,
    Snapshot, StreamRng, Target, Topology,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::bounds::Bounds;

/// Settings of an [`Oracle`] as written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OracleParams {
    /// Utilisation of a pod's capacity that is planned for, in (0, 1]. Default 0.5: with processor sharing a
    /// request then takes 1 / (1 − 0.5) = 2 times as long as alone, inside the default SLO of 3 times.
    pub target_utilization: f64,
    /// Time from a decision until a new pod serves, in seconds, 0 or more. Default 30: start-up, readiness
    /// probe, and some slow starts.
    pub lead_seconds: f64,
    /// Time between decisions in seconds, 0 or more. Default 15.
    pub period_seconds: f64,
}

impl Default for OracleParams {
    fn default() -> Self {
        Self { target_utilization: 0.5, lead_seconds: 30.0, period_seconds: 15.0 }
    }
}

/// Settings of an [`Oracle`], checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OracleConfig {
    target_utilization: f64,
    horizon: Seconds,
}

/// What keeps an oracle from seeing.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum OracleError {
    /// The target is not a share of the capacity.
    #[error("`target_utilization` is {0}, allowed is more than 0 and at most 1")]
    TargetUtilization(f64),
    /// A time is negative or not finite.
    #[error("`{field}` is {value} s, allowed is a finite time of 0 or more")]
    Time {
        /// The setting.
        field: &'static str,
        /// Its value.
        value: f64,
    },
    /// The foresight is about another topology.
    #[error("the foresight has {found} {what}, the topology has {expected}")]
    Shape {
        /// What is counted.
        what: &'static str,
        /// How many the foresight has.
        found: usize,
        /// How many the topology has.
        expected: usize,
    },
    /// The grid has no cells of positive length, or a cell without a finite number of 0 or more.
    #[error(
        "the foresight of {what} is not usable: every cell needs a finite number of 0 or more, on a grid of positive step"
    )]
    Grid {
        /// What the grid is about.
        what: &'static str,
    },
}

impl OracleParams {
    /// Checks the numbers.
    ///
    /// # Errors
    /// If the target lies outside of (0, 1], or a time is negative or not finite.
    pub fn check(self) -> Result<OracleConfig, OracleError> {
        let Self { target_utilization, lead_seconds, period_seconds } = self;
        if !(target_utilization > 0.0 && target_utilization <= 1.0) {
            return Err(OracleError::TargetUtilization(target_utilization));
        }
        for (field, value) in [("lead_seconds", lead_seconds), ("period_seconds", period_seconds)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(OracleError::Time { field, value });
            }
        }
        Ok(OracleConfig { target_utilization, horizon: Seconds(lead_seconds + period_seconds) })
    }
}

/// Scales for what is to come; made for one episode.
#[derive(Clone, Debug)]
pub struct Oracle {
    config: OracleConfig,
    foresight: Foresight,
    visits: PerEntryPoint<PerService<f64>>,
    /// Requests per second that one pod carries at the target utilisation and nominal speed.
    planned_capacity: PerService<f64>,
    bounds: PerService<Bounds>,
}

impl Oracle {
    /// An oracle for `topology` that sees `foresight`.
    ///
    /// # Errors
    /// If the foresight does not have the topology's shape, or its grid is empty or not of finite numbers.
    pub fn new(topology: &Topology, foresight: Foresight, config: OracleConfig) -> Result<Self, OracleError> {
        check_shape("entry points", foresight.arrival_rates.len(), topology.entry_points.len())?;
        check_shape("services", foresight.speeds.len(), topology.services.len())?;
        check_grid("the arrival rates", foresight.step, foresight.arrival_rates.iter())?;
        check_grid("the speeds", foresight.step, foresight.speeds.iter())?;
        Ok(Self {
            config,
            foresight,
            visits: topology.entry_points.ids().map(|entry| topology.visits(entry)).collect(),
            planned_capacity: topology.services.map(|s| s.pod_capacity().get() * config.target_utilization),
            bounds: Bounds::of(topology),
        })
    }

    /// The fewest replicas that carry what comes to `service` from `now` on, before the bounds. A stopped service with load needs more
    /// than any bound; one without load needs none.
    pub fn needed(&self, service: ServiceId, now: Seconds) -> Replicas {
        let until = now + self.config.horizon;
        let rate: f64 = self
            .visits
            .iter_enumerated()
            .map(|(entry, visits)| self.peak(entry, now, until) * visits[service])
            .sum();
        let speed = self.foresight.lowest_speed(service, now, until);
        Replicas::ceil(rate / (self.planned_capacity[service] * speed))
    }

    fn peak(&self, entry: EntryPointId, now: Seconds, until: Seconds) -> f64 {
        self.foresight.peak_rate(entry, now, until)
    }
}

impl Autoscaler for Oracle {
    fn name(&self) -> &'static str {
        "oracle"
    }

    fn reset(&mut self) {}

    fn decide(&mut self, snapshot: &Snapshot, _rng: &mut StreamRng) -> Decision {
        let target = |(service, bounds): (ServiceId, &Bounds)| {
            Target::new(bounds.clamp(self.needed(service, snapshot.time)), "the coming load")
        };
        Decision { targets: self.bounds.iter_enumerated().map(target).collect() }
    }
}

fn check_shape(what: &'static str, found: usize, expected: usize) -> Result<(), OracleError> {
    if found == expected { Ok(()) } else { Err(OracleError::Shape { what, found, expected }) }
}

fn check_grid<'a>(
    what: &'static str,
    step: Seconds,
    mut grids: impl Iterator<Item = &'a Vec<f64>>,
) -> Result<(), OracleError> {
    let usable =
        |grid: &Vec<f64>| !grid.is_empty() && grid.iter().all(|cell| cell.is_finite() && *cell >= 0.0);
    let legal = step.get().is_finite() && step.get() > 0.0 && grids.all(usable);
    if legal { Ok(()) } else { Err(OracleError::Grid { what }) }
}
