//! Rule-based autoscalers: the opponents of every learned policy, and what a cluster falls back to.
//!
//! | name in tables | rule | file |
//! |---|---|---|
//! | `static-3`, `static-max` | fixed replicas | [`StaticReplicas`] |
//! | `random` | uniform steps | [`RandomWalk`] |
//! | `threshold-80` | one up, one down, with a gap (Rlad's baseline) | [`Threshold`] |
//! | `hpa`, `hpa-60` | the Kubernetes Horizontal Pod Autoscaler, exactly | [`HpaAutoscaler`], over [`hpa`] |
//! | `oracle` | knows the coming load | [`Oracle`] |
//! | `explore` | moves replicas for no reason of the load, to collect data for a model | [`Exploration`] |
//!
//! All see the same [`Snapshot`](karma_core::Snapshot) and keep to the topology's replica bounds; a rule that needs a
//! measurement holds where there is none. None reads a clock; only the random walk and the exploration draw from the
//! stream that they are given.

mod bounds;
mod desired;
pub mod exploration;
pub mod hpa;
pub mod hpa_autoscaler;
pub mod oracle;
pub mod random;
pub mod static_replicas;
pub mod threshold;

pub use exploration::{Exploration, ExplorationConfig, ExplorationError, ExplorationParams, ModeWeights};
pub use hpa_autoscaler::{HpaAutoscaler, HpaAutoscalerError, HpaAutoscalerParams};
pub use oracle::{Oracle, OracleConfig, OracleError, OracleParams};
pub use random::RandomWalk;
pub use static_replicas::StaticReplicas;
pub use threshold::{Threshold, ThresholdConfig, ThresholdError, ThresholdParams};
