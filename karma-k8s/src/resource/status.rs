//! `KarmaAutoscaler.status`: what was decided last, what is under way, and what a restart must know.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::Conditions;
use crate::decide::Memory;

/// What the controller says of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct KarmaAutoscalerStatus {
    /// The generation of the specification that this is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// How things are.
    pub conditions: Conditions,
    /// `Watching`, `Promoted` or `RolledBack`, where the mode is `Canary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<String>,
    /// The last decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_decision: Option<LastDecision>,
    /// What was decided and is not known to have been carried out: written before anything is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<PendingPlan>,
    /// What was done to each Deployment last, by its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub applied: BTreeMap<String, Applied>,
    /// What the next decision must know, also after a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
}

/// One decision, in short; the decision log has all of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastDecision {
    /// Counted from 1.
    pub sequence: u64,
    /// RFC 3339.
    pub time: String,
    /// `Agents` or `Fallback`.
    pub listened: String,
    /// One entry for each service, in the topology's order.
    pub services: Vec<ServiceStatus>,
}

/// The replicas of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceStatus {
    /// The service.
    pub name: String,
    /// Replicas that the Deployment asked for.
    pub current: u32,
    /// Replicas that the agents wished for.
    pub agents: u32,
    /// Replicas that the horizontal pod autoscaler would have set.
    pub fallback: u32,
    /// Replicas that the shield let pass.
    pub decided: u32,
    /// Whether that was to be carried out.
    pub acted: bool,
    /// Why.
    pub reason: String,
}

/// A decision that is being carried out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingPlan {
    /// The decision.
    pub sequence: u64,
    /// The generation of the specification under which it was taken: another one makes the plan void.
    #[serde(default)]
    pub generation: i64,
    /// When it was taken, seconds since 1970.
    pub time: f64,
    /// What is to be done.
    pub targets: Vec<PlannedTarget>,
}

/// What is to be done to one Deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedTarget {
    /// The Deployment.
    pub deployment: String,
    /// Its replicas before.
    pub from: u32,
    /// Its replicas after.
    pub to: u32,
    /// The state of its scale on which this was decided: whatever came after it makes the plan void.
    pub resource_version: String,
}

/// What was done to one Deployment last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    /// Replicas that were set.
    pub replicas: u32,
    /// Replicas before the first of our writes: what `onDelete: RestoreInitial` goes back to.
    pub initial: u32,
    /// By which decision.
    pub sequence: u64,
}
