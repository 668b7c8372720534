//! Writes to an API server of a few lines: the exact requests, and what becomes of every kind of answer.

mod common;

use std::time::Duration;

use common::{Fake, NEVER};
use karma_core::Replicas;
use karma_k8s::apply::{
    ApplyError, Outcome, Owner, OwnerKind, Returned, Scaler, Taken, give_back, owners, take_over,
};
use karma_k8s::observe::Scope;
use kube::api::DynamicObject;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(3);
const SCALE: &str = "/apis/apps/v1/namespaces/shop/deployments/api/scale";
const HPAS: &str = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers";
const KEDA: &str = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects";

fn scale(version: &str, replicas: u32) -> Value {
    json!({ "apiVersion": "autoscaling/v1", "kind": "Scale",
            "metadata": { "name": "api", "namespace": "shop", "resourceVersion": version },
            "spec": { "replicas": replicas }, "status": { "replicas": 2 } })
}

fn hpa() -> Value {
    json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": { "name": "web", "namespace": "shop", "uid": "u-1", "resourceVersion": "40", "generation": 2,
                          "creationTimestamp": "2026-01-01T00:00:00Z", "labels": { "team": "a" },
                          "annotations": { "note": "b" }, "managedFields": [{ "manager": "kubectl" }] },
            "spec": { "maxReplicas": 5, "newer": { "field": 1 },
                      "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "api" } },
            "status": { "desiredReplicas": 3 } })
}

fn scaled(annotations: &Value) -> Value {
    json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
            "metadata": { "name": "queue", "namespace": "shop", "uid": "u-2", "resourceVersion": "50",
                          "annotations": annotations },
            "spec": { "scaleTargetRef": { "name": "api" }, "triggers": [] } })
}

fn list(kind: &str, items: &[Value]) -> Value {
    json!({ "kind": kind, "apiVersion": "v1", "metadata": {}, "items": items })
}

fn owner(kind: OwnerKind, name: &str) -> Owner {
    Owner { deployment: "api".to_owned(), kind, name: name.to_owned() }
}

async fn apply(fake: &Fake) -> Result<Outcome, ApplyError> {
    Scaler::new(fake.client(), "shop", PATIENCE).apply("api", "7", Replicas(3)).await
}

#[tokio::test]
async fn a_write_is_one_forced_apply_of_the_replicas_alone_with_the_version_it_was_decided_from() {
    let fake = Fake::default();
    fake.put(&format!("PATCH {SCALE}"), 200, scale("8", 3));
    assert_eq!(apply(&fake).await.unwrap(), Outcome::Applied { resource_version: "8".to_owned() });
    let [asked] = fake.asked().try_into().unwrap();
    assert_eq!(asked.line, format!("PATCH {SCALE}"));
    let query = [("fieldManager", "karma"), ("force", "true")];
    assert_eq!(asked.query, query.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    let metadata = json!({ "name": "api", "namespace": "shop", "resourceVersion": "7" });
    let body = json!({ "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata,
                       "spec": { "replicas": 3 } });
    assert_eq!(asked.body, body);
}

#[tokio::test]
async fn a_rehearsal_asks_that_nothing_is_stored() {
    let fake = Fake::default();
    fake.put(&format!("PATCH {SCALE}"), 200, scale("7", 3));
    let scaler = Scaler::new(fake.client(), "shop", PATIENCE).rehearsing();
    scaler.apply("api", "7", Replicas(3)).await.unwrap();
    assert_eq!(fake.asked()[0].query["dryRun"], "All");
}

#[tokio::test]
async fn every_answer_says_what_was_done() {
    let fake = Fake::default();
    let line = format!("PATCH {SCALE}");
    fake.fail(&line, 409, "Conflict");
    assert_eq!(apply(&fake).await.unwrap(), Outcome::MovedOn);
    fake.fail(&line, 404, "NotFound");
    assert_eq!(apply(&fake).await.unwrap(), Outcome::Gone);
    fake.fail(&line, 403, "Forbidden");
    let said = apply(&fake).await.unwrap_err();
    assert!(!said.is_unknown());
    let words = "this account may not patch deployments/scale api in namespace shop: Forbidden of ";
    assert!(said.to_string().starts_with(words), "{said}");
    fake.fail(&line, 422, "Invalid");
    let words = "the API server refused with status 422 to patch deployments/scale api in namespace shop: ";
    assert!(apply(&fake).await.unwrap_err().to_string().starts_with(words));
    for (status, reason) in [(500, "InternalError"), (504, "Timeout"), (408, "Timeout")] {
        fake.fail(&line, status, reason);
        assert!(apply(&fake).await.unwrap_err().is_unknown(), "{status}");
    }
    fake.put(&line, 200, json!("cut off"));
    assert!(apply(&fake).await.unwrap_err().is_unknown(), "an answer that cannot be read");
}

#[tokio::test(start_paused = true)]
async fn a_write_without_an_answer_is_unknown_and_a_read_is_not() {
    let fake = Fake::default();
    fake.put(&format!("PATCH {SCALE}"), NEVER, Value::Null);
    fake.put(&format!("GET {SCALE}"), NEVER, Value::Null);
    let said = apply(&fake).await.unwrap_err();
    assert!(said.is_unknown());
    let words = "unknown whether the API server carried out: patch deployments/scale api in namespace shop: \
                 no answer within 3 s";
    assert_eq!(said.to_string(), words);
    let said = Scaler::new(fake.client(), "shop", PATIENCE).see("api").await.unwrap_err();
    assert!(!said.is_unknown());
    assert_eq!(said.to_string(), "no answer within 3 s to get deployments/scale api in namespace shop");
}

#[tokio::test]
async fn what_cannot_be_fenced_or_counted_is_not_sent() {
    let fake = Fake::default();
    let scaler = Scaler::new(fake.client(), "shop", PATIENCE);
    let said = scaler.apply("api", "", Replicas(3)).await.unwrap_err();
    assert!(matches!(said, ApplyError::Unfenced { .. }), "{said}");
    let said = scaler.apply("api", "7", Replicas(u32::MAX)).await.unwrap_err();
    assert!(matches!(said, ApplyError::Replicas { .. }), "{said}");
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn a_scale_is_read_with_its_version() {
    let fake = Fake::default();
    let scaler = Scaler::new(fake.client(), "shop", PATIENCE);
    assert_eq!(scaler.see("api").await.unwrap(), None);
    fake.put(&format!("GET {SCALE}"), 200, scale("7", 4));
    let seen = scaler.see("api").await.unwrap().unwrap();
    assert_eq!((seen.replicas, seen.resource_version.as_str(), seen.writer), (Replicas(4), "7", None));
}

#[tokio::test]
async fn other_autoscalers_are_found_with_and_without_keda() {
    let fake = Fake::default();
    let scope = Scope::new("shop", vec!["api".to_owned()]).unwrap();
    fake.put(&format!("GET {HPAS}"), 200, list("HorizontalPodAutoscalerList", &[hpa()]));
    let found = owners(&fake.client(), &scope, PATIENCE).await.unwrap();
    assert_eq!(found, [owner(OwnerKind::HorizontalPodAutoscaler, "web")]);
    fake.put(&format!("GET {KEDA}"), 200, list("ScaledObjectList", &[scaled(&json!({}))]));
    let found = owners(&fake.client(), &scope, PATIENCE).await.unwrap();
    assert_eq!(found.len(), 2);
    fake.fail(&format!("GET {HPAS}"), 403, "Forbidden");
    let said = owners(&fake.client(), &scope, PATIENCE).await.unwrap_err().to_string();
    assert!(
        said.starts_with("this account may not list horizontalpodautoscalers in namespace shop"),
        "{said}"
    );
}

#[tokio::test]
async fn an_autoscaler_is_deleted_after_its_manifest_was_kept_and_made_again_from_it() {
    let fake = Fake::default();
    let (client, web) = (fake.client(), owner(OwnerKind::HorizontalPodAutoscaler, "web"));
    let one = format!("{HPAS}/web");
    fake.put(&format!("GET {one}"), 200, hpa());
    fake.put(
        &format!("DELETE {one}"),
        200,
        json!({ "kind": "Status", "status": "Success", "apiVersion": "v1" }),
    );
    let mut kept = None;
    let keep = |manifest: &DynamicObject| {
        kept = Some(serde_json::to_value(manifest)?);
        Ok(())
    };
    let taken = take_over(&client, "shop", &web, PATIENCE, keep).await.unwrap();
    assert_eq!(taken, Taken::Deleted);
    let body = &fake.asked()[1].body;
    assert_eq!(body["preconditions"], json!({ "uid": "u-1", "resourceVersion": "40" }));
    let mut written = hpa();
    written["metadata"] = json!({ "name": "web", "namespace": "shop", "labels": { "team": "a" },
                                  "annotations": { "note": "b" } });
    written.as_object_mut().unwrap().remove("status");
    assert_eq!(kept, Some(written.clone()));
    fake.put(&format!("POST {HPAS}"), 201, hpa());
    let manifest: DynamicObject = serde_json::from_value(written.clone()).unwrap();
    let returned = give_back(&client, "shop", &web, PATIENCE, Some(&manifest)).await.unwrap();
    assert_eq!(returned, Returned::Created);
    assert_eq!(fake.asked()[0].body, written);
    fake.fail(&format!("POST {HPAS}"), 409, "AlreadyExists");
    let returned = give_back(&client, "shop", &web, PATIENCE, Some(&manifest)).await.unwrap();
    assert_eq!(returned, Returned::Already);
}

#[tokio::test]
async fn an_autoscaler_is_left_alone_if_its_manifest_is_not_kept_or_it_is_kedas_or_it_changed() {
    let fake = Fake::default();
    let (client, web) = (fake.client(), owner(OwnerKind::HorizontalPodAutoscaler, "web"));
    let taken = take_over(&client, "shop", &web, PATIENCE, |_| Ok(())).await.unwrap();
    assert_eq!(taken, Taken::Already, "there is none");
    let one = format!("{HPAS}/web");
    fake.put(&format!("GET {one}"), 200, hpa());
    fake.asked();
    let full = |_: &DynamicObject| Err(std::io::Error::other("disk full"));
    let said = take_over(&client, "shop", &web, PATIENCE, full).await.unwrap_err();
    assert_eq!(
        said.to_string(),
        "the manifest of HorizontalPodAutoscaler web could not be kept, so it was left alone"
    );
    assert_eq!(fake.lines(), [format!("GET {one}")]);
    fake.fail(&format!("DELETE {one}"), 409, "Conflict");
    let said = take_over(&client, "shop", &web, PATIENCE, |_| Ok(())).await.unwrap_err();
    assert!(matches!(said, ApplyError::Changed { .. }), "{said}");
    let mut kedas = hpa();
    kedas["metadata"]["ownerReferences"] =
        json!([{ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "queue", "uid": "u-2" }]);
    fake.put(&format!("GET {one}"), 200, kedas);
    let said = take_over(&client, "shop", &web, PATIENCE, |_| Ok(())).await.unwrap_err();
    assert!(said.to_string().ends_with("was made by ScaledObject queue; take that over instead"), "{said}");
}

#[tokio::test]
async fn an_autoscaler_with_finalizers_still_acts() {
    let fake = Fake::default();
    let one = format!("{HPAS}/web");
    fake.put(&format!("GET {one}"), 200, hpa());
    let mut leaving = hpa();
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    leaving["metadata"]["finalizers"] = json!(["example.org/wait"]);
    fake.put(&format!("DELETE {one}"), 200, leaving);
    let web = owner(OwnerKind::HorizontalPodAutoscaler, "web");
    let taken = take_over(&fake.client(), "shop", &web, PATIENCE, |_| Ok(())).await.unwrap();
    assert_eq!(taken, Taken::Leaving);
}

#[tokio::test]
async fn only_the_manifest_of_this_autoscaler_is_given_back() {
    let fake = Fake::default();
    let (client, web) = (fake.client(), owner(OwnerKind::HorizontalPodAutoscaler, "web"));
    let mut other = hpa();
    other["metadata"]["namespace"] = json!("elsewhere");
    for (manifest, words) in [
        (None, "none was given"),
        (Some(other), "it is of elsewhere/web; expected shop/web"),
        (Some(scaled(&json!({}))), "expected autoscaling/v2, kind HorizontalPodAutoscaler"),
    ] {
        let manifest: Option<DynamicObject> = manifest.map(|value| serde_json::from_value(value).unwrap());
        let said = give_back(&client, "shop", &web, PATIENCE, manifest.as_ref()).await.unwrap_err();
        assert!(said.to_string().ends_with(words), "{said}");
    }
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn a_scaled_object_is_paused_and_resumed_unless_somebody_else_paused_it() {
    let fake = Fake::default();
    let (client, queue) = (fake.client(), owner(OwnerKind::ScaledObject, "queue"));
    let one = format!("{KEDA}/queue");
    let (paused, taken_by) = ("autoscaling.keda.sh/paused", "karma.dev/taken-over");
    let take = || take_over(&client, "shop", &queue, PATIENCE, |_| Ok(()));
    let back = || give_back(&client, "shop", &queue, PATIENCE, None);
    assert_eq!((take().await.unwrap(), back().await.unwrap()), (Taken::Already, Returned::Already), "none");
    fake.put(&format!("PATCH {one}"), 200, scaled(&json!({})));
    fake.put(&format!("GET {one}"), 200, scaled(&json!({})));
    fake.asked();
    assert_eq!(back().await.unwrap(), Returned::Already);
    assert_eq!(take().await.unwrap(), Taken::Paused);
    let asked = fake.asked().pop().unwrap();
    let annotations = json!({ paused: "true", taken_by: "true" });
    assert_eq!(asked.body, json!({ "metadata": { "resourceVersion": "50", "annotations": annotations } }));
    fake.put(&format!("GET {one}"), 200, scaled(&annotations));
    assert_eq!((take().await.unwrap(), back().await.unwrap()), (Taken::Already, Returned::Resumed));
    let asked = fake.asked().pop().unwrap();
    assert_eq!(asked.body["metadata"]["annotations"], json!({ paused: null, taken_by: null }));
    fake.put(&format!("GET {one}"), 200, scaled(&json!({ paused: "true" })));
    assert_eq!((take().await.unwrap(), back().await.unwrap()), (Taken::Already, Returned::PausedByOthers));
    fake.put(&format!("GET {one}"), 200, scaled(&json!({ "autoscaling.keda.sh/paused-replicas": "4" })));
    assert!(matches!(take().await, Err(ApplyError::Held { .. })));
}
