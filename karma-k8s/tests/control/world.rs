//! A cluster of a few lines with the semantics that the controller rests on: versions of objects, refused writes, who wrote
//! what; and a way to be cut off from it at any request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use karma_core::{Autoscaler, Decision, Replicas, Seconds, Snapshot, StreamRng, Target, Topology};
use karma_k8s::control::{LoadedPolicy, PolicyLoader, Runner, Site, Told};
use karma_k8s::decide::Fallback;
use karma_k8s::resource::{FallbackSpec, KarmaAutoscaler, digest_of};
use kube::Client;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::serve;

pub(crate) const NOW: f64 = 1_767_225_700.0;
const BEGINNING: i64 = 1_767_225_700;
pub(crate) const POLICY: &[u8] = b"a policy";
const CR: &str = "/apis/karma.dev/v1alpha1/namespaces/shop/karmaautoscalers";

/// When the world is cut off: at which request, and whether that one is still carried out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) request: usize,
    pub(crate) carried_out: bool,
}

#[derive(Default)]
struct Inner {
    version: u64,
    deployments: BTreeMap<String, Value>,
    resource: Value,
    others: Vec<Value>,
    hpas: Vec<Value>,
    metrics: Option<Value>,
    /// Every write of a scale that was carried out.
    scaled: Vec<(String, u64)>,
    requests: usize,
    cut: Option<Cut>,
    /// Moves a Deployment's version before its next write, as a pod that becomes ready does.
    restless: u32,
    /// Answers everything with this status.
    broken: Option<u16>,
    /// Answers requests whose path ends like this with a failure.
    broken_path: Option<&'static str>,
    /// Seconds since the beginning.
    later: i64,
}

/// The world.
#[derive(Clone, Default)]
pub(crate) struct World {
    inner: Arc<Mutex<Inner>>,
    cut_off: Arc<Notify>,
}

impl World {
    /// Deployments `api` and `auth` with two replicas each, and a custom resource with these fields of its specification.
    pub(crate) fn new(spec: &Value) -> Self {
        let world = Self::default();
        {
            let mut inner = world.inner.lock().unwrap();
            for name in ["api", "auth"] {
                inner.set(name, 2, "kubectl");
            }
        }
        world.write_spec(spec);
        world
    }

    /// Writes the specification, as `kubectl apply` does.
    pub(crate) fn write_spec(&self, changes: &Value) {
        let mut inner = self.inner.lock().unwrap();
        let mut spec = json!({ "mode": "Active",
            "policy": { "configMap": { "name": "shop-policy", "key": "policy.karma" }, "digest": digest_of(POLICY) } });
        for (field, value) in changes.as_object().unwrap() {
            spec[field] = value.clone();
        }
        let version = inner.next();
        let generation = inner.resource["metadata"]["generation"].as_u64().unwrap_or(0) + 1;
        let status = inner.resource["status"].clone();
        let finalizers = inner.resource["metadata"]["finalizers"].clone();
        inner.resource = json!({ "apiVersion": "karma.dev/v1alpha1", "kind": "KarmaAutoscaler",
            "metadata": { "name": "shop", "namespace": "shop", "uid": "u-1", "generation": generation,
                          "resourceVersion": version, "creationTimestamp": "2026-01-01T00:00:00Z" }, "spec": spec });
        if !status.is_null() {
            inner.resource["status"] = status;
        }
        if !finalizers.is_null() {
            inner.resource["metadata"]["finalizers"] = finalizers;
        }
    }

    pub(crate) fn with(&self, change: impl FnOnce(&mut Knobs<'_>)) {
        change(&mut Knobs(&mut self.inner.lock().unwrap()));
    }

    pub(crate) fn replicas(&self, name: &str) -> u64 {
        self.inner.lock().unwrap().deployments[name]["spec"]["replicas"].as_u64().unwrap()
    }

    /// Writes of scales that were carried out, and forgets them.
    pub(crate) fn scaled(&self) -> Vec<(String, u64)> {
        std::mem::take(&mut self.inner.lock().unwrap().scaled)
    }

    pub(crate) fn requests(&self) -> usize {
        self.inner.lock().unwrap().requests
    }

    pub(crate) fn resource(&self) -> KarmaAutoscaler {
        serde_json::from_value(self.inner.lock().unwrap().resource.clone()).unwrap()
    }

    /// Status and reason of a condition.
    pub(crate) fn condition(&self, kind: &str) -> (String, String) {
        let inner = self.inner.lock().unwrap();
        let all = inner.resource["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let of = all.iter().find(|one| one["type"] == kind);
        let text = |field: &str| of.and_then(|one| one[field].as_str()).unwrap_or_default().to_owned();
        (text("status"), text("reason"))
    }

    pub(crate) fn site(&self) -> Site {
        Site {
            client: self.client(),
            prometheus: Arc::default(),
            loader: Arc::new(Loader),
            patience: Duration::from_secs(2),
            leads: Arc::new(|| true),
        }
    }

    /// Whether a plan is written and not yet known to be done.
    pub(crate) fn is_planned(&self) -> bool {
        self.resource().status.and_then(|status| status.pending).is_some()
    }

    /// One decision at `number` periods after the beginning, by a process that dies if it is cut off.
    pub(crate) async fn decide(&self, runner: &mut Runner, number: u32) -> Option<Told> {
        let (site, now) = (self.site(), Seconds(NOW + 15.0 * f64::from(number)));
        self.inner.lock().unwrap().later = 15 * i64::from(number);
        let decision = Box::pin(runner.decide(&site, self.resource(), now));
        tokio::select! {
            told = decision => Some(told),
            () = self.cut_off.notified() => None,
        }
    }

    fn client(&self) -> Client {
        let world = self.clone();
        serve::client(move |method, path, _query, body| {
            let body = serde_json::from_slice(body).unwrap_or(Value::Null);
            let answer = world.inner.lock().unwrap().answer(method, path, &body);
            if answer.is_none() {
                world.cut_off.notify_one();
            }
            answer
        })
    }
}

/// What a test may change.
pub(crate) struct Knobs<'a>(&'a mut Inner);

impl Knobs<'_> {
    pub(crate) fn cut(&mut self, cut: Option<Cut>) {
        (self.0.cut, self.0.requests) = (cut, 0);
    }

    pub(crate) fn set(&mut self, name: &str, replicas: u64, manager: &str) {
        self.0.set(name, replicas, manager);
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.deployments.remove(name);
    }

    pub(crate) fn restless(&mut self, times: u32) {
        self.0.restless = times;
    }

    pub(crate) fn broken(&mut self, status: Option<u16>) {
        self.0.broken = status;
    }

    pub(crate) fn broken_path(&mut self, end: Option<&'static str>) {
        self.0.broken_path = end;
    }

    pub(crate) fn metrics(&mut self, items: Value) {
        self.0.metrics = Some(items);
    }

    pub(crate) fn hpa(&mut self, target: Option<&str>) {
        self.0.hpas = target
            .map(|target| {
                json!({ "metadata": { "name": "cpu", "namespace": "shop" },
                        "spec": { "maxReplicas": 5,
                                  "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": target } } })
            })
            .into_iter()
            .collect();
    }

    pub(crate) fn other(&mut self, mut other: Value) {
        other["status"] = self.0.resource["status"].clone();
        self.0.others.push(other);
    }

    pub(crate) fn remove_resource(&mut self) {
        self.0.resource = Value::Null;
    }

    pub(crate) fn delete_resource(&mut self) {
        self.0.resource["metadata"]["deletionTimestamp"] = json!("2026-01-02T00:00:00Z");
    }
}

fn failure(code: u16, reason: &str) -> (u16, Value) {
    (
        code,
        json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code,
                        "message": reason }),
    )
}

impl Inner {
    fn next(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    fn set(&mut self, name: &str, replicas: u64, manager: &str) {
        let version = self.next();
        let operation = if manager == "karma" { "Apply" } else { "Update" };
        let entry = json!({ "manager": manager, "operation": operation, "subresource": "scale", "time": "2026-01-01T00:00:00Z",
                            "fieldsV1": { "f:spec": { "f:replicas": {} } } });
        self.deployments.insert(
            name.to_owned(),
            json!({ "metadata": { "name": name, "namespace": "shop", "resourceVersion": version, "managedFields": [entry] },
                    "spec": { "replicas": replicas, "selector": { "matchLabels": { "app": name } }, "template": {} } }),
        );
    }

    /// Nothing if the world is cut off.
    fn answer(&mut self, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        let number = self.requests;
        self.requests += 1;
        match self.cut {
            Some(cut) if number > cut.request || (number == cut.request && !cut.carried_out) => return None,
            Some(cut) if number == cut.request => {
                self.carry_out(method, path, body);
                return None;
            }
            _ => {}
        }
        if self.broken_path.is_some_and(|end| path.ends_with(end)) {
            return Some(failure(500, "InternalError"));
        }
        if let Some(status) = self.broken {
            return Some(failure(status, "InternalError"));
        }
        self.carry_out(method, path, body)
    }

    fn carry_out(&mut self, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        let list = |items: Value| Some((200, json!({ "metadata": {}, "items": items })));
        match (method, path) {
            ("GET", "/api/v1/namespaces/shop/configmaps/shop-policy") => Some((
                200,
                json!({ "metadata": { "name": "shop-policy" },
                                   "binaryData": { "policy.karma": "YSBwb2xpY3k=" } }),
            )),
            ("GET", "/apis/apps/v1/namespaces/shop/deployments") => {
                list(json!(self.deployments.values().collect::<Vec<_>>()))
            }
            ("GET", "/api/v1/namespaces/shop/pods") => list(json!(self.pods())),
            ("GET", "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods") => match &self.metrics {
                Some(items) => list(items.clone()),
                None => list(json!(self.used())),
            },
            ("GET", "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers") => {
                list(json!(self.hpas))
            }
            ("GET", CR) => {
                let own = std::iter::once(&self.resource).filter(|own| !own.is_null());
                list(json!(own.chain(&self.others).collect::<Vec<_>>()))
            }
            _ => self.object(method, path, body),
        }
    }

    fn object(&mut self, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        if let Some(rest) = path.strip_prefix("/apis/apps/v1/namespaces/shop/deployments/") {
            return match (method, rest.strip_suffix("/scale")) {
                ("GET", None) => self
                    .deployments
                    .get(rest)
                    .map_or_else(|| Some(failure(404, "NotFound")), |one| Some((200, one.clone()))),
                ("PATCH", Some(name)) => self.scale(name, body),
                _ => Some(failure(405, "MethodNotAllowed")),
            };
        }
        let moved_on = body["metadata"]["resourceVersion"] != self.resource["metadata"]["resourceVersion"];
        match (method, path.strip_prefix(CR)) {
            ("GET", Some("/shop")) if !self.resource.is_null() => Some((200, self.resource.clone())),
            ("PUT", Some("/shop/status")) | ("PATCH", Some("/shop")) if moved_on => {
                Some(failure(409, "Conflict"))
            }
            ("PUT", Some("/shop/status")) => {
                self.resource["status"] = body["status"].clone();
                Some(self.stored())
            }
            ("PATCH", Some("/shop")) => {
                self.resource["metadata"]["finalizers"] = body["metadata"]["finalizers"].clone();
                Some(self.stored())
            }
            _ => Some(failure(404, "NotFound")),
        }
    }

    fn stored(&mut self) -> (u16, Value) {
        self.resource["metadata"]["resourceVersion"] = json!(self.next());
        (200, self.resource.clone())
    }

    fn scale(&mut self, name: &str, body: &Value) -> Option<(u16, Value)> {
        if self.restless > 0 && self.deployments.contains_key(name) {
            self.restless -= 1;
            let version = self.next();
            self.deployments.get_mut(name)?["metadata"]["resourceVersion"] = json!(version);
        }
        let Some(deployment) = self.deployments.get(name) else { return Some(failure(404, "NotFound")) };
        if body["metadata"]["resourceVersion"] != deployment["metadata"]["resourceVersion"] {
            return Some(failure(409, "Conflict"));
        }
        let replicas = body["spec"]["replicas"].as_u64().unwrap();
        self.scaled.push((name.to_owned(), replicas));
        self.set(name, replicas, "karma");
        let version = self.deployments[name]["metadata"]["resourceVersion"].clone();
        Some((
            200,
            json!({ "metadata": { "name": name, "resourceVersion": version }, "spec": { "replicas": replicas } }),
        ))
    }

    /// As many ready pods as a Deployment asks for.
    fn pods(&self) -> Vec<Value> {
        let mut pods = Vec::new();
        for (name, deployment) in &self.deployments {
            for number in 0..deployment["spec"]["replicas"].as_u64().unwrap() {
                pods.push(json!({ "metadata": { "name": format!("{name}-{number}"), "uid": format!("{number}"),
                                                "labels": { "app": name } },
                    "spec": { "containers": [{ "name": "a", "resources": { "requests": { "cpu": "200m", "memory": "64Mi" } } }] },
                    "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] } }));
            }
        }
        pods
    }

    fn used(&self) -> Vec<Value> {
        let sampled = Timestamp::from_second(BEGINNING + self.later - 2).unwrap().to_string();
        let of = |pod: &Value| {
            json!({ "metadata": { "name": pod["metadata"]["name"] }, "timestamp": sampled, "window": "15s",
                    "containers": [{ "name": "a", "usage": { "cpu": "50m", "memory": "32Mi" } }] })
        };
        self.pods().iter().map(of).collect()
    }
}

/// Wishes one replica more for each service.
struct OneMore;

impl Autoscaler for OneMore {
    fn name(&self) -> &'static str {
        "one more"
    }

    fn reset(&mut self) {}

    fn decide(&mut self, snapshot: &Snapshot, _rng: &mut StreamRng) -> Decision {
        let target =
            |service: &karma_core::ServiceSnapshot| Target::new(Replicas(service.desired.0 + 1), "more");
        Decision { targets: snapshot.services.map(target) }
    }
}

impl Fallback for OneMore {
    fn memory(&self) -> Value {
        Value::Null
    }

    fn recall(&mut self, _memory: Value) -> Result<(), String> {
        Ok(())
    }
}

struct Loader;

impl PolicyLoader for Loader {
    fn load(&self, bytes: &[u8]) -> Result<LoadedPolicy, String> {
        if bytes != POLICY {
            return Err("no policy".to_owned());
        }
        let text = r#"{ "services": {
            "api": { "cpu": 200, "ram": 64, "computation_throughput": 100, "max_replicas": 8 },
            "auth": { "cpu": 200, "ram": 64, "computation_throughput": 100, "max_replicas": 8 } },
            "connections": [{ "source": "INPUT", "destination": "api" }, { "source": "api", "destination": "auth" }] }"#;
        let topology = Arc::new(Topology::read(text.as_bytes()).map_err(|error| error.to_string())?);
        Ok(LoadedPolicy { topology, period: Seconds(15.0), agents: Box::new(OneMore), alarm: None })
    }

    fn fallback(&self, _topology: &Topology, spec: &FallbackSpec) -> Result<Box<dyn Fallback>, String> {
        match &spec.behavior {
            Some(behavior) => Err(format!("behavior {behavior}")),
            None => Ok(Box::new(OneMore)),
        }
    }
}
