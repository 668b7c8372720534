//! A collection against an API server and a Prometheus of a few lines: what is asked, and what becomes of the answers.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "common/serve.rs"]
mod serve;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use karma_core::{Metric, Replicas, Seconds, Topology};
use karma_k8s::observe::{
    Collector, Gap, ObserveError, Observed, Preset, Prometheus, PrometheusParams, QueryParams,
};
use kube::Client;
use serde_json::{Value, json};

const NOW: f64 = 1_767_225_700.0;

/// Answers by path; for Prometheus by a word of the query. What is not there is a 404.
#[derive(Clone, Default)]
struct Fake {
    answers: Arc<Mutex<BTreeMap<String, (u16, Value)>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    fn put(&self, key: &str, status: u16, answer: Value) {
        self.answers.lock().unwrap().insert(key.to_owned(), (status, answer));
    }

    fn client(&self) -> Client {
        let fake = self.clone();
        serve::client(move |method, path, _query, body| {
            let text = String::from_utf8(body.to_vec()).unwrap();
            fake.asked.lock().unwrap().push(format!("{method} {path} {text}"));
            let answers = fake.answers.lock().unwrap();
            let named =
                |key: &&String| **key == path || (path == "/api/v1/query" && text.contains(key.as_str()));
            let key = answers.keys().rev().find(named).cloned();
            Some(key.map_or((404, json!({ "status": "error" })), |key| answers[&key].clone()))
        })
    }
}

fn topology() -> Topology {
    let text = r#"{ "services": {
        "api": { "cpu": 200, "ram": 64, "computation_throughput": 100, "max_replicas": 4 },
        "auth": { "cpu": 200, "ram": 64, "computation_throughput": 100 } },
        "connections": [{ "source": "INPUT", "destination": "api" }, { "source": "api", "destination": "auth" }] }"#;
    Topology::read(text.as_bytes()).unwrap()
}

fn deployment(name: &str, replicas: u32) -> Value {
    json!({ "metadata": { "name": name },
            "spec": { "replicas": replicas, "selector": { "matchLabels": { "app": name } }, "template": {} } })
}

fn pod(name: &str, app: &str) -> Value {
    json!({ "metadata": { "name": name, "uid": "01", "labels": { "app": app } },
            "spec": { "containers": [{ "name": "a", "resources": { "requests": { "cpu": "200m", "memory": "64Mi" } } }] },
            "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] } })
}

fn vector(values: &[(&str, &str)]) -> Value {
    let series = |(deployment, value): &(&str, &str)| json!({ "metric": { "deployment": deployment }, "value": [NOW, value] });
    let result: Vec<Value> = values.iter().map(series).collect();
    json!({ "status": "success", "data": { "resultType": "vector", "result": result } })
}

/// A cluster of two services in good order.
fn healthy() -> Fake {
    let fake = Fake::default();
    let list = |items: Value| json!({ "metadata": {}, "items": items });
    fake.put(
        "/apis/apps/v1/namespaces/shop/deployments",
        200,
        list(json!([deployment("auth", 1), deployment("api", 2), deployment("other", 9)])),
    );
    let pods = json!([pod("api-1", "api"), pod("api-2", "api"), pod("auth-1", "auth"), pod("x", "other")]);
    fake.put("/api/v1/namespaces/shop/pods", 200, list(pods));
    let used = json!({ "metadata": { "name": "api-1" }, "timestamp": "2026-01-01T00:01:35Z", "window": "15s",
                       "containers": [{ "name": "a", "usage": { "cpu": "50m", "memory": "32Mi" } }] });
    fake.put("/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods", 200, list(json!([used])));
    // Words of queries; the last in alphabetical order that a query has is the one.
    fake.put("request_total", 200, vector(&[("api", "12"), ("auth", "3")]));
    fake.put("timestamp", 200, vector(&[("api", "1767225692"), ("auth", "1767225691.5")]));
    fake.put("response_latency_ms_sum", 200, vector(&[("api", "0.25"), ("auth", "NaN")]));
    fake.put("failure", 200, vector(&[("api", "0.5")]));
    fake
}

async fn collect(fake: &Fake) -> Result<Observed, ObserveError> {
    let queries = QueryParams::of(&[Preset::Linkerd]).check().unwrap();
    let prometheus = Prometheus::new(fake.client(), Duration::from_secs(1));
    let collector =
        Collector::new(fake.client(), Some(prometheus), Arc::new(topology()), "shop", queries).unwrap();
    collector.collect(Seconds(NOW), Seconds(10.0)).await
}

#[tokio::test]
async fn a_healthy_cluster_is_read_whole_and_nothing_is_written() {
    let fake = healthy();
    let Observed { snapshot, missing, failed, .. } = collect(&fake).await.unwrap();
    assert_eq!((missing, failed), (vec![], vec![]));
    assert_eq!(snapshot.age(), Some(Seconds(8.5)));
    let [api, auth] = snapshot.services.as_slice() else { panic!("two services") };
    assert_eq!(
        (api.desired, api.pods.len(), auth.desired, auth.pods.len()),
        (Replicas(2), 2, Replicas(1), 1)
    );
    let of = |metric| (api.metrics.get(metric), auth.metrics.get(metric));
    assert_eq!(of(Metric::RequestRate), (Some(12.0), Some(3.0)));
    assert_eq!(of(Metric::LatencyMean), (Some(0.25), None));
    assert_eq!(of(Metric::RequestsErrors), (Some(60.0), None));
    assert_eq!(of(Metric::CpuUtilization), (Some(0.25), None));
    let asked = fake.asked.lock().unwrap().clone();
    let (reads, questions): (Vec<&String>, Vec<&String>) =
        asked.iter().partition(|line| line.starts_with("GET"));
    assert_eq!((reads.len(), questions.len()), (3, 4), "{asked:?}");
    assert!(
        questions
            .iter()
            .all(|line| line.starts_with("POST /api/v1/query ") && line.contains("time=1767225700.000"))
    );
}

#[tokio::test]
async fn without_prometheus_there_are_objects_and_the_use_of_pods() {
    let fake = healthy();
    for word in ["request_total", "timestamp", "response_latency_ms_sum", "failure"] {
        fake.put(word, 503, json!("upstream connect error"));
    }
    let Observed { snapshot, missing, failed, .. } = collect(&fake).await.unwrap();
    assert_eq!((missing.len(), failed.len()), (6, 4));
    assert!(
        failed[1].starts_with("linkerd, error_rate: Prometheus answered with status 503: "),
        "{failed:?}"
    );
    assert!(missing.iter().all(|missing| missing.gap == Gap::Failed));
    let api = &snapshot.services.as_slice()[0];
    assert_eq!((api.desired, api.metrics.get(Metric::CpuUsage)), (Replicas(2), Some(50.0)));
    assert_eq!(api.metrics.get(Metric::RequestRate), None);
    assert_eq!(snapshot.age(), Some(Seconds(5.0)), "metrics-server's samples have an age too");
}

#[tokio::test]
async fn without_metrics_server_there_is_no_cpu_and_no_error() {
    let fake = healthy();
    fake.put("/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods", 503, json!({}));
    let Observed { snapshot, missing, .. } = collect(&fake).await.unwrap();
    assert_eq!((missing.len(), snapshot.services.as_slice()[0].metrics.get(Metric::CpuUsage)), (0, None));
}

#[tokio::test]
async fn a_deployment_that_is_gone_is_named() {
    let fake = healthy();
    let items = json!({ "metadata": {}, "items": [deployment("api", 2)] });
    fake.put("/apis/apps/v1/namespaces/shop/deployments", 200, items);
    let said = collect(&fake).await.unwrap_err().to_string();
    assert_eq!(said, "namespace shop has no Deployment auth");
}

#[tokio::test]
async fn an_api_server_that_refuses_is_an_error() {
    let fake = healthy();
    fake.put(
        "/api/v1/namespaces/shop/pods",
        403,
        json!({ "status": "Failure", "code": 403, "reason": "Forbidden" }),
    );
    let error = collect(&fake).await.unwrap_err();
    assert!(matches!(error, ObserveError::Api { what: "pods", .. }), "{error}");
}

#[tokio::test]
async fn an_address_that_is_none_is_refused() {
    for url in ["", "prometheus:9090", "ftp://prometheus", "http://"] {
        let said = PrometheusParams { url: url.into(), ..PrometheusParams::default() }.connect().unwrap_err();
        assert!(said.to_string().starts_with("url "), "{said}");
    }
    let params = PrometheusParams { url: "http://p:9090".into(), ..PrometheusParams::default() };
    assert!(params.connect().is_ok());
    let patient = PrometheusParams { timeout_seconds: 61.0, ..params };
    assert!(patient.connect().unwrap_err().to_string().starts_with("timeout_seconds: 61"));
}
