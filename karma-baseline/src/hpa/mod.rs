//! The Kubernetes Horizontal Pod Autoscaler: the algorithm of release 1.36, exactly, as pure functions.
//!
//! **What it solves.** Keep a metric near its target by choosing the number of replicas of a service: for `r` =
//! measured / target, ask for `⌈r · pods⌉`, every 15 seconds. Everything else is about not being fooled: by
//! noise (a tolerance), by pods that cannot be asked ([`replica_calculator`]), by starting pods ([`pods`]), by
//! short peaks and troughs ([`mod@stabilise`]), and about not moving too fast ([`rate_limit`]).
//!
//! **Why it is here.** It is the baseline that every learned policy must beat, it is what a cluster falls back
//! to, and a well-calibrated one beats most published learners. An approximation of it would be worth nothing.
//!
//! **Where it comes from.** Kubernetes 1.36.2, `pkg/controller/podautoscaler` (Apache-2.0), written anew from
//! the algorithm; KEP-853 (behavior), KEP-2837 (requests of whole pods), KEP-4951 (tolerance per direction).
//!
//! **Where we differ.** Time is an argument and memory a value ([`HpaState`]), so that it survives restarts;
//! conversions that overflow saturate on every machine; a target's `type` must agree with its value. Selecting
//! pods and reading metrics is the caller's part.
//!
//! # A tick
//!
//! ```
//! use karma_baseline::hpa::{ControllerConfig, HpaParams, HpaState, Reading, ScaleTarget, Tick, Timestamp, reconcile};
//!
//! // Keep an external queue at two requests per replica, between one and ten replicas.
//! let manifest = r#"{
//!     "maxReplicas": 10,
//!     "metrics": [{
//!         "type": "External",
//!         "external": {
//!             "metric": { "name": "queue" },
//!             "target": { "type": "AverageValue", "averageValue": "2" }
//!         }
//!     }]
//! }"#;
//! let params: HpaParams = serde_json::from_str(manifest).unwrap();
//! let config = params.check(ControllerConfig::default()).unwrap();
//!
//! let mut state = HpaState::default();
//! let target = ScaleTarget { spec_replicas: 3, status_replicas: 3, pods: &[] };
//! let tick = Tick { target, readings: &[Reading::Series(vec![9_000])], now: Timestamp::from_millis(0) };
//! let decided = reconcile(&config, &mut state, &tick);
//! assert_eq!(decided.desired_replicas, 5); // nine requests, two for each
//! assert_eq!(decided.rescale.unwrap().to_string(), "external metric queue above target");
//! ```
//!
//! # Behaviour to know
//!
//! * A saturating metric hides how much is missing: CPU at its limit multiplies the replicas by at most
//!   1 / target per tick, and a new pod must start and be sampled before the next step. Rates and queues do not
//!   have that ceiling.
//! * A pod that is starting does not count as ready, though its load is already there: the replicas overshoot,
//!   and come back only after the downward window.
//! * Without a `behavior` the old cap `max(2 · current, 4)` applies upwards.
//! * A failing metric blocks the way down, never the way up.

mod behavior;
mod conditions;
mod config;
mod controller;
mod error;
mod metric_source;
pub mod normalise;
pub mod pods;
mod quantity;
pub mod rate_limit;
mod ratio;
pub mod reconcile;
mod reconciliation;
pub mod replica_calculator;
mod requests;
pub mod spec;
pub mod stabilise;
mod state;
mod target;
mod time;

pub use behavior::{
    Behavior, BehaviorParams, Policy, PolicyKind, PolicyParams, ScalingRules, ScalingRulesParams,
    SelectPolicy,
};
pub use conditions::{Condition, ConditionType, Conditions, Reason};
pub use config::HpaConfig;
pub use controller::{ControllerConfig, ControllerParams};
pub use error::{MetricError, SpecError};
pub use metric_source::{MetricSource, ResourceName};
pub use normalise::{Change, limit_legacy, limit_with_behavior, normalise};
pub use pods::{
    ConditionStatus, ContainerRequests, PodFacts, PodGroups, PodMetric, PodMetrics, PodPhase, Readiness,
    ReadyCondition, Requests, group_pods,
};
pub use quantity::{Quantity, QuantityError};
pub use rate_limit::{ScaleEvent, ScaleHistory, change_within, store_event};
pub use ratio::Tolerances;
pub use reconcile::{Reading, Tick, reconcile, reconcile_and_record};
pub use reconciliation::{InvalidMetrics, Reconciliation, RescaleReason};
pub use replica_calculator::{Proposal, ReplicaCalculator, ScaleTarget, Usage};
pub use requests::calculate_requests;
pub use spec::HpaParams;
pub use stabilise::{Recommendation, stabilise, stabilise_down};
pub use state::HpaState;
pub use target::{ResourceTarget, ValueTarget};
pub use time::Timestamp;
