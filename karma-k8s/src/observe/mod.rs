//! Observe: what a live cluster shows, as the snapshot that every autoscaler of this project decides from.
//!
//! | what | from | by |
//! |---|---|---|
//! | replicas, pods, what they request | the API server | [`Workload`] |
//! | CPU and memory of pods | metrics-server | [`pod_use`] |
//! | the paper's terms of resilience | all of them | `resilience` |
//! | requests, latency, errors, traffic | Prometheus | [`Queries`], [`Preset`], [`Prometheus`], [`Connections`] |
//!
//! A [`Collector`] asks for all of it at once. Whatever is not there, old, or cannot be is *missing*, with a reason
//! ([`Gap`]): absence is never zero, and a snapshot is as old as the oldest sample in it. Everything but [`Prometheus`],
//! [`Connections`] and [`Collector`] is free of I/O.
//!
//! **Age.** An instant query answers with the moment of the question, and Prometheus shows a series for five minutes after its
//! last scrape. So each source tells when its newest sample was taken ([`SourceParams::sampled_at`]), which costs one more
//! question for each source.

mod answer;
mod assemble;
mod collector;
mod connections;
mod error;
mod preset;
mod prometheus;
mod queries;
mod resilience;
mod scope;
mod usage;
mod workload;

pub use answer::{Sample, samples};
pub use assemble::{Answered, Collected, Gap, Missing, Observed};
pub use collector::Collector;
pub use connections::Connections;
pub use error::{AnswerError, ObserveError, PrometheusError, QueryError, ScopeError};
pub use preset::Preset;
pub use prometheus::{Prometheus, PrometheusParams};
pub use queries::{Asked, Queries, QueryParams, Question, SourceParams};
pub use scope::Scope;
pub use usage::pod_use;
pub use workload::{PodUse, Workload};
