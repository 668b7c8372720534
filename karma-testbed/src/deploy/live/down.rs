//! Takes a deployment down.

use std::fmt;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Namespace, PersistentVolumeClaim, Pod, Service};
use kube::api::{DeleteParams, ListParams};
use kube::core::{DynamicObject, NamespaceResourceScope};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use super::error::{LiveError, is_absent};
use super::up::knows_monitors;
use super::{Owner, Patience, owner, ready};
use crate::deploy::object::{MANAGED_BY, MANAGER, managed_selector, monitor};

/// How a deployment went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Down {
    /// Nothing was there.
    Nothing,
    /// Everything is gone, the namespace too.
    Gone,
    /// What is ours is gone. The namespace stays, for it holds these, which are not ours.
    NamespaceKept(Vec<String>),
}

/// Removes everything of ours from `namespace`, then the namespace, and waits until it is gone.
///
/// It may be called on what came up only in part, and again.
///
/// # Guarantees
/// Only what carries our label is deleted. A namespace that somebody else made is not touched at all; one of ours in
/// which somebody put Deployments, Services, volume claims or pods is kept with them.
///
/// # Errors
/// [`LiveError::ForeignNamespace`], [`LiveError::NotGone`] after the deadline, or [`LiveError::Api`].
pub async fn down(client: &Client, namespace: &str, patience: Patience) -> Result<Down, LiveError> {
    match owner(client, namespace).await? {
        Owner::Nobody => return Ok(Down::Nothing),
        Owner::UsLeaving => {}
        Owner::Us => {
            delete_objects(client, namespace).await?;
            let foreign = foreign(client, namespace).await?;
            if !foreign.is_empty() {
                pods_gone(client, namespace, patience).await?;
                return Ok(Down::NamespaceKept(foreign));
            }
            delete_namespace(client, namespace).await?;
        }
    }
    namespace_gone(client, namespace, patience).await?;
    Ok(Down::Gone)
}

/// Autoscalers first, so that none brings a pod back.
async fn delete_objects(client: &Client, namespace: &str) -> Result<(), LiveError> {
    let client = || client.clone();
    delete::<HorizontalPodAutoscaler>(&Api::namespaced(client(), namespace), "HorizontalPodAutoscalers")
        .await?;
    if knows_monitors(&client()).await? {
        let api = Api::<DynamicObject>::namespaced_with(client(), namespace, &monitor::resource());
        delete(&api, "ServiceMonitors").await?;
    }
    delete::<Deployment>(&Api::namespaced(client(), namespace), "Deployments").await?;
    delete::<Service>(&Api::namespaced(client(), namespace), "Services").await
}

async fn delete<K>(api: &Api<K>, kind: &str) -> Result<(), LiveError>
where
    K: Clone + DeserializeOwned + fmt::Debug,
{
    let ours = ListParams::default().labels(&managed_selector());
    match api.delete_collection(&DeleteParams::background(), &ours).await {
        Err(error) if !is_absent(&error) => Err(LiveError::doing(format!("deleting {kind}"))(error)),
        _ => Ok(()),
    }
}

async fn delete_namespace(client: &Client, name: &str) -> Result<(), LiveError> {
    let api: Api<Namespace> = Api::all(client.clone());
    match api.delete(name, &DeleteParams::default()).await {
        Err(error) if !is_absent(&error) => {
            Err(LiveError::doing(format!("deleting the namespace {name}"))(error))
        }
        _ => Ok(()),
    }
}

/// What somebody else keeps in our namespace.
async fn foreign(client: &Client, namespace: &str) -> Result<Vec<String>, LiveError> {
    let mut found = not_ours::<Deployment>(client, namespace, "Deployment").await?;
    found.extend(not_ours::<Service>(client, namespace, "Service").await?);
    found.extend(not_ours::<PersistentVolumeClaim>(client, namespace, "PersistentVolumeClaim").await?);
    found.extend(not_ours::<Pod>(client, namespace, "Pod").await?);
    Ok(found)
}

async fn not_ours<K>(client: &Client, namespace: &str, kind: &str) -> Result<Vec<String>, LiveError>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + fmt::Debug,
{
    let api: Api<K> = Api::namespaced(client.clone(), namespace);
    let others = ListParams::default().labels(&format!("{MANAGED_BY}!={MANAGER}"));
    let list = api.list(&others).await.map_err(LiveError::reading("what is not ours"))?;
    Ok(list.items.iter().map(|object| format!("{kind} {}", object.name_any())).collect())
}

async fn pods_gone(client: &Client, namespace: &str, patience: Patience) -> Result<(), LiveError> {
    let start = Instant::now();
    loop {
        let left = ready::pods(client, namespace).await?.len();
        if left == 0 {
            return Ok(());
        }
        if start.elapsed() >= patience.deadline {
            let what = format!("{left} pods in namespace {namespace}");
            return Err(LiveError::NotGone { what, after: start.elapsed() });
        }
        sleep(patience.poll).await;
    }
}

async fn namespace_gone(client: &Client, name: &str, patience: Patience) -> Result<(), LiveError> {
    let start = Instant::now();
    let api: Api<Namespace> = Api::all(client.clone());
    while api.get_opt(name).await.map_err(LiveError::reading("the namespace"))?.is_some() {
        if start.elapsed() >= patience.deadline {
            let what = format!("the namespace {name}");
            return Err(LiveError::NotGone { what, after: start.elapsed() });
        }
        sleep(patience.poll).await;
    }
    Ok(())
}
