//! Rule-based autoscalers: the opponents of every learned policy, and what a cluster falls back to.
//!
//! | name in tables | rule | file |
//! |---|---|---|
//! | `static-3`, `static-max` | fixed replicas | [`StaticReplicas`] |
//! | `random` | uniform steps | [`RandomWalk`] |
//! | `threshold-80` | one up, one down, with a gap (Rlad's baseline) | [`Threshold`] |
//! | `hpa`, `hpa-60` | the Kubernetes Horizontal Pod Autoscaler, exactly, on CPU or on any [`Signal`] | [`HpaAutoscaler`], over [`hpa`] |
//! | `keda-like` | the same on an event source, with a fallback | [`Keda`] |
//! | `watermark` | nothing moves between two marks (Datadog's rule) | [`Watermark`] |
//! | `pid` | a PID controller on latency (SHOWAR's scaler) | [`Pid`] |
//! | `rlad-like`, `rlad-like-q` | a tabular learner for each service | [`Rlad`] |
//! | `aware-like` | a learner for each Deployment with a life cycle, the HPA behind it | [`Aware`](aware::Aware) |
//! | `oracle` | knows the coming load | [`Oracle`] |
//! | `explore` | moves replicas for no reason of the load, to collect data for a model | [`Exploration`] |
//!
//! All see the same [`Snapshot`](karma_core::Snapshot) and keep to the topology's replica bounds; a rule that needs a
//! measurement holds where there is none. None reads a clock; only the random walk, the exploration and a
//! tabular learner in training draw from the stream that they are given.

pub mod aware;
mod bounds;
mod desired;
mod error;
pub mod exploration;
pub mod highest;
pub mod hpa;
pub mod hpa_autoscaler;
pub mod keda;
pub mod oracle;
pub mod pid;
pub mod random;
pub mod rlad;
pub mod signal;
pub mod static_replicas;
pub mod threshold;
pub mod watermark;

pub use error::SettingError;
pub use exploration::{Exploration, ExplorationConfig, ExplorationError, ExplorationParams, ModeWeights};
pub use highest::Highest;
pub use hpa_autoscaler::{HpaAutoscaler, HpaAutoscalerError, HpaAutoscalerParams};
pub use keda::{Keda, KedaParams};
pub use oracle::{Oracle, OracleConfig, OracleError, OracleParams};
pub use pid::{Pid, PidConfig, PidParams};
pub use random::RandomWalk;
pub use rlad::{Knowledge, KnowledgeError, Learner, Rlad, RladConfig, RladParams};
pub use signal::Signal;
pub use static_replicas::StaticReplicas;
pub use threshold::{Share, Threshold, ThresholdConfig, ThresholdError, ThresholdParams};
pub use watermark::{Watermark, WatermarkConfig, WatermarkParams};
