//! What arithmetic knows of a cluster: how much work comes to each service, how much its pods can do, and what cannot
//! be.
//!
//! **Features.** The load that enters, times the visits of a request ([`Topology::visits`]), is the *offered load* of a
//! service; over what its pods can complete it is the *utilisation* ρ, with the pods that are healthy now and with
//! those that the next decision asks for. What a model of rows alone would have to find out from many traces (a queue
//! grows where ρ > 1, and where ρ is highest) it is told. For each service: √offered, ρ now, ρ with the desired
//! replicas, ln ρ, the growth of the backlog in one period (as a signed root), and the pods still to come; for the
//! whole cluster: the highest ρ, its logarithm and whether it is above 1, now and with the desired replicas.
//!
//! **Constraints.** Failed and healthy pods together are no more than the desired ones: replicas follow what is desired
//! after a delay, never before. And flow is conserved: a service receives no more than what enters at it and what its
//! callers pass on, which is their calls for each request that they received in the scrape interval or held before it,
//! a tenth more, plus four standard deviations of a Poisson count and one request, because calls are random.
//!
//! Both run for thousands of environments in each step: one pass over services and calls, without allocation.

use karma_core::topology::FanOut;
use karma_core::{Id as _, Seconds, ServiceId, Topology};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::cluster::layout::{Columns, Layout};
use crate::table::Schema;

/// Derived features of one service.
const OF_SERVICE: usize = 6;
/// Derived features of the whole cluster.
const OF_CLUSTER: usize = 6;
/// A utilisation above this is told apart no further; without a healthy pod it has no bound.
const MOST_UTILISED: f32 = 10.0;
/// No healthy pod counts as this many, so that a utilisation is a number.
const FEWEST_PODS: f32 = 0.5;
/// A utilisation below this is told apart no further on a logarithm.
const LEAST_UTILISED: f32 = 1e-3;
/// Share of the expected flow that is allowed on top of it.
const FLOW_SLACK: f32 = 0.1;
/// Standard deviations of a Poisson count that are allowed on top of that.
const FLOW_DEVIATIONS: f32 = 4.0;

/// Load, capacity and flow in a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct ClusterStructure {
    parts: Parts,
    layout: Layout,
}

/// What is written; the layout follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    services: Vec<Service>,
    /// Services, every caller before what it calls.
    order: Vec<usize>,
    /// Seconds between two decisions.
    period: f32,
    /// Seconds that a sampled rate is a mean over.
    scrape: f32,
}

/// What matters of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    /// Requests per second that one pod completes at most.
    capacity: f32,
    /// Expected visits by one request of each entry point.
    visits: Vec<f32>,
    /// For each entry point, whether its traffic enters here.
    enters: Vec<bool>,
    /// Who calls it, and how often for each request of the caller, retries included.
    callers: Vec<(usize, f32)>,
}

/// A stored structure that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the structure of the cluster: {reason}")]
pub struct ClusterStructureError {
    reason: String,
}

impl ClusterStructure {
    /// The structure of a topology, for decisions every `period` on rates that are means over `scrape`.
    pub fn new(topology: &Topology, period: Seconds, scrape: Seconds) -> Self {
        let services = topology.services.ids().map(|id| service(topology, id)).collect();
        let order = topology.call_order().iter().map(|id| id.index()).collect();
        Self::of(Parts { services, order, period: single(period.0), scrape: single(scrape.0) })
    }

    fn of(parts: Parts) -> Self {
        let called: Vec<bool> = parts.services.iter().map(|service| !service.callers.is_empty()).collect();
        let entries = parts.services.first().map_or(0, |service| service.visits.len());
        Self { layout: Layout::new(&called, entries), parts }
    }

    /// Number of derived features.
    pub const fn features(&self) -> usize {
        OF_SERVICE * self.parts.services.len() + OF_CLUSTER
    }

    /// Whether it is the structure of tables of this schema.
    pub fn fits(&self, schema: &Schema) -> bool {
        let Layout { controlled, exogenous, width, .. } = self.layout;
        schema.width() == width
            && schema.predicted().len() == controlled
            && schema.controlled().len() == exogenous - controlled
    }

    /// Writes the derived features; see [`Structure::derive`](super::Structure::derive).
    pub fn derive(&self, now: &[f32], next: &[f32], features: &mut [f32]) {
        let (desired, rates) = next.split_at(self.parts.services.len());
        let (of_services, of_cluster) = features.split_at_mut(OF_SERVICE * self.parts.services.len());
        let (mut highest, mut highest_next) = (f32::NAN, f32::NAN);
        let services = self.parts.services.iter().zip(&self.layout.services).zip(desired);
        for (((service, columns), desired), out) in services.zip(of_services.chunks_exact_mut(OF_SERVICE)) {
            let (offered, healthy) = (service.offered(rates), now[columns.healthy]);
            let (load, load_next) =
                (service.utilisation(offered, healthy), service.utilisation(offered, *desired));
            let growth = (offered - healthy * service.capacity) * self.parts.period;
            let backlog = square(now[columns.pending]);
            out[0] = offered.sqrt();
            out[1] = load;
            out[2] = load_next;
            out[3] = logarithm(load);
            out[4] = signed_root(at_least(growth, -backlog));
            out[5] = desired - healthy;
            // `f32::max` passes over what is unknown.
            highest = highest.max(load);
            highest_next = highest_next.max(load_next);
        }
        for (out, load) in of_cluster.chunks_exact_mut(OF_CLUSTER / 2).zip([highest, highest_next]) {
            out[0] = load;
            out[1] = logarithm(load);
            out[2] = if load.is_nan() { load } else { f32::from(u8::from(load > 1.0)) };
        }
    }

    /// Applies the constraints; see [`Structure::constrain`](super::Structure::constrain).
    pub fn constrain(&self, now: &[f32], next: &mut [f32]) {
        for columns in &self.layout.services {
            let desired = next[columns.desired];
            let failed = at_most(next[columns.failed].round(), desired);
            next[columns.failed] = failed;
            next[columns.healthy] = at_most(next[columns.healthy].round(), desired - failed);
        }
        for service in &self.parts.order {
            if let Some(rate) = self.layout.services[*service].rate {
                let most = self.most_received(&self.parts.services[*service], now, next);
                next[rate] = at_most(next[rate], most.sqrt());
            }
        }
    }

    /// Requests per second that can reach a called service.
    fn most_received(&self, service: &Service, now: &[f32], next: &[f32]) -> f32 {
        let from_callers: f32 = service
            .callers
            .iter()
            .map(|(caller, calls)| {
                let columns = &self.layout.services[*caller];
                let held = at_least(held(columns, now), held(columns, next));
                calls * (self.received(*caller, next) + held / self.parts.scrape)
            })
            .sum();
        let expected = from_callers + service.entering(&next[self.layout.exogenous..]);
        let deviation = (expected / self.parts.scrape).sqrt();
        expected * (1.0 + FLOW_SLACK) + FLOW_DEVIATIONS * deviation + 1.0 / self.parts.scrape
    }

    /// Requests per second that a service receives in a row.
    fn received(&self, service: usize, row: &[f32]) -> f32 {
        match self.layout.services[service].rate {
            Some(rate) => square(row[rate]),
            None => self.parts.services[service].entering(&row[self.layout.exogenous..]),
        }
    }
}

impl Service {
    /// Requests per second that would visit it if every caller passed on everything. Entry points from which no
    /// request comes here do not matter, known or not.
    fn offered(&self, rates: &[f32]) -> f32 {
        let visits = self.visits.iter().zip(rates).filter(|(visits, _)| **visits > 0.0);
        visits.map(|(visits, rate)| visits * square(*rate)).sum()
    }

    /// Requests per second that enter here.
    fn entering(&self, rates: &[f32]) -> f32 {
        let here = self.enters.iter().zip(rates).filter(|(enters, _)| **enters);
        here.map(|(_, rate)| square(*rate)).sum()
    }

    fn utilisation(&self, offered: f32, pods: f32) -> f32 {
        at_most(offered / (at_least(pods, FEWEST_PODS) * self.capacity), MOST_UTILISED)
    }
}

/// Requests that wait or are in service.
fn held(columns: &Columns, row: &[f32]) -> f32 {
    square(row[columns.pending]) + square(row[columns.in_flight])
}

fn square(x: f32) -> f32 {
    x * x
}

fn logarithm(load: f32) -> f32 {
    at_least(load, LEAST_UTILISED).ln()
}

fn signed_root(x: f32) -> f32 {
    x.signum() * x.abs().sqrt()
}

/// Like `f32::max`, but what is unknown stays so; an unknown bound binds nothing.
fn at_least(x: f32, least: f32) -> f32 {
    if x < least { least } else { x }
}

/// Like `f32::min`, but what is unknown stays so; an unknown bound binds nothing.
fn at_most(x: f32, most: f32) -> f32 {
    if x > most { most } else { x }
}

#[expect(clippy::cast_possible_truncation, reason = "features are single precision")]
const fn single(x: f64) -> f32 {
    x as f32
}

fn service(topology: &Topology, id: ServiceId) -> Service {
    let to_here = topology.connections.iter().filter(|connection| connection.destination == id);
    let attempts = f64::from(topology.retries) + 1.0;
    let calls = |connection: &karma_core::topology::Connection| {
        let source = connection.source;
        let mean = match topology.services[source].fan_out {
            FanOut::Sequential | FanOut::Parallel => connection.calls,
            FanOut::Weighted => {
                let total: f64 = topology.calls_from(source).map(|other| other.weight).sum();
                connection.calls * connection.weight / total
            }
        };
        (source.index(), single(mean * attempts))
    };
    Service {
        capacity: single(topology.services[id].pod_capacity().0),
        visits: topology.entries().map(|(entry, _)| single(topology.visits(entry)[id])).collect(),
        enters: topology.entries().map(|(_, entry)| entry.service == id).collect(),
        callers: to_here.map(calls).collect(),
    }
}

impl TryFrom<Parts> for ClusterStructure {
    type Error = ClusterStructureError;

    fn try_from(parts: Parts) -> Result<Self, ClusterStructureError> {
        let refuse = |reason: String| Err(ClusterStructureError { reason });
        let (services, entries) =
            (parts.services.len(), parts.services.first().map_or(0, |s| s.visits.len()));
        let mut order = parts.order.clone();
        order.sort_unstable();
        if !order.iter().copied().eq(0..services) {
            return refuse(format!("the order must name each of {services} services once"));
        }
        let positive = |x: f32| x.is_finite() && x > 0.0;
        if !positive(parts.period) || !positive(parts.scrape) {
            return refuse("period and scrape are seconds above 0".to_owned());
        }
        for (place, service) in parts.services.iter().enumerate() {
            let sizes = [service.visits.len(), service.enters.len()];
            if sizes != [entries; 2] {
                return refuse(format!(
                    "service {place} has {sizes:?} entry points, the first has {entries}"
                ));
            }
            if let Some((caller, _)) = service.callers.iter().find(|(caller, _)| *caller >= services) {
                return refuse(format!("service {place} is called by {caller}, but there are {services}"));
            }
            if !positive(service.capacity) {
                return refuse(format!("the capacity of service {place} is {}", service.capacity));
            }
        }
        Ok(Self::of(parts))
    }
}

impl From<ClusterStructure> for Parts {
    fn from(structure: ClusterStructure) -> Self {
        structure.parts
    }
}

#[cfg(test)]
mod tests;
