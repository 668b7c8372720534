//! Who else scales the Deployments: `HorizontalPodAutoscaler`s, and KEDA's `ScaledObject`s.
//!
//! Two autoscalers on one Deployment fight without an error anywhere: each sets the count back that the other one set.
//! So these are looked for, and a Deployment that has one is left to it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client, ResourceExt as _};

use super::error::ApplyError;
use super::request::{Answer, Call, ask};
use crate::observe::Scope;

/// KEDA's annotation that pauses a `ScaledObject` at the count it has.
pub(super) const PAUSED: &str = "autoscaling.keda.sh/paused";
/// KEDA's annotation that holds a `ScaledObject` at a count; it goes before the other one.
pub(super) const HELD: &str = "autoscaling.keda.sh/paused-replicas";
/// KEDA's kind.
const SCALED_OBJECT: &str = "ScaledObject";
/// KEDA's group.
const KEDA: &str = "keda.sh";

/// Another autoscaler of a Deployment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The Deployment that it scales.
    pub deployment: String,
    /// Its kind.
    pub kind: OwnerKind,
    /// Its name.
    pub name: String,
}

/// Kinds of autoscalers that are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnerKind {
    /// Kubernetes' own.
    HorizontalPodAutoscaler,
    /// KEDA's.
    ScaledObject,
}

impl fmt::Display for OwnerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HorizontalPodAutoscaler => "HorizontalPodAutoscaler",
            Self::ScaledObject => SCALED_OBJECT,
        })
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// The other autoscalers of a scope's Deployments, in the order of their Deployments' names. Where KEDA is not installed
/// there are no `ScaledObject`s. RBAC: `list` of `horizontalpodautoscalers.autoscaling` and of `scaledobjects.keda.sh`.
///
/// # Errors
/// No answer, or a refusal.
pub async fn owners(client: &Client, scope: &Scope, patience: Duration) -> Result<Vec<Owner>, ApplyError> {
    let namespace = scope.namespace();
    let all = ListParams::default();
    let call = |resource| Call { verb: "list", resource, name: "", namespace };
    let (hpa_call, keda_call) = (call("horizontalpodautoscalers"), call("scaledobjects.keda.sh"));
    let hpas: Api<HorizontalPodAutoscaler> = Api::namespaced(client.clone(), namespace);
    let scaled = scaled_objects(client, namespace);
    let (hpas, scaled) =
        tokio::join!(ask(hpa_call, patience, hpas.list(&all)), ask(keda_call, patience, scaled.list(&all)));
    let hpas = listed(hpa_call, hpas?)?;
    let scaled = listed(keda_call, scaled?)?;
    Ok(owners_among(&hpas, &scaled, scope))
}

fn listed<K: Clone>(call: Call<'_>, answer: Answer<kube::core::ObjectList<K>>) -> Result<Vec<K>, ApplyError> {
    match answer {
        Answer::Is(list) => Ok(list.items),
        Answer::Absent => Ok(Vec::new()),
        Answer::Conflict => Err(call.refused_as_conflict()),
    }
}

/// Those of these autoscalers that scale a Deployment of the scope. A `HorizontalPodAutoscaler` that KEDA made stands for
/// its `ScaledObject`; a `ScaledObject` that is paused, and has none any more, does not count.
pub fn owners_among(
    hpas: &[HorizontalPodAutoscaler],
    scaled_objects: &[DynamicObject],
    scope: &Scope,
) -> Vec<Owner> {
    let of_hpa = |hpa: &HorizontalPodAutoscaler| {
        let target = &hpa.spec.scale_target_ref;
        let deployment = deployment(target.api_version.as_deref(), &target.kind, &target.name)?;
        Some(match made_by(hpa.owner_references()) {
            Some(name) => Owner { deployment, kind: OwnerKind::ScaledObject, name },
            None => Owner { deployment, kind: OwnerKind::HorizontalPodAutoscaler, name: hpa.name_any() },
        })
    };
    let of_keda = |object: &DynamicObject| {
        let target = object.data.pointer("/spec/scaleTargetRef")?;
        let text = |field: &str| target.get(field).and_then(|value| value.as_str());
        let kind = text("kind").filter(|kind| !kind.is_empty()).unwrap_or("Deployment");
        let deployment = deployment(text("apiVersion"), kind, text("name")?)?;
        Some(Owner { deployment, kind: OwnerKind::ScaledObject, name: object.name_any() })
    };
    let active = scaled_objects.iter().filter(|object| !is_paused(object));
    let found: BTreeSet<Owner> = hpas.iter().filter_map(of_hpa).chain(active.filter_map(of_keda)).collect();
    found.into_iter().filter(|owner| scope.position(&owner.deployment).is_some()).collect()
}

/// The `ScaledObject`s of a namespace.
pub(super) fn scaled_objects(client: &Client, namespace: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk(KEDA, "v1alpha1", SCALED_OBJECT);
    Api::namespaced_with(
        client.clone(),
        namespace,
        &ApiResource::from_gvk_with_plural(&kind, "scaledobjects"),
    )
}

/// The `ScaledObject` that a `HorizontalPodAutoscaler` was made for.
pub(super) fn made_by(
    references: &[k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference],
) -> Option<String> {
    let keda = |version: &str| version.split_once('/').is_some_and(|(group, _)| group == KEDA);
    let reference = references.iter().find(|of| of.kind == SCALED_OBJECT && keda(&of.api_version));
    reference.map(|of| of.name.clone())
}

/// Whether KEDA leaves the target of a `ScaledObject` alone. KEDA takes other values for true as well; in doubt it is
/// active here.
pub(super) fn is_paused(object: &DynamicObject) -> bool {
    let annotations = object.annotations();
    annotations.get(PAUSED).is_some_and(|value| value == "true") && !annotations.contains_key(HELD)
}

/// The name of a target that is a Deployment; both kinds of autoscalers take `apps/v1` where no version is given.
fn deployment(api_version: Option<&str>, kind: &str, name: &str) -> Option<String> {
    let version = api_version.unwrap_or_default();
    let ours = version.is_empty() || version.starts_with("apps/");
    (ours && kind == "Deployment").then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn hpa(name: &str, target: &Value, owner: Option<&str>) -> HorizontalPodAutoscaler {
        let references: Vec<Value> = owner
            .map(|owner| json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": owner, "uid": "1" }))
            .into_iter()
            .collect();
        serde_json::from_value(json!({
            "metadata": { "name": name, "ownerReferences": references },
            "spec": { "maxReplicas": 3, "scaleTargetRef": target },
        }))
        .unwrap()
    }

    fn scaled(name: &str, target: &Value, annotations: &Value) -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
            "metadata": { "name": name, "annotations": annotations },
            "spec": { "scaleTargetRef": target },
        }))
        .unwrap()
    }

    fn said(hpas: &[HorizontalPodAutoscaler], scaled: &[DynamicObject]) -> Vec<String> {
        let scope = Scope::new("shop", vec!["api".to_owned(), "auth".to_owned()]).unwrap();
        let owners = owners_among(hpas, scaled, &scope);
        owners.iter().map(|owner| format!("{}: {owner}", owner.deployment)).collect()
    }

    #[test]
    fn only_targets_that_are_deployments_of_the_scope_count() {
        let target = |version: &str, kind: &str, name: &str| json!({ "apiVersion": version, "kind": kind, "name": name });
        let hpas = [
            hpa("a", &target("apps/v1", "Deployment", "auth"), None),
            hpa("b", &target("apps/v1", "StatefulSet", "api"), None),
            hpa("c", &target("argoproj.io/v1alpha1", "Deployment", "api"), None),
            hpa("d", &target("apps/v1", "Deployment", "other"), None),
        ];
        assert_eq!(said(&hpas, &[]), ["auth: HorizontalPodAutoscaler a"]);
    }

    #[test]
    fn an_autoscaler_that_keda_made_is_reported_once_as_its_scaled_object() {
        let target = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "api" });
        let hpas = [hpa("keda-hpa-queue", &target, Some("queue"))];
        let objects = [scaled("queue", &json!({ "name": "api" }), &json!({}))];
        assert_eq!(said(&hpas, &objects), ["api: ScaledObject queue"]);
        let job = scaled("queue", &json!({ "name": "api", "kind": "StatefulSet" }), &json!({}));
        assert!(said(&[], &[job]).is_empty());
    }

    #[test]
    fn a_scaled_object_is_paused_only_when_it_is_and_its_autoscaler_is_gone() {
        let target = json!({ "name": "api" });
        let paused = [scaled("queue", &target, &json!({ PAUSED: "true" }))];
        assert!(said(&[], &paused).is_empty());
        let full = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "api" });
        assert_eq!(
            said(&[hpa("keda-hpa-queue", &full, Some("queue"))], &paused),
            ["api: ScaledObject queue"]
        );
        for annotations in
            [json!({ PAUSED: "false" }), json!({ PAUSED: "true", HELD: "4" }), json!({ HELD: "4" })]
        {
            assert_eq!(said(&[], &[scaled("queue", &target, &annotations)]).len(), 1, "{annotations}");
        }
    }
}
