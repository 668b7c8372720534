//! What the kernel is told of the cluster at one decision.

use crate::reading::Reading;

/// One service now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceState {
    /// Replicas that the Deployment asks for (`spec.replicas`).
    pub replicas: u32,
    /// Ready pods.
    pub ready: Reading,
    /// Demand, in the unit of [`DemandLimits`](crate::DemandLimits); not looked at without such limits.
    pub demand: Reading,
    /// CPU that the ready pods use, milli-cores: for the fallback.
    pub usage: Reading,
    /// CPU that the ready pods request, milli-cores: for the fallback.
    pub request: Reading,
    /// Pods that no node has yet.
    pub waiting: u32,
    /// What an operator forbids for this service.
    pub pause: Pause,
}

/// Directions that an operator has forbidden; they hold absolutely (P11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// Nothing is added.
    pub up: bool,
    /// Nothing is removed.
    pub down: bool,
}

impl Pause {
    /// Nothing is changed.
    pub const ALL: Self = Self { up: true, down: true };

    /// What either forbids.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self { up: self.up || other.up, down: self.down || other.down }
    }
}

/// What a node has left for pods that it does not have yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeRoom {
    /// CPU, milli-cores.
    pub cpu: u64,
    /// Memory, mebibytes.
    pub memory: u64,
    /// Pods.
    pub pods: u32,
}

/// The cluster now.
#[derive(Clone, Copy, Debug)]
pub struct Cluster<'a> {
    /// What the clock says, ms. It may jump; the kernel's own time does not.
    pub now_ms: u64,
    /// The services, in the order of the limits.
    pub services: &'a [ServiceState],
    /// Room on the nodes; `None` if it is not known, and then not held to.
    pub nodes: Option<&'a [NodeRoom]>,
    /// Whether the policy may be listened to: `false` once something has found the situation unlike those that it was
    /// trained in.
    pub trusted: bool,
    /// What an operator forbids for all services.
    pub pause: Pause,
}

/// A slice that does not fit the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeError {
    /// Which one.
    pub what: &'static str,
    /// Its length.
    pub got: usize,
    /// Services of the limits.
    pub expected: usize,
}

impl core::fmt::Display for ShapeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {} entries for {} services", self.what, self.got, self.expected)
    }
}

impl core::error::Error for ShapeError {}
