//! What makes two runs the same run, whatever their budget, their threads and the spelling of their settings.

use karma_core::RewardParams;
use karma_guard::SafetyParams;
use karma_marl::MappoParams;
use karma_mock::environment::{LookaheadParams, SiegeParams};
use karma_mock::sim::SimulationParams;
use karma_mock::{ScenarioParams, WorkloadParams};
use karma_twin::environment::FaultParams;
use serde::Serialize;
use serde_json::Value;

use super::params::{EvaluationParams, ObservationForm, Teacher};

/// The settings on which results depend, in full.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Identity<'a> {
    /// Digest of the normal form.
    pub(super) topology: String,
    pub(super) workload: WorkloadParams,
    /// Digest of the trace's file, if it is one's own.
    pub(super) workload_file: Option<String>,
    pub(super) scenarios: Vec<&'a ScenarioParams>,
    /// Digest of the twin's file; `None` if the team is trained in the simulated cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) twin: Option<String>,
    /// Faults laid over the twin's recordings, if there is a twin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) faults: Option<&'a FaultParams>,
    /// Digest of specification and guides; `None` without an organisation.
    pub(super) organization: Option<String>,
    pub(super) hardness: Option<f32>,
    /// The attacker that learns beside the team; `None` without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attacker: Option<SiegeParams>,
    /// How a trained team looks ahead; `None` if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lookahead: Option<LookaheadParams>,
    /// What the shield holds every policy to; `None` without a shield.
    pub(super) safety: Option<&'a SafetyParams>,
    pub(super) seed: u64,
    pub(super) decision_period: f64,
    pub(super) alpha: u32,
    pub(super) history: usize,
    /// `None` where services and agents say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rounds: Option<usize>,
    pub(super) observation: ObservationForm,
    pub(super) teacher: Teacher,
    pub(super) informed_critic: bool,
    pub(super) simulation: &'a SimulationParams,
    pub(super) reward: &'a RewardParams,
    pub(super) learner: &'a MappoParams,
    pub(super) evaluation: &'a EvaluationParams,
}

/// The first setting in which two identities differ, as (path, value here, value there).
pub(crate) fn first_difference(here: &Value, there: &Value) -> Option<(String, String, String)> {
    let (mut path, mut pair) = (String::new(), (here, there));
    if here == there {
        return None;
    }
    while let Some((part, next)) = differing_part(pair.0, pair.1) {
        path = if path.is_empty() { part } else { format!("{path}.{part}") };
        pair = next;
    }
    Some((path, pair.0.to_string(), pair.1.to_string()))
}

/// The first part of two objects or lists that differs; `None` for other values, or of unlike lengths.
fn differing_part<'a>(here: &'a Value, there: &'a Value) -> Option<(String, (&'a Value, &'a Value))> {
    static ABSENT: Value = Value::Null;
    match (here, there) {
        (Value::Object(a), Value::Object(b)) => a.keys().chain(b.keys()).find_map(|key| {
            let pair = (a.get(key).unwrap_or(&ABSENT), b.get(key).unwrap_or(&ABSENT));
            (pair.0 != pair.1).then(|| (key.clone(), pair))
        }),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let index = a.iter().zip(b).position(|(a, b)| a != b)?;
            Some((index.to_string(), (&a[index], &b[index])))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::first_difference;
    use serde_json::json;

    #[test]
    fn the_first_difference_is_told_with_its_path_and_both_values() {
        let here = json!({ "seed": 1, "learner": { "gamma": 0.99, "hidden": [64, 64] } });
        let mut there = here.clone();
        assert_eq!(first_difference(&here, &there), None);
        there["learner"]["hidden"] = json!([64, 32]);
        assert_eq!(
            first_difference(&here, &there),
            Some(("learner.hidden.1".into(), "64".into(), "32".into()))
        );
        there["learner"]["hidden"] = json!([64]);
        assert_eq!(
            first_difference(&here, &there),
            Some(("learner.hidden".into(), "[64,64]".into(), "[64]".into()))
        );
    }

    #[test]
    fn a_setting_that_only_one_has_differs_from_null() {
        let (here, there) = (json!({}), json!({ "speed": 2 }));
        assert_eq!(first_difference(&here, &there), Some(("speed".into(), "null".into(), "2".into())));
    }
}
