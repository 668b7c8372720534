//! Carries a plan out, Deployment by Deployment, and looks where nobody knows what became of a write.

use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use karma_core::Replicas;
use kube::{Api, Client};

use super::plan::{Recovery, recover};
use crate::apply::{Answer, Call, Outcome, ScaleSeen, Scaler, ask};
use crate::resource::PlannedTarget;

/// Attempts for one Deployment: its version moves with its status, too.
const ATTEMPTS: u32 = 4;

/// What became of one part of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcomes {
    /// The Deployment has the planned replicas.
    Scaled,
    /// Somebody else has scaled it meanwhile, or it is gone, or this process leads no more: nothing was done.
    Void(String),
    /// It could not be done.
    Failed(String),
}

/// Who carries out.
pub struct Hands<'a> {
    client: Client,
    scaler: Scaler,
    namespace: &'a str,
    patience: Duration,
    leads: &'a (dyn Fn() -> bool + Send + Sync),
}

impl std::fmt::Debug for Hands<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hands").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl<'a> Hands<'a> {
    /// Hands in a namespace. `leads` is asked before each write.
    pub fn new(
        client: Client,
        namespace: &'a str,
        patience: Duration,
        leads: &'a (dyn Fn() -> bool + Send + Sync),
    ) -> Self {
        let scaler = Scaler::new(client.clone(), namespace, patience);
        Self { client, scaler, namespace, patience, leads }
    }

    /// A Deployment as it is now.
    pub(super) async fn look(&self, deployment: &str) -> Result<Option<ScaleSeen>, String> {
        let api: Api<Deployment> = Api::namespaced(self.client.clone(), self.namespace);
        let call =
            Call { verb: "get", resource: "deployments.apps", name: deployment, namespace: self.namespace };
        match ask(call, self.patience, api.get(deployment)).await.map_err(|error| error.to_string())? {
            Answer::Is(found) => Ok(ScaleSeen::of(&found)),
            Answer::Absent | Answer::Conflict => Ok(None),
        }
    }

    /// Does one part of a plan. Where the Deployment's version has moved but nobody scaled it, as when a pod became ready, the
    /// write is tried again from the new version.
    pub async fn carry_out(&self, target: &PlannedTarget) -> Outcomes {
        let mut version = target.resource_version.clone();
        for _ in 0..ATTEMPTS {
            if !(self.leads)() {
                return Outcomes::Void("this process leads no more".to_owned());
            }
            match self.scaler.apply(&target.deployment, &version, Replicas(target.to)).await {
                Ok(Outcome::Applied { .. }) => return Outcomes::Scaled,
                Ok(Outcome::Gone) => return Outcomes::Void("it is gone".to_owned()),
                Ok(Outcome::MovedOn) => {}
                Err(error) if error.is_unknown() => {}
                Err(error) => return Outcomes::Failed(error.to_string()),
            }
            match self.look(&target.deployment).await {
                Err(why) => return Outcomes::Failed(why),
                Ok(seen) => match after(target, seen) {
                    Ok(next) => version = next,
                    Err(outcome) => return outcome,
                },
            }
        }
        Outcomes::Void("it changes faster than it can be written".to_owned())
    }
}

/// The version to try again from, or what became of the write.
fn after(target: &PlannedTarget, seen: Option<ScaleSeen>) -> Result<String, Outcomes> {
    if recover(target, seen.as_ref(), 0.0, 0.0) == Recovery::Done {
        return Err(Outcomes::Scaled);
    }
    let Some(seen) = seen else { return Err(Outcomes::Void("it is gone".to_owned())) };
    if seen.replicas == Replicas(target.from) {
        return Ok(seen.resource_version);
    }
    let by = seen.writer.map_or_else(String::new, |writer| format!(" by {writer}"));
    Err(Outcomes::Void(format!("it was set to {}{by} meanwhile", seen.replicas.0)))
}
