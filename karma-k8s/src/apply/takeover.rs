//! Takes a Deployment from another autoscaler, and gives it back, for an operator who asks for it.
//!
//! A `HorizontalPodAutoscaler` has no switch, so it is deleted, once its manifest is in safe keeping, and made again from
//! it. A `ScaledObject` has one: KEDA's annotation `autoscaling.keda.sh/paused`, upon which KEDA deletes the
//! `HorizontalPodAutoscaler` that it made.
//!
//! Each of these may be called again, after a failure or without one: what is done already is said to be, and is not
//! done twice. Whatever changed between the look and the write is left alone.

use std::io;
use std::time::Duration;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::{
    ApiResource, DeleteParams, DynamicObject, ObjectMeta, Patch, PatchParams, PostParams, Preconditions,
    TypeMeta,
};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};

use super::error::ApplyError;
use super::owners::{HELD, Owner, OwnerKind, PAUSED, is_paused, made_by, scaled_objects};
use super::request::{Answer, Call, ask};
use super::scaler::FIELD_MANAGER;

/// The annotation of a `ScaledObject` that was paused here, so that one that somebody else paused stays paused.
pub const TAKEN_BY: &str = "karma.dev/taken-over";
/// The resource of the `HorizontalPodAutoscaler`, as RBAC names it.
const HPAS: &str = "horizontalpodautoscalers";
/// KEDA's resource, as RBAC names it.
const SCALED_OBJECTS: &str = "scaledobjects.keda.sh";

/// What became of a takeover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The `HorizontalPodAutoscaler` was deleted, after its manifest was kept.
    Deleted,
    /// The `HorizontalPodAutoscaler` is being deleted, and waits for its finalizers; it still acts.
    Leaving,
    /// The `ScaledObject` was paused.
    Paused,
    /// Nothing was done: it was paused before, or there is none.
    Already,
}

/// What became of giving back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// The `HorizontalPodAutoscaler` was made again.
    Created,
    /// The `ScaledObject` is no longer paused.
    Resumed,
    /// Nothing was done: it is there already, or is not paused, or there is none.
    Already,
    /// Nothing was done: somebody else paused it.
    PausedByOthers,
}

/// Ends what `owner` does to its Deployment. `keep` gets the manifest of a `HorizontalPodAutoscaler` before it is deleted,
/// without what the API server set; if it fails, nothing is deleted.
///
/// # Errors
/// Nothing was done, unless it is [`ApplyError::Unknown`]: then call again.
pub async fn take_over(
    client: &Client,
    namespace: &str,
    owner: &Owner,
    patience: Duration,
    keep: impl FnOnce(&DynamicObject) -> io::Result<()>,
) -> Result<Taken, ApplyError> {
    match owner.kind {
        OwnerKind::HorizontalPodAutoscaler => {
            let name = owner.name.as_str();
            let hpas = Access { api: hpas(client, namespace), resource: HPAS, namespace, name, patience };
            let Some(hpa) = hpas.get().await? else { return Ok(Taken::Already) };
            if let Some(scaled_object) = made_by(hpa.owner_references()) {
                return Err(ApplyError::Generated { name: name.to_owned(), scaled_object });
            }
            let object = owner.to_string();
            keep(&manifest(&hpa)).map_err(|source| ApplyError::NotKept { object, source })?;
            hpas.delete(&hpa).await
        }
        OwnerKind::ScaledObject => pause(scaled(client, namespace, owner, patience)).await,
    }
}

/// Gives a Deployment back to `owner`: makes the `HorizontalPodAutoscaler` again from its `manifest`, or resumes the
/// `ScaledObject`, which needs none.
///
/// # Errors
/// Nothing was done, unless it is [`ApplyError::Unknown`]: then call again.
pub async fn give_back(
    client: &Client,
    namespace: &str,
    owner: &Owner,
    patience: Duration,
    manifest: Option<&DynamicObject>,
) -> Result<Returned, ApplyError> {
    match owner.kind {
        OwnerKind::HorizontalPodAutoscaler => {
            let name = owner.name.as_str();
            let manifest = checked(manifest, namespace, name)?;
            let params =
                PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
            let call = Call { verb: "create", resource: HPAS, name, namespace };
            let api = hpas(client, namespace);
            match ask(call, patience, api.create(&params, manifest)).await? {
                Answer::Is(_) => Ok(Returned::Created),
                Answer::Conflict => Ok(Returned::Already),
                Answer::Absent => Err(ApplyError::Refused {
                    call: call.to_string(),
                    status: 404,
                    message: "there is no such namespace".to_owned(),
                }),
            }
        }
        OwnerKind::ScaledObject => resume(scaled(client, namespace, owner, patience)).await,
    }
}

/// A manifest that says what it is for, and is for this.
fn checked<'a>(
    manifest: Option<&'a DynamicObject>,
    namespace: &str,
    name: &str,
) -> Result<&'a DynamicObject, ApplyError> {
    let wrong = |why: String| ApplyError::Manifest { why };
    let manifest = manifest.ok_or_else(|| wrong("none was given".to_owned()))?;
    let types = manifest.types.as_ref();
    if types.is_none_or(|of| of.kind != "HorizontalPodAutoscaler" || of.api_version != "autoscaling/v2") {
        return Err(wrong("expected autoscaling/v2, kind HorizontalPodAutoscaler".to_owned()));
    }
    let (its, of) = (manifest.namespace().unwrap_or_default(), manifest.name_any());
    if (its.as_str(), of.as_str()) != (namespace, name) {
        return Err(wrong(format!("it is of {its}/{of}; expected {namespace}/{name}")));
    }
    Ok(manifest)
}

async fn pause(object: Access<'_>) -> Result<Taken, ApplyError> {
    let Some(found) = object.get().await? else { return Ok(Taken::Already) };
    if found.annotations().contains_key(HELD) {
        return Err(ApplyError::Held { name: object.name.to_owned(), annotation: HELD });
    }
    if is_paused(&found) {
        return Ok(Taken::Already);
    }
    object.annotate(&found, json!({ PAUSED: "true", TAKEN_BY: "true" })).await?;
    Ok(Taken::Paused)
}

async fn resume(object: Access<'_>) -> Result<Returned, ApplyError> {
    let Some(found) = object.get().await? else { return Ok(Returned::Already) };
    let annotations = found.annotations();
    match (annotations.contains_key(TAKEN_BY), annotations.contains_key(PAUSED)) {
        (true, _) => {
            object.annotate(&found, json!({ PAUSED: null, TAKEN_BY: null })).await?;
            Ok(Returned::Resumed)
        }
        (false, true) => Ok(Returned::PausedByOthers),
        (false, false) => Ok(Returned::Already),
    }
}

fn hpas(client: &Client, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &ApiResource::erase::<HorizontalPodAutoscaler>(&()))
}

fn scaled<'a>(client: &Client, namespace: &'a str, owner: &'a Owner, patience: Duration) -> Access<'a> {
    let api = scaled_objects(client, namespace);
    Access { api, resource: SCALED_OBJECTS, namespace, name: &owner.name, patience }
}

/// The object as it was written by whoever made it: with its specification, labels, annotations, finalizers and owners,
/// and without its status and what the API server set. Untyped, so that a field which this program does not know is kept.
fn manifest(object: &DynamicObject) -> DynamicObject {
    let ObjectMeta { name, namespace, labels, annotations, finalizers, owner_references, .. } =
        object.metadata.clone();
    let metadata = ObjectMeta {
        name,
        namespace,
        labels,
        annotations,
        finalizers,
        owner_references,
        ..ObjectMeta::default()
    };
    let data = json!({ "spec": object.data.get("spec").cloned().unwrap_or(Value::Null) });
    DynamicObject { types: Some(TypeMeta::resource::<HorizontalPodAutoscaler>()), metadata, data }
}

/// One object of another autoscaler.
struct Access<'a> {
    api: Api<DynamicObject>,
    resource: &'static str,
    namespace: &'a str,
    name: &'a str,
    patience: Duration,
}

impl Access<'_> {
    fn call(&self, verb: &'static str) -> Call<'_> {
        Call { verb, resource: self.resource, name: self.name, namespace: self.namespace }
    }

    async fn get(&self) -> Result<Option<DynamicObject>, ApplyError> {
        let call = self.call("get");
        match ask(call, self.patience, self.api.get(self.name)).await? {
            Answer::Is(object) => Ok(Some(object)),
            Answer::Absent => Ok(None),
            Answer::Conflict => Err(call.refused_as_conflict()),
        }
    }

    async fn delete(&self, seen: &DynamicObject) -> Result<Taken, ApplyError> {
        let preconditions = Preconditions { uid: seen.uid(), resource_version: seen.resource_version() };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        match ask(self.call("delete"), self.patience, self.api.delete(self.name, &params)).await? {
            // With finalizers the answer is the object, marked for deletion.
            Answer::Is(answer) => {
                let waits = answer.left().is_some_and(|object| {
                    object.metadata.deletion_timestamp.is_some() && !object.finalizers().is_empty()
                });
                Ok(if waits { Taken::Leaving } else { Taken::Deleted })
            }
            Answer::Absent => Ok(Taken::Already),
            Answer::Conflict => Err(self.changed()),
        }
    }

    async fn annotate(&self, seen: &DynamicObject, annotations: Value) -> Result<(), ApplyError> {
        let patch = json!({
            "metadata": { "resourceVersion": seen.resource_version(), "annotations": annotations },
        });
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let patch = Patch::Merge(patch);
        match ask(self.call("patch"), self.patience, self.api.patch(self.name, &params, &patch)).await? {
            Answer::Is(_) => Ok(()),
            Answer::Absent | Answer::Conflict => Err(self.changed()),
        }
    }

    fn changed(&self) -> ApplyError {
        let object = format!("{} {}", self.resource, self.name);
        ApplyError::Changed { object, namespace: self.namespace.to_owned() }
    }
}
