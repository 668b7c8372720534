//! The `spec` of a HorizontalPodAutoscaler: what is accepted reads back as written and decides within its bounds.
#![no_main]

use karma_baseline::hpa::{ControllerConfig, HpaParams, HpaState, ScaleTarget, Tick, Timestamp, reconcile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(params) = serde_json::from_slice::<HpaParams>(bytes) else { return };
    let Ok(config) = params.check(ControllerConfig::default()) else { return };
    let written = serde_json::to_string(&params).expect("settings have a JSON form");
    assert_eq!(serde_json::from_str::<HpaParams>(&written).expect("what was written reads back"), params);

    let mut state = HpaState::default();
    for (seconds, replicas) in [(0.0, 1), (15.0, 5), (30.0, i32::MAX)] {
        let target = ScaleTarget { spec_replicas: replicas, status_replicas: replicas, pods: &[] };
        let now = Timestamp::from_seconds(seconds).expect("a moment");
        let decided = reconcile(&config, &mut state, &Tick { target, readings: &[], now });
        let bounds = config.min_replicas()..=config.max_replicas();
        assert!(
            decided.desired_replicas == replicas || bounds.contains(&decided.desired_replicas),
            "{decided:?}"
        );
    }
});
