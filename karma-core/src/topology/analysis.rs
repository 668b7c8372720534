//! What a topology can carry, by arithmetic: visits, unloaded latency, and the ceiling of full scale-out.

use super::{Connection, FanOut, NodePool, Service, Topology};
use crate::{EntryPointId, PerEntryPoint, PerService, RequestsPerSecond, Seconds, ServiceId};

/// What stops a topology from carrying more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// A service at its maximum of replicas.
    Service(ServiceId),
    /// A connection at its throughput (index into [`Topology::connections`]).
    Connection(usize),
    /// The CPU or memory of the nodes.
    Nodes,
}

/// The arrival rate that full scale-out can carry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ceiling {
    /// Requests per second over all entry points, in the mix of their nominal rates.
    pub rate: RequestsPerSecond,
    /// The ceiling over the nominal rate.
    pub factor: f64,
    /// What limits it.
    pub limit: Limit,
}

impl Topology {
    /// Expected visits of each service by one request that enters at `entry`; 0 where it never comes.
    ///
    /// In call order, `visits(destination) += visits(source) · calls`, or in proportion to the weights where a
    /// service calls only one successor. Cost: services + connections.
    pub fn visits(&self, entry: EntryPointId) -> PerService<f64> {
        let mut arrivals = PerService::filled(0.0, self.services.len());
        arrivals[self.entry_points[entry].service] = 1.0;
        self.spread(arrivals)
    }

    /// Expected visits of each service per second, when every entry point receives its nominal rate.
    pub fn nominal_visits(&self) -> PerService<f64> {
        self.visits_under(&self.entry_points.map(|entry| entry.nominal_rate.0))
    }

    /// Expected visits of each service per second, when the entry points receive `rates`, in requests per second; one
    /// without a rate receives nothing. Cost: services + connections.
    pub fn visits_under(&self, rates: &PerEntryPoint<f64>) -> PerService<f64> {
        let mut arrivals = PerService::filled(0.0, self.services.len());
        for (entry, rate) in self.entry_points.iter().zip(rates) {
            arrivals[entry.service] += rate;
        }
        self.spread(arrivals)
    }

    /// Visits that follow from arrivals, the arrivals included.
    fn spread(&self, mut visits: PerService<f64>) -> PerService<f64> {
        for &source in self.call_order() {
            let here = visits[source];
            for (index, calls) in self.mean_calls(source) {
                visits[self.connections[index].destination] += here * calls;
            }
        }
        visits
    }

    /// The connections from `source`, in the order of the file, with their mean calls per request of it.
    fn mean_calls(&self, source: ServiceId) -> Vec<(usize, f64)> {
        let indices = self.connections_from(source);
        let total: f64 = indices.iter().map(|index| self.connections[*index].weight).sum();
        let mean = |index: usize| {
            let Connection { calls, weight, .. } = self.connections[index];
            match self.services[source].fan_out {
                FanOut::Sequential | FanOut::Parallel => calls,
                FanOut::Weighted => calls * weight / total,
            }
        };
        indices.into_iter().map(|index| (index, mean(index))).collect()
    }

    /// Mean time of a request at each service that meets an empty system, everything that it calls included. Parallel calls count
    /// as their slowest mean, which is a lower bound of the mean of the slowest. Cost: services + connections.
    pub fn unloaded_latencies(&self) -> PerService<Seconds> {
        let mut latency = PerService::filled(Seconds(0.0), self.services.len());
        for &id in self.call_order().iter().rev() {
            let time = |(index, calls): (usize, f64)| calls * latency[self.connections[index].destination].0;
            let times = self.mean_calls(id).into_iter().map(time);
            let below = match self.services[id].fan_out {
                FanOut::Parallel => times.fold(0.0, f64::max),
                FanOut::Sequential | FanOut::Weighted => times.sum(),
            };
            latency[id] = self.services[id].unloaded_time() + Seconds(below);
        }
        latency
    }

    /// Mean end-to-end time of a request that meets an empty system, of the slowest entry point.
    pub fn unloaded_latency(&self) -> Seconds {
        let latencies = self.unloaded_latencies();
        let slowest = self.entry_points.iter().map(|entry| latencies[entry.service].0).fold(0.0, f64::max);
        Seconds(slowest)
    }

    /// The arrival rate that full scale-out can carry, and what limits it.
    ///
    /// The least over (a) each service, `max_replicas · pod capacity / visits`, (b) each limited connection, and
    /// (c) the nodes: the rate at which the pods that it takes, fractions allowed, request all CPU or memory.
    /// A service or connection that no request reaches limits nothing. Cost: services + connections.
    pub fn ceiling(&self) -> Ceiling {
        let visits = self.nominal_visits();
        let services = self.services.iter_enumerated().map(|(id, service)| {
            let capacity = f64::from(service.max_replicas.0) * service.pod_capacity().0;
            (capacity / visits[id], Limit::Service(id))
        });
        let links = self.services.ids().flat_map(|source| {
            let limit = |(index, calls): (usize, f64)| {
                let throughput = self.connections[index].throughput?;
                Some((throughput.0 / (visits[source] * calls), Limit::Connection(index)))
            };
            self.mean_calls(source).into_iter().filter_map(limit).collect::<Vec<_>>()
        });
        let nodes = (self.node_factor(&visits), Limit::Nodes);
        let all = services.chain(links).chain([nodes]);
        let (factor, limit) = all.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or(nodes);
        Ceiling { rate: RequestsPerSecond(factor * self.nominal_rate().0), factor, limit }
    }

    /// By how much the nominal load may grow until the pods that it takes request all CPU or memory of the nodes.
    fn node_factor(&self, visits: &PerService<f64>) -> f64 {
        let taken = |of: fn(&Service) -> u32| -> f64 {
            let pods = |id: ServiceId| visits[id] / self.services[id].pod_capacity().0;
            self.services.iter_enumerated().map(|(id, service)| pods(id) * f64::from(of(service))).sum()
        };
        let offered = |of: fn(&NodePool) -> u32| -> f64 {
            self.nodes.iter().map(|pool| f64::from(pool.count) * f64::from(of(pool))).sum()
        };
        let cpu = offered(|pool| pool.cpu.0) / taken(|service| service.cpu.0);
        cpu.min(offered(|pool| pool.memory.0) / taken(|service| service.memory.0))
    }

    /// What a ceiling is limited by, in words.
    pub fn describe_limit(&self, limit: Limit) -> String {
        match limit {
            Limit::Service(id) => {
                format!("{} at {} replicas", self.services[id].name, self.services[id].max_replicas)
            }
            Limit::Connection(index) => {
                let connection = &self.connections[index];
                let name = |id: ServiceId| self.services[id].name.as_str();
                format!("the link {} → {}", name(connection.source), name(connection.destination))
            }
            Limit::Nodes => "the nodes".to_owned(),
        }
    }

    /// CPU requested by full scale-out, in cores.
    pub fn full_scale_out_cores(&self) -> f64 {
        self.services.iter().map(|s| s.cpu.cores() * f64::from(s.max_replicas.0)).sum()
    }
}
