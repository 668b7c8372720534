//! A specification from outside is refused or obeyed; it never panics.

use karma_baseline::hpa::{ControllerConfig, HpaParams, HpaState, ScaleTarget, Tick, Timestamp, reconcile};
use proptest::prelude::*;

const SPEC: &str = r#"{
  "minReplicas": 2, "maxReplicas": 9,
  "metrics": [ { "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 70 } } } ],
  "behavior": { "scaleDown": { "stabilizationWindowSeconds": 60, "selectPolicy": "Min",
                               "policies": [ { "type": "Percent", "value": 50, "periodSeconds": 15 } ] } }
}"#;

/// Reads, checks and decides three times, as the fuzz target `hpa_spec` does.
fn obey(bytes: &[u8]) -> Option<i32> {
    let params: HpaParams = serde_json::from_slice(bytes).ok()?;
    let config = params.check(ControllerConfig::default()).ok()?;
    let mut state = HpaState::default();
    let mut desired = 0;
    for (seconds, replicas) in [(0.0, 1), (15.0, 5), (30.0, i32::MAX)] {
        let target = ScaleTarget { spec_replicas: replicas, status_replicas: replicas, pods: &[] };
        let now = Timestamp::from_seconds(seconds)?;
        desired = reconcile(&config, &mut state, &Tick { target, readings: &[], now }).desired_replicas;
        let held = desired == replicas;
        assert!(held || (config.min_replicas()..=config.max_replicas()).contains(&desired), "{desired}");
    }
    Some(desired)
}

#[test]
fn the_specification_as_written_is_obeyed() {
    assert_eq!(obey(SPEC.as_bytes()), Some(9), "above its maximum a target is brought down to it at once");
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        obey(&bytes);
    }

    #[test]
    fn a_damaged_specification_never_panics(at in 0..SPEC.len(), byte: u8, cut in 0..SPEC.len()) {
        let mut bytes = SPEC.as_bytes().to_vec();
        bytes[at] = byte;
        obey(&bytes);
        obey(&bytes[..cut]);
    }

    #[test]
    fn any_number_in_any_place_never_panics(number in prop_oneof![any::<i64>().prop_map(|n| n.to_string()), any::<f64>().prop_map(|x| x.to_string())]) {
        for place in ["2", "9", "70", "60", "50", "15"] {
            obey(SPEC.replacen(&format!(": {place}"), &format!(": {number}"), 1).as_bytes());
        }
    }
}
