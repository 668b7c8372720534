//! Conditions: what the autoscaler says about itself.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

use super::pods::ConditionStatus;
use super::time::Timestamp;

/// `HorizontalPodAutoscalerConditionType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ConditionType {
    /// Whether it can compute a replica count.
    ScalingActive,
    /// Whether it can read and change the scale, and whether it waits for history.
    AbleToScale,
    /// Whether a bound or a rate keeps it from what it wants.
    ScalingLimited,
    /// Whether it was this autoscaler that took the target to zero.
    ScaledToZero,
}

/// Why a condition has its status; Kubernetes' own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the reasons are Kubernetes' vocabulary; `Reason::message` says each in a sentence"
)]
pub enum Reason {
    SucceededGetScale,
    ReadyForNewScale,
    ScaleUpStabilized,
    ScaleDownStabilized,
    SucceededRescale,
    FailedUpdateScale,
    ValidMetricFound,
    ScalingDisabled,
    FailedGetResourceMetric,
    FailedGetContainerResourceMetric,
    FailedGetPodsMetric,
    FailedGetObjectMetric,
    FailedGetExternalMetric,
    DesiredWithinRange,
    TooFewReplicas,
    TooManyReplicas,
    ScaleUpLimit,
    ScaleDownLimit,
    ScaledToZero,
    NotScaledToZero,
}

impl Reason {
    /// The reason in a sentence.
    pub const fn message(self) -> &'static str {
        match self {
            Self::SucceededGetScale => "the target's scale was read",
            Self::ReadyForNewScale => "no recent recommendation stands against the current one",
            Self::ScaleUpStabilized => "a recent recommendation was lower, and the lowest one is applied",
            Self::ScaleDownStabilized => "a recent recommendation was higher, and the highest one is applied",
            Self::SucceededRescale => "the target was rescaled",
            Self::FailedUpdateScale => "the target could not be rescaled",
            Self::ValidMetricFound => "a replica count could be computed",
            Self::ScalingDisabled => "the target was set to zero replicas, which pauses the autoscaler",
            Self::FailedGetResourceMetric => "a resource metric gave no replica count",
            Self::FailedGetContainerResourceMetric => "a container's resource metric gave no replica count",
            Self::FailedGetPodsMetric => "a metric of the pods gave no replica count",
            Self::FailedGetObjectMetric => "a metric of an object gave no replica count",
            Self::FailedGetExternalMetric => "an external metric gave no replica count",
            Self::DesiredWithinRange => "nothing limits the wanted replica count",
            Self::TooFewReplicas => "fewer replicas than the minimum are wanted",
            Self::TooManyReplicas => "more replicas than the maximum are wanted",
            Self::ScaleUpLimit => "more replicas are wanted than the rate upwards allows",
            Self::ScaleDownLimit => "fewer replicas are wanted than the rate downwards allows",
            Self::ScaledToZero => "the autoscaler scaled the target to zero",
            Self::NotScaledToZero => "the autoscaler did not scale the target to zero",
        }
    }
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why.
    pub reason: Reason,
    /// The same for people.
    pub message: Cow<'static, str>,
    /// When `status` last changed.
    pub last_transition: Timestamp,
}

/// All conditions of one autoscaler.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conditions(BTreeMap<ConditionType, Condition>);

impl Conditions {
    /// The condition, if it was ever set.
    pub fn get(&self, kind: ConditionType) -> Option<&Condition> {
        self.0.get(&kind)
    }

    /// Whether the condition is set and holds.
    pub fn holds(&self, kind: ConditionType) -> bool {
        self.get(kind).is_some_and(|condition| condition.status == ConditionStatus::True)
    }

    /// The reason of the condition, if it was ever set.
    pub fn reason(&self, kind: ConditionType) -> Option<Reason> {
        self.get(kind).map(|condition| condition.reason)
    }

    /// All conditions, by type.
    pub fn iter(&self) -> impl Iterator<Item = (ConditionType, &Condition)> {
        self.0.iter().map(|(kind, condition)| (*kind, condition))
    }

    pub(super) fn set(&mut self, kind: ConditionType, holds: bool, reason: Reason, now: Timestamp) {
        let status = if holds { ConditionStatus::True } else { ConditionStatus::False };
        self.insert(
            kind,
            Condition { status, reason, message: reason.message().into(), last_transition: now },
        );
    }

    /// Sets a condition to false, with what went wrong in its message.
    pub(super) fn fail(&mut self, kind: ConditionType, reason: Reason, cause: &dyn Display, now: Timestamp) {
        let message = format!("{}: {cause}", reason.message()).into();
        self.insert(
            kind,
            Condition { status: ConditionStatus::False, reason, message, last_transition: now },
        );
    }

    /// A condition's transition time moves only when its status changes.
    fn insert(&mut self, kind: ConditionType, mut condition: Condition) {
        if let Some(before) = self.get(kind).filter(|before| before.status == condition.status) {
            condition.last_transition = before.last_transition;
        }
        self.0.insert(kind, condition);
    }

    pub(super) fn remove(&mut self, kind: ConditionType) {
        self.0.remove(&kind);
    }
}
