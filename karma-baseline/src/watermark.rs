//! Two watermarks instead of one target: nothing moves between them.
//!
//! The Watermark Pod Autoscaler of Datadog (read at `controllers/datadoghq/replica_calculator.go`, v0.5 and later). With `u` the
//! [`Signal`] of one ready pod, in shares of what a pod carries, `n` ready pods, and a tolerance `τ`:
//!
//! * above `high · (1 + τ)`: `⌈n · u / high⌉` replicas,
//! * below `low · (1 − τ)`: `⌊n · u / low⌋` replicas, at least 1: rounding is symmetric, where the HPA always rounds up,
//! * otherwise as many as now.
//!
//! At one step a Deployment grows by at most `max(1, ⌊up_limit · n⌋)` and shrinks by at most `max(1, ⌊down_limit · n⌋)`, and
//! after any change it may not grow for `up_forbidden` seconds nor shrink for `down_forbidden` seconds. Defaults are Datadog's.
//!
//! Where we differ: signals are summed over pods by the scrape, so that its two algorithms (`absolute` and `average`) are the same
//! rule; no `delayAboveWatermark`, no convergence to a watermark, no `replicaScalingAbsoluteModulo`. Reimplemented from what it does,
//! so tables call it *watermark*, not by its name.
//!
//! ```
//! use karma_baseline::WatermarkParams;
//!
//! let rule = WatermarkParams { high: 0.8, low: 0.4, ..WatermarkParams::default() }.check().unwrap();
//! assert_eq!(rule.wanted(4, 4.0 * 0.95), 5); // ⌈4 · 0.95 / 0.8⌉
//! assert_eq!(rule.wanted(4, 4.0 * 0.86), 4); // below 0.8 · 1.1
//! assert_eq!(rule.wanted(4, 4.0 * 0.37), 4); // above 0.4 · 0.9
//! assert_eq!(rule.wanted(4, 4.0 * 0.20), 2); // ⌊4 · 0.2 / 0.4⌋
//! ```

use karma_core::{
    Autoscaler, Decision, PerService, Replicas, Seconds, ServiceId, Snapshot, StreamRng, Target, Topology,
};
use serde::{Deserialize, Serialize};

use crate::bounds::Bounds;
use crate::desired::{desired, ready};
use crate::error::SettingError;
use crate::signal::Signal;

/// Settings of a [`Watermark`] as written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatermarkParams {
    /// What it goes by. Default CPU.
    pub signal: Signal,
    /// Above it replicas are added; in the unit of the signal's targets, more than 0. Default 0.8.
    pub high: f64,
    /// Below it replicas are removed; more than 0 and at most `high`. Default 0.5.
    pub low: f64,
    /// Relative deviation from a watermark that is left alone, 0 to 1. Default 0.1.
    pub tolerance: f64,
    /// Share of the ready pods that may be added at one step; 0 bars the way up. Default 0.5.
    pub up_limit: f64,
    /// Share of the ready pods that may be removed at one step, below 1; 0 bars the way down. Default 0.2.
    pub down_limit: f64,
    /// Seconds after any change in which a Deployment does not grow. Default 60.
    pub up_forbidden: f64,
    /// Seconds after any change in which it does not shrink. Default 300.
    pub down_forbidden: f64,
}

impl Default for WatermarkParams {
    fn default() -> Self {
        Self {
            signal: Signal::Cpu,
            high: 0.8,
            low: 0.5,
            tolerance: 0.1,
            up_limit: 0.5,
            down_limit: 0.2,
            up_forbidden: 60.0,
            down_forbidden: 300.0,
        }
    }
}

/// Settings of a [`Watermark`], checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WatermarkConfig(WatermarkParams);

impl WatermarkParams {
    /// Checks every number.
    ///
    /// # Errors
    /// The first one that is out of its range.
    pub fn check(self) -> Result<WatermarkConfig, SettingError> {
        let times = 0.0..=86_400.0;
        SettingError::first([
            ("high", self.high, self.high > 0.0 && self.high.is_finite(), "a finite number above 0"),
            ("low", self.low, self.low > 0.0 && self.low <= self.high, "more than 0 and at most `high`"),
            ("tolerance", self.tolerance, (0.0..=1.0).contains(&self.tolerance), "0 to 1"),
            ("up_limit", self.up_limit, self.up_limit >= 0.0 && self.up_limit.is_finite(), "0 or more"),
            ("down_limit", self.down_limit, (0.0..1.0).contains(&self.down_limit), "0 to 1, 1 excluded"),
            ("up_forbidden", self.up_forbidden, times.contains(&self.up_forbidden), "0 to 86400 seconds"),
            (
                "down_forbidden",
                self.down_forbidden,
                times.contains(&self.down_forbidden),
                "0 to 86400 seconds",
            ),
        ])?;
        Ok(WatermarkConfig(self))
    }
}

impl WatermarkConfig {
    /// The replicas that `ready` ready pods call for which together have `load` of the signal, in shares of what one pod carries,
    /// before limits, windows and bounds.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating, as documented; NaN is 0"
    )]
    pub fn wanted(&self, ready: u32, load: f64) -> u32 {
        let Self(WatermarkParams { high, low, tolerance, .. }) = *self;
        let each = load / f64::from(ready.max(1));
        if each > high * (1.0 + tolerance) {
            Replicas::ceil(load / high).0
        } else if each < low * (1.0 - tolerance) {
            ((load / low) + 1e-9).floor().max(1.0) as u32
        } else {
            ready
        }
    }

    /// The most replicas that a step from `current` may lead to.
    fn most(&self, current: u32) -> u32 {
        if self.0.up_limit == 0.0 { current } else { current.saturating_add(step(self.0.up_limit, current)) }
    }

    /// The fewest.
    fn fewest(&self, current: u32) -> u32 {
        if self.0.down_limit == 0.0 {
            current
        } else {
            current.saturating_sub(step(self.0.down_limit, current))
        }
    }
}

/// A share of `current`, rounded down, at least 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturating")]
fn step(share: f64, current: u32) -> u32 {
    (share * f64::from(current) + 1e-9).floor().max(1.0) as u32
}

/// The rule, for every service on its own.
#[derive(Clone, Debug)]
pub struct Watermark {
    config: WatermarkConfig,
    bounds: PerService<Bounds>,
    /// What one pod carries.
    unit: PerService<f64>,
    /// When each service was last changed.
    changed: PerService<Option<Seconds>>,
}

impl Watermark {
    /// The rule for each service of `topology`, called `watermark`.
    pub fn new(topology: &Topology, config: WatermarkConfig) -> Self {
        let signal = config.0.signal;
        Self {
            config,
            bounds: Bounds::of(topology),
            unit: topology.services.ids().map(|service| signal.of_one_pod(topology, service)).collect(),
            changed: topology.services.map(|_| None),
        }
    }

    fn target(&mut self, service: ServiceId, snapshot: &Snapshot) -> Target {
        let bounds = self.bounds[service];
        let current = desired(snapshot, service, bounds);
        let Some(signal) = self.config.0.signal.read(snapshot, service) else {
            return Target::new(current, "the signal was not measured");
        };
        let Some(ready) = ready(snapshot, service) else {
            return Target::new(current, "no pod is ready");
        };
        let wanted = self.config.wanted(ready, signal / self.unit[service]);
        if wanted == ready {
            return Target::new(current, "between the watermarks");
        }
        let now = snapshot.time;
        let settled = |window: f64| self.changed[service].is_none_or(|at| (now - at).get() >= window);
        let (allowed, reason) = match wanted.cmp(&current.get()) {
            std::cmp::Ordering::Equal => return Target::new(current, "as many as the watermark calls for"),
            std::cmp::Ordering::Greater if settled(self.config.0.up_forbidden) => {
                (wanted.min(self.config.most(current.get())), "above the high watermark")
            }
            std::cmp::Ordering::Less if settled(self.config.0.down_forbidden) => {
                (wanted.max(self.config.fewest(current.get())), "below the low watermark")
            }
            _ => return Target::new(current, "the last change is too fresh"),
        };
        let replicas = bounds.clamp(Replicas(allowed));
        if replicas != current {
            self.changed[service] = Some(now);
        }
        Target::new(replicas, reason)
    }
}

impl Autoscaler for Watermark {
    fn name(&self) -> &'static str {
        "watermark"
    }

    fn reset(&mut self) {
        self.changed.iter_mut().for_each(|at| *at = None);
    }

    fn decide(&mut self, snapshot: &Snapshot, _rng: &mut StreamRng) -> Decision {
        Decision { targets: self.bounds.ids().map(|service| self.target(service, snapshot)).collect() }
    }
}
