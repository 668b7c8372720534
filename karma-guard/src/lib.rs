//! The safety kernel on KARMA's vocabulary: what stands between a team and a cluster, in training as live.
//!
//! The properties and their proofs are those of `karma-shield` (see `docs/safety.md`), which knows integers only. Here
//! are the three translations around it:
//!
//! | from | to | open |
//! |---|---|---|
//! | what an operator writes, and a topology | checked limits | [`SafetyParams`], [`SafetyConfig`] |
//! | a [`State`](karma_core::State) with gaps and ages | readings that are fresh or of no use | [`reading`] |
//! | a [`Decision`](karma_core::Decision) | one that may be carried out, with reasons in words | [`Shield`] |
//!
//! Where only the seam of an organisation's guide is at hand, [`ShieldGuide`] is the shield as a guide, and [`Composed`]
//! puts two guides together. What the shield cannot know from a state, it does not hold to: room on the nodes.
//!
//! ```
//! use karma_core::{Decision, Metric, MetricRow, Replicas, Safeguard as _, Seconds, State, Target, Topology};
//! use karma_guard::{SafetyParams, Shield, Timing};
//!
//! let topology = r#"{ "services": { "api": { "cpu": 500, "ram": 256, "computation_throughput": 100 } } }"#;
//! let topology = Topology::read(topology.as_bytes())?;
//! let mut shield = Shield::new(SafetyParams::default().check(&topology, Timing::default())?);
//!
//! let mut api = MetricRow::default();
//! for (metric, sample) in [(Metric::DesiredReplicas, 1.0), (Metric::PodsHealthy, 1.0), (Metric::RequestRate, 90.0)] {
//!     api.set(metric, sample);
//! }
//! let state = State {
//!     time: Seconds(0.0),
//!     age: Some(Seconds(2.0)),
//!     services: vec![api].into(),
//!     entry_rates: vec![None].into(),
//!     resilience: None,
//! };
//! let decision = Decision { targets: vec![Target::new(Replicas(8), "ddos +7")].into() };
//! let reviewed = shield.review(&state, decision);
//! let target = &reviewed.decision.targets.as_slice()[0];
//! assert_eq!((target.replicas, &*target.reason), (Replicas(5), "ddos +7; shield: P2 rate -3"));
//! assert_eq!(reviewed.changed_by, ["P2 rate"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
mod error;
mod guide;
mod params;
mod readings;
mod shield;
#[cfg(test)]
mod testing;

pub use config::{SafetyConfig, Timing};
pub use error::SafetyError;
pub use guide::{Composed, ShieldGuide};
pub use params::{BudgetParams, DemandParams, GrowthParams, RateParams, SafetyParams, ServiceSafetyParams};
pub use readings::{StateError, now_ms, reading, service_states};
pub use shield::{RestoreError, Shield, property_code};
