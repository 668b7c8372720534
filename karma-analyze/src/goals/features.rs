//! A state as a few numbers that the expression language can say.

use karma_core::{Metric, State};
use serde::Serialize;

use crate::cluster::ClusterError;
use crate::cluster::{Points, PointsError};
use crate::recordings::Recordings;

/// One of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Mean over the services of used over requested CPU.
    Utilization,
    /// Mean over the services of existing over most replicas.
    Replicas,
    /// Pods that wait to be restarted, over those that are asked for.
    Failed,
    /// Legitimate and other requests that were answered, over those that came.
    Success,
    /// Latency over the highest that is acceptable.
    Latency,
}

impl Feature {
    /// All of them, in the order of every point.
    pub const ALL: [Self; 5] =
        [Self::Utilization, Self::Replicas, Self::Failed, Self::Success, Self::Latency];

    /// As the expression language of karma-org says it; a number without a unit.
    pub const fn expression(self) -> &'static str {
        match self {
            Self::Utilization => "mean(cpu_utilization)",
            Self::Replicas => "mean(replica_utilization_ratio)",
            Self::Failed => "failed_pod_ratio",
            Self::Success => "success_rate",
            Self::Latency => "latency_ratio",
        }
    }

    /// As a person says it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Utilization => "CPU utilisation",
            Self::Replicas => "share of the replicas in use",
            Self::Failed => "share of failed pods",
            Self::Success => "success",
            Self::Latency => "latency over its limit",
        }
    }

    /// Its value in a state; `None` if it was not measured.
    pub fn of(self, state: &State) -> Option<f64> {
        let mean = |metric: Metric| {
            let known: Vec<f64> =
                state.services.iter().filter_map(|row| row.get(metric)).map(f64::from).collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
        };
        let term = |place: usize| state.resilience.map(|resilience| f64::from(resilience.terms()[place]));
        match self {
            Self::Utilization => mean(Metric::CpuUtilization),
            Self::Replicas => mean(Metric::ReplicaUtilizationRatio),
            Self::Failed => term(1),
            Self::Success => term(0),
            Self::Latency => term(2),
        }
        .filter(|value| value.is_finite())
    }
}

/// A state that an action led to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Visit {
    pub(super) episode: usize,
    pub(super) step: usize,
    pub(super) values: [f64; 5],
}

/// All states without gaps that actions led to, episode by episode.
pub(super) fn visits(recordings: &Recordings) -> Vec<Visit> {
    let mut visits = Vec::new();
    for (episode, recorded) in recordings.episodes().iter().enumerate() {
        for (step, transition) in recorded.trajectory.transitions.iter().enumerate() {
            let values = Feature::ALL.map(|feature| feature.of(&transition.next_state));
            if let [Some(a), Some(b), Some(c), Some(d), Some(e)] = values {
                visits.push(Visit { episode, step, values: [a, b, c, d, e] });
            }
        }
    }
    visits
}

/// Mean and standard deviation of each feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scales {
    means: [f64; 5],
    deviations: [f64; 5],
}

/// Features that describe a goal, at most.
const TOLD: usize = 2;
/// A feature that hardly varies is not divided by less.
const LEAST: f64 = 1e-3;

impl Scales {
    pub(super) fn of(visits: &[Visit]) -> Self {
        let count = visits.len().max(1) as f64;
        let mean = |at: usize| visits.iter().map(|visit| visit.values[at]).sum::<f64>() / count;
        let means = [0, 1, 2, 3, 4].map(mean);
        let deviation = |at: usize| {
            let squares: f64 = visits.iter().map(|visit| (visit.values[at] - means[at]).powi(2)).sum();
            (squares / count).sqrt().max(LEAST)
        };
        Self { means, deviations: [0, 1, 2, 3, 4].map(deviation) }
    }

    /// The states in standard deviations from the mean.
    pub(super) fn points(&self, visits: &[Visit]) -> Result<Points, ClusterError> {
        let scaled = |visit: &Visit| {
            [0, 1, 2, 3, 4].map(|at| (visit.values[at] - self.means[at]) / self.deviations[at])
        };
        let values = visits.iter().flat_map(scaled).collect();
        Points::new(values, Feature::ALL.len())
            .map_err(|error: PointsError| ClusterError::Fit(error.to_string()))
    }

    /// The features that set a centre apart, the most telling first.
    fn telling(centre: &[f64]) -> Vec<usize> {
        let mut places: Vec<usize> = (0..centre.len()).collect();
        places.sort_by(|a, b| centre[*b].abs().total_cmp(&centre[*a].abs()));
        places.truncate(TOLD);
        places
    }

    fn at_centre(&self, centre: &[f64], place: usize) -> f64 {
        self.means[place] + centre[place] * self.deviations[place]
    }

    /// A centre in words.
    pub(super) fn describe(&self, centre: &[f64]) -> String {
        let part = |place: usize| {
            let (value, how) =
                (self.at_centre(centre, place), if centre[place] < 0.0 { "low" } else { "high" });
            format!("{} {how}, about {:.0} %", Feature::ALL[place].words(), 100.0 * value)
        };
        Self::telling(centre).into_iter().map(part).collect::<Vec<_>>().join("; ")
    }

    /// How near a state is to a centre, as an expression.
    pub(super) fn value(&self, centre: &[f64]) -> String {
        let telling = Self::telling(centre);
        let part = |place: usize| {
            let (feature, at) = (Feature::ALL[place].expression(), self.at_centre(centre, place).max(0.0));
            let scale = 9.0 * telling.len() as f64 * self.deviations[place].powi(2);
            format!("({feature} - {at:.4}) * ({feature} - {at:.4}) / {scale:.6}")
        };
        let parts: Vec<String> = telling.iter().map(|place| part(*place)).collect();
        format!("-({})", parts.join(" + "))
    }
}
