//! A service, and the system, as numbers near [0, 1].

use karma_core::topology::Service;
use karma_core::{Metric, MetricRow, State};

/// Features of one service in one state.
pub(super) const SERVICE_FEATURES: usize = 12;
/// Features of the whole system.
pub(super) const SYSTEM_FEATURES: usize = 7;
/// What each feature of a service is about: features of one name say the same thing in several ways.
pub(super) const ABOUT_SERVICE: [&str; SERVICE_FEATURES] = [
    "replicas",
    "replicas",
    "replicas",
    "failed pods",
    "CPU",
    "queue",
    "load",
    "load",
    "errors",
    "latency",
    "load",
    "gaps",
];
/// What each feature of the whole system is about.
pub(super) const ABOUT_SYSTEM: [&str; SYSTEM_FEATURES] = [
    "success",
    "failed pods",
    "latency",
    "entry points",
    "traffic",
    "age of the samples",
    "age of the samples",
];
/// Ages of samples are measured against this many seconds.
const AGE_SCALE: f64 = 15.0;
/// Ratios that may grow without bound are cut here.
const CUT: f32 = 3.0;

#[expect(clippy::cast_possible_truncation, reason = "features are single precision")]
pub(super) fn service_features(service: &Service, row: &MetricRow, slo: f64) -> [f32; SERVICE_FEATURES] {
    let max = service.max_replicas.0 as f32;
    let get = |metric| row.get(metric).unwrap_or(0.0);
    let ready = get(Metric::PodsHealthy);
    let capacity = service.pod_capacity().0 as f32;
    let rate = get(Metric::RequestRate);
    let room = max * (service.queue_capacity as f32 + 1.0);
    [
        get(Metric::DesiredReplicas) / max,
        ready / max,
        get(Metric::PodsPending) / max,
        get(Metric::PodsFailed) / max,
        cut(get(Metric::CpuUtilization) * service.request_of_limit() as f32),
        cut(get(Metric::PendingRequests).ln_1p() / room.ln_1p()),
        cut(rate / (max * capacity)),
        cut(rate / (ready.max(0.5) * capacity)),
        cut(get(Metric::ErrorRate)),
        cut(get(Metric::LatencyMean) / slo as f32),
        cut(get(Metric::InFlight) / (max * service.concurrency as f32)),
        f32::from(u8::from(row.get(Metric::RequestRate).is_some())),
    ]
}

#[expect(clippy::cast_possible_truncation, reason = "features are single precision")]
pub(super) fn system_features(state: &State) -> [f32; SYSTEM_FEATURES] {
    let terms = state.resilience.map_or([0.0; 5], |resilience| resilience.terms());
    let age = state.age.map_or(1.0, |age| (age.0 / AGE_SCALE).clamp(0.0, 1.0) as f32);
    let known = f32::from(u8::from(state.resilience.is_some()));
    [terms[0], terms[1], terms[2], terms[3], terms[4], age, known]
}

/// A ratio as a feature: from 0 to where ratios are cut, and 0 if it is no number.
pub(super) fn cut(value: f32) -> f32 {
    if value.is_finite() { value.clamp(0.0, CUT) } else { 0.0 }
}
