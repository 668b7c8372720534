//! The namespace that holds everything.

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{MANAGED_BY, MANAGER, PART_OF};

/// Pods in it obey the strictest of Kubernetes' pod security standards if they ask for seccomp, as that demands.
pub(in crate::deploy) fn namespace(name: &str, seccomp: bool) -> Namespace {
    let level = if seccomp { "restricted" } else { "baseline" };
    let labels = [(PART_OF, "karma"), (MANAGED_BY, MANAGER), ("pod-security.kubernetes.io/enforce", level)];
    Namespace {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
            ..ObjectMeta::default()
        },
        ..Namespace::default()
    }
}
