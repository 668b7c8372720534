//! Up, status and down against a small API server.

use std::time::Duration;

use karma_core::Topology;
use karma_mock::topologies::by_name;
use serde_json::json;

use super::fake::Fake;
use super::*;
use crate::deploy::params::{DeployParams, HpaParams};

const SOON: Patience = Patience { deadline: Duration::from_millis(30), poll: Duration::from_millis(5) };

fn chain4() -> Topology {
    by_name("chain4").unwrap()
}

fn with_everything() -> DeployParams {
    DeployParams { hpa: Some(HpaParams::default()), service_monitors: true, ..DeployParams::default() }
}

async fn bring_up(fake: &Fake, params: &DeployParams) -> Result<(Up, Vec<Progress>), LiveError> {
    let mut seen = Vec::new();
    let up = up(&fake.client(), &chain4(), params, SOON, |progress| seen.push(progress)).await?;
    Ok((up, seen))
}

#[tokio::test]
async fn services_are_there_before_the_pods_that_look_for_them() {
    let fake = Fake::with_node("16");
    let (up, seen) = bring_up(&fake, &with_everything()).await.unwrap();
    assert_eq!(up.pods, 9);
    assert_eq!(seen.last(), Some(&Progress::Ready { ready: 9, desired: 9 }));
    assert!(seen.contains(&Progress::NoMonitors));
    let writes = fake.writes();
    let kinds: Vec<&str> = writes.iter().map(|write| write.rsplit('/').nth(1).unwrap()).collect();
    let expected: Vec<&str> =
        [("namespaces", 1), ("services", 4), ("deployments", 4), ("horizontalpodautoscalers", 4)]
            .iter()
            .flat_map(|&(kind, count)| std::iter::repeat_n(kind, count))
            .collect();
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn monitors_are_applied_where_the_cluster_knows_them() {
    let fake = Fake::with_node("16");
    let kinds = json!({
        "groupVersion": "monitoring.coreos.com/v1",
        "resources": [{ "name": "servicemonitors", "kind": "ServiceMonitor", "namespaced": true, "singularName": "",
            "verbs": [] }],
    });
    fake.put("/apis/monitoring.coreos.com/v1", kinds);
    bring_up(&fake, &with_everything()).await.unwrap();
    let monitors = fake.writes().iter().filter(|write| write.contains("servicemonitors/")).count();
    assert_eq!(monitors, 4);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_anything_is_created() {
    let fake = Fake::with_node("600m");
    let error =
        bring_up(&fake, &DeployParams { image: "A".into(), ..DeployParams::default() }).await.unwrap_err();
    let LiveError::Refused(findings) = error else { panic!("{error}") };
    let codes: Vec<&str> = findings.0.iter().map(|finding| finding.code).collect();
    assert_eq!(codes.iter().filter(|code| **code == "invalid-image").count(), 4);
    assert!(codes.contains(&"pod-too-large") && codes.contains(&"cluster-too-small"));
    assert!(fake.writes().is_empty());
}

#[tokio::test]
async fn the_namespace_of_somebody_else_is_left_alone() {
    let fake = Fake::with_node("16");
    fake.put("/api/v1/namespaces/karma", json!({ "metadata": { "name": "karma" } }));
    let up = bring_up(&fake, &DeployParams::default()).await.unwrap_err();
    let down = down(&fake.client(), "karma", SOON).await.unwrap_err();
    for error in [up, down] {
        assert!(matches!(error, LiveError::ForeignNamespace { .. }), "{error}");
    }
    assert!(fake.writes().is_empty());
}

#[tokio::test]
async fn pods_that_do_not_become_ready_are_named_with_their_reason() {
    let fake = Fake::with_node("16");
    fake.change(|cluster| cluster.healthy = false);
    let pod = json!({
        "metadata": { "name": "api-1", "labels": { "app.kubernetes.io/managed-by": "karma-lab" } },
        "status": { "containerStatuses": [{
            "name": "service", "image": "i", "imageID": "", "ready": false, "restartCount": 0,
            "state": { "waiting": { "reason": "ErrImageNeverPull" } },
        }] },
    });
    fake.put("/api/v1/namespaces/karma/pods/api-1", pod);
    let message = bring_up(&fake, &DeployParams::default()).await.unwrap_err().to_string();
    assert!(message.starts_with("0 of 9 pods are ready after 0 s"), "{message}");
    assert!(message.contains("\napi-1: ErrImageNeverPull"), "{message}");
}

#[tokio::test]
async fn what_came_up_goes_down_and_may_go_down_twice() {
    let fake = Fake::with_node("16");
    bring_up(&fake, &with_everything()).await.unwrap();
    assert_eq!(status(&fake.client(), "karma").await.unwrap().len(), 4);
    fake.writes();
    assert_eq!(down(&fake.client(), "karma", SOON).await.unwrap(), Down::Gone);
    let writes = fake.writes();
    assert!(writes[0].ends_with("horizontalpodautoscalers"));
    assert_eq!(writes.last().unwrap(), "DELETE /api/v1/namespaces/karma");
    assert_eq!(down(&fake.client(), "karma", SOON).await.unwrap(), Down::Nothing);
    assert!(fake.writes().is_empty());
    assert!(status(&fake.client(), "karma").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_deployment_that_came_up_in_part_goes_down() {
    let fake = Fake::with_node("16");
    bring_up(&fake, &DeployParams::default()).await.unwrap();
    fake.change(|cluster| {
        cluster.objects.retain(|path, _| !path.contains("/deployments/") && !path.ends_with("/auth"));
    });
    assert_eq!(down(&fake.client(), "karma", SOON).await.unwrap(), Down::Gone);
}

#[tokio::test]
async fn what_somebody_put_into_our_namespace_is_kept() {
    let fake = Fake::with_node("16");
    bring_up(&fake, &DeployParams::default()).await.unwrap();
    fake.put("/api/v1/namespaces/karma/services/theirs", json!({ "metadata": { "name": "theirs" } }));
    let gone = down(&fake.client(), "karma", SOON).await.unwrap();
    assert_eq!(gone, Down::NamespaceKept(vec!["Service theirs".to_owned()]));
    let left = fake.change(|cluster| cluster.objects.keys().cloned().collect::<Vec<_>>());
    assert_eq!(
        left,
        ["/api/v1/namespaces/karma", "/api/v1/namespaces/karma/services/theirs", "/api/v1/nodes/n"]
    );
}

#[tokio::test]
async fn a_namespace_that_does_not_go_is_said_after_the_deadline() {
    let fake = Fake::with_node("16");
    bring_up(&fake, &DeployParams::default()).await.unwrap();
    fake.change(|cluster| cluster.stuck = true);
    let error = down(&fake.client(), "karma", SOON).await.unwrap_err();
    assert_eq!(error.to_string(), "the namespace karma is still there after 0 s");
}

#[tokio::test]
async fn a_namespace_that_is_leaving_takes_nothing_new() {
    let fake = Fake::with_node("16");
    let leaving = json!({ "metadata": {
        "name": "karma", "deletionTimestamp": "2024-01-01T00:00:00Z",
        "labels": { "app.kubernetes.io/managed-by": "karma-lab" },
    } });
    fake.put("/api/v1/namespaces/karma", leaving);
    let error = bring_up(&fake, &DeployParams::default()).await.unwrap_err();
    assert!(matches!(error, LiveError::Leaving { .. }), "{error}");
    assert!(fake.writes().is_empty());
}
