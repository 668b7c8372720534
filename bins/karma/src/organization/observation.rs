//! Observations as they are typed: assignments, or a JSON file.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use karma_core::{Metric, MetricRow, OperationalResilience, PerEntryPoint, Seconds, State, Topology};
use serde_json::Value;

/// The states that observations describe, a decision apart; each begins as the one before.
pub(super) fn states(
    topology: &Topology,
    observations: &[String],
    period: f64,
) -> anyhow::Result<Vec<State>> {
    let mut state = initial(topology);
    let mut states = Vec::with_capacity(observations.len());
    for (index, observation) in observations.iter().enumerate() {
        state.time = Seconds(index as f64 * period);
        set(&mut state, topology, observation)?;
        states.push(state.clone());
    }
    Ok(states)
}

/// Nothing is measured, and every service has its initial replicas.
fn initial(topology: &Topology) -> State {
    let row = |service: &karma_core::topology::Service| {
        let mut row = MetricRow::default();
        let replicas = service.initial_replicas.0 as f32;
        for metric in [Metric::DesiredReplicas, Metric::CurrentReplicas, Metric::PodsHealthy] {
            row.set(metric, replicas);
        }
        row.set(Metric::PodsFailed, 0.0);
        row.set(Metric::PodsPending, 0.0);
        row.set(Metric::ReplicaUtilizationRatio, replicas / service.max_replicas.0 as f32);
        row
    };
    State {
        time: Seconds(0.0),
        age: Some(Seconds(0.0)),
        services: topology.services.map(row),
        entry_rates: PerEntryPoint::filled(None, topology.entry_points.len()),
        resilience: None,
    }
}

fn set(state: &mut State, topology: &Topology, observation: &str) -> anyhow::Result<()> {
    if observation.contains('=') {
        for assignment in observation.split(',').map(str::trim).filter(|assignment| !assignment.is_empty()) {
            let (place, value) = assignment.split_once('=').ok_or_else(|| {
                anyhow!("\"{assignment}\" is no assignment; write SERVICE.METRIC=NUMBER, such as api.pending_requests=45")
            })?;
            assign(state, topology, place.trim(), number(value)?)?;
        }
        return Ok(());
    }
    read(state, topology, Path::new(observation)).with_context(|| observation.to_owned())
}

/// `{"api": {"pending_requests": 45}, "entry_rate": 80}`.
fn read(state: &mut State, topology: &Topology, path: &Path) -> anyhow::Result<()> {
    let document: Value = serde_json::from_slice(&fs::read(path).context("the file cannot be read")?)?;
    let Value::Object(fields) = document else { bail!("an observation is a JSON object") };
    for (name, value) in &fields {
        match value {
            Value::Object(metrics) => {
                for (metric, value) in metrics {
                    assign(state, topology, &format!("{name}.{metric}"), json_number(value)?)?;
                }
            }
            value => assign(state, topology, name, json_number(value)?)?,
        }
    }
    Ok(())
}

fn json_number(value: &Value) -> anyhow::Result<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "metrics are single precision")]
    let found = value.as_f64().map(|value| value as f32);
    found.ok_or_else(|| anyhow!("{value} is no number"))
}

fn number(text: &str) -> anyhow::Result<f32> {
    let text = text.trim();
    let (digits, whole) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits.trim_end(), 100.0));
    let value = digits.parse::<f32>().ok().filter(|value| value.is_finite());
    value.map(|value| value / whole).ok_or_else(|| anyhow!("\"{text}\" is no number; write 45, 0.9 or 90%"))
}

fn assign(state: &mut State, topology: &Topology, place: &str, value: f32) -> anyhow::Result<()> {
    match place.rsplit_once('.') {
        Some((service, metric)) => {
            let metric = Metric::named(metric).ok_or_else(|| unknown("metric", metric, metrics()))?;
            let names = || topology.services.iter().map(|service| service.name.as_str());
            let found = topology.services.iter_enumerated().find(|(_, found)| found.name == service);
            let (id, _) = found.ok_or_else(|| unknown("service", service, names()))?;
            state.services[id].set(metric, value);
            Ok(())
        }
        None if place == "entry_rate" => {
            let share = value / state.entry_rates.len().max(1) as f32;
            state.entry_rates.iter_mut().for_each(|rate| *rate = Some(share));
            Ok(())
        }
        None => term(state, place, value),
    }
}

/// One of the five terms of operational resilience; those that nobody set are as good as they can be.
fn term(state: &mut State, name: &str, value: f32) -> anyhow::Result<()> {
    const TERMS: [&str; 5] =
        ["success_rate", "failed_pod_ratio", "latency_ratio", "entry_point_availability", "traffic_ratio"];
    let terms = state.resilience.get_or_insert(OperationalResilience::PERFECT);
    let term = match name {
        "success_rate" => &mut terms.success_rate,
        "failed_pod_ratio" => &mut terms.failed_pod_ratio,
        "latency_ratio" => &mut terms.latency_ratio,
        "entry_point_availability" => &mut terms.entry_point_availability,
        "traffic_ratio" => &mut terms.traffic_ratio,
        _ => return Err(unknown("observation", name, TERMS.into_iter().chain(["entry_rate"]))),
    };
    *term = value;
    Ok(())
}

fn metrics() -> impl Iterator<Item = &'static str> {
    Metric::ALL.iter().map(|metric| metric.name())
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> anyhow::Error {
    let nearest = known.min_by_key(|known| strsim::osa_distance(known, name));
    anyhow!("there is no {what} \"{name}\"; did you mean \"{}\"?", nearest.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::{Id as _, ServiceId};

    fn chain() -> Topology {
        karma_mock::topologies::by_name("chain4").unwrap()
    }

    fn seen(observations: &[&str]) -> anyhow::Result<Vec<State>> {
        let observations: Vec<String> = observations.iter().map(|text| (*text).to_owned()).collect();
        states(&chain(), &observations, 15.0)
    }

    #[test]
    fn an_observation_keeps_what_the_one_before_said() {
        let states =
            seen(&["auth.pending_requests=45, entry_rate=80", "auth.cpu_utilization = 95%"]).unwrap();
        let auth = ServiceId::from_index(1);
        assert_eq!(states[0].get(auth, Metric::CpuUtilization), None);
        assert_eq!(states[1].get(auth, Metric::PendingRequests), Some(45.0));
        assert_eq!(states[1].get(auth, Metric::CpuUtilization), Some(0.95));
        assert_eq!(states[1].entry_rates.as_slice(), &[Some(80.0)]);
        assert_eq!((states[0].time, states[1].time), (Seconds(0.0), Seconds(15.0)));
    }

    #[test]
    fn a_term_leaves_the_others_at_their_best() {
        let states = seen(&["success_rate=98%"]).unwrap();
        let terms = states[0].resilience.unwrap();
        assert_eq!((terms.success_rate, terms.latency_ratio), (0.98, 0.0));
    }

    #[test]
    fn what_is_not_known_is_told_with_what_is_near() {
        let refused = |text| seen(&[text]).unwrap_err().to_string();
        assert_eq!(
            refused("auth.pending_request=1"),
            "there is no metric \"pending_request\"; did you mean \"pending_requests\"?"
        );
        assert_eq!(refused("aut.in_flight=1"), "there is no service \"aut\"; did you mean \"auth\"?");
        assert_eq!(
            refused("succes_rate=1"),
            "there is no observation \"succes_rate\"; did you mean \"success_rate\"?"
        );
        assert!(refused("auth.in_flight=many").contains("\"many\" is no number"));
    }
}
