//! The simulated cluster itself: every request of every second, from arrival to answer.
//!
//! **What it is.** A discrete-event simulation (Law and Kelton) of a queueing network with synchronous calls:
//! non-homogeneous Poisson `arrivals`, concurrency-limited processor-sharing `pod`s with bounded queues,
//! calls that fan out and hold their slot while they wait (`flow`), pods that are scheduled, start, become
//! ready, crash, back off and terminate (`lifecycle`), `node`s whose CPU can run short, and `scrape`s that
//! are all an autoscaler gets to see.
//!
//! **Order.** One `calendar` holds the next moment of each actor. An event is taken, its consequences are
//! carried out at once (nothing takes zero time twice), pods that it doomed crash or disappear, and the next
//! event is taken. The order is a function of the seed alone.
//!
//! **Cost.** A request costs two events for each hop, each O(log pods) in the calendar and O(log requests) in
//! its pod. Nothing is allocated in the loop once buffers have grown. A second without requests costs O(pods).
//!
//! **What it leaves out.** Connection pools, image pulls, liveness probes, node failures, priorities between requests;
//! CPU quotas and time on the network unless settings ask for them (`bandwidth`, `wire`).

mod arrivals;
mod bandwidth;
mod calendar;
mod calls;
mod completed;
mod config;
mod control;
mod flow;
mod imagined;
mod ledger;
mod lifecycle;
mod node;
mod pod;
mod resembling;
mod scrape;
mod service;
mod traffic;
mod wire;

use std::collections::VecDeque;
use std::sync::Arc;

use karma_core::resilience::Traffic;
use karma_core::{
    Digest, EpisodeReport, Id as _, OperationalResilience, ResilienceMeter, Seconds, SeedTree, Snapshot,
    StreamRng, Topology,
};
use rand::RngExt as _;

pub use completed::{Completed, Outcome};
pub use config::{SimulationConfig, SimulationParams, SimulationParamsError};
pub use ledger::{Imbalance, Ledger};
pub use resembling::Belief;
pub use scrape::Interval;
pub use service::Waiting;

use crate::timeline::Timeline;
use arrivals::Arrivals;
use calendar::Calendar;
use calls::Calls;
use control::{Control, Task};
use node::Node;
use pod::{Life, Pod};
use scrape::IntervalCounters;
use service::ServiceRuntime;
use wire::Wire;

/// Actor of the control plane.
const CONTROL: usize = 0;
/// Actor of the clients' timeouts, and of calls that are on the network.
const TIMEOUTS: usize = 1;
/// First actor of the arrival streams; the pods follow.
const STREAMS: usize = 2;

/// Initial pods have been running for this long when an episode begins, in seconds.
const INITIAL_AGE: f64 = 3600.0;

/// A pod that will not survive the present event.
#[derive(Clone, Copy, Debug)]
enum Doom {
    OutOfMemory,
    Drained,
}

/// Named streams of randomness.
#[derive(Clone, Debug)]
struct Streams {
    work: StreamRng,
    balance: StreamRng,
    startup: StreamRng,
    faults: StreamRng,
    scrape: StreamRng,
    periods: StreamRng,
}

impl Streams {
    fn new(seeds: SeedTree) -> Self {
        let stream = |name| seeds.child(name).rng();
        Self {
            work: stream("work"),
            balance: stream("balance"),
            startup: stream("startup"),
            faults: stream("faults"),
            scrape: stream("scrape"),
            periods: stream("periods"),
        }
    }
}

/// One episode of a cluster.
///
/// ```
/// use std::sync::Arc;
/// use karma_core::{Seconds, Topology};
/// use karma_mock::sim::{Simulation, SimulationConfig};
/// use karma_mock::Timeline;
///
/// let topology = Arc::new(Topology::read(
///     r#"{ "services": { "web": { "cpu": 500, "ram": 256, "computation_throughput": 100 } },
///          "connections": [ { "source": "INPUT", "destination": "web", "throughput": 50 } ] }"#.as_bytes(),
/// )?);
/// let timeline = Arc::new(Timeline::constant(&vec![50.0].into(), 0, 60));
/// let mut cluster = Simulation::new(topology, SimulationConfig::default(), timeline, 7);
/// cluster.run_until(Seconds(60.0));
/// let ledger = cluster.ledger();
/// assert_eq!(ledger.arrived, ledger.completed + ledger.failed + ledger.in_flight);
/// assert!(cluster.report().success_rate > Some(0.99));
/// # Ok::<(), karma_core::TopologyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Simulation {
    topology: Arc<Topology>,
    config: SimulationConfig,
    timeline: Arc<Timeline>,
    now: f64,
    timeout: f64,
    retries: u8,
    calendar: Calendar,
    control: Control,
    arrivals: Vec<Arrivals>,
    timeouts: VecDeque<(f64, u32, u32)>,
    /// When the next client gives up.
    expiry: f64,
    wire: Wire,
    /// Requests whose fate became known, where someone wants to know.
    completed: Option<Vec<Completed>>,
    calls: Calls,
    services: Vec<ServiceRuntime>,
    pods: Vec<Pod>,
    pod_base: usize,
    free_pods: Vec<u32>,
    next_pod_id: u64,
    nodes: Vec<Node>,
    unscheduled: Vec<u32>,
    doomed: Vec<(u32, Doom)>,
    contention_planned: bool,
    malicious_work: f64,
    alteration: f64,
    /// What an attacker adds to the alteration of the timeline.
    pressed: f64,
    streams: Streams,
    ledger: Ledger,
    interval: IntervalCounters,
    last_interval: Option<OperationalResilience>,
    entry_arrivals: Vec<u64>,
    meter: Option<ResilienceMeter>,
    last_scrape: Snapshot,
    scraped_at: f64,
    events: u64,
    digest: Digest,
}

impl Simulation {
    /// A cluster with its initial pods ready, at the start of the warm-up.
    pub fn new(
        topology: Arc<Topology>,
        config: SimulationConfig,
        timeline: Arc<Timeline>,
        seed: u64,
    ) -> Self {
        let mut cluster = Self::assemble(topology, config, timeline, seed);
        cluster.set_up();
        cluster
    }

    /// Everything but pods and plans.
    fn assemble(
        topology: Arc<Topology>,
        config: SimulationConfig,
        timeline: Arc<Timeline>,
        seed: u64,
    ) -> Self {
        let seeds = SeedTree::new(seed).child("simulation");
        let arrivals = streams_of(&topology, &timeline, seeds);
        let services: Vec<_> = topology.services.ids().map(|id| ServiceRuntime::new(&topology, id)).collect();
        let pod_base = STREAMS + arrivals.len();
        let mut cluster = Self {
            now: 0.0,
            timeout: topology.timeout.0,
            retries: u8::try_from(topology.retries).unwrap_or(u8::MAX),
            calendar: Calendar::new(pod_base + services.len()),
            control: Control::default(),
            timeouts: VecDeque::new(),
            expiry: calendar::NEVER,
            wire: Wire::new(config.params().network),
            completed: None,
            calls: Calls::default(),
            nodes: nodes_of(&topology),
            entry_arrivals: vec![0; topology.entry_points.len()],
            last_scrape: Snapshot {
                time: Seconds(0.0),
                scraped_at: None,
                services: Vec::new().into(),
                entry_points: Vec::new().into(),
                nodes: Vec::new(),
                resilience: None,
            },
            pods: Vec::new(),
            pod_base,
            free_pods: Vec::new(),
            next_pod_id: 0,
            unscheduled: Vec::new(),
            doomed: Vec::new(),
            contention_planned: false,
            malicious_work: 1.0,
            alteration: 0.0,
            pressed: 0.0,
            streams: Streams::new(seeds),
            ledger: Ledger::default(),
            interval: IntervalCounters::default(),
            last_interval: None,
            meter: None,
            scraped_at: 0.0,
            events: 0,
            digest: Digest::EMPTY.then(seed),
            topology,
            config,
            timeline,
            arrivals,
            services,
        };
        cluster.last_scrape = cluster.blank();
        cluster
    }

    fn set_up(&mut self) {
        self.set_hazards();
        for service in 0..self.services.len() {
            for _ in 0..self.services[service].desired {
                self.create_ready(service);
            }
        }
        for stream in 0..self.arrivals.len() {
            let first = self.arrivals[stream].next_time();
            self.calendar.set(Self::stream_actor(stream), first);
        }
        for (index, event) in (0u32..).zip(&self.timeline.events) {
            self.control.plan(event.at.0, Task::Disturb { event: index });
        }
        let phase = self.config.scrape_period().0 * self.streams.scrape.random::<f64>();
        self.control.plan(phase, Task::Scrape);
        self.control.plan(1.0, Task::Second);
        if self.timeline.warm_up == 0 {
            self.begin_measuring();
        }
        self.sync_control();
    }

    /// An initial pod: ready, and long past its start.
    fn create_ready(&mut self, service: usize) {
        let slot = self.create(service);
        if !self.bind(slot) {
            return;
        }
        let pod = &mut self.pods[slot as usize];
        pod.life = Life::Ready;
        for moment in [&mut pod.scheduled_at, &mut pod.ready_changed_at, &mut pod.healthy_since] {
            *moment = -INITIAL_AGE;
        }
        self.services[service].ready.push(slot);
    }

    /// Plays the next event and returns its moment; `None` if it lies after `end`, which is then now.
    pub fn step(&mut self, end: Seconds) -> Option<Seconds> {
        let (time, actor) = self.calendar.next();
        if time > end.0 {
            self.now = self.now.max(end.0);
            return None;
        }
        self.now = time;
        self.events += 1;
        self.digest = self.digest.then(time.to_bits() ^ actor as u64);
        match actor {
            CONTROL => {
                self.carry_out();
                self.sync_control();
            }
            TIMEOUTS if self.wire.next_time() <= time => self.deliver(),
            TIMEOUTS => self.expire(),
            stream if stream < self.pod_base => self.arrive(stream - STREAMS),
            pod => self.complete(pod - self.pod_base),
        }
        if !self.doomed.is_empty() {
            self.carry_out_dooms();
            self.sync_control();
        }
        Some(Seconds(time))
    }

    /// Plays every event up to and including the moment `end`.
    pub fn run_until(&mut self, end: Seconds) {
        while self.step(end).is_some() {}
    }

    /// Measuring begins: what was before is warm-up.
    fn begin_measuring(&mut self) {
        self.meter = Some(ResilienceMeter::new(self.topology.slo));
    }

    const fn stream_actor(stream: usize) -> usize {
        STREAMS + stream
    }

    /// The present moment, from the start of the warm-up.
    pub const fn now(&self) -> Seconds {
        Seconds(self.now)
    }

    /// The topology.
    pub fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// The timeline.
    pub fn timeline(&self) -> &Arc<Timeline> {
        &self.timeline
    }

    /// Counts the defenders' reward of one decision.
    pub fn rewarded(&mut self, reward: f32) {
        if let Some(meter) = &mut self.meter {
            meter.rewarded(reward);
        }
    }

    /// The report of what was measured so far; before the end of the warm-up, of nothing.
    pub fn report(&self) -> EpisodeReport {
        let since = |moment: Seconds| Seconds(moment.0 - f64::from(self.timeline.warm_up));
        let disturbance = self.timeline.disturbance.map(|(start, end)| (since(start), since(end)));
        match &self.meter {
            Some(meter) => meter.report(disturbance),
            None => ResilienceMeter::new(self.topology.slo).report(disturbance),
        }
    }

    /// The time below which a share `q` of the answered legitimate requests took, while measuring.
    pub fn latency_quantile(&self, q: f64) -> Option<Seconds> {
        self.meter.as_ref().and_then(|meter| meter.latency_quantile(q))
    }

    /// How requests have waited in the queues of a service.
    pub fn waiting(&self, service: karma_core::ServiceId) -> Waiting {
        self.services[service.index()].waiting
    }

    /// Success of legitimate requests in each measured second.
    pub fn success_by_second(&self) -> &[f64] {
        self.meter.as_ref().map_or(&[], ResilienceMeter::success_by_second)
    }

    /// CPU that existing pods request over that of full scale-out. Terminating pods count, so it can exceed 1 while
    /// they finish.
    pub fn deployed_ratio(&self) -> f64 {
        let requested: f64 = self
            .services
            .iter()
            .map(|service| service.pods.len() as f64 * f64::from(service.request.millicores) / 1000.0)
            .sum();
        requested / self.topology.full_scale_out_cores()
    }

    /// A digest of every event so far: two runs with one digest went the same way.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Events played so far.
    pub const fn events(&self) -> u64 {
        self.events
    }
}

/// Two streams for each entry point: legitimate and malicious.
#[expect(clippy::cast_possible_truncation, reason = "services and entry points are far fewer than 2^32")]
fn streams_of(topology: &Topology, timeline: &Timeline, seeds: SeedTree) -> Vec<Arrivals> {
    let mut streams = Vec::new();
    for (id, entry) in topology.entries() {
        let node = seeds.child("arrivals").index(id.index() as u64);
        for (name, traffic, rates) in [
            ("legitimate", Traffic::Legitimate, &timeline.legitimate),
            ("malicious", Traffic::Malicious, &timeline.malicious),
        ] {
            let rates = rates.get(id).map_or(&[][..], Vec::as_slice);
            let (service, entry) = (entry.service.index() as u32, id.index() as u32);
            streams.push(Arrivals::new(service, entry, traffic, rates, node.child(name).rng()));
        }
    }
    streams
}

fn nodes_of(topology: &Topology) -> Vec<Node> {
    let pool = |pool: &karma_core::topology::NodePool| {
        (0..pool.count).map(|_| Node::new(pool.cpu.0, pool.memory.0)).collect::<Vec<_>>()
    };
    topology.nodes.iter().flat_map(pool).collect()
}
