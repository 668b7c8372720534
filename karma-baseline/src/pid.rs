//! A PID controller on each service's latency.
//!
//! With `e = (latency − target) / target`, where the target is a multiple of the service's unloaded time, and `Δt` between decisions:
//!
//! `u = k_p · e + k_i · Σ e Δt + k_d · (e − e′) / Δt`
//!
//! `max(1, ⌊step · k⌋)` replicas are added to `k` where `u > band`, and as many are removed where `u < −band`. The sum is held within
//! ±`windup`, and does not grow towards a bound that the replicas have reached (conditional integration), so that a long outage is
//! not paid back for as long.
//!
//! After Baarzi and Kesidis, *SHOWAR: Right-Sizing and Efficient Scheduling of Microservices*, `SoCC` 2021, whose horizontal scaler is
//! a PID controller of each service with steps of max(1, 10 %). Where we differ: theirs measures the scheduler's run-queue latency by eBPF,
//! which no scrape has; ours is the service's mean time to an answer, of everything that it calls included. Gains and band are to
//! be calibrated (the paper gives none that carry over). Tables call it *pid*.
//!
//! ```
//! use karma_baseline::PidParams;
//!
//! let pid = PidParams { proportional: 1.0, integral: 0.0, derivative: 0.0, ..PidParams::default() }.check().unwrap();
//! assert_eq!(pid.step(0.6, 25), 2); // one tenth of 25
//! assert_eq!(pid.step(-0.6, 25), -2);
//! assert_eq!(pid.step(0.1, 25), 0); // inside the band
//! ```

use karma_core::{
    Autoscaler, Decision, Metric, PerService, Seconds, ServiceId, Snapshot, StreamRng, Target, Topology,
};
use serde::{Deserialize, Serialize};

use crate::bounds::Bounds;
use crate::desired::desired;
use crate::error::SettingError;

/// Settings of a [`Pid`] as written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PidParams {
    /// Latency that is aimed at, as a multiple of the service's unloaded time, more than 1. Default 2: what processor sharing
    /// gives at half load.
    pub target: f64,
    /// `k_p`, 0 or more. Default 1.
    pub proportional: f64,
    /// `k_i` in 1/s, 0 or more. Default 0.01.
    pub integral: f64,
    /// `k_d` in s, 0 or more. Default 1.
    pub derivative: f64,
    /// Output that is left alone, 0 or more. Default 0.3.
    pub band: f64,
    /// Share of the replicas that a step moves, above 0 and at most 1. Default 0.1, at least one replica.
    pub step: f64,
    /// The integral stays within ± this, more than 0. Default 100 s.
    pub windup: f64,
}

impl Default for PidParams {
    fn default() -> Self {
        Self {
            target: 2.0,
            proportional: 1.0,
            integral: 0.01,
            derivative: 1.0,
            band: 0.3,
            step: 0.1,
            windup: 100.0,
        }
    }
}

/// Settings of a [`Pid`], checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PidConfig(PidParams);

impl PidParams {
    /// Checks every number.
    ///
    /// # Errors
    /// The first one that is out of its range.
    pub fn check(self) -> Result<PidConfig, SettingError> {
        let gain = |value: f64| value.is_finite() && value >= 0.0;
        SettingError::first([
            ("target", self.target, self.target > 1.0 && self.target.is_finite(), "a finite number above 1"),
            ("proportional", self.proportional, gain(self.proportional), "0 or more"),
            ("integral", self.integral, gain(self.integral), "0 or more"),
            ("derivative", self.derivative, gain(self.derivative), "0 or more"),
            ("band", self.band, gain(self.band), "0 or more"),
            ("step", self.step, self.step > 0.0 && self.step <= 1.0, "more than 0 and at most 1"),
            ("windup", self.windup, gain(self.windup) && self.windup > 0.0, "a finite number above 0"),
        ])?;
        Ok(PidConfig(self))
    }
}

impl PidConfig {
    /// The change of `replicas` at an output.
    #[expect(clippy::cast_possible_truncation, reason = "saturating")]
    pub fn step(&self, output: f64, replicas: u32) -> i32 {
        let size = (self.0.step * f64::from(replicas) + 1e-9).floor().max(1.0) as i32;
        if output > self.0.band {
            size
        } else if output < -self.0.band {
            -size
        } else {
            0
        }
    }
}

/// What a controller remembers of one service.
#[derive(Clone, Copy, Debug, Default)]
struct Loop {
    integral: f64,
    last: Option<(Seconds, f64)>,
}

/// The controllers, one for each service.
#[derive(Clone, Debug)]
pub struct Pid {
    config: PidConfig,
    bounds: PerService<Bounds>,
    /// Latency that is aimed at.
    targets: PerService<f64>,
    loops: PerService<Loop>,
}

impl Pid {
    /// A controller for each service of `topology`.
    pub fn new(topology: &Topology, config: PidConfig) -> Self {
        Self {
            config,
            bounds: Bounds::of(topology),
            targets: topology.unloaded_latencies().map(|unloaded| unloaded.get() * config.0.target),
            loops: topology.services.map(|_| Loop::default()),
        }
    }

    fn target(&mut self, service: ServiceId, snapshot: &Snapshot) -> Target {
        let bounds = self.bounds[service];
        let current = desired(snapshot, service, bounds);
        let seen = snapshot.services.get(service);
        let Some(latency) = seen.and_then(|seen| seen.metrics.get(Metric::LatencyMean)) else {
            return Target::new(current, "no latency was measured");
        };
        let error = f64::from(latency) / self.targets[service] - 1.0;
        let barred = if error > 0.0 { current >= bounds.max } else { current <= bounds.min };
        let output = self.output(service, snapshot.time, error, barred);
        let change = self.config.step(output, current.get());
        let reason = match change.signum() {
            1 => "latency above its target",
            -1 => "latency below its target",
            _ => "latency near its target",
        };
        Target::new(current.moved(change, bounds.min, bounds.max), reason)
    }

    /// The controller's output; an error that asks for what is `barred` is not added up.
    fn output(&mut self, service: ServiceId, now: Seconds, error: f64, barred: bool) -> f64 {
        let PidParams { proportional, integral, derivative, windup, .. } = self.config.0;
        let state = &mut self.loops[service];
        let (mut sum, mut slope) = (state.integral, 0.0);
        if let Some((before, last)) = state.last {
            let elapsed = (now - before).get();
            if elapsed > 0.0 {
                slope = (error - last) / elapsed;
                if !barred {
                    sum = (sum + error * elapsed).clamp(-windup, windup);
                }
            }
        }
        *state = Loop { integral: sum, last: Some((now, error)) };
        proportional * error + integral * sum + derivative * slope
    }
}

impl Autoscaler for Pid {
    fn name(&self) -> &'static str {
        "pid"
    }

    fn reset(&mut self) {
        self.loops.iter_mut().for_each(|state| *state = Loop::default());
    }

    fn decide(&mut self, snapshot: &Snapshot, _rng: &mut StreamRng) -> Decision {
        Decision { targets: self.bounds.ids().map(|service| self.target(service, snapshot)).collect() }
    }
}
