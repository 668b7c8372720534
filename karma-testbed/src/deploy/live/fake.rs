//! An API server of a few lines: keeps what is applied, and writes down every request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

/// Kinds that are asked for as lists.
const COLLECTIONS: [&str; 7] = [
    "deployments",
    "services",
    "pods",
    "nodes",
    "horizontalpodautoscalers",
    "persistentvolumeclaims",
    "servicemonitors",
];

#[derive(Debug, Default)]
pub(super) struct Cluster {
    /// Objects by path, as applied or put there by a test.
    pub(super) objects: BTreeMap<String, Value>,
    /// "METHOD path", without reads.
    pub(super) writes: Vec<String>,
    /// Whether Deployments become ready at once.
    pub(super) healthy: bool,
    /// Whether a deleted namespace stays.
    pub(super) stuck: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Fake(Arc<Mutex<Cluster>>);

impl Fake {
    /// A healthy cluster with one node of so much CPU.
    pub(super) fn with_node(cpu: &str) -> Self {
        let fake = Self::default();
        fake.put(
            "/api/v1/nodes/n",
            json!({
                "metadata": { "name": "n" },
                "status": {
                    "allocatable": { "cpu": cpu, "memory": "64Gi" },
                    "conditions": [{ "type": "Ready", "status": "True" }],
                },
            }),
        );
        fake.change(|cluster| cluster.healthy = true);
        fake
    }

    pub(super) fn put(&self, path: &str, object: Value) {
        self.change(|cluster| cluster.objects.insert(path.to_owned(), object));
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Cluster) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    /// What was written, and forgets it.
    pub(super) fn writes(&self) -> Vec<String> {
        self.change(|cluster| std::mem::take(&mut cluster.writes))
    }

    pub(super) fn client(&self) -> Client {
        let fake = self.clone();
        let service = tower::service_fn(move |request: http::Request<Body>| {
            let fake = fake.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect_bytes().await.unwrap();
                let (status, answer) = fake.change(|cluster| cluster.answer(&parts, &body));
                let response = http::Response::builder().status(status);
                Ok::<_, std::convert::Infallible>(
                    response.body(Body::from(answer.to_string().into_bytes())).unwrap(),
                )
            }
        });
        Client::new(service, "default")
    }
}

impl Cluster {
    fn answer(&mut self, request: &http::request::Parts, body: &[u8]) -> (u16, Value) {
        let (path, query) =
            (request.uri.path().to_owned(), request.uri.query().unwrap_or_default().to_owned());
        if request.method != http::Method::GET {
            self.writes.push(format!("{} {path}", request.method));
        }
        match request.method.as_str() {
            "PATCH" => {
                assert!(query.contains("fieldManager=karma-lab"), "{query}");
                (200, self.apply(path, serde_json::from_slice(body).unwrap()))
            }
            "DELETE" => self.delete(&path, &query),
            _ => self.read(&path, &query),
        }
    }

    fn apply(&mut self, path: String, mut object: Value) -> Value {
        if self.healthy && object["kind"] == "Deployment" {
            let replicas = object["spec"]["replicas"].clone();
            object["status"] = json!({
                "replicas": replicas, "updatedReplicas": replicas, "readyReplicas": replicas,
            });
        }
        self.objects.insert(path, object.clone());
        object
    }

    fn delete(&mut self, path: &str, query: &str) -> (u16, Value) {
        if is_collection(path) {
            let selected: Vec<String> = self.selected(path, query).map(|(path, _)| path.clone()).collect();
            for path in selected {
                self.objects.remove(&path);
            }
        } else if !self.stuck {
            self.objects.retain(|of, _| of != path && !of.contains(&path.replace("/api/v1", "")));
        }
        (200, json!({ "kind": "Status", "apiVersion": "v1", "status": "Success" }))
    }

    fn read(&self, path: &str, query: &str) -> (u16, Value) {
        if let Some(object) = self.objects.get(path) {
            return (200, object.clone());
        }
        if is_collection(path) && !path.contains("metrics.k8s.io") {
            let items: Vec<&Value> = self.selected(path, query).map(|(_, object)| object).collect();
            return (200, json!({ "kind": "List", "apiVersion": "v1", "metadata": {}, "items": items }));
        }
        let absent = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
            "message": path,
        });
        (404, absent)
    }

    /// What a list holds: `/api/v1/pods` is over all namespaces.
    fn selected(&self, collection: &str, query: &str) -> impl Iterator<Item = (&String, &Value)> {
        let (root, kind) = collection.rsplit_once('/').unwrap();
        let (root, kind) = (format!("{root}/"), format!("/{kind}/"));
        let (ours, others) =
            (query.contains("labelSelector=") && !query.contains("%21%3D"), query.contains("%21%3D"));
        self.objects.iter().filter(move |(path, object)| {
            let managed = object["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "karma-lab";
            let labelled = if others { !managed } else { !ours || managed };
            path.starts_with(&root) && path.contains(&kind) && labelled
        })
    }
}

fn is_collection(path: &str) -> bool {
    COLLECTIONS.contains(&path.rsplit('/').next().unwrap_or_default())
}
