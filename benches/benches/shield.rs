//! Speed of one decision of the safety kernel: reading, wish, pre-shield, budget, nodes, memory.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use karma_shield::{
    Amounts, Budget, Cluster, Decision, DemandLimits, Growth, LimitParams, Limits, Memory, NodeRoom, Pause,
    Reading, ServiceLimits, ServiceState, admitted, decide,
};

/// Milliseconds between two decisions.
const PERIOD: u64 = 15_000;

fn limits(services: usize) -> Limits {
    let growth = Some(Growth { per_second: 2, lead_ms: 30_000, peak: 600 });
    let service = ServiceLimits {
        max: 12,
        share: 6,
        each: Amounts { cpu: 250, memory: 128, price: 3 },
        demand: Some(DemandLimits { per_replica: 100, most: 1_000_000, growth }),
        cooldown_ms: 30_000,
        stabilize_down_ms: 60_000,
        reversals: 8,
        ..ServiceLimits::DEFAULT
    };
    // A budget that is reached, so that the post-shield has something to divide.
    let budget = Budget { cpu: services as u64 * 7 * 250, ..Budget::UNLIMITED };
    match (LimitParams { services: vec![service; services], budget }).check() {
        Ok(limits) => limits,
        Err(error) => panic!("{error}"),
    }
}

/// A cluster whose demand and proposals go up and down, each service in its own phase.
struct Play {
    limits: Limits,
    memory: Memory,
    decision: Decision,
    states: Vec<ServiceState>,
    proposals: Vec<Reading>,
    rooms: Vec<NodeRoom>,
    tick: u64,
}

impl Play {
    fn new(services: usize, nodes: usize) -> Self {
        let state = ServiceState { replicas: 3, ready: Reading::now(3), ..ServiceState::default() };
        let room = NodeRoom { cpu: 4_000, memory: 8_000, pods: 110 };
        let mut play = Self {
            limits: limits(services),
            memory: Memory::new(services),
            decision: Decision::default(),
            states: vec![state; services],
            proposals: vec![Reading::now(3); services],
            rooms: vec![room; nodes],
            tick: 0,
        };
        // Windows fill within five minutes.
        (0..100).for_each(|_| play.step());
        play
    }

    fn cluster(&self) -> Cluster<'_> {
        let nodes = (!self.rooms.is_empty()).then_some(&self.rooms[..]);
        let (services, pause) = (&self.states[..], Pause::default());
        Cluster { now_ms: self.tick * PERIOD, services, nodes, trusted: true, pause }
    }

    fn step(&mut self) {
        self.tick += 1;
        for (service, (state, proposal)) in (0u64..).zip(self.states.iter_mut().zip(&mut self.proposals)) {
            let phase = (self.tick + 3 * service) % 16;
            let wave = phase.min(16 - phase);
            let ready = u64::from(state.replicas);
            state.ready = Reading::now(ready);
            state.demand = Reading::Value { value: 50 * wave, age_ms: 2_000 };
            (state.usage, state.request) = (Reading::now(ready * 150), Reading::now(ready * 250));
            *proposal = Reading::now(wave + 1 + self.tick % 3);
        }
        let mut memory = std::mem::replace(&mut self.memory, Memory::new(0));
        let mut decision = std::mem::take(&mut self.decision);
        if let Err(error) = decide(&self.limits, &mut memory, &self.cluster(), &self.proposals, &mut decision)
        {
            panic!("{error}");
        }
        for (state, cleared) in self.states.iter_mut().zip(decision.cleared()) {
            state.replicas = cleared.replicas();
        }
        (self.memory, self.decision) = (memory, decision);
    }
}

fn decisions(criterion: &mut Criterion) {
    for (name, nodes) in [("decide", 0), ("decide, 20 nodes", 20)] {
        let mut group = criterion.benchmark_group(name);
        for services in [1, 4, 16, 64, 256, 1_000] {
            group.throughput(Throughput::Elements(services as u64));
            let mut play = Play::new(services, nodes);
            group.bench_function(BenchmarkId::from_parameter(services), |bencher| {
                bencher.iter(|| play.step());
            });
        }
        group.finish();
    }
    let mut group = criterion.benchmark_group("admitted");
    for services in [4, 1_000] {
        group.throughput(Throughput::Elements(services as u64));
        let (play, mut intervals) = (Play::new(services, 0), Vec::new());
        let ask = |bencher: &mut criterion::Bencher<'_>| {
            bencher.iter(|| admitted(&play.limits, &play.memory, &play.cluster(), &mut intervals));
        };
        group.bench_function(BenchmarkId::from_parameter(services), ask);
    }
    group.finish();
}

criterion_group!(benches, decisions);
criterion_main!(benches);
