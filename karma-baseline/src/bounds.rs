//! The replica bounds that every rule keeps to.

use karma_core::topology::Service;
use karma_core::{PerService, Replicas, Topology};

/// Fewest and most replicas of one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) min: Replicas,
    pub(crate) max: Replicas,
}

impl Bounds {
    /// The bounds of each service.
    pub(crate) fn of(topology: &Topology) -> PerService<Self> {
        topology
            .services
            .map(|service: &Service| Self { min: service.min_replicas, max: service.max_replicas })
    }

    /// The nearest allowed count.
    pub(crate) fn clamp(self, replicas: Replicas) -> Replicas {
        replicas.max(self.min).min(self.max)
    }
}
