//! What a topology can carry, by arithmetic: visits, unloaded latency, and the ceiling of full scale-out.

use super::{Connection, FanOut, Topology};
use crate::{EntryPointId, PerService, RequestsPerSecond, Seconds, ServiceId};

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
    /// Expected visits of each service by one request that enters at `entry`.
    ///
    /// In call order, `visits(destination) += visits(source) · calls`, or in proportion to the weights where a
    /// service calls only one successor. Cost: services + connections.
    pub fn visits(&self, entry: EntryPointId) -> PerService<f64> {
        let mut visits = PerService::filled(0.0, self.services.len());
        visits[self.entry_points[entry].service] = 1.0;
        for &source in self.call_order() {
            if visits[source] > 0.0 {
                self.spread(source, &mut visits);
            }
        }
        visits
    }

    fn spread(&self, source: ServiceId, visits: &mut PerService<f64>) {
        let share = self.shares(source);
        for edge in self.graph().edges(Self::node_of(source)) {
            let connection = &self.connections[*edge.weight()];
            visits[connection.destination] += visits[source] * share(connection);
        }
    }

    /// Expected calls over a connection per request of its source.
    fn shares(&self, source: ServiceId) -> impl Fn(&Connection) -> f64 + use<> {
        let weighted = self.services[source].fan_out == FanOut::Weighted;
        let total: f64 = self
            .graph()
            .edges(Self::node_of(source))
            .map(|edge| self.connections[*edge.weight()].weight)
            .sum();
        move |connection| match (weighted, total > 0.0) {
            (false, _) => connection.calls,
            (true, true) => connection.calls * connection.weight / total,
            (true, false) => 0.0,
        }
    }

    /// Expected visits of each service per second, when every entry point receives its nominal rate.
    pub fn nominal_visits(&self) -> PerService<f64> {
        let mut total = PerService::filled(0.0, self.services.len());
        for (id, entry) in self.entries() {
            for (sum, visits) in total.iter_mut().zip(&self.visits(id)) {
                *sum += entry.nominal_rate.0 * visits;
            }
        }
        total
    }

    /// Mean end-to-end time of a request that meets an empty system, of the slowest entry point. Parallel calls
    /// count as their slowest mean, which is a lower bound of the mean of the slowest.
    pub fn unloaded_latency(&self) -> Seconds {
        let mut latency = PerService::filled(0.0_f64, self.services.len());
        for &id in self.call_order().iter().rev() {
            let share = self.shares(id);
            let times = self.graph().edges(Self::node_of(id)).map(|edge| {
                let connection = &self.connections[*edge.weight()];
                share(connection) * latency[connection.destination]
            });
            let below = match self.services[id].fan_out {
                FanOut::Parallel => times.fold(0.0, f64::max),
                FanOut::Sequential | FanOut::Weighted => times.sum(),
            };
            latency[id] = self.services[id].unloaded_time().0 + below;
        }
        Seconds(self.entry_points.iter().map(|entry| latency[entry.service]).fold(0.0, f64::max))
    }

    /// The arrival rate that full scale-out can carry, and what limits it.
    ///
    /// The least over (a) each service, `max_replicas · pod capacity / visits`, (b) each limited connection, and
    /// (c) the nodes: the rate at which the pods that it takes, fractions allowed, request all CPU or memory.
    pub fn ceiling(&self) -> Ceiling {
        let nominal = self.nominal_rate().0;
        let visits = self.nominal_visits();
        let mut best = (f64::INFINITY, Limit::Nodes);
        let mut consider = |factor: f64, limit| {
            if factor < best.0 {
                best = (factor, limit);
            }
        };
        for (id, service) in self.services.iter_enumerated() {
            let capacity = f64::from(service.max_replicas.0) * service.pod_capacity().0;
            consider(capacity / visits[id], Limit::Service(id));
        }
        for (index, connection) in self.connections.iter().enumerate() {
            if let Some(limit) = connection.throughput {
                let calls = visits[connection.source] * self.shares(connection.source)(connection);
                consider(limit.0 / calls, Limit::Connection(index));
            }
        }
        consider(self.node_factor(&visits), Limit::Nodes);
        Ceiling { rate: RequestsPerSecond(best.0 * nominal), factor: best.0, limit: best.1 }
    }

    /// By how much the nominal load may grow until the pods that it takes request all CPU or memory of the nodes.
    fn node_factor(&self, visits: &PerService<f64>) -> f64 {
        let pods = |id: ServiceId| visits[id] / self.services[id].pod_capacity().0;
        let cpu: f64 = self.services.iter_enumerated().map(|(id, s)| pods(id) * f64::from(s.cpu.0)).sum();
        let memory: f64 =
            self.services.iter_enumerated().map(|(id, s)| pods(id) * f64::from(s.memory.0)).sum();
        let total = |of: fn(&super::NodePool) -> u32| -> f64 {
            self.nodes.iter().map(|pool| f64::from(pool.count) * f64::from(of(pool))).sum()
        };
        (total(|pool| pool.cpu.0) / cpu).min(total(|pool| pool.memory.0) / memory)
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
