//! `spec.limits` and `spec.budget`: the shield's settings, as Kubernetes writes settings.

use karma_guard::{BudgetParams, DemandParams, RateParams, SafetyParams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How fast and how far replicas may be moved. What is absent has the default of the shield.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LimitsSpec {
    /// How many replicas may be added. Default 4 pods or 100 % in 15 s, as Kubernetes' own autoscaler.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up: Option<MoveSpec>,
    /// How many replicas may be removed. Default 3 pods or 50 % in 60 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down: Option<MoveSpec>,
    /// After replicas were added, none is removed for so long, seconds. Default 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub cooldown_seconds: Option<f64>,
    /// A scale-down goes no lower than the highest wish of so long before, seconds. Default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub stabilize_down_seconds: Option<f64>,
    /// A scale-up goes no higher than the lowest wish of so long before, seconds. Default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 86_400.0))]
    pub stabilize_up_seconds: Option<f64>,
    /// A sample older than this is of no use, seconds. Default 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 3600.0))]
    pub stale_after_seconds: Option<f64>,
    /// Ready pods that a scale-down leaves. Default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_available: Option<u32>,
    /// Whether the request rate is looked at. Default true: then nothing is removed that carries the measured requests, and the
    /// agents are not listened to while nobody knows the rate. Without a Prometheus it must be false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demand: Option<bool>,
    /// Most changes of direction within `reversalWindowSeconds`. Default 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 8))]
    pub reversals: Option<u32>,
    /// That window, seconds. Default 600.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 86_400.0))]
    pub reversal_window_seconds: Option<f64>,
}

/// How many replicas may be moved in one direction within a window: `pods`, or `percent` of those that were there at its
/// beginning, whichever is more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MoveSpec {
    /// Replicas in any case.
    pub pods: u32,
    /// Percent, rounded up; at most 100 downwards.
    pub percent: u32,
    /// Length of the window, seconds.
    #[schemars(range(min = 1.0, max = 86_400.0))]
    pub window_seconds: f64,
}

/// What all services together may take; what is absent is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BudgetSpec {
    /// Requested CPU, cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub cpu_cores: Option<f64>,
    /// Requested memory, gibibytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub memory_gib: Option<f64>,
    /// What an hour of all replicas may cost, in any currency. It needs a price.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub cost_per_hour: Option<f64>,
    /// Price of a requested core for an hour. Default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub price_per_core_hour: Option<f64>,
    /// Price of a requested gibibyte for an hour. Default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub price_per_gib_hour: Option<f64>,
}

impl From<MoveSpec> for RateParams {
    fn from(spec: MoveSpec) -> Self {
        Self { pods: spec.pods, percent: spec.percent, window_seconds: spec.window_seconds }
    }
}

impl From<BudgetSpec> for BudgetParams {
    fn from(spec: BudgetSpec) -> Self {
        Self {
            cpu_cores: spec.cpu_cores,
            memory_gib: spec.memory_gib,
            cost_per_hour: spec.cost_per_hour,
            price_per_core_hour: spec.price_per_core_hour.unwrap_or_default(),
            price_per_gib_hour: spec.price_per_gib_hour.unwrap_or_default(),
        }
    }
}

impl LimitsSpec {
    /// The shield's settings under this budget.
    pub fn safety(&self, budget: BudgetSpec) -> SafetyParams {
        let default = SafetyParams::default();
        SafetyParams {
            up: self.up.map_or(default.up, Into::into),
            down: self.down.map_or(default.down, Into::into),
            cooldown_seconds: self.cooldown_seconds.unwrap_or(default.cooldown_seconds),
            stabilize_up_seconds: self.stabilize_up_seconds.unwrap_or(default.stabilize_up_seconds),
            stabilize_down_seconds: self.stabilize_down_seconds.unwrap_or(default.stabilize_down_seconds),
            stale_after_seconds: self.stale_after_seconds.unwrap_or(default.stale_after_seconds),
            min_available: self.min_available.unwrap_or(default.min_available),
            demand: DemandParams { enabled: self.demand.unwrap_or(default.demand.enabled), ..default.demand },
            reversals: self.reversals.unwrap_or(default.reversals),
            reversal_window_seconds: self.reversal_window_seconds.unwrap_or(default.reversal_window_seconds),
            budget: budget.into(),
            ..default
        }
    }
}
