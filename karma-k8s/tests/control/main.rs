//! The controller's decisions in a cluster of a few lines: what is written, when, and what a kill at any moment leaves.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod fleet;
#[path = "../common/serve.rs"]
mod serve;
mod world;

use karma_core::Seconds;
use karma_k8s::control::{Reason, Runner, Told};
use serde_json::json;
use world::{Cut, NOW, World};

fn reasons(told: &Told) -> Vec<Reason> {
    told.said.iter().map(|said| said.reason).collect()
}

/// Demand is not looked at: nobody is asked for it here.
fn blind() -> serde_json::Value {
    json!({ "limits": { "cooldownSeconds": 0.0, "demand": false } })
}

#[tokio::test]
async fn an_active_team_scales_and_the_status_says_why() {
    let world = World::new(&blind());
    let mut runner = Runner::default();
    let told = world.decide(&mut runner, 0).await.unwrap();
    assert_eq!(told.trouble, None);
    assert_eq!(world.scaled(), [("api".to_owned(), 3), ("auth".to_owned(), 3)]);
    assert_eq!(reasons(&told), [Reason::PolicyLoaded, Reason::Scaled, Reason::Scaled]);
    let status = world.resource().status.unwrap();
    let last = status.last_decision.unwrap();
    assert_eq!((last.sequence, last.listened.as_str()), (1, "Agents"));
    assert_eq!((last.services[0].current, last.services[0].decided), (2, 3));
    assert_eq!((status.pending, status.applied["api"].initial), (None, 2));
    for kind in ["Ready", "PolicyLoaded", "Observed", "Measured", "Trusted", "SoleOwner"] {
        assert_eq!(world.condition(kind).0, "True", "{kind}");
    }
    let entry = told.entry.unwrap();
    assert_eq!(entry.outcomes["auth"], "scaled");
}

#[tokio::test]
async fn a_shadow_writes_its_status_and_nothing_else() {
    let world = World::new(&json!({ "mode": "Shadow", "limits": { "demand": false } }));
    let mut runner = Runner::default();
    for number in 0..5 {
        let told = world.decide(&mut runner, number).await.unwrap();
        assert_eq!(
            told.entry.unwrap().decided.services.as_slice()[0].target.replicas.0,
            3,
            "what would be done"
        );
    }
    assert_eq!(world.scaled(), []);
    assert_eq!(world.condition("Ready").0, "True");
}

/// A process that is killed at any request of a decision, before or after that request is carried out, and its successor:
/// the Deployments have the replicas of one decision, set once each.
#[tokio::test]
async fn a_kill_at_any_moment_loses_no_action_and_repeats_none() {
    let whole = World::new(&blind());
    let before = whole.requests();
    whole.decide(&mut Runner::default(), 0).await.unwrap();
    let requests = whole.requests() - before;
    assert!(requests >= 10, "a decision takes {requests} requests");
    let mut taken_up = 0;
    for request in 0..requests {
        for carried_out in [false, true] {
            let world = World::new(&blind());
            world.with(|world| world.cut(Some(Cut { request, carried_out })));
            assert!(world.decide(&mut Runner::default(), 0).await.is_none(), "killed at {request}");
            world.with(|world| world.cut(None));
            let planned = world.is_planned();
            // The successor is there two seconds later.
            let mut runner = Runner::default();
            let told = runner.decide(&world.site(), world.resource(), Seconds(NOW + 2.0)).await;
            let mut scaled = world.scaled();
            scaled.sort();
            if planned {
                // What was planned is done; then it decides itself, from there.
                taken_up += 1;
                let four = |name: &str| (name.to_owned(), 4);
                let expected = [("api".to_owned(), 3), four("api"), ("auth".to_owned(), 3), four("auth")];
                assert_eq!(scaled, expected, "killed at {request}, carried out {carried_out}");
                assert!(reasons(&told).contains(&Reason::Recovered));
            } else if world.replicas("api") == 3 {
                assert_eq!(scaled, [("api".to_owned(), 3), ("auth".to_owned(), 3)], "killed at {request}");
            } else {
                // The whole decision was done and told.
                assert_eq!((world.replicas("api"), scaled.len()), (4, 4), "killed at {request}");
            }
            assert_eq!(world.resource().status.unwrap().pending, None);
        }
    }
    assert!(taken_up >= 4, "{taken_up} plans were taken up");
}

#[tokio::test]
async fn a_plan_that_is_too_old_is_dropped() {
    let world = planned().await;
    let told = world.decide(&mut Runner::default(), 8).await.unwrap();
    assert_eq!(reasons(&told)[1..3], [Reason::Void, Reason::Void], "{:?}", told.said);
    assert_eq!(world.scaled(), [("api".to_owned(), 3), ("auth".to_owned(), 3)], "its own decision");
}

#[tokio::test]
async fn of_two_processes_that_decide_at_once_one_acts() {
    let world = World::new(&blind());
    let (mut one, mut two) = (Runner::default(), Runner::default());
    let (site, object, now) = (world.site(), world.resource(), Seconds(NOW));
    let (first, second) =
        tokio::join!(one.decide(&site, object.clone(), now), two.decide(&site, object.clone(), now));
    assert_eq!(world.scaled(), [("api".to_owned(), 3), ("auth".to_owned(), 3)]);
    assert!(first.trouble.is_some() != second.trouble.is_some(), "{first:?} {second:?}");
}

#[tokio::test]
async fn who_leads_no_more_writes_nothing_and_the_successor_finishes_the_plan() {
    let world = World::new(&blind());
    let mut site = world.site();
    site.leads = std::sync::Arc::new(|| false);
    Runner::default().decide(&site, world.resource(), Seconds(NOW)).await;
    assert_eq!((world.scaled(), world.is_planned()), (vec![], false));

    // It loses the lease once its plan is written.
    let of = world.clone();
    site.leads = std::sync::Arc::new(move || !of.is_planned());
    let told = Runner::default().decide(&site, world.resource(), Seconds(NOW)).await;
    assert_eq!((world.scaled(), world.is_planned()), (vec![], true));
    assert_eq!(told.trouble.as_deref(), Some("this process leads no more"));
    let told = Runner::default().decide(&world.site(), world.resource(), Seconds(NOW + 2.0)).await;
    assert_eq!(reasons(&told).iter().filter(|reason| **reason == Reason::Recovered).count(), 2);
    assert_eq!((world.scaled().len(), world.replicas("api"), world.is_planned()), (4, 4, false));
}

/// A world in which a process was killed after it wrote its plan, and before it did anything.
async fn planned() -> World {
    for request in 0..50 {
        let world = World::new(&blind());
        world.with(|world| world.cut(Some(Cut { request, carried_out: true })));
        if world.decide(&mut Runner::default(), 0).await.is_none() && world.is_planned() {
            world.with(|world| world.cut(None));
            assert_eq!(world.scaled(), []);
            return world;
        }
    }
    panic!("no plan was written")
}

#[tokio::test]
async fn a_plan_whose_deployment_cannot_be_looked_at_stays_planned() {
    let world = planned().await;
    world.with(|world| world.broken_path(Some("/deployments/auth")));
    let mut runner = Runner::default();
    let told = runner.decide(&world.site(), world.resource(), Seconds(NOW + 1.0)).await;
    assert!(told.trouble.is_some() && told.entry.is_none(), "nothing else is decided meanwhile");
    let pending = world.resource().status.unwrap().pending.unwrap();
    let left: Vec<&str> = pending.targets.iter().map(|target| target.deployment.as_str()).collect();
    assert_eq!((left, world.scaled()), (vec!["auth"], vec![("api".to_owned(), 3)]));
    world.with(|world| world.broken_path(None));
    runner.decide(&world.site(), world.resource(), Seconds(NOW + 3.0)).await;
    assert_eq!(world.scaled()[0], ("auth".to_owned(), 3));
    assert!(!world.is_planned());
}

#[tokio::test]
async fn a_plan_is_void_once_the_specification_is_written_anew() {
    let world = planned().await;
    world.write_spec(&json!({ "mode": "Shadow", "limits": { "demand": false } }));
    let told = Runner::default().decide(&world.site(), world.resource(), Seconds(NOW + 1.0)).await;
    assert_eq!((world.scaled(), world.is_planned()), (vec![], false), "rolled back is rolled back");
    assert_eq!(reasons(&told).iter().filter(|reason| **reason == Reason::Void).count(), 2);
}

#[tokio::test]
async fn a_pod_that_becomes_ready_meanwhile_hinders_nothing() {
    let world = World::new(&blind());
    world.with(|world| world.restless(2));
    world.decide(&mut Runner::default(), 0).await.unwrap();
    assert_eq!(world.scaled(), [("api".to_owned(), 3), ("auth".to_owned(), 3)]);
    world.with(|world| world.restless(99));
    let told = world.decide(&mut Runner::default(), 1).await.unwrap();
    assert_eq!(world.scaled(), []);
    assert!(told.said.iter().any(|said| said.message.contains("it changes faster than it can be written")));
}

#[tokio::test]
async fn a_deployment_that_another_autoscaler_owns_is_left_to_it() {
    let world = World::new(&blind());
    world.with(|world| world.hpa(Some("auth")));
    let mut runner = Runner::default();
    let told = world.decide(&mut runner, 0).await.unwrap();
    assert_eq!(world.scaled(), [("api".to_owned(), 3)]);
    assert_eq!(world.condition("SoleOwner"), ("False".into(), "Rival".into()));
    let message = "left to others: HorizontalPodAutoscaler cpu scales auth";
    assert!(told.said.iter().any(|said| said.reason == Reason::Rival && said.message == message));
    assert!(!reasons(&world.decide(&mut runner, 1).await.unwrap()).contains(&Reason::Rival), "told once");
    world.scaled();
    world.with(|world| world.hpa(None));
    let told = world.decide(&mut runner, 2).await.unwrap();
    assert_eq!(world.scaled(), [("api".to_owned(), 5), ("auth".to_owned(), 3)]);
    assert!(reasons(&told).contains(&Reason::SoleOwner));
}

#[tokio::test]
async fn while_it_is_unknown_who_owns_a_target_nothing_is_scaled() {
    let world = World::new(&blind());
    world.with(|world| world.broken_path(Some("/horizontalpodautoscalers")));
    world.decide(&mut Runner::default(), 0).await.unwrap();
    assert_eq!((world.scaled(), world.condition("SoleOwner").1), (vec![], "Unknown".into()));
}

#[tokio::test]
async fn of_two_resources_with_the_same_targets_the_older_one_scales() {
    let world = World::new(&blind());
    let mut runner = Runner::default();
    world.decide(&mut runner, 0).await.unwrap();
    assert_eq!(world.scaled().len(), 2);
    let mut other = serde_json::to_value(world.resource()).unwrap();
    other["metadata"]["uid"] = json!("u-2");
    other["metadata"]["name"] = json!("another");
    other["metadata"]["creationTimestamp"] = json!("2025-01-01T00:00:00Z");
    world.with(|world| world.other(other));
    world.decide(&mut runner, 1).await.unwrap();
    assert_eq!((world.scaled(), world.condition("SoleOwner").1), (vec![], "Rival".into()));
}

#[tokio::test]
async fn a_policy_that_is_not_the_pinned_one_is_refused_and_the_old_one_decides_no_more() {
    let world = World::new(&blind());
    let mut runner = Runner::default();
    world.decide(&mut runner, 0).await.unwrap();
    world.scaled();
    let digest = format!("sha256:{}", "0".repeat(64));
    let policy = json!({ "configMap": { "name": "shop-policy", "key": "policy.karma" }, "digest": digest });
    world.write_spec(&json!({ "policy": policy }));
    let told = world.decide(&mut runner, 1).await.unwrap();
    assert_eq!(world.condition("PolicyLoaded"), ("False".into(), "WrongDigest".into()));
    assert_eq!((world.scaled(), reasons(&told)), (vec![], vec![Reason::PolicyRefused]));
    world.write_spec(&blind());
    world.decide(&mut runner, 2).await.unwrap();
    assert_eq!((world.scaled().len(), world.condition("PolicyLoaded").0), (2, "True".into()));
}

#[tokio::test]
async fn what_does_not_go_with_the_policy_is_said() {
    for (spec, said) in [
        (json!({ "services": { "web": {} } }), "it knows api, auth"),
        (json!({ "fallback": { "behavior": { "x": 1 } } }), "spec.fallback: behavior"),
        (json!({ "metrics": { "prometheus": { "url": "p:9090" } } }), "spec.metrics.prometheus: url"),
        (
            json!({ "policy": { "file": "/nowhere", "digest": format!("sha256:{}", "0".repeat(64)) } }),
            "/nowhere",
        ),
    ] {
        let world = World::new(&spec);
        let told = world.decide(&mut Runner::default(), 0).await.unwrap();
        assert!(told.trouble.as_deref().is_some_and(|why| why.contains(said)), "{told:?}");
        assert_eq!((world.condition("Ready").0, world.scaled()), ("False".to_owned(), vec![]));
    }
}

#[tokio::test]
async fn a_target_that_is_gone_is_named_and_comes_back() {
    let world = World::new(&blind());
    let mut runner = Runner::default();
    world.with(|world| world.remove("auth"));
    let told = world.decide(&mut runner, 0).await.unwrap();
    assert_eq!(world.condition("Observed"), ("False".into(), "TargetGone".into()));
    assert!(told.said.iter().any(|said| said.reason == Reason::TargetGone && said.message.contains("auth")));
    world.with(|world| world.set("auth", 2, "kubectl"));
    world.decide(&mut runner, 1).await.unwrap();
    assert_eq!(world.condition("Observed").0, "True");
    assert_eq!(world.scaled().len(), 2);
}

#[tokio::test]
async fn an_api_server_that_is_gone_for_two_minutes_stops_nothing_for_good() {
    let world = World::new(&blind());
    let mut runner = Runner::default();
    world.decide(&mut runner, 0).await.unwrap();
    assert_eq!(world.scaled().len(), 2);
    for number in 1..9 {
        world.with(|world| world.broken(Some(500)));
        let told = world.decide(&mut runner, number).await.unwrap();
        assert!(told.trouble.is_some());
    }
    world.with(|world| world.broken(None));
    let told = world.decide(&mut runner, 9).await.unwrap();
    assert_eq!((told.trouble, world.scaled().len()), (None, 2));
    assert_eq!(world.replicas("api"), 4);
}

#[tokio::test]
async fn measurements_that_lie_or_are_old_scale_nothing() {
    let sample = |name: &str, cpu: &str, time: &str| {
        json!({ "metadata": { "name": name }, "timestamp": time, "window": "15s",
                "containers": [{ "name": "a", "usage": { "cpu": cpu, "memory": "32Mi" } }] })
    };
    let fresh = "2026-01-01T00:01:38Z";
    let old = "2025-12-31T23:00:00Z";
    for (cpu, time) in [("NaN", fresh), ("-50m", fresh), ("50m", old)] {
        let world = World::new(&blind());
        let names = ["api-0", "api-1", "auth-0", "auth-1"];
        world.with(|world| world.metrics(json!(names.map(|name| sample(name, cpu, time)))));
        let told = world.decide(&mut Runner::default(), 0).await.unwrap();
        let decided = told.entry.unwrap().decided;
        assert_eq!(world.scaled(), [], "{cpu} at {time}: {:?}", decided.services);
    }
}

#[tokio::test]
async fn a_prometheus_that_is_gone_is_told_once_and_nothing_is_scaled_by_half_of_the_facts() {
    let source = json!({ "sampledAt": "x", "metrics": { "request_rate": "x" } });
    let metrics = json!({ "prometheus": { "url": "http://127.0.0.1:1" }, "sources": { "app": source } });
    let world = World::new(&json!({ "limits": { "cooldownSeconds": 0.0 }, "metrics": metrics }));
    let mut runner = Runner::default();
    let told = world.decide(&mut runner, 0).await.unwrap();
    assert_eq!((told.trouble.as_deref(), world.scaled()), (None, vec![]), "decided, and nothing to do");
    assert_eq!(reasons(&told), [Reason::PolicyLoaded, Reason::Unmeasured]);
    let entry = told.entry.unwrap();
    let missing = ["api", "auth"].map(|name| format!("{name} request_rate: its source did not answer"));
    assert_eq!(entry.missing, missing);
    assert!(entry.failed.iter().all(|failed| failed.contains("Prometheus cannot be reached")));
    assert_eq!(world.condition("Measured"), ("False".into(), "Unanswered".into()));
    assert_eq!(reasons(&world.decide(&mut runner, 1).await.unwrap()), [], "told once");
    world.write_spec(&blind());
    let told = world.decide(&mut runner, 2).await.unwrap();
    assert!(reasons(&told).contains(&Reason::Measured), "nothing is asked for, so nothing is missing");
}

#[tokio::test]
async fn who_sets_other_replicas_is_named_once() {
    let world = World::new(&blind());
    let mut runner = Runner::default();
    world.decide(&mut runner, 0).await.unwrap();
    world.with(|world| world.set("api", 6, "kubectl-edit"));
    let told = world.decide(&mut runner, 1).await.unwrap();
    let said: Vec<&str> = told
        .said
        .iter()
        .filter(|said| said.reason == Reason::Overridden)
        .map(|said| said.message.as_str())
        .collect();
    assert_eq!(said, ["api was set to 6 by kubectl-edit (Update of scale); it was 3 by us"]);
    let told = world.decide(&mut runner, 2).await.unwrap();
    assert!(!reasons(&told).contains(&Reason::Overridden));
}

#[tokio::test]
async fn what_is_deleted_leaves_the_replicas_or_gives_them_back() {
    let retain = World::new(&blind());
    retain.decide(&mut Runner::default(), 0).await.unwrap();
    assert!(retain.resource().metadata.finalizers.is_none(), "it goes at once");

    let world = World::new(
        &json!({ "onDelete": "RestoreInitial", "limits": { "cooldownSeconds": 0.0, "demand": false } }),
    );
    let mut runner = Runner::default();
    world.decide(&mut runner, 0).await.unwrap();
    world.decide(&mut runner, 1).await.unwrap();
    assert_eq!((world.replicas("api"), world.replicas("auth")), (4, 4));
    assert_eq!(world.resource().metadata.finalizers.unwrap(), ["karma.dev/restore-initial"]);
    world.with(|world| {
        world.set("auth", 7, "kubectl");
        world.delete_resource();
    });
    let told = world.decide(&mut runner, 2).await.unwrap();
    assert_eq!((world.replicas("api"), world.replicas("auth")), (2, 7), "what somebody else set stays");
    assert_eq!(reasons(&told), [Reason::Restored]);
    assert_eq!(world.resource().metadata.finalizers.unwrap_or_default(), [""; 0]);
}
