//! Everybody else who scales the same Deployments.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use kube::api::ListParams;
use kube::{Api, Client, ResourceExt as _};

use crate::apply::{Answer, ApplyError, Call, ask, owners};
use crate::observe::Scope;
use crate::resource::{KarmaAutoscaler, Mode};

/// Another autoscaler of a Deployment.
pub(super) struct Rival {
    /// The Deployment that it scales.
    pub(super) deployment: String,
    /// Kind and name.
    who: String,
}

impl fmt::Display for Rival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} scales {}", self.who, self.deployment)
    }
}

/// Other autoscalers of these Deployments: Kubernetes' own, KEDA's, and an older custom resource like `own` that is no shadow.
///
/// # Errors
/// Somebody cannot be asked.
pub(super) async fn rivals(
    client: &Client,
    scope: &Scope,
    own: &KarmaAutoscaler,
    patience: Duration,
) -> Result<Vec<Rival>, ApplyError> {
    let api: Api<KarmaAutoscaler> = Api::namespaced(client.clone(), scope.namespace());
    let all = ListParams::default();
    let call =
        Call { verb: "list", resource: "karmaautoscalers.karma.dev", name: "", namespace: scope.namespace() };
    let (owners, others) = tokio::join!(owners(client, scope, patience), ask(call, patience, api.list(&all)));
    let mut rivals: Vec<Rival> = owners?
        .into_iter()
        .map(|owner| Rival { who: owner.to_string(), deployment: owner.deployment })
        .collect();
    if let Answer::Is(others) = others? {
        rivals.extend(others.items.iter().flat_map(|other| common(other, own, scope)));
    }
    Ok(rivals)
}

/// The Deployments that another custom resource has in common with `own`, if it goes first: of two that are no shadows the
/// older one does, and the one whose name comes first if they are of one second.
fn common<'a>(
    other: &'a KarmaAutoscaler,
    own: &KarmaAutoscaler,
    scope: &'a Scope,
) -> impl Iterator<Item = Rival> + use<'a> {
    let age = |one: &KarmaAutoscaler| (one.creation_timestamp(), one.name_any());
    let goes_first = other.uid() != own.uid() && other.spec.mode != Mode::Shadow && age(other) <= age(own);
    let last = other.status.as_ref().and_then(|status| status.last_decision.as_ref());
    let services = last.filter(|_| goes_first).into_iter().flat_map(|last| &last.services);
    let theirs: BTreeSet<&str> = services.map(|service| service.name.as_str()).collect();
    let shared = scope.deployments().iter().filter(move |name| theirs.contains(name.as_str()));
    shared
        .map(|name| Rival { deployment: name.clone(), who: format!("KarmaAutoscaler {}", other.name_any()) })
}
