//! Waits until a deployment is as it should be.

use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::{Api, Client};
use tokio::time::{Instant, sleep};

use super::Patience;
use super::error::LiveError;
use super::trouble::{self, Trouble};
use crate::deploy::object::managed_selector;

/// Pods that are ready, and that should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) ready: u64,
    pub(super) desired: u64,
    /// Whether some Deployment still has pods of an older template, or has not been looked at by its controller.
    unsettled: bool,
}

/// Waits until every Deployment of ours has all its pods ready; `seen` hears of every change.
pub(super) async fn all_ready(
    client: &Client,
    namespace: &str,
    patience: Patience,
    mut seen: impl FnMut(Count),
) -> Result<Count, LiveError> {
    let start = Instant::now();
    let mut last = None;
    loop {
        let deployments = deployments(client, namespace).await?;
        let count = count(&deployments);
        if last != Some(count) {
            seen(count);
            last = Some(count);
        }
        if count.ready == count.desired && !count.unsettled {
            return Ok(count);
        }
        if start.elapsed() >= patience.deadline {
            let troubles = troubles(client, namespace, &deployments).await?;
            return Err(not_ready(count, start.elapsed(), troubles));
        }
        sleep(patience.poll).await;
    }
}

fn not_ready(count: Count, after: Duration, troubles: Vec<Trouble>) -> LiveError {
    LiveError::NotReady { after, ready: count.ready, desired: count.desired, troubles }
}

/// The Deployments of ours.
pub(super) async fn deployments(client: &Client, namespace: &str) -> Result<Vec<Deployment>, LiveError> {
    let api: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    let ours = ListParams::default().labels(&managed_selector());
    Ok(api.list(&ours).await.map_err(LiveError::reading("Deployments"))?.items)
}

/// The pods of ours.
pub(super) async fn pods(client: &Client, namespace: &str) -> Result<Vec<Pod>, LiveError> {
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let ours = ListParams::default().labels(&managed_selector());
    Ok(api.list(&ours).await.map_err(LiveError::reading("pods"))?.items)
}

async fn troubles(
    client: &Client,
    namespace: &str,
    deployments: &[Deployment],
) -> Result<Vec<Trouble>, LiveError> {
    let pods = pods(client, namespace).await?;
    let of_deployments = deployments.iter().filter_map(trouble::of_deployment);
    Ok(of_deployments.chain(pods.iter().filter_map(trouble::of_pod)).collect())
}

fn count(deployments: &[Deployment]) -> Count {
    deployments.iter().map(one).fold(Count::default(), |sum, one| Count {
        ready: sum.ready + one.ready,
        desired: sum.desired + one.desired,
        unsettled: sum.unsettled || one.unsettled,
    })
}

fn one(deployment: &Deployment) -> Count {
    let desired = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let status = deployment.status.clone().unwrap_or_default();
    let number = |count: Option<i32>| u64::try_from(count.unwrap_or(0)).unwrap_or(0);
    let unsettled = status.observed_generation < deployment.metadata.generation
        || status.updated_replicas.unwrap_or(0) < desired
        || status.replicas.unwrap_or(0) > desired;
    let desired = number(Some(desired));
    Count { ready: number(status.ready_replicas).min(desired), desired, unsettled }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn deployment(status: &Value) -> Deployment {
        serde_json::from_value(json!({
            "metadata": { "name": "a", "generation": 2 },
            "spec": { "replicas": 2, "selector": {}, "template": {} },
            "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn a_deployment_is_ready_when_its_newest_pods_are() {
        let settled =
            json!({ "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2 });
        let ready = Count { ready: 2, desired: 2, unsettled: false };
        assert_eq!(one(&deployment(&settled)), ready);
        let old = json!({ "observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2 });
        assert!(one(&deployment(&old)).unsettled);
        let rolling =
            json!({ "observedGeneration": 2, "replicas": 3, "updatedReplicas": 2, "readyReplicas": 3 });
        assert_eq!(one(&deployment(&rolling)), Count { unsettled: true, ..ready });
    }

    #[test]
    fn what_no_controller_has_seen_is_not_ready() {
        assert_eq!(one(&deployment(&json!({}))), Count { ready: 0, desired: 2, unsettled: true });
    }
}
