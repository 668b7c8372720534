//! Bindings of organisations: guides that keep their promises, or findings of which one is an error.
#![no_main]

use std::sync::{Arc, LazyLock};

use karma_core::{Guide as _, MetricRow, Seconds, State, Topology};
use karma_org::builder::{OrganizationBuilder, goal, mission, obligation};
use karma_org::guide::{Binding, EpisodeGuide, GuideSetting, Guides};
use karma_org::{Organization, Severity};
use libfuzzer_sys::fuzz_target;

static ORGANIZATION: LazyLock<Organization> = LazyLock::new(|| {
    OrganizationBuilder::new("shop")
        .group("team", |group| group.role("clerk", 1..=4))
        .scheme("service", |scheme| scheme.goal(goal("served")).mission(mission("serve").goals(["served"])))
        .norm(obligation("n", "clerk", "serve"))
        .organization()
        .expect("a good organisation")
});

static TOPOLOGY: LazyLock<Topology> = LazyLock::new(|| {
    let text = r#"{ "services": {
        "a": { "cpu": 500, "ram": 256, "computation_throughput": 100 },
        "b": { "cpu": 500, "ram": 256, "computation_throughput": 100 } },
        "connections": [ { "source": "a", "destination": "b" } ] }"#;
    Topology::read(text.as_bytes()).expect("a good topology")
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(binding) = Binding::read(text) else { return };
    if binding.roles.values().any(|role| role.agents.is_some_and(|agents| agents > 8)) {
        return; // as much memory as agents, which is right
    }
    match Guides::compile(&ORGANIZATION, &binding, &TOPOLOGY, GuideSetting::default()) {
        Err(findings) => assert!(findings.0.iter().any(|finding| finding.severity == Severity::Error)),
        Ok(guides) => {
            let (mut guide, agents) = (EpisodeGuide::new(Arc::new(guides.clone())), guides.team().len());
            let state = |time| State {
                time: Seconds(time),
                age: None,
                services: vec![MetricRow::default(); 2].into(),
                entry_rates: vec![Some(1.0)].into(),
                resilience: None,
            };
            let mut answers = vec![guide.begin(&state(0.0))];
            answers.extend((0..14).map(|action| {
                let joint = vec![karma_core::Action(action); agents].into();
                guide.advance(&joint, &state(f64::from(action)))
            }));
            for guidance in answers {
                assert!(guidance.allowed.iter().all(|guided| guided.mask.legal_count() > 0));
                assert!(guidance.shaping.iter().all(|shaping| shaping.is_finite()));
            }
        }
    }
});
