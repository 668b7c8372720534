//! From a policy reference to minds: read, check the pin, load.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use karma_core::{Autoscaler, Seconds, Topology};
use kube::{Api, Client};
use thiserror::Error;

use crate::apply::{Answer, Call, ask};
use crate::decide::{Alarm, Fallback};
use crate::resource::{DigestError, FallbackSpec, PolicyRef};

/// Largest policy that is read, bytes.
const LARGEST: u64 = 64 << 20;

/// A policy as it was loaded.
pub struct LoadedPolicy {
    /// The services that it was trained for.
    pub topology: Arc<Topology>,
    /// Between two decisions.
    pub period: Seconds,
    /// The team.
    pub agents: Box<dyn Autoscaler>,
    /// What tells that the team does not know a situation.
    pub alarm: Option<Box<dyn Alarm>>,
}

impl std::fmt::Debug for LoadedPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedPolicy").field("period", &self.period).finish_non_exhaustive()
    }
}

/// Makes minds of bytes. This crate knows neither networks nor rules, so it is given.
pub trait PolicyLoader: Send + Sync {
    /// The team in these bytes.
    ///
    /// # Errors
    /// Why they are none, in words.
    fn load(&self, bytes: &[u8]) -> Result<LoadedPolicy, String>;

    /// The autoscaler to fall back to, within the bounds of `topology`.
    ///
    /// # Errors
    /// What is wrong with its specification, in words.
    fn fallback(&self, topology: &Topology, spec: &FallbackSpec) -> Result<Box<dyn Fallback>, String>;
}

/// Why there is no policy.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// The reference names neither a `ConfigMap` nor a file, or both.
    #[error("spec.policy: exactly one of configMap and file says where the policy is")]
    Place,
    /// The file cannot be read.
    #[error("policy file {file}: {why}")]
    File {
        /// As written.
        file: String,
        /// Why not.
        why: String,
    },
    /// The `ConfigMap` cannot be read.
    #[error("ConfigMap {name}: {why}")]
    ConfigMap {
        /// Its name.
        name: String,
        /// Why not.
        why: String,
    },
    /// It is another policy.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// It is no policy.
    #[error("the policy cannot be used: {0}")]
    Content(String),
}

impl PolicyError {
    /// One word for a condition.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Place | Self::File { .. } | Self::ConfigMap { .. } => "NotFound",
            Self::Digest(_) => "WrongDigest",
            Self::Content(_) => "NotUsable",
        }
    }
}

/// The bytes of a policy, which are the pinned ones.
///
/// # Errors
/// They cannot be read, or are others.
pub async fn read_policy(
    client: &Client,
    namespace: &str,
    policy: &PolicyRef,
    patience: Duration,
) -> Result<Vec<u8>, PolicyError> {
    let bytes = match (&policy.config_map, &policy.file) {
        (Some(of), None) => config_map_entry(client, namespace, (&of.name, &of.key), patience).await?,
        (None, Some(file)) => policy_file(file).await?,
        _ => return Err(PolicyError::Place),
    };
    policy.verify(&bytes)?;
    Ok(bytes)
}

async fn config_map_entry(
    client: &Client,
    namespace: &str,
    (name, key): (&str, &str),
    patience: Duration,
) -> Result<Vec<u8>, PolicyError> {
    let wrong = |why: String| PolicyError::ConfigMap { name: name.to_owned(), why };
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let call = Call { verb: "get", resource: "configmaps", name, namespace };
    let found = ask(call, patience, api.get(name)).await.map_err(|error| wrong(error.to_string()))?;
    let Answer::Is(map) = found else { return Err(wrong(format!("there is none in namespace {namespace}"))) };
    let entry = map.binary_data.unwrap_or_default().remove(key);
    entry.map(|bytes| bytes.0).ok_or_else(|| wrong(format!("binaryData has no entry {key}")))
}

/// Read aside: a volume of the network may be slow.
async fn policy_file(file: &str) -> Result<Vec<u8>, PolicyError> {
    let path = file.to_owned();
    let wrong = |why: String| PolicyError::File { file: file.to_owned(), why };
    let read = tokio::task::spawn_blocking(move || read_bounded(Path::new(&path))).await;
    read.map_err(|error| wrong(error.to_string()))?.map_err(wrong)
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > LARGEST {
        return Err(format!("{length} bytes; at most {LARGEST} are read"));
    }
    std::fs::read(path).map_err(|error| error.to_string())
}
