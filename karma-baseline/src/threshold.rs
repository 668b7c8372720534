//! One up, one down: the classical threshold rule, with a gap that keeps it from oscillating.
//!
//! One replica is added if the utilisation `u` exceeds `θ`. One of `k` is removed if `u < 0.75 · θ · (k - 1) / k`:
//! after the removal the same load stands at `u · k / (k - 1)`, which is then still a quarter below the threshold.
//! With one replica the right side is 0 and nothing is removed.
//!
//! Rossi, Nardelli and Cardellini, *Horizontal and Vertical Scaling of Container-Based Applications Using
//! Reinforcement Learning*, IEEE CLOUD 2019, use it as the baseline of Rlad. Where we differ: `u` is the last
//! scrape's, not the instant's, and `k` is what the Deployment asks for, so that replicas that are still starting
//! count. A missing utilisation holds. `u` may be of the CPU limit instead of the request ([`Share`]): the HPA's resource metric
//! knows requests alone, but an alert or a rule of one's own may go by either.
//!
//! ```
//! use karma_baseline::ThresholdParams;
//!
//! let rule = ThresholdParams { utilization: 0.8, ..ThresholdParams::default() }.check().unwrap();
//! assert_eq!(rule.change(0.81, 4), 1);
//! assert_eq!(rule.change(0.46, 4), 0); // 0.75 · 0.8 · 3/4 = 0.45
//! assert_eq!(rule.change(0.44, 4), -1);
//! ```

use karma_core::{
    Autoscaler, Decision, Metric, PerService, ServiceId, Snapshot, StreamRng, Target, Topology,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::bounds::Bounds;
use crate::desired::desired;

/// Settings of a [`Threshold`] as written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThresholdParams {
    /// Utilisation θ (CPU used over what `of` says) above which a replica is added; more than 0. Default 0.8.
    pub utilization: f64,
    /// Share of θ that must stay free after a removal, in (0, 1]. Default 0.75, as in Rlad.
    pub scale_in_share: f64,
    /// What θ is a share of. Default the request.
    pub of: Share,
}

/// What a CPU utilisation is a share of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Share {
    /// What the pods requested.
    #[default]
    Request,
    /// What they may use at most.
    Limit,
}

impl Default for ThresholdParams {
    fn default() -> Self {
        Self { utilization: 0.8, scale_in_share: 0.75, of: Share::Request }
    }
}

/// Settings of a [`Threshold`], checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdConfig {
    utilization: f64,
    scale_in_share: f64,
    of: Share,
}

/// Settings that make no threshold rule.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum ThresholdError {
    /// The threshold is not a positive number.
    #[error("`utilization` is {0}, allowed is a finite number above 0")]
    Utilization(f64),
    /// The share is not a share.
    #[error("`scale_in_share` is {0}, allowed is more than 0 and at most 1")]
    ScaleInShare(f64),
}

impl ThresholdParams {
    /// Checks both numbers.
    ///
    /// # Errors
    /// If the threshold is not positive and finite, or the share not in (0, 1].
    pub fn check(self) -> Result<ThresholdConfig, ThresholdError> {
        let Self { utilization, scale_in_share, of } = self;
        if !(utilization.is_finite() && utilization > 0.0) {
            return Err(ThresholdError::Utilization(utilization));
        }
        if !(scale_in_share > 0.0 && scale_in_share <= 1.0) {
            return Err(ThresholdError::ScaleInShare(scale_in_share));
        }
        Ok(ThresholdConfig { utilization, scale_in_share, of })
    }
}

impl ThresholdConfig {
    /// The change at a utilisation with `replicas` replicas: -1, 0 or 1.
    pub fn change(&self, utilization: f64, replicas: u32) -> i32 {
        let count = f64::from(replicas.max(1));
        let low = self.scale_in_share * self.utilization * (count - 1.0) / count;
        i32::from(utilization > self.utilization) - i32::from(utilization < low)
    }
}

/// The rule, for every service on its own.
#[derive(Clone, Debug)]
pub struct Threshold {
    name: String,
    bounds: PerService<Bounds>,
    /// What makes a utilisation of the request one of what θ is a share of.
    scale: PerService<f64>,
    config: ThresholdConfig,
}

impl Threshold {
    /// The rule for each service of `topology`; named by its threshold in percent, such as `threshold-80`.
    pub fn new(topology: &Topology, config: ThresholdConfig) -> Self {
        let name = format!("threshold-{:.0}", config.utilization * 100.0);
        let scale = topology.services.map(|service| match config.of {
            Share::Request => 1.0,
            Share::Limit => service.request_of_limit(),
        });
        Self { name, bounds: Bounds::of(topology), scale, config }
    }

    fn target(&self, snapshot: &Snapshot, service: ServiceId, bounds: Bounds) -> Target {
        let replicas = desired(snapshot, service, bounds);
        let metrics = snapshot.services.get(service).map(|service| &service.metrics);
        let Some(utilization) = metrics.and_then(|metrics| metrics.get(Metric::CpuUtilization)) else {
            return Target::new(replicas, "no utilisation was measured");
        };
        let utilization = f64::from(utilization) * self.scale[service];
        let change = self.config.change(utilization, replicas.get());
        let reason = match change {
            1 => "utilisation above the threshold",
            -1 => "utilisation would stay below the threshold with one replica less",
            _ => "utilisation within the thresholds",
        };
        Target::new(replicas.moved(change, bounds.min, bounds.max), reason)
    }
}

impl Autoscaler for Threshold {
    fn name(&self) -> &str {
        &self.name
    }

    fn reset(&mut self) {}

    fn decide(&mut self, snapshot: &Snapshot, _rng: &mut StreamRng) -> Decision {
        let targets = self.bounds.iter_enumerated().map(|(id, bounds)| self.target(snapshot, id, *bounds));
        Decision { targets: targets.collect() }
    }
}
