//! How many replicas a Deployment has, at which version, and who set them.

use std::fmt;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v1::Scale;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use karma_core::Replicas;
use kube::ResourceExt as _;

use super::scaler::FIELD_MANAGER;

/// What a decision starts from, and its write refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaleSeen {
    /// Replicas that the specification asks for.
    pub replicas: Replicas,
    /// The version of the Deployment; its scale has the same.
    pub resource_version: String,
    /// Who set the replicas; nobody if nobody did, or if it was not asked.
    pub writer: Option<Writer>,
}

/// Who owns a field, as `managedFields` names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// The field manager.
    pub manager: String,
    /// `Apply` or `Update`.
    pub operation: String,
    /// The subresource, such as `scale`; empty for the object itself.
    pub subresource: String,
}

impl Writer {
    /// Whether this is a [`Scaler`](super::Scaler).
    pub fn is_karma(&self) -> bool {
        self.manager == FIELD_MANAGER && self.operation == "Apply" && self.subresource == "scale"
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { manager, operation, subresource } = self;
        if subresource.is_empty() {
            write!(f, "{manager} ({operation})")
        } else {
            write!(f, "{manager} ({operation} of {subresource})")
        }
    }
}

impl ScaleSeen {
    /// What a Deployment says of its scale; nothing if the API server gave it no version. Kubernetes' default is one
    /// replica.
    ///
    /// The writer is whoever owns `spec.replicas` in `metadata.managedFields`. Several may, if they set the same count:
    /// then it is the one whose entry is the newest. An entry has one time for all its fields, so among several owners
    /// this may be one that lately set something else.
    pub fn of(deployment: &Deployment) -> Option<Self> {
        let replicas = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
        let mut owners: Vec<&ManagedFieldsEntry> =
            deployment.managed_fields().iter().filter(|entry| sets_replicas(entry)).collect();
        owners.sort_by(|a, b| a.time.cmp(&b.time));
        let resource_version = deployment.resource_version()?;
        Some(Self {
            replicas: count(replicas),
            resource_version,
            writer: owners.last().map(|entry| writer(entry)),
        })
    }

    /// What a scale says; it does not say who set it.
    pub(super) fn of_scale(scale: Scale) -> Option<Self> {
        let replicas = scale.spec.and_then(|spec| spec.replicas).unwrap_or(0);
        let resource_version = scale.metadata.resource_version?;
        Some(Self { replicas: count(replicas), resource_version, writer: None })
    }
}

fn count(replicas: i32) -> Replicas {
    Replicas(u32::try_from(replicas).unwrap_or(0))
}

fn sets_replicas(entry: &ManagedFieldsEntry) -> bool {
    entry.fields_v1.as_ref().is_some_and(|fields| fields.0.pointer("/f:spec/f:replicas").is_some())
}

fn writer(entry: &ManagedFieldsEntry) -> Writer {
    Writer {
        manager: entry.manager.clone().unwrap_or_default(),
        operation: entry.operation.clone().unwrap_or_default(),
        subresource: entry.subresource.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn entry(manager: &str, subresource: &str, time: &str, fields: &Value) -> Value {
        let mut entry = json!({
            "manager": manager, "operation": if manager == "karma" { "Apply" } else { "Update" },
            "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": fields, "time": time,
        });
        if !subresource.is_empty() {
            entry["subresource"] = json!(subresource);
        }
        entry
    }

    fn seen(fields: &[Value]) -> ScaleSeen {
        let deployment = json!({
            "metadata": { "name": "api", "resourceVersion": "71", "managedFields": fields },
            "spec": { "replicas": 3, "selector": {}, "template": {} },
        });
        ScaleSeen::of(&serde_json::from_value(deployment).unwrap()).unwrap()
    }

    #[test]
    fn the_writer_is_whoever_owns_the_replicas() {
        let replicas = json!({ "f:spec": { "f:replicas": {} } });
        let status = json!({ "f:status": { "f:replicas": {} } });
        let seen = seen(&[
            entry("karma", "scale", "2026-01-01T00:00:00Z", &replicas),
            entry("kube-controller-manager", "status", "2026-01-01T00:00:09Z", &status),
            entry("kubectl-edit", "", "2026-01-01T00:00:10Z", &json!({ "f:spec": { "f:template": {} } })),
        ]);
        assert_eq!((seen.replicas, seen.resource_version.as_str()), (Replicas(3), "71"));
        let writer = seen.writer.unwrap();
        assert!(writer.is_karma());
        assert_eq!(writer.to_string(), "karma (Apply of scale)");
    }

    #[test]
    fn of_two_owners_the_writer_is_the_newer_one() {
        let replicas = json!({ "f:spec": { "f:replicas": {} } });
        let hpa = entry("kube-controller-manager", "scale", "2026-01-01T00:00:05Z", &replicas);
        let seen = seen(&[hpa, entry("karma", "scale", "2026-01-01T00:00:00Z", &replicas)]);
        let writer = seen.writer.unwrap();
        assert!(!writer.is_karma());
        assert_eq!(writer.to_string(), "kube-controller-manager (Update of scale)");
    }

    #[test]
    fn replicas_that_nobody_set_have_no_writer_and_are_one() {
        let deployment =
            json!({ "metadata": { "resourceVersion": "1" }, "spec": { "selector": {}, "template": {} } });
        let seen = ScaleSeen::of(&serde_json::from_value(deployment).unwrap()).unwrap();
        assert_eq!((seen.replicas, seen.writer), (Replicas(1), None));
        assert_eq!(ScaleSeen::of(&Deployment::default()), None, "no version, nothing to refer to");
    }

    #[test]
    fn karma_by_another_way_is_not_us() {
        let replicas = json!({ "f:spec": { "f:replicas": {} } });
        let writer = seen(&[entry("karma", "", "2026-01-01T00:00:00Z", &replicas)]).writer.unwrap();
        assert!(!writer.is_karma());
        assert_eq!(writer.to_string(), "karma (Apply)");
    }
}
