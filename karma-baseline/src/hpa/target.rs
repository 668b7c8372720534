//! How much of a metric is wanted: the checked form of one target.

use super::error::{SpecError, require};
use super::quantity::Quantity;
use super::spec::{TargetKind, TargetParams};

/// Target of a resource metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceTarget {
    /// Percent of the request, at least 1.
    Utilization(i32),
    /// Average per pod, in thousandths, at least 1.
    AverageValue(i64),
}

/// Target of an Object or External metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueTarget {
    /// The metric itself, in thousandths, at least 1.
    Value(i64),
    /// The metric per replica, in thousandths, at least 1.
    AverageValue(i64),
}

impl TargetParams {
    pub(super) fn resource(&self, path: &str) -> Result<ResourceTarget, SpecError> {
        self.refuse_other_values(path)?;
        match self.kind {
            TargetKind::Utilization => {
                let percent =
                    self.average_utilization.ok_or_else(|| self.missing(path, "averageUtilization"))?;
                require(percent >= 1, || format!("{path}.averageUtilization"), percent, "1 or more")?;
                Ok(ResourceTarget::Utilization(percent))
            }
            TargetKind::AverageValue => Ok(ResourceTarget::AverageValue(self.average(path)?)),
            TargetKind::Value => Err(wrong_type(path, "Value", "Utilization or AverageValue")),
        }
    }

    pub(super) fn value(&self, path: &str) -> Result<ValueTarget, SpecError> {
        self.refuse_other_values(path)?;
        match self.kind {
            TargetKind::Value => {
                let value = self.value.ok_or_else(|| self.missing(path, "value"))?;
                Ok(ValueTarget::Value(positive(value, &format!("{path}.value"))?))
            }
            TargetKind::AverageValue => Ok(ValueTarget::AverageValue(self.average(path)?)),
            TargetKind::Utilization => Err(wrong_type(path, "Utilization", "Value or AverageValue")),
        }
    }

    pub(super) fn average_value_only(&self, path: &str) -> Result<i64, SpecError> {
        self.refuse_other_values(path)?;
        match self.kind {
            TargetKind::AverageValue => self.average(path),
            TargetKind::Utilization => Err(wrong_type(path, "Utilization", "AverageValue")),
            TargetKind::Value => Err(wrong_type(path, "Value", "AverageValue")),
        }
    }

    fn average(&self, path: &str) -> Result<i64, SpecError> {
        let average = self.average_value.ok_or_else(|| self.missing(path, "averageValue"))?;
        positive(average, &format!("{path}.averageValue"))
    }

    fn missing(&self, path: &str, field: &str) -> SpecError {
        SpecError::Missing { path: format!("{path}.{field}"), kind: self.kind.name() }
    }

    fn refuse_other_values(&self, path: &str) -> Result<(), SpecError> {
        let present = [
            (TargetKind::Utilization, "averageUtilization", self.average_utilization.is_some()),
            (TargetKind::AverageValue, "averageValue", self.average_value.is_some()),
            (TargetKind::Value, "value", self.value.is_some()),
        ];
        match present.iter().find(|(kind, _, set)| *set && *kind != self.kind) {
            Some((_, field, _)) => {
                Err(SpecError::Contradiction { path: format!("{path}.{field}"), kind: self.kind.name() })
            }
            None => Ok(()),
        }
    }
}

impl TargetKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Utilization => "Utilization",
            Self::Value => "Value",
            Self::AverageValue => "AverageValue",
        }
    }
}

fn wrong_type(path: &str, value: &str, allowed: &'static str) -> SpecError {
    SpecError::OutOfRange { path: format!("{path}.type"), value: value.to_owned(), allowed }
}

fn positive(quantity: Quantity, path: &str) -> Result<i64, SpecError> {
    require(quantity.is_positive(), || path.to_owned(), quantity, "more than 0")?;
    Ok(quantity.milli_value())
}
