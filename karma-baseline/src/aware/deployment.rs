//! What an agent of AWARE sees of its Deployment, and what it earns.

use karma_core::{Metric, Observation, PerService, ServiceId, Snapshot, Topology};

use crate::bounds::Bounds;
use crate::desired::{desired, ready};

/// Features of a Deployment.
pub const FEATURES: usize = 8;
/// Weight of the objective in a reward; the rest is that of utilisation.
const OBJECTIVE: f32 = 0.7;
/// The acceptable mean latency as a multiple of that of an empty system, unless a user says otherwise: that of a single request everywhere
/// here.
pub const ACCEPTABLE: f64 = 3.0;
/// Ratios that may grow without bound are cut here.
const CUT: f32 = 2.0;

/// A Deployment at a decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// What its agent sees.
    pub observation: Observation,
    /// What the last decision has earned it, 0 to 1.
    pub reward: f32,
}

/// Looks at every Deployment, and remembers the load of the last decision.
#[derive(Clone, Debug)]
pub struct Deployments {
    places: PerService<Place>,
    before: PerService<Option<f32>>,
}

/// What the topology says of a service.
#[derive(Clone, Copy, Debug)]
struct Place {
    bounds: Bounds,
    /// Seconds.
    acceptable: f64,
    /// Requests per second that all replicas carry.
    capacity: f32,
}

impl Deployments {
    /// Those of a topology, whose mean latencies are to stay within `acceptable` times those of an empty system.
    #[expect(clippy::cast_possible_truncation, reason = "features are single precision")]
    pub fn new(topology: &Topology, acceptable: f64) -> Self {
        let (bounds, unloaded) = (Bounds::of(topology), topology.unloaded_latencies());
        let place = |(id, service): (ServiceId, &karma_core::topology::Service)| Place {
            bounds: bounds[id],
            acceptable: acceptable * unloaded[id].get(),
            capacity: (service.pod_capacity().0 * f64::from(service.max_replicas.get())) as f32,
        };
        let places: PerService<Place> = topology.services.iter_enumerated().map(place).collect();
        Self { before: places.map(|_| None), places }
    }

    /// Forgets the last decision.
    pub fn reset(&mut self) {
        self.before.iter_mut().for_each(|rate| *rate = None);
    }

    /// All of them at a decision.
    pub fn look(&mut self, snapshot: &Snapshot) -> PerService<Seen> {
        let asked = |id| desired(snapshot, id, self.places[id].bounds).get() as f32;
        let most = |id: ServiceId| self.places[id].bounds.max.get() as f32;
        let all: [f32; 2] = [self.places.ids().map(asked).sum(), self.places.ids().map(most).sum()];
        let see = |id| {
            let others = (all[0] - asked(id)) / (all[1] - most(id)).max(1.0);
            self.see(id, snapshot, (asked(id) / most(id), others))
        };
        let seen = self.places.ids().map(see).collect();
        for (id, rate) in self.before.iter_mut().enumerate() {
            *rate =
                snapshot.services.as_slice().get(id).and_then(|seen| seen.metrics.get(Metric::RequestRate));
        }
        seen
    }

    #[expect(clippy::cast_possible_truncation, reason = "features are single precision")]
    fn see(&self, id: ServiceId, snapshot: &Snapshot, (asked, others): (f32, f32)) -> Seen {
        let place = &self.places[id];
        let get = |metric| snapshot.services.get(id).and_then(|seen| seen.metrics.get(metric));
        let latency = get(Metric::LatencyMean).filter(|latency| *latency > 0.0);
        let kept = latency.map_or(1.0, |latency| (place.acceptable / f64::from(latency)).min(1.0) as f32);
        let busy = cut(get(Metric::CpuUtilization).unwrap_or(0.0));
        let rate = get(Metric::RequestRate);
        let grown = rate.zip(self.before[id]).map_or(0.0, |(now, before)| (now - before) / place.capacity);
        let up = ready(snapshot, id).unwrap_or(0) as f32 / place.bounds.max.get() as f32;
        let load = cut(rate.unwrap_or(0.0) / place.capacity);
        let sampled = f32::from(u8::from(rate.is_some()));
        let features = [busy, kept, asked, up, others, load, grown.clamp(-CUT, CUT), sampled];
        let reward = OBJECTIVE * kept + (1.0 - OBJECTIVE) * busy.min(1.0);
        Seen { observation: Observation(features.map(finite).to_vec()), reward: finite(reward) }
    }
}

fn cut(value: f32) -> f32 {
    finite(value).clamp(0.0, CUT)
}

fn finite(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}
