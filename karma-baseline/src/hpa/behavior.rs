//! How fast, and how hesitantly, an autoscaler may move: the `behavior` section of its specification.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::{SpecError, require};
use super::quantity::Quantity;

/// `HorizontalPodAutoscalerBehavior`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BehaviorParams {
    /// Rules upwards. Default: no stabilisation, the larger of 4 pods and 100 % per 15 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_up: Option<ScalingRulesParams>,
    /// Rules downwards. Default: the controller's window (300 s), 100 % per 15 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_down: Option<ScalingRulesParams>,
}

/// `HPAScalingRules`; what is not written takes the direction's default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScalingRulesParams {
    /// Seconds of history that a change must agree with, 0 to 3600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stabilization_window_seconds: Option<i32>,
    /// Which of several policies binds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select_policy: Option<SelectPolicy>,
    /// At least one, if written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<PolicyParams>>,
    /// Relative deviation from the target that is left alone, such as `0.05`. Default: the controller's 0.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Quantity>,
}

/// `ScalingPolicySelect`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SelectPolicy {
    /// The policy that allows the largest change (the default).
    #[default]
    Max,
    /// The policy that allows the smallest change.
    Min,
    /// No change in this direction.
    Disabled,
}

/// `HPAScalingPolicy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyParams {
    /// Unit of `value`.
    #[serde(rename = "type")]
    pub kind: PolicyKind,
    /// Change allowed per period, at least 1.
    pub value: i32,
    /// Length of the period in seconds, 1 to 1800.
    pub period_seconds: i32,
}

/// `HPAScalingPolicyType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PolicyKind {
    /// Pods.
    Pods,
    /// Percent of the replicas at the start of the period.
    Percent,
}

/// Both directions' rules, checked, with every default filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Behavior {
    /// Upwards.
    pub scale_up: ScalingRules,
    /// Downwards.
    pub scale_down: ScalingRules,
}

/// The rules of one direction.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalingRules {
    /// History that a change must agree with, at most one hour.
    pub stabilization_window: Duration,
    /// Which policy binds.
    pub select_policy: SelectPolicy,
    /// At least one policy.
    pub policies: Vec<Policy>,
    /// Relative deviation that is left alone, if it is not the controller's.
    pub tolerance: Option<f64>,
}

/// One bound on the change per period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Unit of `value`.
    pub kind: PolicyKind,
    /// Change allowed per period, at least 1.
    pub value: i32,
    /// 1 to 1800 seconds.
    pub period: Duration,
}

const MAX_WINDOW_SECONDS: i32 = 3600;
const MAX_PERIOD_SECONDS: i32 = 1800;
const DEFAULT_PERIOD: Duration = Duration::from_secs(15);

impl ScalingRules {
    /// Upwards: at once, by the larger of 4 pods and 100 % per 15 s.
    pub fn default_up() -> Self {
        let pods = Policy { kind: PolicyKind::Pods, value: 4, period: DEFAULT_PERIOD };
        let percent = Policy { kind: PolicyKind::Percent, value: 100, period: DEFAULT_PERIOD };
        Self {
            stabilization_window: Duration::ZERO,
            select_policy: SelectPolicy::Max,
            policies: vec![pods, percent],
            tolerance: None,
        }
    }

    /// Downwards: after the controller's window, by as much as is wanted.
    pub fn default_down(downscale_stabilization: Duration) -> Self {
        Self {
            stabilization_window: downscale_stabilization,
            select_policy: SelectPolicy::Max,
            policies: vec![Policy { kind: PolicyKind::Percent, value: 100, period: DEFAULT_PERIOD }],
            tolerance: None,
        }
    }

    /// The longest period of any policy: older scale events count for nothing.
    pub fn longest_period(&self) -> Duration {
        self.policies.iter().map(|policy| policy.period).max().unwrap_or_default()
    }
}

impl BehaviorParams {
    /// Checks both directions and fills in the defaults.
    ///
    /// # Errors
    /// If a window, a period, a value, a tolerance or the number of policies lies outside what Kubernetes admits.
    pub fn check(&self, downscale_stabilization: Duration) -> Result<Behavior, SpecError> {
        let fill = |written: Option<&ScalingRulesParams>, defaults, path| match written {
            Some(rules) => rules.check(defaults, path),
            None => Ok(defaults),
        };
        Ok(Behavior {
            scale_up: fill(self.scale_up.as_ref(), ScalingRules::default_up(), "behavior.scaleUp")?,
            scale_down: fill(
                self.scale_down.as_ref(),
                ScalingRules::default_down(downscale_stabilization),
                "behavior.scaleDown",
            )?,
        })
    }
}

impl ScalingRulesParams {
    fn check(&self, defaults: ScalingRules, path: &str) -> Result<ScalingRules, SpecError> {
        let mut rules = defaults;
        if let Some(seconds) = self.stabilization_window_seconds {
            let at = || format!("{path}.stabilizationWindowSeconds");
            require((0..=MAX_WINDOW_SECONDS).contains(&seconds), at, seconds, "0 to 3600")?;
            rules.stabilization_window = seconds_to_duration(seconds);
        }
        if let Some(policies) = &self.policies {
            require(!policies.is_empty(), || format!("{path}.policies"), "[]", "at least one policy")?;
            let check =
                |(index, policy): (usize, &PolicyParams)| policy.check(&format!("{path}.policies[{index}]"));
            rules.policies = policies.iter().enumerate().map(check).collect::<Result<_, _>>()?;
        }
        if let Some(tolerance) = self.tolerance {
            require(!tolerance.is_negative(), || format!("{path}.tolerance"), tolerance, "0 or more")?;
            rules.tolerance = Some(tolerance.as_f64());
        }
        rules.select_policy = self.select_policy.unwrap_or(rules.select_policy);
        Ok(rules)
    }
}

impl PolicyParams {
    fn check(self, path: &str) -> Result<Policy, SpecError> {
        let (value, seconds) = (self.value, self.period_seconds);
        require(value >= 1, || format!("{path}.value"), value, "1 or more")?;
        let legal = (1..=MAX_PERIOD_SECONDS).contains(&seconds);
        require(legal, || format!("{path}.periodSeconds"), seconds, "1 to 1800")?;
        Ok(Policy { kind: self.kind, value, period: seconds_to_duration(seconds) })
    }
}

fn seconds_to_duration(checked_seconds: i32) -> Duration {
    Duration::from_secs(u64::from(checked_seconds.unsigned_abs()))
}
