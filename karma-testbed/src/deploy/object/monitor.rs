//! The `ServiceMonitor` by which Prometheus' operator scrapes a service.

use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use serde_json::json;

use super::service::ADMIN;
use super::{metadata, selector};

/// Seconds between scrapes: the simulated cluster's.
const INTERVAL: &str = "15s";

/// The kind, which only clusters with Prometheus' operator know.
pub(in crate::deploy) fn resource() -> ApiResource {
    let kind = GroupVersionKind::gvk("monitoring.coreos.com", "v1", "ServiceMonitor");
    ApiResource::from_gvk_with_plural(&kind, "servicemonitors")
}

pub(in crate::deploy) fn monitor(namespace: &str, name: &str) -> DynamicObject {
    let mut object = DynamicObject::new(name, &resource()).data(json!({
        "spec": {
            "endpoints": [{ "interval": INTERVAL, "path": "/metrics", "port": ADMIN }],
            "selector": { "matchLabels": selector(name) },
        },
    }));
    object.metadata = metadata(namespace, name);
    object
}
