//! Reading a snapshot that may not fit.

use karma_core::{Replicas, ServiceId, Snapshot};

use crate::bounds::Bounds;

/// What the Deployment asks for now, within its bounds; its minimum if the snapshot does not have the service.
pub(crate) fn desired(snapshot: &Snapshot, service: ServiceId, bounds: Bounds) -> Replicas {
    bounds.clamp(snapshot.services.get(service).map_or(bounds.min, |service| service.desired))
}
