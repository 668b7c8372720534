//! The autoscaler's settings as written: the `spec` of an `autoscaling/v2` `HorizontalPodAutoscaler`.
//!
//! Field names, nesting and spelling are those of Kubernetes, so that the `spec:` of a manifest loads unchanged;
//! unknown fields are an error. Nothing here is checked or defaulted: [`HpaParams::check`] does that and gives
//! the [`HpaConfig`](super::HpaConfig) that the algorithm runs with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::behavior::BehaviorParams;
use super::quantity::Quantity;

/// `HorizontalPodAutoscalerSpec`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HpaParams {
    /// What is scaled. The algorithm does not look at it: one autoscaler state belongs to one target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_target_ref: Option<ObjectReference>,
    /// Fewest replicas, default 1. Zero needs the scale-to-zero gate and an Object or External metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_replicas: Option<i32>,
    /// Most replicas, at least `min_replicas`.
    pub max_replicas: i32,
    /// What to scale on; the largest proposal wins. Default: CPU at 80 % of the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricParams>,
    /// Rates and stabilisation. Without it the algorithm of 2015 applies (see [`mod@super::normalise`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behavior: Option<BehaviorParams>,
}

/// `CrossVersionObjectReference`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectReference {
    /// Group and version, such as `apps/v1`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// Kind, such as `Deployment`.
    pub kind: String,
    /// Name of the object.
    pub name: String,
}

/// `MetricSpec`: the source named by `type` must be present, and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricParams {
    /// Which of the sources below is meant.
    #[serde(rename = "type")]
    pub kind: MetricKind,
    /// CPU or memory of whole pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceMetricParams>,
    /// CPU or memory of one named container of each pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_resource: Option<ContainerResourceMetricParams>,
    /// A custom metric of each pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pods: Option<PodsMetricParams>,
    /// A custom metric of one other object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectMetricParams>,
    /// A metric from outside the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalMetricParams>,
}

/// `MetricSourceType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MetricKind {
    /// Whole pods' CPU or memory.
    Resource,
    /// One container's CPU or memory.
    ContainerResource,
    /// A custom metric per pod.
    Pods,
    /// A custom metric of one object.
    Object,
    /// A metric from outside the cluster.
    External,
}

/// `ResourceMetricSource`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceMetricParams {
    /// `cpu`, `memory` or an extended resource.
    pub name: String,
    /// `Utilization` (percent of the request) or `AverageValue`.
    pub target: TargetParams,
}

/// `ContainerResourceMetricSource`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerResourceMetricParams {
    /// `cpu`, `memory` or an extended resource.
    pub name: String,
    /// Name of the container.
    pub container: String,
    /// `Utilization` (percent of the request) or `AverageValue`.
    pub target: TargetParams,
}

/// `PodsMetricSource`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodsMetricParams {
    /// Which metric.
    pub metric: MetricIdentifier,
    /// `AverageValue`.
    pub target: TargetParams,
}

/// `ObjectMetricSource`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectMetricParams {
    /// Whose metric it is.
    pub described_object: ObjectReference,
    /// Which metric.
    pub metric: MetricIdentifier,
    /// `Value` or `AverageValue`.
    pub target: TargetParams,
}

/// `ExternalMetricSource`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalMetricParams {
    /// Which metric; its series are summed.
    pub metric: MetricIdentifier,
    /// `Value` or `AverageValue`.
    pub target: TargetParams,
}

/// `MetricIdentifier`. The algorithm never reads the selector: choosing the series is the metric reader's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricIdentifier {
    /// Name of the metric.
    pub name: String,
    /// Which series of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
}

/// `LabelSelector`: a series must satisfy all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelSelector {
    /// Labels with their values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    /// Conditions on labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<LabelRequirement>,
}

/// `LabelSelectorRequirement`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelRequirement {
    /// The label.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// The values of `In` and `NotIn`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// `MetricTarget`: the value named by `type` must be present, and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetParams {
    /// Which of the values below is meant.
    #[serde(rename = "type")]
    pub kind: TargetKind,
    /// Percent of the pods' requests, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_utilization: Option<i32>,
    /// Average over pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_value: Option<Quantity>,
    /// The metric's own value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Quantity>,
}

/// `MetricTargetType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TargetKind {
    /// Percent of the request.
    Utilization,
    /// The metric as it is.
    Value,
    /// The metric per pod.
    AverageValue,
}
