//! Reading a snapshot that may not fit.

use karma_core::{Replicas, ServiceId, Snapshot};

use crate::bounds::Bounds;

/// What the Deployment asks for now, within its bounds; its minimum if the snapshot does not have the service.
pub(crate) fn desired(snapshot: &Snapshot, service: ServiceId, bounds: Bounds) -> Replicas {
    bounds.clamp(snapshot.services.get(service).map_or(bounds.min, |service| service.desired))
}

/// How many of its pods are ready, if any is.
pub(crate) fn ready(snapshot: &Snapshot, service: ServiceId) -> Option<u32> {
    let pods = &snapshot.services.get(service)?.pods;
    let ready = pods.iter().filter(|pod| pod.ready == Some(true) && !pod.deleting).count();
    u32::try_from(ready).ok().filter(|ready| *ready > 0)
}
