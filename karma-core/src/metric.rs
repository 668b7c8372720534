//! The metric schema: what each number of a state is called, its unit, its range, and what absence means.
//!
//! The first seventeen metrics, in this order, are those that the published `topology.json` lists; the rest
//! are what a queueing system needs to be read. The paper's nine state fields are a view of them
//! ([`PAPER_FIELDS`]).

use serde::{Deserialize, Serialize};

use crate::Replicas;

/// What it means that a sample is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Absence {
    /// The API server always knows it: never absent.
    Never,
    /// The scrape was lost or no pod answered: nothing is known.
    Unknown,
    /// There was nothing to measure (no request in the interval): undefined, not zero.
    Undefined,
}

macro_rules! metrics {
    ($($variant:ident $name:literal $unit:literal $absence:ident $doc:literal),+ $(,)?) => {
        /// One metric of one service.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum Metric { $(#[doc = $doc] $variant),+ }

        impl Metric {
            /// All metrics, in schema order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Name as written in files.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Unit; empty for ratios and counts.
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit),+ }
            }

            /// What a missing sample of this metric means.
            pub const fn absence(self) -> Absence {
                match self { $(Self::$variant => Absence::$absence),+ }
            }
        }
    };
}

metrics! {
    DesiredReplicas "desired_replicas" "pods" Never "Pods that the Deployment asks for.",
    CurrentReplicas "current_replicas" "pods" Never "Pods that exist and are not being deleted.",
    CpuUsage "cpu_usage" "m" Unknown "CPU used by all pods, mean over the scrape interval.",
    MemoryUsage "memory_usage" "Mi" Unknown "Memory of all pods at the scrape.",
    CpuRequest "cpu_request" "m" Never "CPU that all existing pods request.",
    MemoryRequest "memory_request" "Mi" Never "Memory that all existing pods request.",
    PodsHealthy "pods_healthy" "pods" Never "Ready pods.",
    PodsFailed "pods_failed" "pods" Never "Pods that crashed and wait to be restarted.",
    NetworkIn "network_in" "Kbps" Unknown "Received traffic, mean over the scrape interval.",
    NetworkOut "network_out" "Kbps" Unknown "Transmitted traffic, mean over the scrape interval.",
    PendingRequests "pending_requests" "requests" Unknown "Requests that wait in the pods' accept queues.",
    RequestsTotal "requests_total" "requests" Unknown "Requests that arrived in the scrape interval.",
    RequestsErrors "requests_errors" "requests" Unknown "Requests that this service failed or refused in the interval.",
    PodsHealthyRatio "pods_healthy_ratio" "" Never "Ready pods over existing pods.",
    PodsFailedRatio "pods_failed_ratio" "" Never "Failed pods over existing pods.",
    ErrorRate "error_rate" "" Undefined "Errors over arrivals in the interval.",
    ReplicaUtilizationRatio "replica_utilization_ratio" "" Never "Existing pods over the service's maximum.",
    CpuUtilization "cpu_utilization" "" Unknown "CPU used over CPU requested by the pods that were sampled; may exceed 1.",
    RequestRate "request_rate" "1/s" Unknown "Arrivals per second in the scrape interval.",
    InFlight "in_flight" "requests" Unknown "Requests in service or waiting for a downstream answer.",
    LatencyMean "latency_mean" "s" Undefined "Mean time from arrival to answer at this service, over the interval's answers.",
    PodsPending "pods_pending" "pods" Never "Pods that are not scheduled or still starting.",
}

impl Metric {
    /// Number of metrics in the schema.
    pub const COUNT: usize = Self::ALL.len();

    /// Number of metrics of the published `topology.json`.
    pub const PUBLISHED: usize = 17;

    /// The metric called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|metric| metric.name() == name)
    }
}

/// The paper's nine state fields (its section III.B) as metrics; the first, `n_id`, is the row number itself.
pub const PAPER_FIELDS: [(&str, Option<Metric>); 9] = [
    ("n_id", None),
    ("d_dep", Some(Metric::CurrentReplicas)),
    ("d_des", Some(Metric::DesiredReplicas)),
    ("d_err", Some(Metric::PodsFailed)),
    ("d_rem", Some(Metric::PendingRequests)),
    ("r_cpu", Some(Metric::CpuUsage)),
    ("r_ram", Some(Metric::MemoryUsage)),
    ("t_in", Some(Metric::NetworkIn)),
    ("t_out", Some(Metric::NetworkOut)),
];

/// The metrics of one service at one scrape. A missing sample is missing, never zero.
///
/// ```
/// use karma_core::{Metric, MetricRow};
/// let mut row = MetricRow::default();
/// assert_eq!(row.get(Metric::CpuUsage), None);
/// row.set(Metric::CpuUsage, 250.0);
/// assert_eq!(row.get(Metric::CpuUsage), Some(250.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Option<f32>>", into = "Vec<Option<f32>>")]
pub struct MetricRow {
    values: [f32; Metric::COUNT],
    present: u32,
}

const _: () = assert!(Metric::COUNT <= 32, "presence is a 32-bit mask");

impl MetricRow {
    /// The sample of `metric`, if there is one.
    pub fn get(&self, metric: Metric) -> Option<f32> {
        (self.present & 1 << metric as u32 != 0).then(|| self.values[metric as usize])
    }

    /// The replicas that the Deployment asks for; 0 if the row does not say, which the schema rules out.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of pods, as a sample"
    )]
    pub fn desired(&self) -> Replicas {
        Replicas(self.get(Metric::DesiredReplicas).unwrap_or(0.0) as u32)
    }

    /// Sets a sample; a value that is not finite is no sample.
    pub fn set(&mut self, metric: Metric, value: f32) {
        self.clear(metric);
        if value.is_finite() {
            self.values[metric as usize] = value;
            self.present |= 1 << metric as u32;
        }
    }

    /// Marks a sample as missing.
    pub fn clear(&mut self, metric: Metric) {
        self.values[metric as usize] = 0.0;
        self.present &= !(1 << metric as u32);
    }
}

impl From<Vec<Option<f32>>> for MetricRow {
    fn from(samples: Vec<Option<f32>>) -> Self {
        let mut row = Self::default();
        for (metric, sample) in Metric::ALL.iter().zip(samples) {
            if let Some(value) = sample {
                row.set(*metric, value);
            }
        }
        row
    }
}

impl From<MetricRow> for Vec<Option<f32>> {
    fn from(row: MetricRow) -> Self {
        Metric::ALL.iter().map(|metric| row.get(*metric)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_seventeen_come_first_and_in_order() {
        assert_eq!(Metric::ALL[0].name(), "desired_replicas");
        assert_eq!(Metric::ALL[Metric::PUBLISHED - 1].name(), "replica_utilization_ratio");
    }

    #[test]
    fn every_name_finds_its_metric() {
        for metric in Metric::ALL {
            assert_eq!(Metric::named(metric.name()), Some(*metric));
        }
        assert_eq!(Metric::named("cpu"), None);
    }

    #[test]
    fn a_sample_that_is_not_finite_is_missing() {
        let mut row = MetricRow::default();
        row.set(Metric::LatencyMean, 1.0);
        row.set(Metric::LatencyMean, f32::NAN);
        assert_eq!(row.get(Metric::LatencyMean), None);
    }

    #[test]
    fn absence_survives_a_round_trip() {
        let mut row = MetricRow::default();
        row.set(Metric::PendingRequests, 0.0);
        let text = serde_json::to_string(&row).unwrap();
        let back: MetricRow = serde_json::from_str(&text).unwrap();
        assert_eq!(back, row);
        assert_eq!(back.get(Metric::PendingRequests), Some(0.0));
        assert_eq!(back.get(Metric::CpuUsage), None);
    }
}
