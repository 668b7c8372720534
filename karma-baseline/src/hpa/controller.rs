//! Settings of the controller that all autoscalers of a cluster share.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::{SpecError, require};

/// Flags of the controller that runs every autoscaler of a cluster (`kube-controller-manager`). How often it ticks
/// (15 s there) is up to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ControllerParams {
    /// Relative deviation that is left alone, default 0.1 (`--horizontal-pod-autoscaler-tolerance`).
    pub tolerance: f64,
    /// Downward stabilisation where no behavior sets it, in seconds, default 300
    /// (`…-downscale-stabilization`).
    pub downscale_stabilization_seconds: f64,
    /// Seconds after a pod's start in which its CPU counts only while it is ready and measured since, default
    /// 300 (`…-cpu-initialization-period`).
    pub cpu_initialization_period_seconds: f64,
    /// Seconds after a pod's start in which not being ready means never having been ready, default 30
    /// (`…-initial-readiness-delay`).
    pub initial_readiness_delay_seconds: f64,
    /// The feature gate `HPAScaleToZero`, default false (as in 1.36).
    pub scale_to_zero: bool,
}

impl Default for ControllerParams {
    fn default() -> Self {
        Self {
            tolerance: 0.1,
            downscale_stabilization_seconds: 300.0,
            cpu_initialization_period_seconds: 300.0,
            initial_readiness_delay_seconds: 30.0,
            scale_to_zero: false,
        }
    }
}

/// The controller's settings, checked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ControllerConfig {
    /// Relative deviation that is left alone; finite, not negative.
    pub tolerance: f64,
    /// Downward stabilisation where no behavior sets it.
    pub downscale_stabilization: Duration,
    /// Time after a pod's start in which its CPU is looked at with suspicion.
    pub cpu_initialization_period: Duration,
    /// Time after a pod's start in which not being ready means never having been ready.
    pub initial_readiness_delay: Duration,
    /// Whether an autoscaler may scale to zero replicas and back.
    pub scale_to_zero: bool,
}

impl Default for ControllerConfig {
    fn default() -> Self {
        Self {
            tolerance: 0.1,
            downscale_stabilization: Duration::from_mins(5),
            cpu_initialization_period: Duration::from_mins(5),
            initial_readiness_delay: Duration::from_secs(30),
            scale_to_zero: false,
        }
    }
}

impl ControllerParams {
    /// Checks every setting.
    ///
    /// # Errors
    /// If a time is negative, not finite or beyond a year, or the tolerance negative or not finite.
    pub fn check(&self) -> Result<ControllerConfig, SpecError> {
        let legal = self.tolerance.is_finite() && self.tolerance >= 0.0;
        require(legal, at("tolerance"), self.tolerance, "a finite number, 0 or more")?;
        Ok(ControllerConfig {
            tolerance: self.tolerance,
            downscale_stabilization: span(
                self.downscale_stabilization_seconds,
                "downscaleStabilizationSeconds",
            )?,
            cpu_initialization_period: span(
                self.cpu_initialization_period_seconds,
                "cpuInitializationPeriodSeconds",
            )?,
            initial_readiness_delay: span(
                self.initial_readiness_delay_seconds,
                "initialReadinessDelaySeconds",
            )?,
            scale_to_zero: self.scale_to_zero,
        })
    }
}

const YEAR: f64 = 365.0 * 86_400.0;

fn at(field: &str) -> impl Fn() -> String {
    move || format!("controller.{field}")
}

fn span(seconds: f64, field: &str) -> Result<Duration, SpecError> {
    require((0.0..=YEAR).contains(&seconds), at(field), seconds, "0 to one year (31536000)")?;
    Ok(Duration::from_secs_f64(seconds))
}
