//! The objects of one service, and the labels by which they are found again.

pub(super) mod autoscaler;
pub(super) mod deployment;
pub(super) mod monitor;
pub(super) mod namespace;
pub(super) mod service;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// Label of everything that this project creates, and the field manager that applies it.
pub const MANAGER: &str = "karma-lab";
/// Label key of [`MANAGER`].
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Label key of a service's name.
pub const NAME: &str = "app.kubernetes.io/name";
/// Label key of what a service belongs to.
pub const PART_OF: &str = "app.kubernetes.io/part-of";

/// Selects what this project created.
pub fn managed_selector() -> String {
    format!("{MANAGED_BY}={MANAGER}")
}

/// Labels of everything that belongs to the service called `name`.
pub(super) fn labels(name: &str) -> BTreeMap<String, String> {
    [(NAME, name), (PART_OF, "karma"), (MANAGED_BY, MANAGER)]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// What finds the pods of a service: never changes over its life.
pub(super) fn selector(name: &str) -> BTreeMap<String, String> {
    [(NAME, name), (PART_OF, "karma")].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

pub(super) fn metadata(namespace: &str, name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()),
        labels: Some(labels(name)),
        ..ObjectMeta::default()
    }
}

/// A count as Kubernetes types it; checked counts are far below the limit.
pub(super) fn int(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
