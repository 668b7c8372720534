//! Why an agent may do what it may.

use karma_core::{Metric, SeedTree};

use crate::support::{SHOP, agent, guides, idle, random_joint, random_state, with};

#[test]
fn every_rule_and_every_action_has_its_reason() {
    let guides = guides(SHOP);
    let mut state = with(4, 0.0, 1, Metric::PendingRequests, 45.0);
    state.services.iter_mut().for_each(|row| row.set(Metric::CpuUtilization, 0.5));
    let explained = guides.explain(agent(0), &[state], &[]).unwrap();
    assert_eq!(explained.allowed, ["change nothing", "scale API and Auth by +1..+3"]);
    let relieve = &explained.rules[1];
    assert!(relieve.fired() && relieve.service.as_deref() == Some("Auth"));
    assert_eq!(relieve.allows, ["scale API and Auth by +1..+3"]);
    let grounds = relieve.condition.to_string();
    assert!(
        grounds.contains("pending_requests of Auth = 45 requests > queue_threshold = 30 requests: true"),
        "{grounds}"
    );
    let reasons: Vec<_> =
        explained.removed.iter().map(|r| (r.actions.join("; "), r.because.as_str())).collect();
    assert_eq!(
        reasons,
        [
            (
                "scale API, Auth, Products and Orders by -3..-1".to_owned(),
                "\"no scale-down while requests wait\" forbids it"
            ),
            ("scale Products and Orders by +1..+3".to_owned(), "no rule that fires allows it"),
        ]
    );
}

#[test]
fn it_can_be_read() {
    let guides = guides(SHOP);
    let text = guides.explain(guides.agent("failure").unwrap(), &[idle(4, 0.0)], &[]).unwrap().to_string();
    assert_eq!(
        text,
        "failure may change nothing; hardness 1
  rule \"replace what failed\" does not fire for API
    pods_failed of API = 0 pods > 0 pods: false
  rule \"replace what failed\" does not fire for Auth
    pods_failed of Auth = 0 pods > 0 pods: false
  rule \"replace what failed\" does not fire for Products
    pods_failed of Products = 0 pods > 0 pods: false
  rule \"replace what failed\" does not fire for Orders
    pods_failed of Orders = 0 pods > 0 pods: false
  not: scale API, Auth, Products and Orders by -3..-1 or +1..+3: no rule that allows something fires, and `otherwise` does not allow it
"
    );
}

#[test]
fn it_says_that_nothing_was_left() {
    let binding = "organization: shop\nroles:\n  failure:\n    rules:\n      - { name: go, when: sum(pods_failed) > 0 pods, allow: [{ change: up }] }\n      - { name: stop, when: sum(pods_failed) > 0 pods, forbid: [{ change: any }] }\n";
    let guides = guides(binding);
    let explained = guides.explain(agent(0), &[with(4, 0.0, 0, Metric::PodsFailed, 1.0)], &[]).unwrap();
    assert!(explained.is_empty);
    assert_eq!(explained.allowed, ["change nothing"]);
    assert!(explained.to_string().contains("its rules left nothing"));
}

#[test]
fn an_explanation_needs_a_state() {
    assert_eq!(guides(SHOP).explain(agent(0), &[], &[]), None);
}

#[test]
fn what_is_allowed_is_what_a_batch_allows() {
    let guides = guides(SHOP);
    let space = guides.action_space();
    let mut rng = SeedTree::new(4).rng();
    for _ in 0..50 {
        let states: Vec<_> = (0..5).map(|step| random_state(4, f64::from(step) * 15.0, &mut rng)).collect();
        let joints: Vec<_> = (0..4).map(|_| random_joint(4, space, &mut rng)).collect();
        let mut episode = karma_org::guide::EpisodeGuide::new(guides.clone());
        let mut guidance = karma_core::Guide::begin(&mut episode, &states[0]);
        for (joint, state) in joints.iter().zip(&states[1..]) {
            guidance = karma_core::Guide::advance(&mut episode, joint, state);
        }
        for (agent, guided) in guidance.allowed.iter_enumerated() {
            let explained = guides.explain(agent, &states, &joints).unwrap();
            assert_eq!(explained.hardness, guided.hardness);
            let all = guided.mask.legal_count() == space.len();
            assert_eq!(explained.removed.is_empty(), all, "{explained}");
        }
    }
}
