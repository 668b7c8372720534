//! Chains, trees and meshes of any size.
//!
//! **Bounded by construction.** Each service makes one call per request on average, however many others it
//! knows: `k` successors are each called with probability `1/k` (or one of them by weight). So a request
//! visits each service at most once on average, and as many services as there are levels: a mesh of 1 000
//! services in 10 layers costs 10 visits, where one call for every link would cost `3^10`.
//!
//! **Sized for the load.** Every pod has 500m of CPU and completes 100 requests/s. A service may grow to six
//! times what the nominal 200 requests/s need (a ceiling of 6 × nominal, set by the entry points) and begins with 1.4
//! times the need. A slot stays taken while calls below are open, so `concurrency` grows with the time that a
//! request spends below (Little's law, with a margin of four).
//!
//! Like real systems of many services, most are nearly idle. The result passes through [`Topology::read`], the
//! only checker. Cost: services + connections.

use std::collections::BTreeSet;

use karma_core::{SeedTree, StreamRng, Topology};
use rand::RngExt as _;
use serde_json::{Map, Value, json};

use super::CatalogueError;

/// Most services of a generated topology.
pub const MAX_SERVICES: usize = 10_000;
/// Most successors of a service that a mesh or tree is asked for.
pub const MAX_OUT_DEGREE: usize = 32;

const NOMINAL_RATE: f64 = 200.0;
const POD_THROUGHPUT: f64 = 100.0;
/// Seconds of one request alone on a pod: 5 ms of CPU at a limit of half a core.
const OWN_TIME: f64 = 0.01;
const GROWTH: f64 = 6.0;
const PROVISION: f64 = 1.4;

/// `services` services, each of which calls the next.
///
/// # Errors
/// [`CatalogueError::Value`] unless there are 1 to [`MAX_SERVICES`] services.
pub fn chain(services: usize) -> Result<Topology, CatalogueError> {
    check("chain", "services", services, MAX_SERVICES)?;
    let mut draft = Draft::new(services, 1);
    for service in 1..services {
        draft.calls[service - 1].push(service);
    }
    draft.levels = services;
    draft.read()
}

/// A tree, filled level by level, in which each service calls `branching` others in parallel.
///
/// # Errors
/// [`CatalogueError::Value`] unless there are 1 to [`MAX_SERVICES`] services and the branching is 1 to
/// [`MAX_OUT_DEGREE`].
pub fn tree(services: usize, branching: usize) -> Result<Topology, CatalogueError> {
    check("tree", "services", services, MAX_SERVICES)?;
    check("tree", "branching", branching, MAX_OUT_DEGREE)?;
    let mut draft = Draft::new(services, 1);
    let mut level = vec![1; services];
    for service in 1..services {
        let parent = (service - 1) / branching;
        draft.calls[parent].push(service);
        level[service] = level[parent] + 1;
    }
    draft.levels = level[services - 1];
    draft.fan_out.fill("parallel");
    draft.read()
}

/// Layers of services that call into deeper layers: about `log2(services)` layers, 1 to 4 entry points, and
/// `out_degree` successors for each service above the last layer (more where a service would else have no
/// caller). Sequential, parallel and weighted calls are mixed.
///
/// # Errors
/// [`CatalogueError::Value`] unless there are 1 to [`MAX_SERVICES`] services and the out-degree is 1 to
/// [`MAX_OUT_DEGREE`].
pub fn mesh(services: usize, out_degree: usize, seed: u64) -> Result<Topology, CatalogueError> {
    check("mesh", "services", services, MAX_SERVICES)?;
    check("mesh", "out-degree", out_degree, MAX_OUT_DEGREE)?;
    let mut rng = SeedTree::new(seed).child("mesh").rng();
    let layers = layers(services);
    let mut draft = Draft::new(services, layers[0]);
    draft.levels = layers.len();
    let mut start = 0;
    for pair in layers.windows(2) {
        let next = start + pair[0];
        connect(&mut draft, (start, next, next + pair[1]), out_degree, &mut rng);
        start = next;
    }
    for fan_out in &mut draft.fan_out {
        *fan_out = ["sequential", "parallel", "weighted"][rng.random_range(0..3)];
    }
    draft.read()
}

/// Services in each layer, the entry points first.
fn layers(services: usize) -> Vec<usize> {
    let entries = (services / 50).clamp(1, 4);
    let rest = services - entries;
    let below = (services.ilog2() as usize).clamp(1, rest.max(1));
    let mut layers = vec![entries];
    layers.extend((0..below).map(|layer| rest * (layer + 1) / below - rest * layer / below));
    layers.retain(|&size| size > 0);
    layers
}

/// Calls from the layer `start..next` into the layer `next..end`, one in four of them into any deeper layer.
fn connect(
    draft: &mut Draft,
    (start, next, end): (usize, usize, usize),
    out_degree: usize,
    rng: &mut StreamRng,
) {
    for service in next..end {
        draft.calls[rng.random_range(start..next)].push(service);
    }
    let services = draft.calls.len();
    for source in start..next {
        let mut known: BTreeSet<usize> = draft.calls[source].iter().copied().collect();
        for _ in known.len()..out_degree {
            let until = if rng.random_bool(0.25) { services } else { end };
            known.insert(rng.random_range(next..until));
        }
        draft.calls[source] = known.into_iter().collect();
    }
}

/// A graph whose edges go from lower to higher numbers.
struct Draft {
    calls: Vec<Vec<usize>>,
    fan_out: Vec<&'static str>,
    entries: usize,
    levels: usize,
}

impl Draft {
    fn new(services: usize, entries: usize) -> Self {
        Self { calls: vec![Vec::new(); services], fan_out: vec!["sequential"; services], entries, levels: 1 }
    }

    fn read(&self) -> Result<Topology, CatalogueError> {
        let rates = self.rates();
        let times = self.times();
        let service =
            |index: usize| (self.name(index), service(rates[index], times[index], self.service_notes(index)));
        let services: Map<String, Value> = (0..self.calls.len()).map(service).collect();
        let slo = 3.0 * OWN_TIME * self.levels as f64;
        let document = json!({
            "services": services,
            "connections": self.connections(),
            "slo_seconds": slo,
        });
        Ok(Topology::read(document.to_string().as_bytes())?)
    }

    /// Zero-padded, so that the order of names is the order of numbers.
    fn name(&self, index: usize) -> String {
        let width = self.calls.len().to_string().len();
        format!("s{:0width$}", index + 1)
    }

    /// Requests per second at each service at the nominal load.
    fn rates(&self) -> Vec<f64> {
        let mut rates = vec![0.0; self.calls.len()];
        rates[..self.entries].fill(NOMINAL_RATE / self.entries as f64);
        for (source, calls) in self.calls.iter().enumerate() {
            for &destination in calls {
                rates[destination] += rates[source] / calls.len() as f64;
            }
        }
        rates
    }

    /// Mean seconds that a request spends at each service and below it, if calls come one after the other.
    fn times(&self) -> Vec<f64> {
        let mut times = vec![OWN_TIME; self.calls.len()];
        for (source, calls) in self.calls.iter().enumerate().rev() {
            times[source] += calls.iter().map(|&below| times[below] / calls.len() as f64).sum::<f64>();
        }
        times
    }

    fn service_notes(&self, index: usize) -> (&'static str, &'static str) {
        let priority = match index {
            entry if entry < self.entries => "critical",
            other if other % 4 == 3 => "low",
            _ => "normal",
        };
        (self.fan_out[index], priority)
    }

    fn connections(&self) -> Vec<Value> {
        let share = NOMINAL_RATE / self.entries as f64;
        let input =
            |entry| json!({ "source": "INPUT", "destination": self.name(entry), "throughput": share });
        let mut connections: Vec<Value> = (0..self.entries).map(input).collect();
        for (source, calls) in self.calls.iter().enumerate() {
            let mean = if self.fan_out[source] == "weighted" { 1.0 } else { 1.0 / calls.len() as f64 };
            connections.extend(calls.iter().map(|&destination| {
                json!({ "source": self.name(source), "destination": self.name(destination), "calls": mean })
            }));
        }
        connections
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small positive numbers")]
fn service(rate: f64, time: f64, (fan_out, priority): (&str, &str)) -> Value {
    let pods = rate / POD_THROUGHPUT;
    let max = ((GROWTH * pods).ceil() as u32).max(2);
    let initial = ((PROVISION * pods).ceil() as u32).clamp(1, max);
    let concurrency = ((4.0 * POD_THROUGHPUT * time).ceil() as u32).max(32);
    json!({
        "cpu": 500, "ram": 512, "computation_throughput": POD_THROUGHPUT,
        "max_replicas": max, "initial_replicas": initial, "concurrency": concurrency,
        "fan_out": fan_out, "priority": priority,
    })
}

fn check(form: &str, field: &'static str, value: usize, most: usize) -> Result<(), CatalogueError> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(CatalogueError::Value {
        name: form.to_owned(),
        field,
        value: value.to_string(),
        allowed: format!("1 to {most}"),
    })
}
