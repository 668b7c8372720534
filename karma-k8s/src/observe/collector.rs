//! One collection: everything that a decision needs, asked for at once.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use karma_core::{Seconds, Topology};
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt as _};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::assemble::{Answered, Collected, Observed};
use super::error::{ObserveError, ScopeError};
use super::prometheus::Prometheus;
use super::queries::{Queries, Question};
use super::scope::Scope;
use super::usage::pod_use;
use super::workload::{PodUse, Workload};

/// Longest wait for the API server.
const PATIENCE: Duration = Duration::from_secs(5);

/// Observes the Deployments of a topology.
#[derive(Clone)]
pub struct Collector {
    client: Client,
    prometheus: Option<Prometheus>,
    topology: Arc<Topology>,
    scope: Scope,
    queries: Arc<Queries>,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl Collector {
    /// A collector of the Deployments in `namespace` that are called as the topology's services. Without Prometheus there
    /// are objects and metrics-server's CPU and memory alone.
    ///
    /// # Errors
    /// A name is none of Kubernetes.
    pub fn new(
        client: Client,
        prometheus: Option<Prometheus>,
        topology: Arc<Topology>,
        namespace: &str,
        queries: Queries,
    ) -> Result<Self, ScopeError> {
        let names = topology.services.iter().map(|service| service.name.clone()).collect();
        let scope = Scope::new(namespace, names)?;
        Ok(Self { client, prometheus, topology, scope, queries: Arc::new(queries) })
    }

    /// Everything at `now`, seconds since 1970, `interval` after the collection before. All questions are under way at the
    /// same time: three to the API server, and one to Prometheus for each metric and each source, whatever the number of
    /// Deployments.
    ///
    /// # Errors
    /// The API server does not say which Deployments and pods there are, or a Deployment is gone. Whatever else fails is
    /// missing in the snapshot.
    pub async fn collect(&self, now: Seconds, interval: Seconds) -> Result<Observed, ObserveError> {
        Ok(self.collect_with_objects(now, interval).await?.0)
    }

    /// The same, with the Deployments as they were read, in the scope's order: a write that follows from what was observed must
    /// name their versions.
    ///
    /// # Errors
    /// As [`Collector::collect`].
    pub async fn collect_with_objects(
        &self,
        now: Seconds,
        interval: Seconds,
    ) -> Result<(Observed, Vec<Deployment>), ObserveError> {
        let (deployments, pods, used, answers) =
            tokio::join!(self.deployments(), self.pods(), self.used(), self.answers(now));
        let (deployments, pods) = (deployments?, pods?);
        let workloads = self.workloads(&deployments, &pods, &used)?;
        let collected = Collected { now, workloads: &workloads, answers: &answers, interval };
        let observed = collected.assemble(&self.topology, &self.scope, &self.queries);
        Ok((observed, self.in_order(deployments)))
    }

    /// The scope, which is in the topology's order.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    fn in_order(&self, deployments: Vec<Deployment>) -> Vec<Deployment> {
        let mut own: Vec<(usize, Deployment)> = deployments
            .into_iter()
            .filter_map(|deployment| Some((self.scope.position(&deployment.name_any())?, deployment)))
            .collect();
        own.sort_by_key(|(position, _)| *position);
        own.into_iter().map(|(_, deployment)| deployment).collect()
    }

    fn workloads(
        &self,
        deployments: &[Deployment],
        pods: &[Pod],
        used: &BTreeMap<String, PodUse>,
    ) -> Result<Vec<Workload>, ObserveError> {
        let named: BTreeMap<String, &Deployment> =
            deployments.iter().map(|deployment| (deployment.name_any(), deployment)).collect();
        let gone: Vec<&str> = self
            .scope
            .deployments()
            .iter()
            .map(String::as_str)
            .filter(|name| !named.contains_key(*name))
            .collect();
        if !gone.is_empty() {
            return Err(ObserveError::Gone {
                namespace: self.scope.namespace().to_owned(),
                names: gone.join(", "),
            });
        }
        let workload = |name: &String| Some(Workload::new(named.get(name)?, pods, used));
        Ok(self.scope.deployments().iter().filter_map(workload).collect())
    }

    async fn deployments(&self) -> Result<Vec<Deployment>, ObserveError> {
        let api: Api<Deployment> = Api::namespaced(self.client.clone(), self.scope.namespace());
        let list = api_server("Deployments", api.list(&ListParams::default())).await?;
        Ok(list.items)
    }

    async fn pods(&self) -> Result<Vec<Pod>, ObserveError> {
        let api: Api<Pod> = Api::namespaced(self.client.clone(), self.scope.namespace());
        let list = api_server("pods", api.list(&ListParams::default())).await?;
        Ok(list.items)
    }

    /// What metrics-server says; nothing if it is not there.
    async fn used(&self) -> BTreeMap<String, PodUse> {
        let path = format!("/apis/metrics.k8s.io/v1beta1/namespaces/{}/pods", self.scope.namespace());
        let Ok(request) = Request::get(path).body(Vec::new()) else { return BTreeMap::new() };
        let text = api_server("the use of pods", self.client.request_text(request)).await;
        text.ok().and_then(|text| pod_use(text.as_bytes()).ok()).unwrap_or_default()
    }

    async fn answers(&self, now: Seconds) -> Vec<Answered> {
        let Some(prometheus) = &self.prometheus else { return Vec::new() };
        let mut asked = JoinSet::new();
        for (number, Question { source, asked: what, promql }) in self.queries.ask(&self.scope).enumerate() {
            let (prometheus, source) = (prometheus.clone(), source.to_owned());
            asked.spawn(async move {
                let samples = prometheus.ask(&promql, now).await.map_err(|error| in_words(&error));
                (number, Answered { source, asked: what, samples })
            });
        }
        let mut answers = asked.join_all().await;
        answers.sort_by_key(|(number, _)| *number);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }
}

/// A request to the API server, given up after a while.
async fn api_server<T>(
    what: &'static str,
    request: impl Future<Output = kube::Result<T>>,
) -> Result<T, ObserveError> {
    match timeout(PATIENCE, request).await {
        Ok(answer) => answer.map_err(|source| ObserveError::Api { what, source }),
        Err(_) => Err(ObserveError::Silent { what, seconds: PATIENCE.as_secs_f64() }),
    }
}

/// An error with its causes.
fn in_words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}
