//! What an autoscaler scales on: the checked form of one metric of its specification.

use std::fmt;

use super::conditions::Reason;
use super::error::{SpecError, require};
use super::spec::{MetricIdentifier, MetricKind, MetricParams, ObjectReference};
use super::target::{ResourceTarget, ValueTarget};

/// What one metric of the specification asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricSource {
    /// CPU or memory of the pods, or of one container of each.
    Resource {
        /// `cpu`, `memory` or an extended resource.
        resource: ResourceName,
        /// The container, if only one is meant.
        container: Option<String>,
        /// The target.
        target: ResourceTarget,
    },
    /// A custom metric of each pod.
    Pods {
        /// Which metric.
        metric: MetricIdentifier,
        /// Average wanted, in thousandths.
        average_value: i64,
    },
    /// A custom metric of another object.
    Object {
        /// Whose metric.
        described_object: ObjectReference,
        /// Which metric.
        metric: MetricIdentifier,
        /// The target.
        target: ValueTarget,
    },
    /// A metric from outside the cluster.
    External {
        /// Which metric.
        metric: MetricIdentifier,
        /// The target.
        target: ValueTarget,
    },
}

impl MetricSource {
    /// The condition's reason if this metric gives no replica count.
    pub(super) const fn failure_reason(&self) -> Reason {
        match self {
            Self::Resource { container: None, .. } => Reason::FailedGetResourceMetric,
            Self::Resource { container: Some(_), .. } => Reason::FailedGetContainerResourceMetric,
            Self::Pods { .. } => Reason::FailedGetPodsMetric,
            Self::Object { .. } => Reason::FailedGetObjectMetric,
            Self::External { .. } => Reason::FailedGetExternalMetric,
        }
    }
}

impl fmt::Display for MetricSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource { resource, container, target } => {
                let unit = match target {
                    ResourceTarget::Utilization(_) => "utilization",
                    ResourceTarget::AverageValue(_) => "average",
                };
                match container {
                    None => write!(f, "{resource} {unit}"),
                    Some(container) => write!(f, "{resource} {unit} of container {container}"),
                }
            }
            Self::Pods { metric, .. } => write!(f, "pods metric {}", metric.name),
            Self::Object { described_object: object, metric, .. } => {
                write!(f, "{} metric {} of {}", object.kind, metric.name, object.name)
            }
            Self::External { metric, .. } => write!(f, "external metric {}", metric.name),
        }
    }
}

/// Name of a resource. CPU is singled out because a starting pod's CPU says little about its load.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceName {
    /// `cpu`.
    Cpu,
    /// `memory`.
    Memory,
    /// Anything else.
    Other(String),
}

impl From<&str> for ResourceName {
    fn from(name: &str) -> Self {
        match name {
            "cpu" => Self::Cpu,
            "memory" => Self::Memory,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Other(name) => name,
        })
    }
}

impl MetricParams {
    pub(super) fn check(&self, path: &str) -> Result<MetricSource, SpecError> {
        self.refuse_other_sources(path)?;
        let missing =
            |field: &str| SpecError::Missing { path: format!("{path}.{field}"), kind: self.kind.name() };
        match self.kind {
            MetricKind::Resource => {
                let source = self.resource.as_ref().ok_or_else(|| missing("resource"))?;
                let target = source.target.resource(&format!("{path}.resource.target"))?;
                let resource = resource_name(&source.name, &format!("{path}.resource.name"))?;
                Ok(MetricSource::Resource { resource, container: None, target })
            }
            MetricKind::ContainerResource => {
                let source = self.container_resource.as_ref().ok_or_else(|| missing("containerResource"))?;
                let target = source.target.resource(&format!("{path}.containerResource.target"))?;
                let resource = resource_name(&source.name, &format!("{path}.containerResource.name"))?;
                let container = non_empty(&source.container, &format!("{path}.containerResource.container"))?;
                Ok(MetricSource::Resource { resource, container: Some(container), target })
            }
            MetricKind::Pods => {
                let source = self.pods.as_ref().ok_or_else(|| missing("pods"))?;
                let average_value = source.target.average_value_only(&format!("{path}.pods.target"))?;
                let metric = identifier(&source.metric, &format!("{path}.pods.metric.name"))?;
                Ok(MetricSource::Pods { metric, average_value })
            }
            MetricKind::Object => {
                let source = self.object.as_ref().ok_or_else(|| missing("object"))?;
                let target = source.target.value(&format!("{path}.object.target"))?;
                let metric = identifier(&source.metric, &format!("{path}.object.metric.name"))?;
                Ok(MetricSource::Object { described_object: source.described_object.clone(), metric, target })
            }
            MetricKind::External => {
                let source = self.external.as_ref().ok_or_else(|| missing("external"))?;
                let target = source.target.value(&format!("{path}.external.target"))?;
                let metric = identifier(&source.metric, &format!("{path}.external.metric.name"))?;
                Ok(MetricSource::External { metric, target })
            }
        }
    }

    fn refuse_other_sources(&self, path: &str) -> Result<(), SpecError> {
        let present = [
            (MetricKind::Resource, "resource", self.resource.is_some()),
            (MetricKind::ContainerResource, "containerResource", self.container_resource.is_some()),
            (MetricKind::Pods, "pods", self.pods.is_some()),
            (MetricKind::Object, "object", self.object.is_some()),
            (MetricKind::External, "external", self.external.is_some()),
        ];
        match present.iter().find(|(kind, _, set)| *set && *kind != self.kind) {
            Some((_, field, _)) => {
                Err(SpecError::Contradiction { path: format!("{path}.{field}"), kind: self.kind.name() })
            }
            None => Ok(()),
        }
    }
}

impl MetricKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Resource => "Resource",
            Self::ContainerResource => "ContainerResource",
            Self::Pods => "Pods",
            Self::Object => "Object",
            Self::External => "External",
        }
    }
}

fn resource_name(name: &str, path: &str) -> Result<ResourceName, SpecError> {
    non_empty(name, path).map(|name| ResourceName::from(name.as_str()))
}

fn identifier(metric: &MetricIdentifier, path: &str) -> Result<MetricIdentifier, SpecError> {
    non_empty(&metric.name, path).map(|_| metric.clone())
}

fn non_empty(name: &str, path: &str) -> Result<String, SpecError> {
    require(!name.is_empty(), || path.to_owned(), "empty", "a name")?;
    Ok(name.to_owned())
}
