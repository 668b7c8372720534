//! What a program can read of a state.

use karma_core::{Metric, OperationalResilience, ResilienceWeights, ServiceId, State};

use super::unit::{Dimension, Unit};

/// A term of the operational resilience, or their weighted sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemTerm {
    /// `success_rate`.
    SuccessRate,
    /// `failed_pod_ratio`.
    FailedPodRatio,
    /// `latency_ratio`.
    LatencyRatio,
    /// `entry_point_availability`.
    EntryPointAvailability,
    /// `traffic_ratio`.
    TrafficRatio,
    /// `resilience`: the weighted sum.
    Resilience,
}

impl SystemTerm {
    /// All terms, in the paper's order, and their sum.
    pub const ALL: [Self; 6] = [
        Self::SuccessRate,
        Self::FailedPodRatio,
        Self::LatencyRatio,
        Self::EntryPointAvailability,
        Self::TrafficRatio,
        Self::Resilience,
    ];

    /// As it is written in a condition.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SuccessRate => "success_rate",
            Self::FailedPodRatio => "failed_pod_ratio",
            Self::LatencyRatio => "latency_ratio",
            Self::EntryPointAvailability => "entry_point_availability",
            Self::TrafficRatio => "traffic_ratio",
            Self::Resilience => "resilience",
        }
    }

    /// The term called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|term| term.name() == name)
    }

    /// Its value.
    pub fn of(self, system: &OperationalResilience, weights: &ResilienceWeights) -> f32 {
        match self {
            Self::SuccessRate => system.success_rate,
            Self::FailedPodRatio => system.failed_pod_ratio,
            Self::LatencyRatio => system.latency_ratio,
            Self::EntryPointAvailability => system.entry_point_availability,
            Self::TrafficRatio => system.traffic_ratio,
            Self::Resilience => system.weighted(weights),
        }
    }
}

/// One number of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A metric of a service.
    Metric(ServiceId, Metric),
    /// Sum of the rates at all entry points; missing as soon as one of them is.
    EntryRate,
    /// A term of the operational resilience.
    System(SystemTerm),
    /// Age of the samples.
    Age,
    /// Time of the decision.
    Time,
}

impl Source {
    /// Its value, unless it is missing.
    #[expect(clippy::cast_possible_truncation, reason = "programs reckon in 32 bits, as states do")]
    pub fn read(self, state: &State, weights: &ResilienceWeights) -> Option<f32> {
        let value = match self {
            Self::Metric(service, metric) => state.get(service, metric),
            Self::EntryRate => state.entry_rates.iter().copied().sum(),
            Self::System(term) => state.resilience.map(|system| term.of(&system, weights)),
            Self::Age => state.age.map(|age| age.0 as f32),
            Self::Time => Some(state.time.0 as f32),
        };
        value.filter(|value| value.is_finite())
    }

    /// What it measures.
    pub fn dimension(self) -> Dimension {
        match self {
            Self::Metric(_, metric) => dimension_of(metric),
            Self::EntryRate => dimension_of(Metric::RequestRate),
            Self::System(_) => Dimension::NONE,
            Self::Age | Self::Time => Dimension::TIME,
        }
    }
}

/// What a metric measures.
pub(super) fn dimension_of(metric: Metric) -> Dimension {
    Unit::parse(metric.unit()).map_or(Dimension::NONE, Unit::dimension)
}
