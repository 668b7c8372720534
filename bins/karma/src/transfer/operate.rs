//! What an operator does to a KarmaAutoscaler by hand: look, roll back, take over from an HPA and give back.
//!
//! These use the operator's own rights, not the controller's, which may delete nothing.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use karma_k8s::apply::{Owner, Returned, Taken, give_back, owners, take_over};
use karma_k8s::observe::Scope;
use karma_k8s::resource::KarmaAutoscaler;
use kube::ResourceExt as _;
use kube::api::{DynamicObject, Patch, PatchParams};
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
            let keep = |manifest: &DynamicObject| keep(args, owner, manifest);
            let taken = take_over(&client, scope.namespace(), owner, PATIENCE, keep).await?;
            let _ = writeln!(text, "{}", taken_words(args, owner, taken));
        }
        Ok(text)
    })
}

fn taken_words(args: &OwnerArgs, owner: &Owner, taken: Taken) -> String {
    match taken {
        Taken::Deleted => format!("{owner} is deleted; {} keeps it", path(args, owner).display()),
        Taken::Leaving => {
            format!("{owner} is being deleted, and still acts; {} keeps it", path(args, owner).display())
        }
        Taken::Paused => format!("{owner} is paused"),
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

fn path(args: &OwnerArgs, owner: &Owner) -> PathBuf {
    args.dir.join(format!("{}.json", owner.name))
}

fn keep(args: &OwnerArgs, owner: &Owner, manifest: &DynamicObject) -> std::io::Result<()> {
    std::fs::create_dir_all(&args.dir)?;
    crate::run_dir::atomic::write(&path(args, owner), &serde_json::to_vec_pretty(manifest)?)
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
        let target = manifest.data.pointer("/spec/scaleTargetRef/name").and_then(|name| name.as_str());
        let Some(deployment) = target.filter(|name| scope.position(name).is_some()) else { continue };
        let (deployment, name) = (deployment.to_owned(), manifest.name_any());
        let kind = karma_k8s::apply::OwnerKind::HorizontalPodAutoscaler;
        kept.push((Owner { deployment, kind, name }, manifest));
    }
    Ok(kept)
}
