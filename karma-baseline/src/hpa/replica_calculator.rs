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
//! use karma_baseline::hpa::{ReplicaCalculator, ScaleTarget, Timestamp, ValueTarget};
//!
//! // 8.6 requests in an external queue, 2.15 wanted per replica: four replicas, whatever there are now.
//! let target = ScaleTarget { spec_replicas: 3, status_replicas: 3, pods: &[] };
//! let calculator = ReplicaCalculator::new(target, Timestamp::from_millis(0));
//! let proposal = calculator.external(&[8_600], ValueTarget::AverageValue(2_150)).unwrap();
//! assert_eq!((proposal.replicas, proposal.usage.value), (4, 2_867));
//! ```

use serde::{Deserialize, Serialize};

use super::config::HpaConfig;
use super::controller::ControllerConfig;
use super::error::MetricError;
use super::metric_source::ResourceName;
use super::pods::{PodFacts, PodGroups, PodMetrics, Readiness, group_pods};
use super::ratio::{
    Samples, Tolerances, ceil_to_i32, ceil_to_i64, mean, sum_capped, sum_or_max, utilization,
};
use super::requests::calculate_requests;
use super::target::{ResourceTarget, ValueTarget};
use super::time::Timestamp;

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
        refuse_empty(series.is_empty())?;
        match target {
            ValueTarget::Value(value) => self.whole_value(sum_capped(series), value),
            ValueTarget::AverageValue(average) => {
                let sum = sum_or_max(series);
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
        let (percent_used, value) = utilization(&samples, &requests)?;
        let busy = i64::from(percent.max(100));
        let missing = |pod: &str| requests.get(pod).map_or(0, |request| request.wrapping_mul(busy) / 100);
        let ratio = |samples: &Samples<'_>| {
            utilization(samples, &requests).map(|(current, _)| f64::from(current) / f64::from(percent))
        };
        let replicas = self.two_passes(&groups, &mut samples, &ratio, &missing)?;
        Ok(Proposal { replicas, usage: Usage { utilization: Some(percent_used), value } })
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
    /// The groups of pods, and the samples of those that count.
    fn countable<'m>(
        &'m self,
        metrics: &'m PodMetrics,
        resource: Option<&ResourceName>,
    ) -> Result<(PodGroups<'m>, Samples<'m>), MetricError> {
        refuse_empty(metrics.is_empty())?;
        if self.target.pods.is_empty() {
            return Err(MetricError::NoPods);
        }
        let groups = group_pods(self.target.pods, metrics, resource, &self.readiness);
        let counts = |pod: &str| !groups.ignored.contains(pod) && !groups.unready.contains(pod);
        let samples: Samples<'m> = metrics
            .iter()
            .filter(|(pod, _)| counts(pod))
            .map(|(pod, metric)| (pod.as_str(), metric.value))
            .collect();
        if samples.is_empty() { Err(MetricError::NoUsablePods) } else { Ok((groups, samples)) }
    }

    /// The two passes of the module's description. `missing` is what a pod without a sample is assumed to use
    /// when the others say "down".
    fn two_passes<'m>(
        &self,
        groups: &PodGroups<'m>,
        samples: &mut Samples<'m>,
        ratio: &dyn Fn(&Samples<'m>) -> Result<f64, MetricError>,
        missing: &dyn Fn(&str) -> i64,
    ) -> Result<i32, MetricError> {
        let current = self.target.spec_replicas;
        let first = ratio(samples)?;
        let up_with_unready = first > 1.0 && !groups.unready.is_empty();
        if !up_with_unready && groups.missing.is_empty() {
            let keep = self.tolerances.contain(first);
            return Ok(if keep { current } else { ceil_to_i32(first * groups.ready as f64) });
        }
        if first < 1.0 {
            samples.extend(groups.missing.iter().map(|pod| (*pod, missing(pod))));
        } else if first > 1.0 {
            samples.extend(groups.missing.iter().map(|pod| (*pod, 0)));
        }
        if up_with_unready {
            samples.extend(groups.unready.iter().map(|pod| (*pod, 0)));
        }
        let second = ratio(samples)?;
        let replicas = ceil_to_i32(second * samples.len() as f64);
        let turned = (first < 1.0 && second > 1.0) || (first > 1.0 && second < 1.0);
        let against = (second < 1.0 && replicas > current) || (second > 1.0 && replicas < current);
        Ok(if self.tolerances.contain(second) || turned || against { current } else { replicas })
    }

    /// A metric that is shared by all replicas, against a target for all of them.
    fn whole_value(&self, usage: i64, target: i64) -> Result<Proposal, MetricError> {
        let ratio = usage as f64 / target as f64;
        let current = self.target.spec_replicas;
        let replicas = if current == 0 {
            ceil_to_i32(ratio)
        } else if self.tolerances.contain(ratio) {
            current
        } else {
            ceil_to_i32(ratio * self.running_and_ready()? as f64)
        };
        Ok(Proposal { replicas, usage: Usage { utilization: None, value: usage } })
    }

    /// A metric that is shared by all replicas, against a target for each. Their readiness does not matter.
    fn per_replica(&self, usage: i64, average: i64) -> Proposal {
        let (total, replicas) = (usage as f64, f64::from(self.target.status_replicas));
        let keep = self.tolerances.contain(total / (average as f64 * replicas));
        let wanted = if keep { self.target.status_replicas } else { ceil_to_i32(total / average as f64) };
        let usage = Usage { utilization: None, value: ceil_to_i64(total / replicas) };
        Proposal { replicas: wanted, usage }
    }

    fn running_and_ready(&self) -> Result<usize, MetricError> {
        if self.target.pods.is_empty() {
            return Err(MetricError::NoPods);
        }
        Ok(self.target.pods.iter().filter(|pod| pod.is_running_and_ready()).count())
    }
}

fn readiness(controller: &ControllerConfig, now: Timestamp) -> Readiness {
    Readiness {
        now,
        cpu_initialization_period: controller.cpu_initialization_period,
        initial_readiness_delay: controller.initial_readiness_delay,
    }
}

fn refuse_empty(empty: bool) -> Result<(), MetricError> {
    let cause = || "the metrics API returned none".to_owned();
    if empty { Err(MetricError::Unavailable { cause: cause() }) } else { Ok(()) }
}
