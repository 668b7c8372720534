//! The long format of traces: one row for each window, step and service.
//!
//! The first seventeen columns are the trace schema that KARMA's authors published; a file that has them alone can be
//! read too. The others are ours, so that nothing of a trace is lost.
//!
//! | column | what it is |
//! |---|---|
//! | `timestamp` | moment of the decision, in seconds |
//! | `scenario` | [`WindowHeader::scenario`](super::WindowHeader) |
//! | `service_id` | the paper's `n_id`: number of the service; in a published file any name |
//! | `replicas_current` | `d_dep`, [`Metric::CurrentReplicas`] |
//! | `replicas_desired` | `d_des`, [`Metric::DesiredReplicas`] |
//! | `failed_pods` | `d_err`, [`Metric::PodsFailed`] |
//! | `pending_requests` | `d_rem`, [`Metric::PendingRequests`] |
//! | `cpu_usage`, `memory_usage` | `r_cpu` and `r_ram`, in m and Mi |
//! | `ingress_traffic`, `egress_traffic` | `t_in` and `t_out`, [`Metric::NetworkIn`] and [`Metric::NetworkOut`], in Kbps |
//! | `latency` | [`Metric::LatencyMean`], in seconds |
//! | `availability` | [`Metric::PodsHealthyRatio`]: the share of the service's pods that are ready |
//! | `action` | replicas added or removed: the target less the desired replicas |
//! | `role` | why: [`TraceDecision::reasons`](super::TraceDecision) |
//! | `reward_global` | [`TraceDecision::reward`](super::TraceDecision) |
//! | `reward_mission` | a mission's reward; guides compute it anew, so it is not kept: never written, and not read |
//! | `window`, `step` | where the row belongs, counted from 0 |
//! | `policy`, `seed`, `period` | the rest of the window's header |
//! | `service` | name of the service |
//! | `age` | age of the samples, in seconds |
//! | `target_replicas` | [`TraceDecision::targets`](super::TraceDecision); nothing if nothing was decided |
//! | `probability` | [`TraceDecision::probability`](super::TraceDecision) |
//! | `cpu_request` … `pods_pending` | the other metrics, under their names in [`Metric`] |
//! | `success_rate` … `traffic_ratio` | the five terms of [`OperationalResilience`](karma_core::OperationalResilience) |
//! | `entry_rate_0` … | requests per second at each entry point: as many columns as there are entry points |
//!
//! What belongs to a step or a window stands in each of its rows. An absent sample is an empty field, never 0. Rows are
//! ordered by window, step and service.

use std::borrow::Cow;

use karma_core::{Digest, Metric};

use super::value::Kind;

/// Name of the format, as written in files.
pub const FORMAT: &str = "karma-traces";
/// Version of the format: changes with the columns or their meaning.
pub const VERSION: u32 = 1;

/// A column of the long format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Moment of the decision.
    Timestamp,
    /// Name of the scenario.
    Scenario,
    /// Number of the service.
    ServiceId,
    /// A metric of the service.
    Sample(Metric),
    /// Replicas added or removed.
    Action,
    /// Why.
    Role,
    /// The team's reward.
    Reward,
    /// A mission's reward, which is not kept.
    MissionReward,
    /// Number of the window.
    Window,
    /// Number of the step.
    Step,
    /// Name of the autoscaler.
    Policy,
    /// Seed of the episode.
    Seed,
    /// Time between two decisions.
    Period,
    /// Name of the service.
    Service,
    /// Age of the samples.
    Age,
    /// Replicas that the service was to have.
    Target,
    /// Probability of the decision.
    Probability,
    /// One of the five terms of resilience, in the paper's order.
    Resilience(usize),
    /// Request rate at an entry point.
    EntryRate(usize),
}

use Field::{
    Action, Age, EntryRate, MissionReward, Period, Policy, Probability, Resilience, Reward, Role, Sample,
    Scenario, Seed, Service, ServiceId, Step, Target, Timestamp, Window,
};

/// The authors' columns.
const PUBLISHED: [Field; 17] = [
    Timestamp,
    Scenario,
    ServiceId,
    Sample(Metric::CurrentReplicas),
    Sample(Metric::DesiredReplicas),
    Sample(Metric::PodsFailed),
    Sample(Metric::PendingRequests),
    Sample(Metric::CpuUsage),
    Sample(Metric::MemoryUsage),
    Sample(Metric::NetworkIn),
    Sample(Metric::NetworkOut),
    Sample(Metric::LatencyMean),
    Sample(Metric::PodsHealthyRatio),
    Action,
    Role,
    Reward,
    MissionReward,
];

/// Our columns between the authors' and the other metrics.
const OURS: [Field; 9] = [Window, Step, Policy, Seed, Period, Service, Age, Target, Probability];

/// The five terms, in the order of `OperationalResilience::terms`.
pub const RESILIENCE: [&str; 5] =
    ["success_rate", "failed_pod_ratio", "latency_ratio", "entry_point_availability", "traffic_ratio"];

const ENTRY_RATE: &str = "entry_rate_";

/// The authors' seventeen columns.
pub fn published_columns() -> impl Iterator<Item = Field> {
    PUBLISHED.into_iter()
}

/// All columns for traces with so many entry points.
pub fn columns(entry_points: usize) -> Vec<Field> {
    let others = Metric::ALL.iter().map(|metric| Sample(*metric));
    let others = others.filter(|sample| published_columns().all(|field| field != *sample));
    published_columns()
        .chain(OURS)
        .chain(others)
        .chain((0..RESILIENCE.len()).map(Resilience))
        .chain((0..entry_points).map(EntryRate))
        .collect()
}

/// The digest of all columns with their kinds and units; those of entry points follow from their number.
pub fn digest() -> Digest {
    let line = |field: Field| {
        let unit = if let Sample(metric) = field { metric.unit() } else { "" };
        format!("{} {:?} {unit}\n", field.name(), field.kind())
    };
    Digest::of(columns(0).into_iter().map(line).collect::<String>().as_bytes())
}

impl Field {
    /// Name of the column.
    pub fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Timestamp => "timestamp",
            Scenario => "scenario",
            ServiceId => "service_id",
            Sample(Metric::CurrentReplicas) => "replicas_current",
            Sample(Metric::DesiredReplicas) => "replicas_desired",
            Sample(Metric::PodsFailed) => "failed_pods",
            Sample(Metric::PendingRequests) => "pending_requests",
            Sample(Metric::CpuUsage) => "cpu_usage",
            Sample(Metric::MemoryUsage) => "memory_usage",
            Sample(Metric::NetworkIn) => "ingress_traffic",
            Sample(Metric::NetworkOut) => "egress_traffic",
            Sample(Metric::LatencyMean) => "latency",
            Sample(Metric::PodsHealthyRatio) => "availability",
            Action => "action",
            Role => "role",
            Reward => "reward_global",
            MissionReward => "reward_mission",
            Window => "window",
            Step => "step",
            Policy => "policy",
            Seed => "seed",
            Period => "period",
            Service => "service",
            Age => "age",
            Target => "target_replicas",
            Probability => "probability",
            Sample(metric) => metric.name(),
            Resilience(term) => RESILIENCE[term],
            EntryRate(entry) => return Cow::Owned(format!("{ENTRY_RATE}{entry}")),
        })
    }

    /// The column called `name`.
    pub fn named(name: &str) -> Option<Self> {
        if let Some(entry) = name.strip_prefix(ENTRY_RATE) {
            return entry.parse().ok().map(EntryRate).filter(|field| field.name() == name);
        }
        columns(0).into_iter().find(|field| field.name() == name)
    }

    /// What may stand in the column.
    pub const fn kind(self) -> Kind {
        match self {
            Scenario | Role | Policy | Service => Kind::Text,
            ServiceId | Window | Step | Target => Kind::Count,
            Seed => Kind::Seed,
            Action => Kind::Change,
            Timestamp => Kind::Time,
            Period => Kind::Period,
            Age => Kind::Age,
            Probability => Kind::Probability,
            Sample(_) | EntryRate(_) => Kind::Sample,
            Resilience(_) => Kind::Share,
            Reward | MissionReward => Kind::Real,
        }
    }

    /// Whether each row has a value.
    pub const fn is_required(self) -> bool {
        matches!(self, Timestamp | ServiceId | Window | Step | Period)
    }

    /// Whether all rows of a window have the same value.
    pub(super) const fn is_of_window(self) -> bool {
        matches!(self, Scenario | Policy | Seed | Period)
    }

    /// Whether all rows of a step have the same value.
    pub(super) const fn is_of_step(self) -> bool {
        matches!(self, Timestamp | Age | Probability | Reward | Resilience(_) | EntryRate(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_one_column_and_every_name_finds_its_column() {
        let columns = columns(3);
        for metric in Metric::ALL {
            assert_eq!(columns.iter().filter(|field| **field == Sample(*metric)).count(), 1);
        }
        for field in columns {
            assert_eq!(Field::named(&field.name()), Some(field));
        }
        assert_eq!(Field::named("entry_rate_01"), None);
    }

    #[test]
    fn the_published_seventeen_come_first() {
        let names: Vec<_> = columns(0).into_iter().map(Field::name).collect();
        assert_eq!(
            names[..17].join(", "),
            "timestamp, scenario, service_id, replicas_current, replicas_desired, failed_pods, pending_requests, \
             cpu_usage, memory_usage, ingress_traffic, egress_traffic, latency, availability, action, role, \
             reward_global, reward_mission"
        );
    }

    #[test]
    fn other_columns_need_another_version() {
        assert_eq!(
            (VERSION, digest().to_string().as_str()),
            (1, "78f619359af7f03c"),
            "if the columns change, so must VERSION"
        );
    }
}
