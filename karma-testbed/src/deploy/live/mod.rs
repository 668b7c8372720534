//! The life of a deployment on a cluster: [`up`], [`status`], [`down`].
//!
//! Everything goes through the API server, so any cluster will do. What is ours is known by its label
//! (`app.kubernetes.io/managed-by=karma-lab`); what is not ours is left alone: a namespace that somebody else made is
//! refused by name.

mod capacity;
mod down;
mod error;
#[cfg(test)]
mod fake;
mod ready;
mod status;
mod trouble;
mod up;

use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};

use super::object::{MANAGED_BY, MANAGER};

pub use capacity::capacity;
pub use down::{Down, down};
pub use error::LiveError;
pub use status::{Row, Usage, status};
pub use trouble::Trouble;
pub use up::{Progress, Up, up};

/// How long to wait for a cluster, and how often to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// After this it is an error.
    pub deadline: Duration,
    /// Between two looks.
    pub poll: Duration,
}

impl Default for Patience {
    /// Three minutes, one second.
    fn default() -> Self {
        Self { deadline: Duration::from_mins(3), poll: Duration::from_secs(1) }
    }
}

/// What a namespace is to us.
enum Owner {
    Nobody,
    Us,
    UsLeaving,
}

/// Whose the namespace `name` is.
///
/// # Errors
/// [`LiveError::ForeignNamespace`] if it is there without our label.
async fn owner(client: &Client, name: &str) -> Result<Owner, LiveError> {
    let api: Api<Namespace> = Api::all(client.clone());
    let found = api.get_opt(name).await.map_err(LiveError::reading("the namespace"))?;
    let Some(namespace) = found else { return Ok(Owner::Nobody) };
    let ours =
        namespace.metadata.labels.iter().any(|labels| labels.get(MANAGED_BY).is_some_and(|by| by == MANAGER));
    if !ours {
        return Err(LiveError::ForeignNamespace { name: name.to_owned() });
    }
    Ok(if namespace.metadata.deletion_timestamp.is_some() { Owner::UsLeaving } else { Owner::Us })
}

#[cfg(test)]
mod tests;
