//! One disturbance by hand.

use karma_core::StreamRng;
use kube::Client;

use super::ChaosError;
use super::fault::{Faults, Strike, Which};
use super::pods::{self, Target};

/// A pod to which something was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struck {
    /// Its service.
    pub service: String,
    /// Its name.
    pub pod: String,
}

/// Does something to pods of a service.
///
/// # Errors
/// When none runs, when a number is out of range, or when a pod cannot be reached; those before it were struck.
pub async fn strike(
    client: &Client,
    place: (&str, &str),
    strike: &Strike,
    which: Which,
    rng: &mut StreamRng,
) -> Result<Vec<Struck>, ChaosError> {
    let (namespace, service) = place;
    which.check()?;
    let mut targets = pods::running(client, namespace).await?;
    targets.retain(|target| target.service == service);
    if targets.is_empty() {
        return Err(ChaosError::NoPods { service: service.to_owned(), namespace: namespace.to_owned() });
    }
    hit_all(client, namespace, &pods::choose(targets, which, rng), strike).await
}

/// Ends every fault of every mock in the namespace.
///
/// # Errors
/// When a pod cannot be reached.
pub async fn clear(client: &Client, namespace: &str) -> Result<Vec<Struck>, ChaosError> {
    let targets = pods::running(client, namespace).await?;
    let struck = hit_all(client, namespace, &targets, &Strike::Faults(Faults::default())).await?;
    super::contention::end(client, namespace).await?;
    Ok(struck)
}

pub(super) async fn hit_all(
    client: &Client,
    namespace: &str,
    targets: &[Target],
    strike: &Strike,
) -> Result<Vec<Struck>, ChaosError> {
    let mut struck = Vec::with_capacity(targets.len());
    for target in targets {
        struck.push(pods::hit(client, namespace, target, strike).await?);
    }
    Ok(struck)
}
