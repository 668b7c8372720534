//! Sets the replicas of a Deployment, if it is still as it was when that was decided.

use std::fmt;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v1::{Scale, ScaleSpec};
use karma_core::Replicas;
use kube::api::{ObjectMeta, Patch, PatchParams};
use kube::{Api, Client};

use super::error::ApplyError;
use super::request::{Answer, Call, ask};
use super::seen::ScaleSeen;

/// The field manager of everything that is written to a Deployment's scale.
pub const FIELD_MANAGER: &str = "karma";

/// The resource that is written, as RBAC names it.
const SCALE: &str = "deployments/scale";

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out.
    Applied {
        /// The version of the Deployment afterwards; the one before if nothing was to be changed, or of a rehearsal.
        resource_version: String,
    },
    /// The Deployment is no longer as it was seen: somebody wrote to it, or its status changed. This write did nothing.
    ///
    /// A client that sends a request again by itself (kube's does by default, after the status 503 or 504) may have got
    /// this for the second copy after the first was carried out. A look tells.
    MovedOn,
    /// There is no such Deployment any more. Nothing was done.
    Gone,
}

/// Writes the scale subresource of the Deployments in one namespace, and nothing else.
///
/// A write is a server-side apply of `spec.replicas` alone, by [`FIELD_MANAGER`], which takes the field from whoever
/// owned it, and which is refused if the Deployment's version is another than the one it was decided from. See
/// [the module](super) for why. RBAC: `get` and `patch` of `deployments/scale`.
#[derive(Clone)]
pub struct Scaler {
    api: Api<Deployment>,
    namespace: String,
    patience: Duration,
    dry_run: bool,
}

impl fmt::Debug for Scaler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { api: _, namespace, patience, dry_run } = self;
        f.debug_struct("Scaler")
            .field("namespace", namespace)
            .field("patience", patience)
            .field("dry_run", dry_run)
            .finish_non_exhaustive()
    }
}

impl Scaler {
    /// A writer in `namespace` that waits for an answer as long as `patience`.
    pub fn new(client: Client, namespace: &str, patience: Duration) -> Self {
        let api = Api::namespaced(client, namespace);
        Self { api, namespace: namespace.to_owned(), patience, dry_run: false }
    }

    /// One whose writes go all the way through the API server, its admission included, but are not stored.
    #[must_use]
    pub fn rehearsing(self) -> Self {
        Self { dry_run: true, ..self }
    }

    /// The scale of a Deployment now, without its writer, which [`ScaleSeen::of`] tells; nothing if it is gone.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn see(&self, deployment: &str) -> Result<Option<ScaleSeen>, ApplyError> {
        let call = self.call("get", deployment);
        match ask(call, self.patience, self.api.get_scale(deployment)).await? {
            Answer::Is(scale) => Ok(ScaleSeen::of_scale(scale)),
            Answer::Absent => Ok(None),
            Answer::Conflict => Err(call.refused_as_conflict()),
        }
    }

    /// Sets the replicas of a Deployment that is still at `resource_version`.
    ///
    /// # Errors
    /// [`ApplyError::Unknown`] if nobody knows whether it was carried out: look again. Everything else says that it was
    /// not.
    pub async fn apply(
        &self,
        deployment: &str,
        resource_version: &str,
        replicas: Replicas,
    ) -> Result<Outcome, ApplyError> {
        if resource_version.is_empty() {
            return Err(ApplyError::Unfenced { deployment: deployment.to_owned() });
        }
        let count = i32::try_from(replicas.0)
            .map_err(|_| ApplyError::Replicas { deployment: deployment.to_owned(), replicas: replicas.0 })?;
        let scale = Scale {
            metadata: ObjectMeta {
                name: Some(deployment.to_owned()),
                namespace: Some(self.namespace.clone()),
                resource_version: Some(resource_version.to_owned()),
                ..ObjectMeta::default()
            },
            spec: Some(ScaleSpec { replicas: Some(count) }),
            status: None,
        };
        let params = PatchParams { dry_run: self.dry_run, ..PatchParams::apply(FIELD_MANAGER).force() };
        let patch = Patch::Apply(scale);
        let request = self.api.patch_scale(deployment, &params, &patch);
        Ok(match ask(self.call("patch", deployment), self.patience, request).await? {
            Answer::Is(scale) => {
                let after = scale.metadata.resource_version;
                Outcome::Applied { resource_version: after.unwrap_or_else(|| resource_version.to_owned()) }
            }
            Answer::Absent => Outcome::Gone,
            Answer::Conflict => Outcome::MovedOn,
        })
    }

    fn call<'a>(&'a self, verb: &'static str, name: &'a str) -> Call<'a> {
        Call { verb, resource: SCALE, name, namespace: &self.namespace }
    }
}
