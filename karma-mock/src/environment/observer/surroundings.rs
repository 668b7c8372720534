//! An observation in parts: for each service the service itself, and what surrounds it.
//!
//! | features of a part | what they are |
//! |---|---|
//! | 12 for each state shown | the service, as in an observation as a whole |
//! | 3 | what the entry points send it: Σ rate · visits, of the capacity of full scale-out now and one decision before, and of that of its ready pods now |
//! | 12 + 12 | the mean of its callers, and of those that it calls |
//! | 12 + 12 | the mean and the largest over all services |
//! | 7 | the system |
//! | 6 | what it is: an entry point or not, how far from one, what a pod costs, what all of them cost, what one of them is of all, its time of an unloaded answer |
//! | 2α + 1 | the agent's last move, if it was here |
//! | 1 | whether it was elsewhere |
//!
//! The demand from the entry points is what tells a service of a surge before it comes: behind a service that is full, arrivals
//! do not grow, and say nothing of what will come once there is room.
//!
//! Cost: features of all parts, services × (services' features + connections); nothing is allocated from the second time on.

use karma_core::{
    ActionSpace, AgentId, EntryPointId, History, Id as _, Observation, PerEntryPoint, PerService, ServiceId,
    State, Topology,
};

use super::features::{
    ABOUT_SERVICE, ABOUT_SYSTEM, SERVICE_FEATURES, SYSTEM_FEATURES, cut, service_features, system_features,
};

const DEMAND_FEATURES: usize = 3;
const KIND_FEATURES: usize = 6;

/// What the topology says of each service, and the sizes of a part.
#[derive(Debug)]
pub(super) struct Surroundings {
    services: PerService<Place>,
    space: ActionSpace,
    depth: usize,
    /// Moves of one service.
    moves: usize,
}

/// A service in its topology.
#[derive(Debug)]
struct Place {
    callers: Vec<ServiceId>,
    callees: Vec<ServiceId>,
    /// Requests to it for one that enters.
    visits: PerEntryPoint<f64>,
    kind: [f32; KIND_FEATURES],
    /// Requests per second that one pod carries.
    pod_capacity: f64,
    max_replicas: f64,
}

impl Place {
    #[expect(clippy::cast_possible_truncation, reason = "features are single precision")]
    fn of(topology: &Topology, id: ServiceId, (farthest, distance): (u32, u32)) -> Self {
        let service = &topology.services[id];
        let (cores, pods) = (service.cpu.cores(), f64::from(service.max_replicas.0));
        let all_cores = topology.full_scale_out_cores().max(f64::MIN_POSITIVE);
        let all_pods: f64 = topology.services.iter().map(|other| f64::from(other.max_replicas.0)).sum();
        let is_entry = topology.entry_points.iter().any(|entry| entry.service == id);
        let kind = [
            f64::from(u8::from(is_entry)),
            f64::from(distance) / f64::from(farthest.max(1)),
            cores * all_pods / all_cores,
            cores * pods / all_cores,
            1.0 / pods.max(1.0),
            service.unloaded_time().0 / topology.slo.0,
        ];
        let neighbours = |ends: fn(&karma_core::topology::Connection) -> (ServiceId, ServiceId)| {
            let connections = topology.connections.iter().map(ends).filter(|(here, _)| *here == id);
            connections.map(|(_, other)| other).collect()
        };
        Self {
            callers: neighbours(|connection| (connection.destination, connection.source)),
            callees: neighbours(|connection| (connection.source, connection.destination)),
            visits: topology
                .entry_points
                .ids()
                .map(|entry: EntryPointId| topology.visits(entry)[id])
                .collect(),
            kind: kind.map(|value| cut(value as f32)),
            pod_capacity: service.pod_capacity().0,
            max_replicas: pods,
        }
    }

    /// What comes from the entry points, of what full scale-out carries now and before, and of what the ready pods carry
    /// now. `ready`: their share of all pods.
    #[expect(clippy::cast_possible_truncation, reason = "features are single precision")]
    fn demand(&self, [now, before]: [&State; 2], ready: f32) -> [f32; DEMAND_FEATURES] {
        let ready = (f64::from(ready) * self.max_replicas).max(0.5);
        let of = |state: &State, pods: f64| cut((self.arriving(state) / (pods * self.pod_capacity)) as f32);
        [of(now, self.max_replicas), of(before, self.max_replicas), of(now, ready)]
    }

    /// Requests per second that the entry points send it, as far as they were sampled.
    fn arriving(&self, state: &State) -> f64 {
        let rates = state.entry_rates.iter().zip(&self.visits);
        rates.map(|(rate, visits)| f64::from(rate.unwrap_or(0.0)) * visits).sum()
    }
}

impl Surroundings {
    pub(super) fn of(topology: &Topology, depth: usize, space: ActionSpace) -> Self {
        let distances = distances(topology);
        let farthest = distances.iter().copied().max().unwrap_or(0);
        let place = |id| Place::of(topology, id, (farthest, distances[id]));
        let services: PerService<Place> = topology.services.ids().map(place).collect();
        Self { moves: space.len() / services.len().max(1), services, space, depth }
    }

    /// How many parts there are.
    pub(super) fn count(&self) -> usize {
        self.services.len()
    }

    /// Length of an observation.
    pub(super) fn size(&self) -> usize {
        self.count() * self.part()
    }

    /// Features of a part.
    const fn part(&self) -> usize {
        self.shown() + self.moves + 1
    }

    /// Those of them that all agents see.
    const fn shown(&self) -> usize {
        (self.depth + 4) * SERVICE_FEATURES + DEMAND_FEATURES + SYSTEM_FEATURES + KIND_FEATURES
    }

    pub(super) fn subjects(&self) -> Vec<(Option<ServiceId>, &'static str)> {
        let of = |(id, place): (ServiceId, &Place)| {
            let only = |neighbours: &[ServiceId]| if let [only] = neighbours { Some(*only) } else { None };
            let service = |id: Option<ServiceId>| ABOUT_SERVICE.map(|about| (id, about));
            let mut subjects = service(Some(id)).repeat(self.depth);
            subjects.extend([(None, "load at the entry"); DEMAND_FEATURES]);
            for id in [only(&place.callers), only(&place.callees), None, None] {
                subjects.extend(service(id));
            }
            subjects.extend(ABOUT_SYSTEM.map(|about| (None, about)));
            subjects.extend([(Some(id), "what it is"); KIND_FEATURES]);
            subjects.extend(std::iter::repeat_n((None, "its last move"), self.moves + 1));
            subjects
        };
        self.services.iter_enumerated().flat_map(of).collect()
    }

    /// Writes what all agents see, without anybody's last move.
    pub(super) fn write(&self, topology: &Topology, history: &History, features: &mut Vec<f32>) {
        let (part, now) = (self.part(), history.now());
        features.clear();
        features.resize(self.size(), 0.0);
        let mut state = now;
        for ago in 0..self.depth {
            state = history.state(ago).unwrap_or(state);
            let services = topology.services.iter().zip(&state.services);
            for ((service, row), part) in services.zip(features.chunks_exact_mut(part)) {
                let at = ago * SERVICE_FEATURES;
                part[at..at + SERVICE_FEATURES].copy_from_slice(&service_features(
                    service,
                    row,
                    topology.slo.0,
                ));
            }
        }
        let (before, system) = (history.state(1).unwrap_or(now), system_features(now));
        let (mean, largest) = (self.mean(features, self.services.ids()), self.largest(features));
        for (id, place) in self.services.iter_enumerated() {
            let around = [
                self.mean(features, place.callers.iter().copied()),
                self.mean(features, place.callees.iter().copied()),
                mean,
                largest,
            ];
            let ready = features[id.index() * part + 1];
            let rest = &mut features[id.index() * part..][self.depth * SERVICE_FEATURES..self.shown()];
            let demand = place.demand([now, before], ready);
            let values = demand.into_iter().chain(around.into_iter().flatten());
            let values = values.chain(system).chain(place.kind);
            rest.iter_mut().zip(values).for_each(|(feature, value)| *feature = value);
        }
    }

    /// The mean of some services' present features; 0 of none.
    fn mean(&self, features: &[f32], services: impl Iterator<Item = ServiceId>) -> [f32; SERVICE_FEATURES] {
        let (mut sums, mut count) = ([0.0; SERVICE_FEATURES], 0.0_f32);
        for service in services {
            let own = &features[service.index() * self.part()..][..SERVICE_FEATURES];
            sums.iter_mut().zip(own).for_each(|(sum, value)| *sum += value);
            count += 1.0;
        }
        sums.map(|sum| sum / count.max(1.0))
    }

    /// The largest of all services' present features, one by one.
    fn largest(&self, features: &[f32]) -> [f32; SERVICE_FEATURES] {
        let mut largest = [0.0_f32; SERVICE_FEATURES];
        for part in features.chunks_exact(self.part()) {
            largest.iter_mut().zip(part).for_each(|(largest, value)| *largest = largest.max(*value));
        }
        largest
    }

    /// Marks the agent's last move in what [`Surroundings::write`] left: its action in the part of its service, and in all other
    /// parts that it was elsewhere.
    pub(super) fn mark_last_move(&self, history: &History, agent: AgentId, features: &mut [f32]) {
        let last = history.action(0).and_then(|joint| joint.get(agent));
        let Some(last) = last.filter(|action| (action.0 as usize) < self.space.len()) else { return };
        let (service, change) = (last.0 as usize / self.moves, last.0 as usize % self.moves);
        for (place, part) in features.chunks_exact_mut(self.part()).enumerate() {
            let at = if place == service { change } else { self.moves };
            part[self.shown() + at] = 1.0;
        }
    }

    /// What each agent sees.
    pub(super) fn observe_all(
        &self,
        topology: &Topology,
        history: &History,
        observations: &mut [Observation],
    ) {
        let Some((first, others)) = observations.split_first_mut() else { return };
        self.write(topology, history, &mut first.0);
        for (observation, agent) in others.iter_mut().zip(1..) {
            observation.0.clear();
            observation.0.extend_from_slice(&first.0);
            self.mark_last_move(history, AgentId::from_index(agent), &mut observation.0);
        }
        self.mark_last_move(history, AgentId::from_index(0), &mut first.0);
    }
}

/// How many calls lie between each service and where a request enters, at most.
fn distances(topology: &Topology) -> PerService<u32> {
    let mut distances = PerService::filled(0, topology.services.len());
    for &source in topology.call_order() {
        let next = distances[source] + 1;
        for connection in topology.calls_from(source) {
            let distance = &mut distances[connection.destination];
            *distance = next.max(*distance);
        }
    }
    distances
}
