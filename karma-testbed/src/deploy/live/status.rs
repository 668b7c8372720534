//! How a deployment is.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use karma_core::{Mebibytes, Millicores, Replicas};
use kube::api::ListParams;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, Client, ResourceExt as _};

use super::error::LiveError;
use super::{ready, trouble};
use crate::deploy::object::{NAME, managed_selector};
use crate::deploy::quantity;

/// One service on the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name.
    pub service: String,
    /// Replicas that it should have.
    pub desired: Replicas,
    /// Pods that take requests.
    pub ready: Replicas,
    /// Restarts of the containers of its present pods.
    pub restarts: u32,
    /// What its pods use, if the cluster measures it.
    pub usage: Option<Usage>,
    /// Its autoscaler's view in percent of the request: what it sees, if it sees anything yet, and its target.
    pub autoscaler: Option<(Option<u32>, u32)>,
}

/// What the pods of a service use together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU, over the last window of the metrics server.
    pub cpu: Millicores,
    /// Working set.
    pub memory: Mebibytes,
}

/// All services of ours in `namespace`, by name; none if nothing is there.
///
/// # Errors
/// If the API server refuses or does not answer. That it measures nothing is no error.
pub async fn status(client: &Client, namespace: &str) -> Result<Vec<Row>, LiveError> {
    let ours = ListParams::default().labels(&managed_selector());
    let autoscalers: Api<HorizontalPodAutoscaler> = Api::namespaced(client.clone(), namespace);
    let autoscalers = autoscalers.list(&ours).await.map_err(LiveError::reading("autoscalers"))?;
    let deployments = ready::deployments(client, namespace).await?;
    let pods = ready::pods(client, namespace).await?;
    let metrics = metrics(client, namespace, &ours).await?;
    Ok(rows(&deployments, &pods, &autoscalers.items, metrics.as_deref()))
}

/// The pods' metrics, or nothing where no metrics server answers.
async fn metrics(
    client: &Client,
    namespace: &str,
    ours: &ListParams,
) -> Result<Option<Vec<DynamicObject>>, LiveError> {
    let kind = GroupVersionKind::gvk("metrics.k8s.io", "v1beta1", "PodMetrics");
    let resource = ApiResource::from_gvk_with_plural(&kind, "pods");
    let api = Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &resource);
    match api.list(ours).await {
        Ok(list) => Ok(Some(list.items)),
        Err(kube::Error::Api(status)) if matches!(status.code, 403 | 404 | 503) => Ok(None),
        Err(error) => Err(LiveError::reading("metrics of pods")(error)),
    }
}

fn rows(
    deployments: &[Deployment],
    pods: &[Pod],
    autoscalers: &[HorizontalPodAutoscaler],
    metrics: Option<&[DynamicObject]>,
) -> Vec<Row> {
    let row = |deployment: &Deployment| {
        let name = deployment.name_any();
        let own: Vec<&Pod> = pods.iter().filter(|pod| pod.labels().get(NAME) == Some(&name)).collect();
        let autoscaler = autoscalers.iter().find(|autoscaler| autoscaler.name_any() == name);
        let ready = own.iter().filter(|pod| trouble::is_ready(pod)).count();
        Row {
            desired: Replicas(count(deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1))),
            ready: Replicas(u32::try_from(ready).unwrap_or(u32::MAX)),
            restarts: restarts(&own),
            usage: metrics.and_then(|metrics| usage(&name, metrics)),
            autoscaler: autoscaler.and_then(view),
            service: name,
        }
    };
    let rows: BTreeMap<String, Row> =
        deployments.iter().map(row).map(|row| (row.service.clone(), row)).collect();
    rows.into_values().collect()
}

fn restarts(pods: &[&Pod]) -> u32 {
    let containers = pods.iter().flat_map(|pod| trouble::containers(pod));
    containers.fold(0, |sum: u32, container| sum.saturating_add(count(container.restart_count)))
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// The sum over the service's pods; nothing if none has been measured yet.
fn usage(name: &str, metrics: &[DynamicObject]) -> Option<Usage> {
    let own = metrics.iter().filter(|of| of.labels().get(NAME).is_some_and(|of| of == name));
    let containers = own.filter_map(|of| of.data.get("containers")?.as_array()).flatten();
    let measured = containers.filter_map(|container| {
        let amount = |of: &str| Some(Quantity(container.get("usage")?.get(of)?.as_str()?.to_owned()));
        let cpu = quantity::millicores(&amount("cpu")?)?;
        Some(Usage { cpu, memory: quantity::mebibytes(&amount("memory")?, false)? })
    });
    measured.reduce(|sum, one| Usage {
        cpu: Millicores(sum.cpu.0.saturating_add(one.cpu.0)),
        memory: Mebibytes(sum.memory.0.saturating_add(one.memory.0)),
    })
}

fn view(autoscaler: &HorizontalPodAutoscaler) -> Option<(Option<u32>, u32)> {
    let wanted = autoscaler.spec.metrics.as_ref()?.iter().find_map(|metric| metric.resource.as_ref())?;
    let target = wanted.target.average_utilization.map(count)?;
    let current = autoscaler.status.as_ref().and_then(|status| {
        let seen = status.current_metrics.as_ref()?.iter().find_map(|metric| metric.resource.as_ref())?;
        seen.current.average_utilization.map(count)
    });
    Some((current, target))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of<T: serde::de::DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn deployment() -> Deployment {
        of(json!({
            "metadata": { "name": "a" }, "spec": { "replicas": 3, "selector": {}, "template": {} },
        }))
    }

    fn pod(ready: &str, restarts: i32) -> Pod {
        of(json!({
            "metadata": { "name": "p", "labels": { NAME: "a" } },
            "status": {
                "conditions": [{ "type": "Ready", "status": ready }],
                "containerStatuses": [
                    { "name": "s", "image": "i", "imageID": "", "ready": true, "restartCount": restarts },
                ],
            },
        }))
    }

    fn measured(cpu: &str, memory: &str) -> DynamicObject {
        of(json!({
            "metadata": { "name": "p", "labels": { NAME: "a" } },
            "containers": [{ "name": "s", "usage": { "cpu": cpu, "memory": memory } }],
        }))
    }

    #[test]
    fn a_row_adds_up_its_pods() {
        let metrics = [measured("250000000n", "2048Ki"), measured("100m", "3Mi")];
        let autoscaler = of(json!({
            "metadata": { "name": "a" },
            "spec": {
                "maxReplicas": 5, "scaleTargetRef": { "kind": "Deployment", "name": "a" },
                "metrics": [{ "type": "Resource", "resource": {
                    "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 50 } } }],
            },
            "status": { "desiredReplicas": 3, "currentMetrics": [{ "type": "Resource", "resource": {
                "name": "cpu", "current": { "averageUtilization": 72 } } }] },
        }));
        let rows = rows(&[deployment()], &[pod("True", 2), pod("False", 1)], &[autoscaler], Some(&metrics));
        let usage = Usage { cpu: Millicores(350), memory: Mebibytes(5) };
        let expected = Row {
            service: "a".to_owned(),
            desired: Replicas(3),
            ready: Replicas(1),
            restarts: 3,
            usage: Some(usage),
            autoscaler: Some((Some(72), 50)),
        };
        assert_eq!(rows, [expected]);
    }

    #[test]
    fn what_nobody_measured_is_missing_and_not_zero() {
        let bare = rows(&[deployment()], &[pod("True", 0)], &[], None);
        assert_eq!((bare[0].usage, bare[0].autoscaler), (None, None));
        assert_eq!(rows(&[deployment()], &[], &[], Some(&[]))[0].usage, None);
    }
}
