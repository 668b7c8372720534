//! From one metric to one number of replicas.
//!
//! In words: if the pods use `r` times what they should, there should be `⌈r · pods⌉` of them, unless `r` is
//! within the tolerance of 1. The difficulty is in the pods that cannot be asked. Per-pod metrics therefore take
//! two passes:
//!
//! 1. the ratio over the pods that count ([`group_pods`]) gives a direction;
//! 2. pods without a sample are assumed to be *against* that direction (busy on the way down, idle on the way
//!    up), unready pods idle on the way up, and the ratio is taken again over all of them. If that turns the
//!    direction round, or comes within the tolerance, nothing moves.
//!
//! **Exactness.** Integer arithmetic is 64-bit and wraps, as Go defines it, so that the order of pods never
//! matters; a utilisation is an integer percentage, truncated. Conversions from floating point saturate: Go
//! leaves conversions that do not fit to the machine (x86-64 gives the smallest integer, arm64 saturates).
//!
//! Checked on the 76 vectors of Kubernetes' own `replica_calculator_test.go`.
//!
//! ```
//! use std::collections::BTreeMap;
//! use karma_baseline::hpa::{HpaConfig, ReplicaCalculator, ScaleTarget, Timestamp, ValueTarget};
//!
//! // 8.6 requests in an external queue, 2.15 wanted per replica: four replicas, whatever there are now.
//! let target = ScaleTarget { spec_replicas: 3, status_replicas: 3, pods: &[] };
//! let calculator = ReplicaCalculator::new(target, Timestamp::from_millis(0));
//! let proposal = calculator.external(&[8_600], ValueTarget::AverageValue(2_150)).unwrap();
//! assert_eq!((proposal.replicas, proposal.usage.value), (4, 2_867));
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::config::HpaConfig;
use super::controller::ControllerConfig;
use super::metric_source::ResourceName;
use super::pods::{PodFacts, PodGroups, PodMetrics, Readiness, group_pods};
use super::requests::calculate_requests;
use super::target::{ResourceTarget, ValueTarget};
use super::time::Timestamp;

/// How far a ratio may be from 1 without consequence, in each direction; both 0 or more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerances {
    /// Below 1.
    pub scale_down: f64,
    /// Above 1.
    pub scale_up: f64,
}

impl Tolerances {
    /// Whether `ratio` lies in `[1 - scale_down, 1 + scale_up]`; never for NaN.
    pub fn contain(self, ratio: f64) -> bool {
        (1.0 - self.scale_down) <= ratio && ratio <= (1.0 + self.scale_up)
    }
}

/// The scaled object at the moment of a tick.
#[derive(Debug, Clone, Copy)]
pub struct ScaleTarget<'a> {
    /// Replicas that its specification asks for.
    pub spec_replicas: i32,
    /// Replicas that exist.
    pub status_replicas: i32,
    /// Its pods, in any order.
    pub pods: &'a [PodFacts],
}

/// What one metric proposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Replicas.
    pub replicas: i32,
    /// What was measured.
    pub usage: Usage,
}

/// The measurement behind a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Percent of the request, where the target is one.
    pub utilization: Option<i32>,
    /// In thousandths: the average over pods, or the metric itself for a target of type `Value`.
    pub value: i64,
}

/// Why a metric proposes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum MetricError {
    /// The metric source answered with an error, or with no sample at all.
    #[error("no samples: {cause}")]
    Unavailable {
        /// What the source said.
        cause: String,
    },
    /// A reading of another kind than the specification's metric.
    #[error("a {expected} metric was given a reading of another kind")]
    WrongReading {
        /// The metric's kind.
        expected: String,
    },
    /// The target has no pods.
    #[error("the target has no pods")]
    NoPods,
    /// No pod that counts has a sample.
    #[error("no sample of a pod that counts (pods might be unready)")]
    NoUsablePods,
    /// No sample belongs to a pod of the target, or the pods request nothing.
    #[error("no sample matches a known pod with a request")]
    NoMatchingPods,
    /// A container does not request the resource.
    #[error("container {container} of pod {pod} has no request for {resource}")]
    MissingRequest {
        /// The resource.
        resource: String,
        /// The container.
        container: String,
        /// Its pod.
        pod: String,
    },
    /// A pod with requests of its own does not request the resource.
    #[error("pod {pod} sets requests of its own, but none for {resource}")]
    MissingPodRequest {
        /// The resource.
        resource: String,
        /// The pod.
        pod: String,
    },
    /// A pod does not have the named container.
    #[error("pod {pod} has no container {container}")]
    ContainerNotFound {
        /// The container.
        container: String,
        /// The pod.
        pod: String,
    },
}

/// The values that take part in a ratio, in thousandths, by pod.
type Samples<'a> = BTreeMap<&'a str, i64>;

/// Computes proposals for one target at one moment.
#[derive(Debug, Clone, Copy)]
pub struct ReplicaCalculator<'a> {
    /// What is scaled.
    pub target: ScaleTarget<'a>,
    /// When a ratio is close enough to 1.
    pub tolerances: Tolerances,
    /// When a starting pod's CPU counts.
    pub readiness: Readiness,
}

impl<'a> ReplicaCalculator<'a> {
    /// A calculator with Kubernetes' defaults.
    pub fn new(target: ScaleTarget<'a>, now: Timestamp) -> Self {
        let controller = ControllerConfig::default();
        let tolerances = Tolerances { scale_down: controller.tolerance, scale_up: controller.tolerance };
        Self { target, tolerances, readiness: readiness(&controller, now) }
    }

    /// A calculator with the settings of `config`.
    pub fn with_config(target: ScaleTarget<'a>, config: &HpaConfig, now: Timestamp) -> Self {
        Self { target, tolerances: config.tolerances(), readiness: readiness(config.controller(), now) }
    }

    /// Replicas for CPU, memory or another resource of whole pods, or of one container of each.
    ///
    /// # Errors
    /// If there are no pods, none of them counts, or a request is missing.
    pub fn resource(
        &self,
        metrics: &PodMetrics,
        resource: &ResourceName,
        container: Option<&str>,
        target: ResourceTarget,
    ) -> Result<Proposal, MetricError> {
        match target {
            ResourceTarget::AverageValue(average) => self.average(metrics, Some(resource), average),
            ResourceTarget::Utilization(percent) => self.utilization(metrics, resource, container, percent),
        }
    }

    /// Replicas for a custom metric of each pod, with an average wanted in thousandths.
    ///
    /// # Errors
    /// If there are no pods, or none of them counts.
    pub fn pods(&self, metrics: &PodMetrics, average_value: i64) -> Result<Proposal, MetricError> {
        self.average(metrics, None, average_value)
    }

    /// Replicas for a metric of another object, in thousandths.
    ///
    /// # Errors
    /// If a target of type `Value` is missed while there are no pods.
    pub fn object(&self, usage: i64, target: ValueTarget) -> Result<Proposal, MetricError> {
        match target {
            ValueTarget::Value(value) => self.whole_value(usage, value),
            ValueTarget::AverageValue(average) => Ok(self.per_replica(usage, average)),
        }
    }

    /// Replicas for a metric from outside the cluster: the sum of its series, in thousandths.
    ///
    /// # Errors
    /// If there is no series, or a target of type `Value` is missed while there are no pods.
    pub fn external(&self, series: &[i64], target: ValueTarget) -> Result<Proposal, MetricError> {
        if series.is_empty() {
            return Err(MetricError::Unavailable { cause: "the external metric has no series".to_owned() });
        }
        match target {
            ValueTarget::Value(value) => self.whole_value(sum_capped(series), value),
            ValueTarget::AverageValue(average) => {
                let sum = sum_capped_below_zero(series);
                let mut proposal = self.per_replica(sum, average);
                if sum as f64 >= i64::MAX as f64 {
                    proposal.usage.value = i64::MAX;
                }
                Ok(proposal)
            }
        }
    }

    fn utilization(
        &self,
        metrics: &PodMetrics,
        resource: &ResourceName,
        container: Option<&str>,
        percent: i32,
    ) -> Result<Proposal, MetricError> {
        let (groups, mut samples) = self.countable(metrics, Some(resource))?;
        let requests = calculate_requests(self.target.pods, container, resource)?;
        let (utilization, value) = utilization(&samples, &requests)?;
        let busy = i64::from(percent.max(100));
        let missing = |pod: &str| requests.get(pod).map_or(0, |request| request.wrapping_mul(busy) / 100);
        let ratio = |samples: &Samples<'_>| {
            utilization_ratio(samples, &requests, percent)
        };
        let replicas = self.two_passes(&groups, &mut samples, &ratio, &missing)?;
        Ok(Proposal { replicas, usage: Usage { utilization: Some(utilization), value } })
    }

    fn average(
        &self,
        metrics: &PodMetrics,
        resource: Option<&ResourceName>,
        average: i64,
    ) -> Result<Proposal, MetricError> {
        let (groups, mut samples) = self.countable(metrics, resource)?;
        let value = mean(&samples);
        let ratio = |samples: &Samples<'_>| Ok(mean(samples) as f64 / average as f64);
        let replicas = self.two_passes(&groups, &mut samples, &ratio, &|_| average)?;
        Ok(Proposal { replicas, usage: Usage { utilization: None, value } })
    }
}
