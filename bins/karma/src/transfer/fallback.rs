//! What decides while the agents are not listened to: the algorithm of Kubernetes' own autoscaler, with a memory that a
//! restart does not lose.

use karma_baseline::hpa::{BehaviorParams, HpaState, ScalingRulesParams};
use karma_baseline::{HpaAutoscaler, HpaAutoscalerError, HpaAutoscalerParams};
use karma_core::{Autoscaler, Decision, PerService, Snapshot, StreamRng, Topology};
use karma_k8s::decide::Fallback;
use karma_k8s::resource::FallbackSpec;
use serde_json::Value;
use thiserror::Error;

const BEHAVIOR: &str = "spec.fallback.behavior";
/// CPU utilisation that it aims at, in percent, unless another is asked for: Kubernetes' own.
const USUAL_PERCENT: u32 = 80;

/// The horizontal pod autoscaler as a fallback.
#[derive(Clone, Debug)]
pub struct HpaFallback(HpaAutoscaler);

/// A fallback that cannot be set up.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FallbackError {
    /// No CPU utilisation that can be aimed at.
    #[error("spec.fallback.targetCpuUtilization is {0}; allowed: 1 to 1000")]
    Target(u32),
    /// Not written as in autoscaling/v2.
    #[error("{place}: {reason}")]
    Behavior {
        /// Where.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// Values that Kubernetes would not admit.
    #[error("spec.fallback: {0}")]
    Hpa(#[from] HpaAutoscalerError),
}

impl HpaFallback {
    /// A fallback with an empty memory, within the bounds of `topology`.
    ///
    /// # Errors
    /// What is wrong with the specification, and where.
    pub fn new(spec: &FallbackSpec, topology: &Topology) -> Result<Self, FallbackError> {
        let percent = spec.target_cpu_utilization.unwrap_or(USUAL_PERCENT);
        let target = i32::try_from(percent).ok().filter(|percent| (1..=1000).contains(percent));
        let params = HpaAutoscalerParams {
            name: "hpa".to_owned(),
            behavior: spec.behavior.as_ref().map(behavior).transpose()?,
            ..HpaAutoscalerParams::cpu(target.ok_or(FallbackError::Target(percent))?)
        };
        Ok(Self(HpaAutoscaler::new(topology, &params)?))
    }
}

/// `behavior` as in a `HorizontalPodAutoscaler`, read direction by direction so that an error names its own.
fn behavior(value: &Value) -> Result<BehaviorParams, FallbackError> {
    let refuse = |place: String, reason: String| FallbackError::Behavior { place, reason };
    let Value::Object(fields) = value else {
        return Err(refuse(BEHAVIOR.to_owned(), format!("{value} is no object")));
    };
    let mut behavior = BehaviorParams::default();
    for (name, value) in fields {
        let place = format!("{BEHAVIOR}.{name}");
        let direction = match name.as_str() {
            "scaleUp" => &mut behavior.scale_up,
            "scaleDown" => &mut behavior.scale_down,
            _ => return Err(refuse(place, "unknown field; allowed: scaleUp, scaleDown".to_owned())),
        };
        let rules: Result<ScalingRulesParams, _> = serde_json::from_value(value.clone());
        *direction = Some(rules.map_err(|error| refuse(place, error.to_string()))?);
    }
    Ok(behavior)
}

impl Autoscaler for HpaFallback {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn reset(&mut self) {
        self.0.reset();
    }

    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision {
        self.0.decide(snapshot, rng)
    }
}

impl Fallback for HpaFallback {
    fn memory(&self) -> Value {
        // It has texts, numbers and lists alone, which always have a JSON form.
        serde_json::to_value(self.0.memory()).unwrap_or_default()
    }

    fn recall(&mut self, memory: Value) -> Result<(), String> {
        let memory: PerService<HpaState> =
            serde_json::from_value(memory).map_err(|error| error.to_string())?;
        self.0.restore(memory).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use karma_core::SeedTree;
    use karma_mock::{Episode, Scenario, Split};
    use serde_json::json;

    use super::*;
    use crate::testing;

    fn spec(behavior: Value) -> FallbackSpec {
        FallbackSpec { target_cpu_utilization: None, behavior: Some(behavior) }
    }

    fn refused(spec: &FallbackSpec) -> String {
        HpaFallback::new(spec, &testing::tiny().setup().topology).unwrap_err().to_string()
    }

    #[test]
    fn what_kubernetes_would_not_admit_is_refused_with_its_place() {
        let spelled = refused(&spec(json!({ "scaleUpp": {} })));
        assert_eq!(spelled, "spec.fallback.behavior.scaleUpp: unknown field; allowed: scaleUp, scaleDown");
        let inner = refused(&spec(json!({ "scaleDown": { "stabilisationWindowSeconds": 1 } })));
        assert!(
            inner.starts_with("spec.fallback.behavior.scaleDown: unknown field `stabilisationWindowSeconds`"),
            "{inner}"
        );
        let policy = json!({ "type": "Pods", "value": 0, "periodSeconds": 15 });
        let value = refused(&spec(json!({ "scaleUp": { "policies": [policy] } })));
        assert_eq!(value, "spec.fallback: `behavior.scaleUp.policies[0].value` is 0, allowed is 1 or more");
        assert_eq!(refused(&spec(json!([]))), "spec.fallback.behavior: [] is no object");
        let target = FallbackSpec { target_cpu_utilization: Some(0), behavior: None };
        assert_eq!(refused(&target), "spec.fallback.targetCpuUtilization is 0; allowed: 1 to 1000");
    }

    #[test]
    fn a_restart_in_the_middle_changes_no_decision() {
        let config = testing::tiny();
        let rules = json!({ "scaleDown": { "stabilizationWindowSeconds": 45 } });
        let new = || HpaFallback::new(&spec(rules.clone()), &config.setup().topology).unwrap();
        let (mut steady, mut restarted, mut rng) = (new(), new(), SeedTree::new(1).rng());
        let mut episode =
            Episode::new(config.setup(), &Scenario::by_name("ddos:4").unwrap(), Split::Train, 3);
        while !episode.is_over() {
            let snapshot = episode.snapshot();
            let memory = serde_json::from_str(&restarted.memory().to_string()).unwrap();
            restarted = new();
            restarted.recall(memory).unwrap();
            let decision = steady.decide(&snapshot, &mut rng);
            assert_eq!(restarted.decide(&snapshot, &mut rng), decision);
            episode.play(&decision);
        }
        let before = restarted.memory();
        assert!(restarted.recall(json!([1])).is_err());
        assert!(restarted.recall(json!([])).is_err());
        assert_eq!(restarted.memory(), before);
    }
}
