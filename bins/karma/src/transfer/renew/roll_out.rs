//! A new team as a canary on a cluster, watched to its end.
//!
//! What the specification said before is written down first (`before.json`). If the canary is rolled back, or not promoted in
//! time, that is put back; if this program is killed, the controller goes on, which rolls back by itself, and the same command
//! watches on.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::ConfigMap;
use karma_k8s::resource::{ConditionKind, KarmaAutoscaler, Mode, PolicyRef, digest_of};
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt as _};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::super::cluster::{ObjectArgs, block_on};
use super::super::config_map::KEY;
use super::super::error::TransferError;
use super::PlaceArgs;
use super::book::{read, write};
use crate::interrupt::Interrupt;

/// Most bytes of a policy in a ConfigMap.
pub(super) const MOST: usize = super::super::config_map::MOST;
const BEFORE: &str = "before.json";
/// Between two looks at the canary.
const GLANCE: Duration = Duration::from_secs(2);
/// Hexadecimal digits of the digest in the name of the ConfigMap.
const DIGITS: usize = 10;

/// Whether a canary was begun here and not ended.
pub(super) fn is_under_way(folder: &Path) -> bool {
    before(folder).exists()
}

fn before(folder: &Path) -> PathBuf {
    folder.join(BEFORE)
}

/// Lets the team in `bytes` scale as a canary, and watches it; whether it was promoted, `None` if told to stop.
///
/// # Errors
/// If the cluster does not do what it is asked. What was there before is put back by the same command.
pub(super) fn roll_out(
    args: &PlaceArgs,
    name: &str,
    (folder, bytes): (&Path, &[u8]),
    interrupt: &Interrupt,
    say: &mut dyn FnMut(&str),
) -> anyhow::Result<Option<bool>> {
    let object = ObjectArgs {
        name: name.to_owned(),
        namespace: args.namespace.clone(),
        cluster: args.cluster.clone(),
    };
    block_on(async {
        let (client, api, found) = object.get().await?;
        let digest = digest_of(bytes);
        if found.spec.policy.digest == digest && found.spec.mode == Mode::Active {
            // This program was killed after it was promoted, or its operator did not wait.
            forget(folder)?;
            return Ok(Some(true));
        }
        if found.spec.policy.digest != digest {
            if !is_under_way(folder) {
                write(&before(folder), &said_before(&found))?;
            }
            let services = if args.canary.is_empty() { &found.spec.canary.services } else { &args.canary };
            if services.is_empty() {
                return Err(TransferError::NoCanary.into());
            }
            let policy = config_map(&client, &found, bytes).await?;
            let watch = args.watch.or(found.spec.canary.watch_seconds);
            let spec = json!({
                "policy": pinned(&policy),
                "mode": "Canary",
                "canary": { "services": services, "watchSeconds": watch },
            });
            patch(&api, &found, spec).await?;
            say(&format!("canary: {name} scales {} by {digest}", services.join(", ")));
        }
        let ended = watch(&api, name, (args.patience, interrupt), say).await?;
        let Some(promoted) = ended else { return Ok(None) };
        let now = api.get(name).await.with_context(|| name.to_owned())?;
        let spec: Value = if promoted { json!({ "mode": "Active" }) } else { read(&before(folder))? };
        patch(&api, &now, spec).await?;
        forget(folder)?;
        if !promoted {
            say("what the specification said before is put back");
        }
        Ok(Some(promoted))
    })
}

/// What was said before is not needed any more.
fn forget(folder: &Path) -> anyhow::Result<()> {
    let path = before(folder);
    if path.exists() {
        fs::remove_file(&path).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// What is put back if the canary fails.
fn said_before(object: &KarmaAutoscaler) -> Value {
    let spec = &object.spec;
    json!({
        "policy": pinned(&spec.policy),
        "mode": format!("{:?}", spec.mode),
        "canary": { "services": spec.canary.services, "watchSeconds": spec.canary.watch_seconds },
    })
}

/// A policy as a merge patch: what is not named is taken away.
fn pinned(policy: &PolicyRef) -> Value {
    let config_map = policy.config_map.as_ref().map(|map| json!({ "name": map.name, "key": map.key }));
    json!({ "configMap": config_map, "file": policy.file, "digest": policy.digest })
}

/// The policy in a ConfigMap of its own, named by what it holds; one that is there already holds the same.
async fn config_map(client: &Client, object: &KarmaAutoscaler, bytes: &[u8]) -> anyhow::Result<PolicyRef> {
    let digest = digest_of(bytes);
    let digits: String = digest.chars().skip_while(|c| *c != ':').skip(1).take(DIGITS).collect();
    let name = format!("{}-{digits}", object.name_any());
    let api: Api<ConfigMap> =
        Api::namespaced(client.clone(), object.namespace().as_deref().unwrap_or_default());
    if api.get_opt(&name).await.with_context(|| format!("ConfigMap {name}"))?.is_none() {
        let map = ConfigMap {
            metadata: ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() },
            binary_data: Some([(KEY.to_owned(), ByteString(bytes.to_vec()))].into()),
            immutable: Some(true),
            ..ConfigMap::default()
        };
        let made = api.create(&PostParams::default(), &map).await;
        made.with_context(|| format!("ConfigMap {name}"))?;
    }
    let pin = json!({ "configMap": { "name": name, "key": KEY }, "digest": digest });
    Ok(serde_json::from_value(pin)?)
}

/// Changes the specification that was read, and no other one.
async fn patch(api: &Api<KarmaAutoscaler>, object: &KarmaAutoscaler, spec: Value) -> anyhow::Result<()> {
    let name = object.name_any();
    let patch = json!({ "metadata": { "resourceVersion": object.resource_version() }, "spec": spec });
    let written = api.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await;
    written.map(drop).with_context(|| format!("KarmaAutoscaler {name}"))
}

/// Waits for the end of the canary.
async fn watch(
    api: &Api<KarmaAutoscaler>,
    name: &str,
    (patience, interrupt): (Duration, &Interrupt),
    say: &mut dyn FnMut(&str),
) -> anyhow::Result<Option<bool>> {
    let until = Instant::now() + patience;
    let mut told = String::new();
    loop {
        if interrupt.seen() {
            return Ok(None);
        }
        // A look that fails is made up for by the next one.
        if let Ok(object) = api.get(name).await {
            let (text, end) = standing(&object);
            if text != told {
                say(&format!("canary: {text}"));
                told = text;
            }
            if end.is_some() {
                return Ok(end);
            }
        }
        if Instant::now() >= until {
            say("canary: it has not ended in time (--patience)");
            return Ok(Some(false));
        }
        sleep(GLANCE).await;
    }
}

/// How the canary stands, and whether it was promoted once that is known.
fn standing(object: &KarmaAutoscaler) -> (String, Option<bool>) {
    let Some(status) = &object.status else {
        return ("no controller has looked at it yet".to_owned(), None);
    };
    if status.observed_generation != object.metadata.generation {
        return ("the controller has not seen the change yet".to_owned(), None);
    }
    // While no decision is taken, the canary that is told of is an earlier one.
    match status.conditions.get(ConditionKind::Ready) {
        Some(ready) if ready.status == "True" => {}
        Some(ready) => return (format!("{} ({})", ready.message, ready.reason), None),
        None => return ("not begun".to_owned(), None),
    }
    match status.canary.as_deref() {
        Some("Promoted") => ("promoted".to_owned(), Some(true)),
        Some("RolledBack") => ("rolled back".to_owned(), Some(false)),
        Some(other) => (other.to_lowercase(), None),
        None => ("not begun".to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(generation: i64, ready: &str, canary: &str) -> KarmaAutoscaler {
        let text = super::super::super::resource::EXAMPLE;
        let spec = super::super::super::resource::parse(text).unwrap();
        let mut object = KarmaAutoscaler::new("team", spec);
        object.metadata.generation = Some(2);
        let condition = json!({
            "type": "Ready", "status": ready, "reason": "WrongDigest", "message": "another policy",
            "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": generation,
        });
        let status = json!({ "observedGeneration": generation, "conditions": [condition], "canary": canary });
        object.status = Some(serde_json::from_value(status).unwrap());
        object
    }

    #[test]
    fn only_the_canary_of_this_specification_ends_the_watch() {
        assert_eq!(standing(&object(2, "True", "Promoted")), ("promoted".to_owned(), Some(true)));
        assert_eq!(standing(&object(2, "True", "RolledBack")), ("rolled back".to_owned(), Some(false)));
        assert_eq!(standing(&object(2, "True", "Watching")), ("watching".to_owned(), None));
        assert_eq!(standing(&object(1, "True", "Promoted")).1, None, "it is of the specification before");
        let refused = standing(&object(2, "False", "Promoted"));
        assert_eq!(refused, ("another policy (WrongDigest)".to_owned(), None));
    }

    #[test]
    fn what_is_put_back_takes_away_what_was_not_there() {
        let said = said_before(&object(1, "True", ""));
        let policy = &said["policy"];
        let (map, file) = (&policy["configMap"], &policy["file"]);
        assert!(map.is_null() != file.is_null(), "one of them is taken away: {policy}");
        assert_eq!(said["mode"], "Shadow");
    }
}
