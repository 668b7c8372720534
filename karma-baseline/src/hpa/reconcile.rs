//! One tick of one autoscaler.
//!
//! ```text
//! replicas = 0               paused, unless the autoscaler itself went to zero
//! replicas outside [min,max] to the nearer bound, without a look at any metric
//! otherwise                  largest proposal of all metrics -> normalise -> rescale if different
//! ```
//!
//! A metric that fails blocks the way down, not the way up: if every metric fails, or some do and the others
//! want fewer replicas than there are, the tick holds.
//!
//! A tick is a pure function of settings, memory, readings and time. Whoever carries out its answer tells the
//! memory so with [`HpaState::record_rescale`].

use std::cmp::Ordering;

use super::conditions::{ConditionType, Reason};
use super::config::HpaConfig;
use super::error::MetricError;
use super::metric_source::MetricSource;
use super::normalise::normalise;
use super::pods::PodMetrics;
use super::reconciliation::{InvalidMetrics, Reconciliation, RescaleReason};
use super::replica_calculator::{Proposal, ReplicaCalculator, ScaleTarget};
use super::stabilise::Recommendation;
use super::state::HpaState;
use super::time::Timestamp;

/// What a metric source answered for one metric of the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// One sample per pod: for resource metrics of whole pods or one container, and for pods metrics.
    PerPod(PodMetrics),
    /// One value in thousandths: for object metrics.
    Value(i64),
    /// The values of all series, in thousandths: for external metrics.
    Series(Vec<i64>),
    /// Nothing, and why.
    Unavailable(String),
}

/// What a tick sees.
#[derive(Debug, Clone, Copy)]
pub struct Tick<'a> {
    /// The scaled object.
    pub target: ScaleTarget<'a>,
    /// One reading for each metric, in the order of [`HpaConfig::metrics`]. A missing one counts as unavailable.
    pub readings: &'a [Reading],
    /// The moment. Never before the previous tick's.
    pub now: Timestamp,
}

/// Decides one tick, and remembers its recommendation and conditions in `state`.
///
/// Time `O(m p log p)` for `m` metrics and `p` pods.
pub fn reconcile(config: &HpaConfig, state: &mut HpaState, tick: &Tick<'_>) -> Reconciliation {
    let (current, now) = (tick.target.spec_replicas, tick.now);
    state.conditions.set(ConditionType::AbleToScale, true, Reason::SucceededGetScale, now);
    if state.recommendations.is_empty() {
        state.recommendations.push(Recommendation { replicas: current, timestamp: now });
    }
    let from_zero = current == 0 && state.conditions.holds(ConditionType::ScaledToZero);
    if current == 0 && !may_leave_zero(config, from_zero) {
        return pause(config, state, tick);
    }
    if current > config.max_replicas {
        return Reconciliation::to_bound(current, config.max_replicas, RescaleReason::AboveMaxReplicas);
    }
    if current != 0 && current < config.min_replicas {
        return Reconciliation::to_bound(current, config.min_replicas, RescaleReason::BelowMinReplicas);
    }
    follow_metrics(config, state, tick)
}

/// Decides one tick and takes it as carried out.
pub fn reconcile_and_record(config: &HpaConfig, state: &mut HpaState, tick: &Tick<'_>) -> Reconciliation {
    let decided = reconcile(config, state, tick);
    if decided.rescale.is_some() {
        state.record_rescale(config, decided.current_replicas, decided.desired_replicas, tick.now);
    }
    decided
}

/// Only an autoscaler that went to zero itself comes back: by raised bounds, or by a metric that exists without
/// pods.
fn may_leave_zero(config: &HpaConfig, scaled_to_zero: bool) -> bool {
    let reason_to = config.min_replicas != 0 || config.can_scale_from_zero();
    config.controller.scale_to_zero && scaled_to_zero && reason_to
}

fn pause(config: &HpaConfig, state: &mut HpaState, tick: &Tick<'_>) -> Reconciliation {
    state.conditions.set(ConditionType::ScalingActive, false, Reason::ScalingDisabled, tick.now);
    if !config.controller.scale_to_zero {
        state.conditions.remove(ConditionType::ScaledToZero);
    }
    Reconciliation::hold(tick.target.spec_replicas)
}

fn follow_metrics(config: &HpaConfig, state: &mut HpaState, tick: &Tick<'_>) -> Reconciliation {
    let (current, now) = (tick.target.spec_replicas, tick.now);
    let proposals = propose(config, tick);
    let error = invalid(&proposals);
    let largest = largest(&proposals);
    let Some((index, wanted)) = largest.filter(|(_, wanted)| error.is_none() || *wanted >= current) else {
        report_failure(config, state, &proposals, now);
        return Reconciliation { proposals, error, ..Reconciliation::hold(current) };
    };
    state.conditions.set(ConditionType::ScalingActive, true, Reason::ValidMetricFound, now);
    let wanted = wanted.max(0);
    let mut desired = normalise(config, state, current, wanted, now);
    let mut reason = rescale_reason(&config.metrics[index], wanted, current);
    if current == 0 && desired < config.min_replicas {
        desired = config.min_replicas;
        if wanted == current {
            reason = RescaleReason::BelowMinReplicas;
        }
    }
    let rescale = (desired != current).then_some(reason);
    Reconciliation {
        current_replicas: current,
        desired_replicas: desired,
        rescale,
        proposals,
        recommendation: Some(wanted),
        error,
    }
}

fn rescale_reason(metric: &MetricSource, wanted: i32, current: i32) -> RescaleReason {
    match wanted.cmp(&current) {
        Ordering::Greater => RescaleReason::AboveTarget { metric: metric.to_string() },
        Ordering::Less => RescaleReason::AllBelowTarget,
        Ordering::Equal => RescaleReason::RecentRecommendations,
    }
}

fn propose(config: &HpaConfig, tick: &Tick<'_>) -> Vec<Result<Proposal, MetricError>> {
    let calculator = ReplicaCalculator::with_config(tick.target, config, tick.now);
    let readings = tick.readings.iter().map(Some).chain(std::iter::repeat(None));
    config
        .metrics
        .iter()
        .zip(readings)
        .map(|(metric, reading)| propose_one(&calculator, metric, reading))
        .collect()
}

fn propose_one(
    calculator: &ReplicaCalculator<'_>,
    metric: &MetricSource,
    reading: Option<&Reading>,
) -> Result<Proposal, MetricError> {
    match (metric, reading) {
        (_, None) => Err(MetricError::Unavailable { cause: "no reading was given".to_owned() }),
        (_, Some(Reading::Unavailable(cause))) => Err(MetricError::Unavailable { cause: cause.clone() }),
        (MetricSource::Resource { resource, container, target }, Some(Reading::PerPod(metrics))) => {
            calculator.resource(metrics, resource, container.as_deref(), *target)
        }
        (MetricSource::Pods { average_value, .. }, Some(Reading::PerPod(metrics))) => {
            calculator.pods(metrics, *average_value)
        }
        (MetricSource::Object { target, .. }, Some(Reading::Value(value))) => {
            calculator.object(*value, *target)
        }
        (MetricSource::External { target, .. }, Some(Reading::Series(series))) => {
            calculator.external(series, *target)
        }
        (_, Some(_)) => Err(MetricError::WrongReading { metric: metric.to_string() }),
    }
}

/// The first of the largest proposals with the index of its metric. Upstream takes 0 for "none yet", so that a
/// proposal of 0 gives way to any later one, even a negative one; negative ones mean 0 in the end.
fn largest(proposals: &[Result<Proposal, MetricError>]) -> Option<(usize, i32)> {
    let mut largest: Option<(usize, i32)> = None;
    for (index, proposal) in proposals.iter().enumerate() {
        if let Ok(Proposal { replicas, .. }) = proposal
            && largest.is_none_or(|(_, most)| most == 0 || *replicas > most)
        {
            largest = Some((index, *replicas));
        }
    }
    largest
}

fn invalid(proposals: &[Result<Proposal, MetricError>]) -> Option<InvalidMetrics> {
    let mut failures = proposals.iter().filter_map(|proposal| proposal.as_ref().err());
    let first = failures.next()?.clone();
    Some(InvalidMetrics { invalid: 1 + failures.count(), total: proposals.len(), first })
}

/// Says in `ScalingActive` which metric failed first.
fn report_failure(
    config: &HpaConfig,
    state: &mut HpaState,
    proposals: &[Result<Proposal, MetricError>],
    now: Timestamp,
) {
    let mut failures = config.metrics.iter().zip(proposals);
    if let Some((metric, error)) =
        failures.find_map(|(metric, proposal)| Some((metric, proposal.as_ref().err()?)))
    {
        state.conditions.fail(ConditionType::ScalingActive, metric.failure_reason(), error, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hpa::Usage;

    fn proposals(replicas: &[i32]) -> Vec<Result<Proposal, MetricError>> {
        let usage = Usage { utilization: None, value: 0 };
        replicas.iter().map(|replicas| Ok(Proposal { replicas: *replicas, usage })).collect()
    }

    #[test]
    fn the_first_of_the_largest_proposals_counts_and_zero_gives_way() {
        assert_eq!(largest(&proposals(&[2, 5, 5, 3])), Some((1, 5)));
        assert_eq!(largest(&proposals(&[0, -3])), Some((1, -3)));
        assert_eq!(largest(&[Err(MetricError::NoPods)]), None);
    }
}
