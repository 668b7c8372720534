//! What is done once a custom resource is deleted.
//!
//! `onDelete: RestoreInitial` needs a finalizer: without it the object, and with it what the replicas were at first, would be
//! gone before anybody looks. `Retain` needs none, so that such an object goes at once, also where no controller runs.

use std::time::Duration;

use kube::api::{Patch, PatchParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;

use super::carry_out::{Hands, Outcomes};
use super::draft::Draft;
use super::said::Reason;
use crate::apply::{Answer, Call, FIELD_MANAGER, ask};
use crate::resource::{Applied, KarmaAutoscaler, OnDelete, PlannedTarget};

/// Holds an object until its replicas are what they were at first.
pub const FINALIZER: &str = "karma.dev/restore-initial";

/// Sees to it that an object has the finalizer if, and only if, there is something to do at its end.
///
/// # Errors
/// Why it could not be written.
pub(super) async fn hold(client: &Client, draft: &mut Draft, patience: Duration) -> Result<(), String> {
    let object = &draft.object;
    let wanted = object.spec.on_delete == OnDelete::RestoreInitial;
    let held = object.finalizers().iter().any(|one| one == FINALIZER);
    if wanted != held {
        draft.object = finalize(client, object, wanted, patience).await?;
    }
    Ok(())
}

/// Gives every Deployment that we scaled, and that still has our replicas, those that it had at first; then lets go.
///
/// # Errors
/// Why it has to be tried again.
pub(super) async fn restore(
    hands: &Hands<'_>,
    client: &Client,
    draft: &mut Draft,
    patience: Duration,
) -> Result<(), String> {
    if !draft.object.finalizers().iter().any(|one| one == FINALIZER) {
        return Ok(());
    }
    let applied = std::mem::take(&mut draft.status.applied);
    for (deployment, applied) in &applied {
        restore_one(hands, draft, deployment, applied).await?;
    }
    finalize(client, &draft.object, false, patience).await.map(drop)
}

async fn restore_one(
    hands: &Hands<'_>,
    draft: &mut Draft,
    deployment: &str,
    applied: &Applied,
) -> Result<(), String> {
    let Some(seen) = hands.look(deployment).await? else { return Ok(()) };
    let ours = seen.writer.as_ref().is_some_and(crate::apply::Writer::is_karma);
    if !ours || seen.replicas.0 == applied.initial {
        return Ok(());
    }
    let target = PlannedTarget {
        deployment: deployment.to_owned(),
        from: seen.replicas.0,
        to: applied.initial,
        resource_version: seen.resource_version,
    };
    match hands.carry_out(&target).await {
        Outcomes::Scaled => {
            let message = format!("{deployment} {} -> {}, as it was at first", target.from, target.to);
            draft.say(Reason::Restored, message);
            Ok(())
        }
        Outcomes::Void(_) => Ok(()),
        Outcomes::Failed(why) => Err(format!("{deployment} could not be restored: {why}")),
    }
}

/// Adds or removes the finalizer, if nobody else wrote the object meanwhile.
async fn finalize(
    client: &Client,
    object: &KarmaAutoscaler,
    add: bool,
    patience: Duration,
) -> Result<KarmaAutoscaler, String> {
    let mut finalizers: Vec<&str> =
        object.finalizers().iter().map(String::as_str).filter(|one| *one != FINALIZER).collect();
    if add {
        finalizers.push(FINALIZER);
    }
    let version = object.resource_version();
    let patch = json!({ "metadata": { "resourceVersion": version, "finalizers": finalizers } });
    let (name, namespace) = (object.name_any(), object.namespace().unwrap_or_default());
    let api: Api<KarmaAutoscaler> = Api::namespaced(client.clone(), &namespace);
    let call =
        Call { verb: "patch", resource: "karmaautoscalers.karma.dev", name: &name, namespace: &namespace };
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    match ask(call, patience, api.patch(&name, &params, &Patch::Merge(patch))).await {
        Ok(Answer::Is(written)) => Ok(written),
        Ok(Answer::Absent | Answer::Conflict) => Err("the object changed meanwhile".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
