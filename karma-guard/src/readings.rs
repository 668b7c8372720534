//! From a state, with its gaps and its age, to what the kernel reads.
//!
//! | the kernel's | is |
//! |---|---|
//! | replicas | `desired_replicas`, which the schema never lets be absent; 0 where a state says nothing |
//! | ready | `pods_healthy`, rounded down |
//! | demand | `request_rate` in thousandths, rounded up |
//! | usage | `cpu_usage` in milli-cores |
//! | request | `cpu_request` of all pods over `current_replicas`, times `pods_healthy`: what the ready ones request |
//! | age | that of the samples; before the first scrape nothing is known, whatever the row says |
//!
//! Which pods wait for a node a state does not tell (`pods_pending` has those that start, too), nor what room nodes have.

use karma_core::{Metric, MetricRow, Seconds, State};
use karma_shield::{Reading, ServiceState, ShapeError};
use thiserror::Error;

use crate::config::DEMAND_SCALE;

/// A state that no decision can rest on.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum StateError {
    /// Its moment is negative, or no number.
    #[error("the state's time is {0}; expected seconds from 0")]
    Time(f64),
    /// It has other services than the limits.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

/// A sample in units of one in `scale`, rounded up, as old as `age`. Missing stays missing, and a sample of unknown age
/// is as good as missing; what is no number, negative, or from the future is invalid.
///
/// ```
/// use karma_core::Seconds;
/// use karma_guard::reading;
/// use karma_shield::Reading;
///
/// assert_eq!(reading(Some(0.25), 1000, Some(Seconds(1.5))), Reading::Value { value: 250, age_ms: 1500 });
/// assert_eq!(reading(None, 1000, Some(Seconds(1.5))), Reading::Missing);
/// assert_eq!(reading(Some(0.25), 1000, None), Reading::Missing);
/// assert_eq!(reading(Some(0.25), 1000, Some(Seconds(-1.0))), Reading::Invalid);
/// assert_eq!(reading(Some(f64::NAN), 1000, Some(Seconds(0.0))), Reading::Invalid);
/// ```
pub fn reading(sample: Option<f64>, scale: u32, age: Option<Seconds>) -> Reading {
    let Some((sample, age)) = sample.zip(age) else { return Reading::Missing };
    match Reading::of_bits(age.0.to_bits(), 1000, 0) {
        Reading::Value { value: age_ms, .. } => Reading::of_bits(sample.to_bits(), scale, age_ms),
        Reading::Missing | Reading::Invalid => Reading::Invalid,
    }
}

/// The moment of a state, milliseconds.
///
/// # Errors
/// If it is negative or no number.
pub fn now_ms(state: &State) -> Result<u64, StateError> {
    match Reading::of_bits(state.time.0.to_bits(), 1000, 0) {
        Reading::Value { value, .. } => Ok(value),
        Reading::Missing | Reading::Invalid => Err(StateError::Time(state.time.0)),
    }
}

/// What the kernel is told of each service of a state, in order, instead of what stands in `services`. No pod waits, and
/// nothing is paused.
pub fn service_states(state: &State, services: &mut Vec<ServiceState>) {
    services.clear();
    services.extend(state.services.iter().map(|row| service_state(row, state.age)));
}

fn service_state(row: &MetricRow, age: Option<Seconds>) -> ServiceState {
    let sample = |metric| row.get(metric).map(f64::from);
    let ready = sample(Metric::PodsHealthy).map(f64::floor);
    let existing = sample(Metric::CurrentReplicas).filter(|existing| *existing > 0.0);
    let each = sample(Metric::CpuRequest).zip(existing).map(|(request, existing)| request / existing);
    ServiceState {
        replicas: row.desired().0,
        ready: reading(ready, 1, age),
        demand: reading(sample(Metric::RequestRate), DEMAND_SCALE, age),
        usage: reading(sample(Metric::CpuUsage), 1, age),
        request: reading(each.zip(ready).map(|(each, ready)| each * ready), 1, age),
        ..ServiceState::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Sample, state};

    fn read(samples: Sample<'_>, age: Option<f64>) -> ServiceState {
        let mut services = Vec::new();
        service_states(&State { age: age.map(Seconds), ..state(0.0, &[samples]) }, &mut services);
        services[0]
    }

    #[test]
    fn samples_become_whole_numbers_with_the_age_of_the_scrape() {
        let samples = [
            (Metric::DesiredReplicas, 4.0),
            (Metric::CurrentReplicas, 4.0),
            (Metric::PodsHealthy, 3.0),
            (Metric::CpuUsage, 700.5),
            (Metric::CpuRequest, 2000.0),
            (Metric::RequestRate, 12.5),
        ];
        let aged = |value| Reading::Value { value, age_ms: 2_500 };
        assert_eq!(
            read(&samples, Some(2.5)),
            ServiceState {
                replicas: 4,
                ready: aged(3),
                demand: aged(12_500),
                usage: aged(701),
                request: aged(1_500),
                ..ServiceState::default()
            }
        );
    }

    #[test]
    fn part_of_a_pod_is_not_ready() {
        assert_eq!(read(&[(Metric::PodsHealthy, 2.7)], Some(0.0)).ready, Reading::now(2));
        assert_eq!(read(&[(Metric::PodsHealthy, -0.5)], Some(0.0)).ready, Reading::Invalid);
    }

    #[test]
    fn what_is_missing_stays_missing_and_before_a_scrape_all_is() {
        let nothing = ServiceState::default();
        assert_eq!(read(&[], Some(0.0)), nothing);
        let samples =
            [(Metric::DesiredReplicas, 2.0), (Metric::PodsHealthy, 2.0), (Metric::RequestRate, 1.0)];
        assert_eq!(read(&samples, None), ServiceState { replicas: 2, ..nothing });
        let emptied = [(Metric::CpuRequest, 0.0), (Metric::CurrentReplicas, 0.0), (Metric::PodsHealthy, 0.0)];
        assert_eq!(read(&emptied, Some(0.0)).request, Reading::Missing, "a share of no pods");
    }

    #[test]
    fn a_moment_is_whole_milliseconds_or_refused() {
        assert_eq!(now_ms(&state(1.0005, &[])), Ok(1_001));
        assert_eq!(now_ms(&state(-1.0, &[])), Err(StateError::Time(-1.0)));
        assert!(now_ms(&state(f64::NAN, &[])).is_err());
    }
}
