//! What the hot loop needs of one service, laid out for it.

use karma_core::topology::FanOut;
use karma_core::{Id as _, ServiceId, StreamRng, Topology};
use rand::RngExt as _;

use super::node::Request;
use crate::bucket::Bucket;
use crate::work::WorkSampler;

/// A connection as its caller sees it.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) destination: u32,
    /// Calls that every request makes.
    whole: u16,
    /// Probability of one more.
    fraction: f64,
    weight: f64,
    bucket: Option<Bucket>,
}

impl Link {
    /// How often one request calls over this link.
    #[inline]
    pub(super) fn draw_calls(&self, rng: &mut StreamRng) -> u16 {
        self.whole + u16::from(self.fraction > 0.0 && rng.random::<f64>() < self.fraction)
    }

    /// Whether the link carries one more call now.
    #[inline]
    pub(super) fn admits(&mut self, now: f64) -> bool {
        self.bucket.as_mut().is_none_or(|bucket| bucket.admits(now))
    }
}

/// Counts since the last scrape.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counters {
    pub(super) arrived: u64,
    pub(super) errors: u64,
    pub(super) answered: u64,
    pub(super) latency: f64,
}

/// How requests have waited at a service since the start of the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Waiting {
    /// Requests that began to be served.
    pub started: u64,
    /// Of these, how many had to queue.
    pub queued: u64,
    /// Seconds that they queued, in sum.
    pub seconds: f64,
}

/// One service at run time.
#[derive(Clone, Debug)]
pub(super) struct ServiceRuntime {
    work: WorkSampler,
    pub(super) limit: f64,
    pub(super) request: Request,
    pub(super) concurrency: u32,
    pub(super) queue_capacity: usize,
    pub(super) blocking: bool,
    pub(super) fan_out: FanOut,
    pub(super) links: Vec<Link>,
    pub(super) memory_idle: f64,
    pub(super) memory_limit: f64,
    pub(super) memory_per_request: f32,
    pub(super) startup: f64,
    pub(super) min: u32,
    pub(super) max: u32,
    /// Chances per second of (warning, error, degraded, failure) of one pod.
    pub(super) hazards: [f64; 4],
    pub(super) speed: f64,
    pub(super) desired: u32,
    pub(super) last_change: i32,
    /// Pods that exist, terminating ones included, oldest first.
    pub(super) pods: Vec<u32>,
    /// Pods that take requests.
    pub(super) ready: Vec<u32>,
    pub(super) turn: usize,
    pub(super) counters: Counters,
    pub(super) waiting: Waiting,
}

impl ServiceRuntime {
    #[expect(clippy::cast_possible_truncation, reason = "mebibytes of one request fit a float")]
    pub(super) fn new(topology: &Topology, id: ServiceId) -> Self {
        let service = &topology.services[id];
        Self {
            work: WorkSampler::new(service.mean_work(), service.work),
            limit: service.cpu_limit.cores(),
            request: Request { millicores: service.cpu.0, mebibytes: service.memory.0 },
            concurrency: service.concurrency,
            queue_capacity: service.queue_capacity as usize,
            blocking: service.blocking,
            fan_out: service.fan_out,
            links: links(topology, id),
            memory_idle: service.memory_idle,
            memory_limit: f64::from(service.memory.0),
            memory_per_request: service.memory_per_request as f32,
            startup: service.startup.0,
            min: service.min_replicas.0,
            max: service.max_replicas.0,
            hazards: [0.0; 4],
            speed: 1.0,
            desired: service.initial_replicas.0,
            last_change: 0,
            pods: Vec::new(),
            ready: Vec::new(),
            turn: 0,
            counters: Counters::default(),
            waiting: Waiting::default(),
        }
    }

    #[inline]
    pub(super) fn draw_work(&self, rng: &mut StreamRng) -> f64 {
        self.work.sample(rng)
    }

    /// One link, in proportion to the weights; `None` if there is none or all weigh nothing.
    pub(super) fn draw_link(&self, rng: &mut StreamRng) -> Option<usize> {
        let total: f64 = self.links.iter().map(|link| link.weight).sum();
        if total <= 0.0 {
            return None;
        }
        let mut draw = rng.random::<f64>() * total;
        let below = |link: &Link| {
            draw -= link.weight;
            draw < 0.0
        };
        Some(self.links.iter().position(below).unwrap_or(self.links.len() - 1))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "calls lie between 0 and 1000, ids below 2^32"
)]
fn links(topology: &Topology, id: ServiceId) -> Vec<Link> {
    let link = |connection: &karma_core::topology::Connection| Link {
        destination: connection.destination.index() as u32,
        whole: connection.calls.floor() as u16,
        fraction: connection.calls.fract(),
        weight: connection.weight,
        bucket: connection.throughput.map(|limit| Bucket::new(limit.0)),
    };
    topology.calls_from(id).map(link).collect()
}
