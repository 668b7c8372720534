//! What is told to the API server of a new cluster: where metrics are.

use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::network::{METRICS_PORT, NODE};
use crate::deploy::MANAGER;

/// Name of metrics-server's Service.
const METRICS: &str = "metrics-server";
/// Where it is.
const NAMESPACE: &str = "kube-system";

/// Registers metrics-server, which runs beside the API server and not as a pod.
pub(super) async fn register_metrics(client: &Client) -> kube::Result<()> {
    let service = json!({ "spec": { "ports": [{ "port": 443, "targetPort": METRICS_PORT }] } });
    apply(client, ("", "v1", "Service"), Some(METRICS), service).await?;
    let endpoints = json!({
        "metadata": { "labels": { "kubernetes.io/service-name": METRICS } },
        "addressType": "IPv4",
        "endpoints": [{ "addresses": [NODE] }],
        "ports": [{ "port": METRICS_PORT }],
    });
    apply(client, ("discovery.k8s.io", "v1", "EndpointSlice"), Some(METRICS), endpoints).await?;
    let registration = json!({ "spec": {
        "service": { "name": METRICS, "namespace": NAMESPACE },
        "group": "metrics.k8s.io",
        "version": "v1beta1",
        "insecureSkipTLSVerify": true,
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
    }});
    apply(client, ("apiregistration.k8s.io", "v1", "APIService"), None, registration).await
}

/// `namespaced`: the object's name if it lives in [`NAMESPACE`]; without, it is the registration of the metrics' API.
async fn apply(
    client: &Client,
    (group, version, kind): (&str, &str, &str),
    namespaced: Option<&str>,
    content: Value,
) -> kube::Result<()> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
    let name = namespaced.unwrap_or("v1beta1.metrics.k8s.io");
    let api: Api<DynamicObject> = match namespaced {
        Some(_) => Api::namespaced_with(client.clone(), NAMESPACE, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let mut object = content;
    object["apiVersion"] = resource.api_version.clone().into();
    object["kind"] = kind.into();
    object["metadata"]["name"] = name.into();
    api.patch(name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&object)).await.map(|_| ())
}
