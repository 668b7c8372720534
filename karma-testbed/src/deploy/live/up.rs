//! Brings a topology up.

use std::fmt;

use karma_core::Topology;
use kube::api::{Patch, PatchParams};
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{LiveError, is_absent};
use super::{Owner, Patience, capacity, owner, ready};
use crate::deploy::object::{MANAGER, monitor};
use crate::deploy::params::DeployParams;
use crate::deploy::plan::Plan;

/// What [`up`] is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// An object was applied.
    Applied {
        /// Such as "Deployment".
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// `ServiceMonitors` were left out: the cluster does not know them.
    NoMonitors,
    /// So many pods are ready.
    Ready {
        /// Pods that are.
        ready: u64,
        /// Pods that should be.
        desired: u64,
    },
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Applied { kind, name } => write!(f, "{kind} {name} applied"),
            Self::NoMonitors => f.write_str("no ServiceMonitors: the cluster has no Prometheus operator"),
            Self::Ready { ready, desired } => write!(f, "{ready} of {desired} pods ready"),
        }
    }
}

/// A deployment that is up.
#[derive(Clone, Debug, PartialEq)]
pub struct Up {
    /// What was applied.
    pub plan: Plan,
    /// Its pods, all ready.
    pub pods: u64,
}

/// Deploys `topology` and waits until all its pods are ready.
///
/// # Flow
/// Read the cluster's room, check everything, look whose the namespace is; only then create. Services come before
/// Deployments, because a pod learns the addresses of Services when it starts and never again.
///
/// # Guarantees
/// * A topology that cannot be deployed creates nothing, and every reason is said.
/// * It may be called again: objects are applied (server-side, as `karma-lab`), not created. Replicas go back to the
///   start then, whatever an autoscaler had made of them.
/// * When pods are not ready in time, what was created stays, to be looked at; [`down`](super::down) removes it.
///
/// # Errors
/// [`LiveError::Refused`], [`LiveError::ForeignNamespace`] and [`LiveError::Leaving`] before anything is created;
/// [`LiveError::NotReady`] with the reason of each pod; [`LiveError::Api`] if the API server refuses something.
pub async fn up(
    client: &Client,
    topology: &Topology,
    params: &DeployParams,
    patience: Patience,
    mut progress: impl FnMut(Progress),
) -> Result<Up, LiveError> {
    let room = capacity(client, &params.namespace).await?;
    let plan = Plan::of(topology, params, room.as_ref())?;
    if let Owner::UsLeaving = owner(client, plan.namespace_name()).await? {
        return Err(LiveError::Leaving { name: plan.namespace_name().to_owned() });
    }
    apply_all(client, &plan, &mut progress).await?;
    let seen = |count: ready::Count| progress(Progress::Ready { ready: count.ready, desired: count.desired });
    let count = ready::all_ready(client, &params.namespace, patience, seen).await?;
    Ok(Up { plan, pods: count.ready })
}

async fn apply_all(
    client: &Client,
    plan: &Plan,
    progress: &mut impl FnMut(Progress),
) -> Result<(), LiveError> {
    apply(&Api::all(client.clone()), plan.namespace(), "Namespace", progress).await?;
    let workloads = plan.workloads();
    let namespace = plan.namespace_name();
    for workload in workloads {
        apply(&in_namespace(client, namespace), &workload.service, "Service", progress).await?;
    }
    for workload in workloads {
        apply(&in_namespace(client, namespace), &workload.deployment, "Deployment", progress).await?;
    }
    for autoscaler in workloads.iter().filter_map(|workload| workload.autoscaler.as_ref()) {
        apply(&in_namespace(client, namespace), autoscaler, "HorizontalPodAutoscaler", progress).await?;
    }
    apply_monitors(client, plan, progress).await
}

async fn apply_monitors(
    client: &Client,
    plan: &Plan,
    progress: &mut impl FnMut(Progress),
) -> Result<(), LiveError> {
    let mut monitors = plan.workloads().iter().filter_map(|workload| workload.monitor.as_ref()).peekable();
    if monitors.peek().is_none() {
        return Ok(());
    }
    if !knows_monitors(client).await? {
        progress(Progress::NoMonitors);
        return Ok(());
    }
    let api = Api::namespaced_with(client.clone(), plan.namespace_name(), &monitor::resource());
    for object in monitors {
        apply(&api, object, "ServiceMonitor", progress).await?;
    }
    Ok(())
}

/// Whether the cluster has Prometheus' operator.
pub(super) async fn knows_monitors(client: &Client) -> Result<bool, LiveError> {
    let resource = monitor::resource();
    match client.list_api_group_resources(&resource.api_version).await {
        Ok(list) => Ok(list.resources.iter().any(|of| of.name == resource.plural)),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(LiveError::reading("the kinds that the cluster knows")(error)),
    }
}

fn in_namespace<K>(client: &Client, namespace: &str) -> Api<K>
where
    K: Resource<Scope = NamespaceResourceScope>,
    K::DynamicType: Default,
{
    Api::namespaced(client.clone(), namespace)
}

async fn apply<K>(
    api: &Api<K>,
    object: &K,
    kind: &'static str,
    progress: &mut impl FnMut(Progress),
) -> Result<(), LiveError>
where
    K: Resource + Clone + Serialize + DeserializeOwned + fmt::Debug,
{
    let name = object.name_any();
    let parameters = PatchParams::apply(MANAGER).force();
    let applied = api.patch(&name, &parameters, &Patch::Apply(object)).await;
    applied.map_err(LiveError::doing(format!("applying {kind} {name}")))?;
    progress(Progress::Applied { kind, name });
    Ok(())
}
