//! What one tick decided, and why.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::error::MetricError;
use super::replica_calculator::Proposal;

/// What a tick decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reconciliation {
    /// Replicas that the specification asked for before the tick.
    pub current_replicas: i32,
    /// Replicas that it should ask for; equal to `current_replicas` if nothing is to be done.
    pub desired_replicas: i32,
    /// Why it should be rescaled, if it should.
    pub rescale: Option<RescaleReason>,
    /// What each metric proposed; empty if no metric was looked at.
    pub proposals: Vec<Result<Proposal, MetricError>>,
    /// The largest proposal, before normalisation, if there was one to follow.
    pub recommendation: Option<i32>,
    /// What went wrong: alone, the tick held; together with `recommendation`, it scaled on the metrics that work.
    pub error: Option<InvalidMetrics>,
}

/// Why a target is rescaled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RescaleReason {
    /// There were more replicas than the maximum.
    AboveMaxReplicas,
    /// There were fewer replicas than the minimum.
    BelowMinReplicas,
    /// A metric was above its target.
    AboveTarget {
        /// The metric with the largest proposal.
        metric: String,
    },
    /// Every metric was below its target.
    AllBelowTarget,
    /// The metrics wanted no change, but recent recommendations or the bounds did.
    RecentRecommendations,
}

impl fmt::Display for RescaleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AboveMaxReplicas => f.write_str("more replicas than the maximum"),
            Self::BelowMinReplicas => f.write_str("fewer replicas than the minimum"),
            Self::AboveTarget { metric } => write!(f, "{metric} above target"),
            Self::AllBelowTarget => f.write_str("all metrics below target"),
            Self::RecentRecommendations => f.write_str("recent recommendations"),
        }
    }
}

/// Some metrics gave no proposal.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{invalid} of {total} metrics gave no replica count; the first: {first}")]
pub struct InvalidMetrics {
    /// How many failed.
    pub invalid: usize,
    /// How many there are.
    pub total: usize,
    /// The first failure.
    pub first: MetricError,
}

impl Reconciliation {
    pub(super) fn hold(current: i32) -> Self {
        Self {
            current_replicas: current,
            desired_replicas: current,
            rescale: None,
            proposals: Vec::new(),
            recommendation: None,
            error: None,
        }
    }

    pub(super) fn to_bound(current: i32, bound: i32, reason: RescaleReason) -> Self {
        Self { desired_replicas: bound, rescale: Some(reason), ..Self::hold(current) }
    }
}
