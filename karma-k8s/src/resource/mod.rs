//! The custom resource: what an operator writes, and what the controller answers in its status.
//!
//! | what | where |
//! |---|---|
//! | `spec` as written, with the rules that the API server checks | [`KarmaAutoscalerSpec`] |
//! | limits and budget, which become those of the shield | [`LimitsSpec`], [`BudgetSpec`] |
//! | what can only be checked with the policy's topology at hand | [`KarmaAutoscalerSpec::settings`] |
//! | `status` | [`KarmaAutoscalerStatus`], [`Condition`] |
//! | the definition itself | [`definition`] |
//!
//! The schema refuses what it can at `kubectl apply`; what needs the policy (services that it does not know, bounds that no
//! limits can hold) is refused by the controller in a condition, and nothing is scaled.

mod condition;
mod limits;
mod policy;
mod settings;
mod spec;
mod status;

pub use condition::{Condition, ConditionKind, Conditions};
pub use limits::{BudgetSpec, LimitsSpec, MoveSpec};
pub use policy::{ConfigMapKey, DigestError, PolicyRef, digest_of};
pub use settings::{Settings, SpecError};
pub use spec::{
    CanarySpec, FallbackSpec, GuardSpec, KarmaAutoscaler, KarmaAutoscalerSpec, MetricsSpec, Mode, OnDelete,
    Pausing, PrometheusSpec, ServiceSpec, SourceSpec, TrustSpec, definition,
};
pub use status::{Applied, KarmaAutoscalerStatus, LastDecision, PendingPlan, PlannedTarget, ServiceStatus};
