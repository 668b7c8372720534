//! A plan as files: a Kustomize base that `kubectl apply -k` takes.
//!
//! One file for each service and one for the namespace, so that a change to a service is a change to one file. The
//! same plan gives the same bytes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value, json};

use super::plan::{Plan, Workload};

const NAMESPACE_FILE: &str = "namespace.yaml";

/// Why a plan cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{place} cannot be written as YAML")]
pub struct ManifestError {
    /// The object.
    pub place: String,
    /// Why.
    #[source]
    pub source: serde_saphyr::ser::Error,
}

/// The base as relative path → content: `kustomization.yaml`, `namespace.yaml`, `services/NAME.yaml`.
///
/// `ServiceMonitors` are in it if the plan has them; a cluster without Prometheus' operator refuses them.
///
/// ```
/// use karma_testbed::deploy::{DeployParams, Plan, manifests};
///
/// let topology = karma_mock::topologies::by_name("chain4").unwrap();
/// let plan = Plan::of(&topology, &DeployParams::default(), None)?;
/// let files = manifests(&plan)?;
/// assert_eq!(files.len(), 6);
/// assert!(files["services/api.yaml".as_ref() as &std::path::Path].contains("kind: Deployment"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If an object cannot be written, which no checked plan is known to cause.
pub fn manifests(plan: &Plan) -> Result<BTreeMap<PathBuf, String>, ManifestError> {
    let mut files = BTreeMap::new();
    files.insert("kustomization.yaml".into(), yaml("kustomization.yaml", &kustomization(plan))?);
    files.insert(NAMESPACE_FILE.into(), yaml(NAMESPACE_FILE, plan.namespace())?);
    for workload in plan.workloads() {
        files.insert(file(workload).into(), documents(workload)?);
    }
    Ok(files)
}

fn file(workload: &Workload) -> String {
    format!("services/{}.yaml", workload.name)
}

fn kustomization(plan: &Plan) -> Value {
    let mut resources = vec![NAMESPACE_FILE.to_owned()];
    resources.extend(plan.workloads().iter().map(file));
    json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
    })
}

/// The objects of a service in the order in which they are created.
fn documents(workload: &Workload) -> Result<String, ManifestError> {
    let place = &workload.name;
    let mut documents = vec![yaml(place, &workload.service)?, yaml(place, &workload.deployment)?];
    documents
        .extend(workload.autoscaler.iter().map(|object| yaml(place, object)).collect::<Result<Vec<_>, _>>()?);
    documents
        .extend(workload.monitor.iter().map(|object| yaml(place, object)).collect::<Result<Vec<_>, _>>()?);
    Ok(documents.join("---\n"))
}

fn yaml<T: Serialize>(place: &str, object: &T) -> Result<String, ManifestError> {
    serde_saphyr::to_string(object).map_err(|source| ManifestError { place: place.to_owned(), source })
}
