//! What an operator does to a KarmaAutoscaler by hand: look, roll back, take over from an HPA and give back.
//!
//! These use the operator's own rights, not the controller's, which may delete nothing.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use karma_k8s::apply::{Owner, OwnerKind, Returned, Taken, give_back, owners, take_over};
use karma_k8s::observe::Scope;
use karma_k8s::resource::KarmaAutoscaler;
use kube::ResourceExt as _;
use kube::api::{DynamicObject, ObjectMeta, Patch, PatchParams, TypeMeta};
use serde_json::json;

use super::cluster::{ObjectArgs, PATIENCE, block_on};

/// `karma-transfer take-over` and `give-back`.
#[derive(Clone, Debug, Args)]
pub(crate) struct OwnerArgs {
    #[command(flatten)]
    object: ObjectArgs,

    /// Where manifests of what is taken over are kept, to be given back from there.
    #[arg(long, value_name = "DIR", default_value = "taken-over")]
    dir: PathBuf,

    /// Say what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

/// `karma-transfer rollback`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    object: ObjectArgs,

    /// Let the API server check it, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

/// How things are, in words.
pub(super) fn status(args: &ObjectArgs) -> anyhow::Result<String> {
    block_on(async { Ok(in_words(&args.get().await?.2)) })
}

fn in_words(object: &KarmaAutoscaler) -> String {
    let mut text = format!("{}: {:?}\n", object.name_any(), object.spec.mode);
    let Some(status) = &object.status else {
        text.push_str("no controller has looked at it yet\n");
        return text;
    };
    for condition in status.conditions.all() {
        let (kind, is) = (condition.kind, &condition.status);
        let _ = writeln!(text, "  {kind:?} {is}: {} ({})", condition.message, condition.reason);
    }
    if let Some(canary) = &status.canary {
        let _ = writeln!(text, "  canary: {canary}");
    }
    if let Some(last) = &status.last_decision {
        let _ = writeln!(
            text,
            "decision {} at {}, by the {}",
            last.sequence,
            last.time,
            last.listened.to_lowercase()
        );
        for service in &last.services {
            let done = if service.acted { "decided" } else { "would be" };
            let _ = writeln!(
                text,
                "  {}: {} now; agents {}, HPA {}; {done} {}: {}",
                service.name,
                service.current,
                service.agents,
                service.fallback,
                service.decided,
                service.reason
            );
        }
    }
    text
}

/// Puts it into the mode `Shadow`: nothing is scaled any more.
pub(super) fn rollback(args: &RollbackArgs) -> anyhow::Result<String> {
    block_on(async {
        let (_, api, object) = args.object.get().await?;
        let version = object.resource_version();
        let patch = json!({ "metadata": { "resourceVersion": version }, "spec": { "mode": "Shadow" } });
        let params = PatchParams { dry_run: args.dry_run, ..PatchParams::default() };
        let written = api.patch(&object.name_any(), &params, &Patch::Merge(patch)).await;
        written.with_context(|| format!("KarmaAutoscaler {}", object.name_any()))?;
        let would = if args.dry_run { "would be" } else { "is" };
        Ok(format!(
            "{} {would} in the mode Shadow (it was {:?}): nothing is scaled; replicas stay as they are\n",
            object.name_any(),
            object.spec.mode
        ))
    })
}

/// Ends what other autoscalers do to the Deployments of a KarmaAutoscaler.
pub(super) fn take(args: &OwnerArgs) -> anyhow::Result<String> {
    block_on(async {
        let (client, _, object) = args.object.get().await?;
        let scope = scope(&object)?;
        let found = owners(&client, &scope, PATIENCE).await?;
        if found.is_empty() {
            return Ok("nobody else scales these Deployments\n".to_owned());
        }
        let mut text = String::new();
        for owner in &found {
            if args.dry_run {
                let _ = writeln!(text, "{owner} would no longer scale {}", owner.deployment);
                continue;
            }
            let file = path(args, scope.namespace(), owner);
            let keep = |manifest: &DynamicObject| keep(&file, manifest);
            let taken = take_over(&client, scope.namespace(), owner, PATIENCE, keep).await?;
            if taken == Taken::Paused {
                keep(&note_of(scope.namespace(), owner)).with_context(|| file.display().to_string())?;
            }
            let _ = writeln!(text, "{}", taken_words(&file, owner, taken));
        }
        Ok(text)
    })
}

fn taken_words(file: &Path, owner: &Owner, taken: Taken) -> String {
    let file = file.display();
    match taken {
        Taken::Deleted => format!("{owner} is deleted; {file} keeps it"),
        Taken::Leaving => format!("{owner} is being deleted, and still acts; {file} keeps it"),
        Taken::Paused => format!("{owner} is paused; {file} notes that"),
        Taken::Already => format!("{owner} does nothing already"),
    }
}

/// Gives everything back that was taken over.
pub(super) fn give(args: &OwnerArgs) -> anyhow::Result<String> {
    block_on(async {
        let (client, _, object) = args.object.get().await?;
        let scope = scope(&object)?;
        let mut text = String::new();
        for (owner, manifest) in kept(args, &scope)? {
            if args.dry_run {
                let _ = writeln!(text, "{owner} would be made again");
                continue;
            }
            let given = give_back(&client, scope.namespace(), &owner, PATIENCE, Some(&manifest)).await?;
            let words = match given {
                Returned::Created => "is there again",
                Returned::Resumed => "goes on",
                Returned::Already => "is there already",
                Returned::PausedByOthers => "was paused by somebody else, and stays so",
            };
            let _ = writeln!(text, "{owner} {words}");
        }
        if text.is_empty() {
            let _ = writeln!(text, "{} keeps nothing that scales these Deployments", args.dir.display());
        }
        Ok(text)
    })
}

/// The Deployments of an object: those that its policy knows.
fn scope(object: &KarmaAutoscaler) -> anyhow::Result<Scope> {
    let last = object.status.as_ref().and_then(|status| status.last_decision.as_ref());
    let last = last.context(
        "its Deployments are not known yet: no decision was taken; see `karma-transfer status` for why",
    )?;
    let names = last.services.iter().map(|service| service.name.clone()).collect();
    Ok(Scope::new(&object.namespace().unwrap_or_default(), names)?)
}

/// Where an autoscaler is kept: one file for each, whatever others of its name there are.
fn path(args: &OwnerArgs, namespace: &str, owner: &Owner) -> PathBuf {
    args.dir.join(format!("{namespace}.{}.{}.json", owner.kind, owner.name))
}

fn keep(file: &Path, manifest: &DynamicObject) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    crate::run_dir::atomic::write(file, &serde_json::to_vec_pretty(manifest)?)
}

/// What is kept of a `ScaledObject` that was paused: it is all there still, so that its name is enough to let it go on.
fn note_of(namespace: &str, owner: &Owner) -> DynamicObject {
    let types = TypeMeta { api_version: "keda.sh/v1alpha1".to_owned(), kind: owner.kind.to_string() };
    let metadata = ObjectMeta {
        name: Some(owner.name.clone()),
        namespace: Some(namespace.to_owned()),
        ..ObjectMeta::default()
    };
    let data = json!({ "spec": { "scaleTargetRef": { "name": owner.deployment } } });
    DynamicObject { types: Some(types), metadata, data }
}

/// What is kept of the autoscalers of these Deployments.
fn kept(args: &OwnerArgs, scope: &Scope) -> anyhow::Result<Vec<(Owner, DynamicObject)>> {
    let files = std::fs::read_dir(&args.dir)
        .with_context(|| format!("{}: nothing is kept there; --dir names another", args.dir.display()))?;
    let mut kept = Vec::new();
    for file in files {
        let path = file?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let place = || format!("{}: no manifest", path.display());
        let manifest: DynamicObject = serde_json::from_slice(&std::fs::read(&path)?).with_context(place)?;
        kept.extend(owner_of(&manifest, scope).map(|owner| (owner, manifest)));
    }
    Ok(kept)
}

/// Whose manifest this is, if it scales a Deployment of the scope.
fn owner_of(manifest: &DynamicObject, scope: &Scope) -> Option<Owner> {
    let target = manifest.data.pointer("/spec/scaleTargetRef/name")?.as_str()?;
    let here = manifest.metadata.namespace.as_deref() == Some(scope.namespace());
    let deployment = (here && scope.position(target).is_some()).then(|| target.to_owned())?;
    let kinds = [OwnerKind::HorizontalPodAutoscaler, OwnerKind::ScaledObject];
    let kind = manifest.types.as_ref().map(|types| types.kind.as_str())?;
    let kind = kinds.into_iter().find(|known| known.to_string() == kind)?;
    Some(Owner { deployment, kind, name: manifest.name_any() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(kind: OwnerKind) -> Owner {
        Owner { deployment: "api".to_owned(), kind, name: "cpu".to_owned() }
    }

    #[test]
    fn what_is_kept_of_a_paused_object_leads_back_to_it() {
        let scope = Scope::new("shop", vec!["api".to_owned()]).unwrap();
        let paused = owner(OwnerKind::ScaledObject);
        assert_eq!(owner_of(&note_of("shop", &paused), &scope), Some(paused.clone()));
        assert_eq!(owner_of(&note_of("another", &paused), &scope), None, "it is of another namespace");
    }

    #[test]
    fn autoscalers_of_one_name_are_kept_apart() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("kept");
        let args = OwnerArgs {
            object: ObjectArgs {
                name: "team".to_owned(),
                namespace: None,
                cluster: super::super::cluster::ClusterArgs { kubeconfig: None },
            },
            dir: folder.clone(),
            dry_run: false,
        };
        for namespace in ["shop", "bank"] {
            for kind in [OwnerKind::HorizontalPodAutoscaler, OwnerKind::ScaledObject] {
                let owner = owner(kind);
                keep(&path(&args, namespace, &owner), &note_of(namespace, &owner)).unwrap();
            }
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 4);
        let scope = Scope::new("bank", vec!["api".to_owned()]).unwrap();
        let kinds: Vec<OwnerKind> =
            kept(&args, &scope).unwrap().into_iter().map(|(owner, _)| owner.kind).collect();
        assert_eq!(kinds.len(), 2);
    }
}
