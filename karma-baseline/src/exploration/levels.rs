//! Levels to which an excursion leads: the ends, and between them services that are equally busy.

use karma_core::{PerService, Replicas, StreamRng, Target, Topology};
use rand::RngExt as _;

use super::reach::Reach;
use crate::bounds::Bounds;

/// Shares of the topology's ceiling for which balanced levels just suffice.
const SHARES: [f64; 3] = [0.25, 0.5, 0.75];
const COUNT: usize = 5;
const NAMES: [&str; COUNT] = [
    "excursion to the minimum",
    "excursion to a quarter of the ceiling",
    "excursion to half the ceiling",
    "excursion to three quarters of the ceiling",
    "excursion to near the maximum",
];
/// Probability that one level is drawn for all services, rather than one for each.
const TOGETHER: f64 = 0.5;

/// The level of each service, as a position in the table of levels.
pub(super) type Trip = PerService<usize>;

/// For each service its replicas at each level.
#[derive(Clone, Debug)]
pub(super) struct Levels(pub(super) PerService<[Replicas; COUNT]>);

impl Levels {
    pub(super) fn of(topology: &Topology, bounds: &PerService<Bounds>) -> Self {
        let (ceiling, visits) = (topology.ceiling().factor, topology.nominal_visits());
        let levels = |(id, bounds): (_, &Bounds)| {
            let busiest = ceiling * visits[id] / topology.services[id].pod_capacity().get();
            let [quarter, half, most] = SHARES.map(|share| bounds.clamp(Replicas::ceil(share * busiest)));
            let span = f64::from(bounds.max.get().saturating_sub(bounds.min.get()));
            let near_max =
                bounds.clamp(Replicas(bounds.min.get().saturating_add(Replicas::ceil(0.9 * span).0)));
            [bounds.min, quarter, half, most, near_max]
        };
        Self(bounds.iter_enumerated().map(levels).collect())
    }

    pub(super) fn draw(&self, rng: &mut StreamRng) -> Trip {
        if rng.random::<f64>() < TOGETHER {
            Trip::filled(rng.random_range(0..COUNT), self.0.len())
        } else {
            self.0.map(|_| rng.random_range(0..COUNT))
        }
    }

    /// One decision on the way.
    pub(super) fn approach(&self, trip: &Trip, reach: &PerService<Reach>) -> PerService<Target> {
        let targets = trip
            .iter_enumerated()
            .map(|(id, level)| Target::new(reach[id].toward(self.0[id][*level]), NAMES[*level]));
        targets.collect()
    }

    /// Whether [`Levels::approach`] takes this decision.
    pub(super) fn leads_to(
        &self,
        trip: &Trip,
        reach: &PerService<Reach>,
        taken: &PerService<Replicas>,
    ) -> bool {
        trip.ids().all(|id| reach[id].toward(self.0[id][trip[id]]) == taken[id])
    }

    /// The probability that a new trip begins with this decision.
    pub(super) fn probability(&self, reach: &PerService<Reach>, taken: &PerService<Replicas>) -> f64 {
        let share = |count: usize| count as f64 / COUNT as f64;
        let leads = |id, level: usize| reach[id].toward(self.0[id][level]) == taken[id];
        let together = (0..COUNT).filter(|level| self.0.ids().all(|id| leads(id, *level))).count();
        let apart = self.0.ids().map(|id| share((0..COUNT).filter(|level| leads(id, *level)).count()));
        TOGETHER * share(together) + (1.0 - TOGETHER) * apart.product::<f64>()
    }
}
