//! What Prometheus asks: which pods there are, and what each of them tells. Both are answered through the API server.

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use http::Request;
use k8s_openapi::api::core::v1::Pod;
use karma_testbed::deploy::NAME;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt as _};
use serde::Serialize;
use serde_json::{Value, json};

/// The port of a mock service that tells its metrics.
const ADMIN: &str = "admin";
/// How the mock services write them.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Where targets are listed.
pub(super) const TARGETS: &str = "/targets";

/// Where the pods are.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) client: Client,
    pub(super) namespace: String,
    /// Where this gateway listens: all targets are there.
    pub(super) address: String,
}

/// One pod as `http_sd_configs` wants it.
#[derive(Debug, PartialEq, Serialize)]
struct Target {
    targets: [String; 1],
    labels: Value,
}

/// The two questions and their answers.
pub(super) fn router(place: Place) -> Router {
    Router::new()
        .route(TARGETS, get(targets))
        .route("/pods/{pod}/{port}/metrics", get(metrics))
        .with_state(place)
}

async fn targets(State(place): State<Place>) -> Result<Json<Vec<Target>>, (StatusCode, String)> {
    let api: Api<Pod> = Api::namespaced(place.client.clone(), &place.namespace);
    let pods = api.list(&ListParams::default().labels(NAME)).await.map_err(|error| unreachable(&error))?;
    Ok(Json(pods.items.iter().filter_map(|pod| target(pod, &place.namespace, &place.address)).collect()))
}

/// A pod that runs and tells something.
fn target(pod: &Pod, namespace: &str, address: &str) -> Option<Target> {
    let phase = pod.status.as_ref()?.phase.as_deref();
    if phase != Some("Running") || pod.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let (name, deployment) = (pod.name_any(), pod.labels().get(NAME)?);
    let ports = pod.spec.as_ref()?.containers.first()?.ports.as_ref()?;
    let port = ports.iter().find(|port| port.name.as_deref() == Some(ADMIN))?.container_port;
    Some(Target {
        targets: [address.to_owned()],
        labels: json!({
            "__metrics_path__": format!("/pods/{name}/{port}/metrics"),
            "namespace": namespace, "deployment": deployment, "pod": name, "instance": name,
        }),
    })
}

async fn metrics(
    State(place): State<Place>,
    Path((pod, port)): Path<(String, u16)>,
) -> Result<impl IntoResponse, (StatusCode, String)> {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    if !pod.chars().all(letter) {
        return Err((StatusCode::NOT_FOUND, "no name of a pod\n".to_owned()));
    }
    let path = format!("/api/v1/namespaces/{}/pods/{pod}:{port}/proxy/metrics", place.namespace);
    let request = Request::get(path).body(Vec::new());
    let request = request.map_err(|error| (StatusCode::NOT_FOUND, format!("{error}\n")))?;
    let text = place.client.request_text(request).await.map_err(|error| unreachable(&error))?;
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text))
}

fn unreachable(error: &kube::Error) -> (StatusCode, String) {
    (StatusCode::BAD_GATEWAY, format!("{error}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(phase: &str, deleted: Option<&str>) -> Pod {
        serde_json::from_value(json!({
            "metadata": {
                "name": "api-1", "labels": { "app.kubernetes.io/name": "api" }, "deletionTimestamp": deleted,
            },
            "spec": { "containers": [{ "name": "api", "ports": [
                { "name": "http", "containerPort": 5000 }, { "name": "admin", "containerPort": 5001 },
            ] }] },
            "status": { "phase": phase },
        }))
        .unwrap()
    }

    #[test]
    fn pods_that_run_are_scraped_and_those_that_end_are_not() {
        let seen = |pod: &Pod| target(pod, "karma", "127.0.0.1:9091");
        let labels = seen(&pod("Running", None)).unwrap().labels;
        assert_eq!(labels["__metrics_path__"], "/pods/api-1/5001/metrics");
        assert_eq!((&labels["deployment"], &labels["namespace"]), (&json!("api"), &json!("karma")));
        assert_eq!(seen(&pod("Pending", None)), None);
        assert_eq!(seen(&pod("Running", Some("2026-01-01T00:00:00Z"))), None);
    }
}
