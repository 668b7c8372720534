//! Fixed replicas: the baseline that costs nothing to run.
//!
//! A learned policy is worth something only where it beats the best of these, so the whole sweep belongs in every
//! table: it shows what resilience costs without any intelligence. "Everything at its maximum" (`static-max`) is
//! the most resilient and the dearest.

use karma_core::{Autoscaler, Decision, PerService, Replicas, Snapshot, StreamRng, Target, Topology};

use crate::bounds::Bounds;

const REASON: &str = "fixed replicas";

/// The same replicas at all times.
///
/// ```
/// use karma_baseline::StaticReplicas;
/// use karma_core::{Autoscaler, Replicas, Topology};
///
/// let topology = Topology::read(
///     r#"{ "services": {
///         "a": { "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 3 },
///         "b": { "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 9 } },
///       "connections": [{ "source": "a", "destination": "b" }] }"#.as_bytes(),
/// )?;
/// let five = StaticReplicas::new(&topology, Replicas(5));
/// assert_eq!((five.name(), five.replicas().as_slice()), ("static-5", &[Replicas(3), Replicas(5)][..]));
/// assert_eq!(StaticReplicas::initial(&topology).name(), "static");
/// assert_eq!(StaticReplicas::sweep(&topology).len(), 9);
/// # Ok::<(), karma_core::TopologyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct StaticReplicas {
    name: String,
    replicas: PerService<Replicas>,
}

impl StaticReplicas {
    /// `replicas` of every service, or as near as its bounds allow: `static-5`.
    pub fn new(topology: &Topology, replicas: Replicas) -> Self {
        let replicas_of_each = Bounds::of(topology).map(|bounds| bounds.clamp(replicas));
        Self { name: format!("static-{replicas}"), replicas: replicas_of_each }
    }

    /// Every service at its maximum: `static-max`.
    pub fn max(topology: &Topology) -> Self {
        Self { name: "static-max".to_owned(), replicas: Bounds::of(topology).map(|bounds| bounds.max) }
    }

    /// Every service at the replicas that it starts with: `static`, which is what doing nothing gives.
    pub fn initial(topology: &Topology) -> Self {
        let initial = topology.services.map(|service| service.initial_replicas);
        Self { name: "static".to_owned(), replicas: initial }
    }

    /// One for each distinct count between the smallest minimum and the largest maximum of any service.
    pub fn sweep(topology: &Topology) -> Vec<Self> {
        let bounds = Bounds::of(topology);
        let least = bounds.iter().map(|bounds| bounds.min.get()).min().unwrap_or_default();
        let most = bounds.iter().map(|bounds| bounds.max.get()).max().unwrap_or_default();
        (least..=most).map(|replicas| Self::new(topology, Replicas(replicas))).collect()
    }

    /// Its replicas of each service.
    pub fn replicas(&self) -> &PerService<Replicas> {
        &self.replicas
    }
}

impl Autoscaler for StaticReplicas {
    fn name(&self) -> &str {
        &self.name
    }

    fn reset(&mut self) {}

    fn decide(&mut self, _snapshot: &Snapshot, _rng: &mut StreamRng) -> Decision {
        Decision { targets: self.replicas.map(|replicas| Target::new(*replicas, REASON)) }
    }
}
