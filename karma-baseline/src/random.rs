//! A random walk: what a policy that learned nothing does.

use karma_core::{Autoscaler, Decision, PerService, Snapshot, StreamRng, Target, Topology};
use rand::RngExt as _;

use crate::bounds::Bounds;
use crate::desired::desired;

/// Changes every service by a uniform draw from -α to α at each decision, within its bounds.
///
/// These are the moves that a defender may make, so it is the floor for learned policies: an untrained actor
/// that explores evenly. All randomness comes from the stream that is passed in.
#[derive(Clone, Debug)]
pub struct RandomWalk {
    bounds: PerService<Bounds>,
    alpha: u16,
}

impl RandomWalk {
    /// A walk with steps of at most `alpha` replicas; the paper's α is 3.
    pub fn new(topology: &Topology, alpha: u16) -> Self {
        Self { bounds: Bounds::of(topology), alpha }
    }
}

impl Autoscaler for RandomWalk {
    fn name(&self) -> &'static str {
        "random"
    }

    fn reset(&mut self) {}

    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision {
        let alpha = i32::from(self.alpha);
        let step = |(service, bounds): (_, &Bounds)| {
            let change = rng.random_range(-alpha..=alpha);
            let replicas = desired(snapshot, service, *bounds).moved(change, bounds.min, bounds.max);
            Target::new(replicas, "random step")
        };
        Decision { targets: self.bounds.iter_enumerated().map(step).collect() }
    }
}
