//! Everybody else who scales the same Deployments.

use std::collections::BTreeSet;
use std::time::Duration;

use kube::api::ListParams;
use kube::{Api, Client, ResourceExt as _};
use tokio::time::timeout;

use crate::apply::owners;
use crate::observe::Scope;
use crate::resource::{KarmaAutoscaler, Mode};

/// Other autoscalers of these Deployments, in words: Kubernetes' own, KEDA's, and an older custom resource like `own` that is
/// no shadow.
pub(super) async fn rivals(
    client: &Client,
    scope: &Scope,
    own: &KarmaAutoscaler,
    patience: Duration,
) -> Result<Vec<String>, String> {
    let api: Api<KarmaAutoscaler> = Api::namespaced(client.clone(), scope.namespace());
    let all = ListParams::default();
    let (owners, others) = tokio::join!(owners(client, scope, patience), timeout(patience, api.list(&all)));
    let owners = owners.map_err(|error| error.to_string())?;
    let others = others.map_err(|_| "the API server does not answer".to_owned())?;
    let others = others.map_err(|error| error.to_string())?;
    let mut rivals: Vec<String> =
        owners.iter().map(|owner| format!("{owner} scales {}", owner.deployment)).collect();
    rivals.extend(others.items.iter().filter_map(|other| rival(other, own, scope)));
    Ok(rivals)
}

/// Another custom resource, if it goes before `own` and has a service in common: of two that are no shadows the older one
/// goes first, and the one whose name comes first if they are of one second.
fn rival(other: &KarmaAutoscaler, own: &KarmaAutoscaler, scope: &Scope) -> Option<String> {
    let age = |one: &KarmaAutoscaler| (one.creation_timestamp(), one.name_any());
    if other.uid() == own.uid() || other.spec.mode == Mode::Shadow || age(other) > age(own) {
        return None;
    }
    let last = other.status.as_ref()?.last_decision.as_ref()?;
    let theirs: BTreeSet<&str> = last.services.iter().map(|service| service.name.as_str()).collect();
    let common = scope.deployments().iter().find(|name| theirs.contains(name.as_str()))?;
    Some(format!("KarmaAutoscaler {} scales {common}", other.name_any()))
}
