//! Random worlds: mostly small numbers, where everything gets into the way of everything else, and often the edges.

use karma_shield::{
    Amounts, Budget, Cluster, DemandLimits, Growth, LimitParams, Limits, NodeRoom, Pause, Rate, Reading,
    ServiceLimits, ServiceState,
};
use rand::RngExt as _;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng as _;

/// Draws what a kernel may meet.
#[derive(Clone, Debug)]
pub(super) struct Draw {
    rng: Xoshiro256PlusPlus,
    /// Whether the largest numbers there are may come.
    extreme: bool,
}

/// What is drawn for one decision.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) states: Vec<ServiceState>,
    pub(super) proposals: Vec<Reading>,
    nodes: Option<Vec<NodeRoom>>,
    trusted: bool,
    pause: Pause,
}

impl Scene {
    pub(super) fn cluster(&self, now_ms: u64) -> Cluster<'_> {
        let Self { states, nodes, trusted, pause, .. } = self;
        Cluster { now_ms, services: states, nodes: nodes.as_deref(), trusted: *trusted, pause: *pause }
    }
}

impl Draw {
    /// The draws of one job. One in four knows no bounds.
    pub(super) fn new(seed: u64, job: u64, services: usize) -> Self {
        let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (job.wrapping_mul(8) + services as u64);
        Self { rng: Xoshiro256PlusPlus::seed_from_u64(mixed), extreme: job % 4 == 3 }
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: u32) -> bool {
        self.rng.random_range(0..times) == 0
    }

    pub(super) fn upto(&mut self, most: u64) -> u64 {
        self.rng.random_range(0..=most)
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.rng.random_range(0..choices.len())]
    }

    /// A small number, or one of 0, 1 and the largest.
    fn count(&mut self) -> u32 {
        match self.upto(9) {
            0 => 0,
            1 => 1,
            2 if self.extreme => self.one_of(&[u32::MAX, u32::MAX - 1, 1 << 31]),
            _ => self.rng.random_range(0..14),
        }
    }

    /// One of the given numbers or of their neighbours, or any other.
    fn near(&mut self, edges: &[u32]) -> u32 {
        let edge = self.one_of(edges);
        match self.upto(7) {
            0 => self.count(),
            1 => edge.saturating_add(1),
            2 | 3 => edge.saturating_sub(1),
            _ => edge,
        }
    }

    fn window(&mut self) -> u64 {
        match self.upto(5) {
            0 => 0,
            1 => 1,
            2 if self.extreme => 1 << 40,
            _ => self.upto(40),
        }
    }

    /// Windows of what holds back: often none, or nothing would ever turn.
    fn brake(&mut self) -> u64 {
        if self.once_in(2) { 0 } else { self.window() }
    }

    fn rate(&mut self, most_percent: u32) -> Rate {
        let percent = self.one_of(&[0, 0, 1, 33, 50, 99, 100, 101, 400, u32::MAX]);
        let (pods, window_ms) = (self.count(), self.window());
        Rate { pods, percent: percent.min(most_percent), window_ms }
    }

    fn demand(&mut self) -> Option<DemandLimits> {
        if self.once_in(3) {
            return None;
        }
        let growth = Growth {
            per_second: if self.extreme && self.once_in(4) { u64::MAX } else { self.upto(900) },
            lead_ms: self.window(),
            peak: self.upto(60),
        };
        let growth = self.once_in(2).then_some(growth);
        let most = if self.once_in(3) { u64::MAX } else { self.upto(99) };
        Some(DemandLimits { per_replica: self.upto(9) + 1, most, growth })
    }

    fn service(&mut self) -> ServiceLimits {
        let mut edges = [self.count(), self.count(), self.count()];
        edges.sort_unstable();
        let [min, share, max] = edges;
        ServiceLimits {
            min,
            max,
            share,
            up: self.rate(u32::MAX),
            down: self.rate(100),
            cooldown_ms: self.brake(),
            stabilize_down_ms: self.brake(),
            stabilize_up_ms: self.brake(),
            each: Amounts { cpu: self.each(), memory: self.each(), price: self.each() },
            rank: self.rng.random_range(0..3),
            min_available: self.near(&[0, min, share]),
            max_unavailable: self.one_of(&[None, Some(0), Some(1), Some(2), Some(5), Some(u32::MAX)]),
            demand: self.demand(),
            stale_after_ms: self.window(),
            reversals: self.one_of(&[2, 2, 3, 4, 8]),
            reversal_window_ms: self.window() * 4 % ((1 << 40) + 1),
            target_percent: self.one_of(&[1, 50, 80, 100, u32::MAX]),
            tolerance_permille: self.one_of(&[0, 1, 100, 1000]),
        }
    }

    fn each(&mut self) -> u32 {
        if self.extreme && self.once_in(6) { u32::MAX } else { self.one_of(&[0, 1, 2, 3, 7]) }
    }

    /// Limits that can all hold.
    pub(super) fn limits(&mut self, services: usize) -> Limits {
        loop {
            if let Some(limits) = self.try_limits(services) {
                return limits;
            }
        }
    }

    /// Draws again what contradicts itself; `None` where the shares exceed the largest budget.
    fn try_limits(&mut self, services: usize) -> Option<Limits> {
        let mut drawn = Vec::with_capacity(services);
        while drawn.len() < services {
            let mut service = self.service();
            let checks = |service: &ServiceLimits| {
                LimitParams { services: vec![*service], budget: Budget::UNLIMITED }.check().is_ok()
            };
            if !checks(&service) {
                service.up.pods = service.up.pods.max(10);
                service.share = service.max;
            }
            if checks(&service) {
                drawn.push(service);
            }
        }
        let shares = |kind: fn(Amounts) -> u32| {
            let of =
                |service: &ServiceLimits| u64::from(service.share).checked_mul(u64::from(kind(service.each)));
            drawn.iter().try_fold(0u64, |sum, service| sum.checked_add(of(service)?))
        };
        let kinds = [shares(|each| each.cpu), shares(|each| each.memory), shares(|each| each.price)];
        let mut budget = |shares: Option<u64>| match (shares, self.upto(5)) {
            (None, _) => None,
            (_, 0) => Some(u64::MAX),
            (Some(shares), 1) => Some(shares),
            (Some(shares), _) => shares.checked_add(self.upto(40)),
        };
        let budget = Budget { cpu: budget(kinds[0])?, memory: budget(kinds[1])?, price: budget(kinds[2])? };
        LimitParams { services: drawn, budget }.check().ok()
    }

    /// How the outside clock goes on.
    pub(super) fn time(&mut self, before: u64, limits: &Limits) -> u64 {
        let service = &limits.services()[self.rng.random_range(0..limits.services().len())];
        let window = self.one_of(&[
            service.up.window_ms,
            service.down.window_ms,
            service.cooldown_ms,
            service.stabilize_down_ms,
            service.stabilize_up_ms,
            service.reversal_window_ms,
        ]);
        match self.upto(9) {
            0 => before,
            1 => before.saturating_sub(self.upto(30)),
            2 => before.saturating_add(window),
            3 => before.saturating_add(window).saturating_sub(1),
            4 if self.extreme => before.saturating_add(1 << 41),
            _ => before.saturating_add(self.upto(9)),
        }
    }

    /// A reading that is fresh most of the time.
    fn reading(&mut self, value: u64, stale_after: u64) -> Reading {
        match self.upto(15) {
            0 => Reading::Missing,
            1 => Reading::Invalid,
            2 => Reading::Value { value, age_ms: stale_after + 1 },
            3 => Reading::Value { value, age_ms: stale_after },
            4 if self.extreme => Reading::Value { value: u64::MAX, age_ms: u64::MAX },
            _ => Reading::Value { value, age_ms: self.upto(stale_after.min(3)) },
        }
    }

    /// Everything for a decision of services that `replicas` were asked for last.
    pub(super) fn scene(&mut self, limits: &Limits, replicas: &[u32]) -> Scene {
        let services = limits.services();
        let states: Vec<_> =
            services.iter().zip(replicas).map(|(held, before)| self.state(held, *before)).collect();
        let proposals =
            services.iter().zip(&states).map(|(held, state)| self.proposal(held, state.replicas)).collect();
        let pause = if self.once_in(6) { self.pause() } else { Pause::default() };
        Scene { states, proposals, nodes: self.nodes(), trusted: !self.once_in(12), pause }
    }

    /// A service that `before` replicas were asked for last.
    pub(super) fn state(&mut self, limits: &ServiceLimits, before: u32) -> ServiceState {
        let replicas =
            if self.once_in(5) { self.near(&[limits.min, limits.max, limits.share]) } else { before };
        let ready = u64::from(self.near(&[replicas, replicas, limits.min_available]))
            + u64::from(self.once_in(40)) * (1 << 32);
        let demand = limits.demand.map_or(0, |demand| {
            let carried =
                demand.per_replica.saturating_mul(u64::from(self.near(&[replicas, 0, limits.share])));
            [
                carried,
                carried.saturating_add(1),
                carried.saturating_sub(1),
                demand.most,
                demand.most.saturating_add(1),
            ][self.rng.random_range(0..5)]
        });
        let request = if self.once_in(12) { self.upto(1) } else { ready.saturating_mul(10) };
        let usage = if self.once_in(12) { u64::MAX } else { request.saturating_mul(self.upto(300)) / 100 };
        let stale_after = limits.stale_after_ms;
        ServiceState {
            replicas,
            ready: self.reading(ready, stale_after),
            demand: self.reading(demand, stale_after),
            usage: self.reading(usage, stale_after),
            request: self.reading(request, stale_after),
            waiting: if self.once_in(3) { self.count() } else { 0 },
            pause: self.pause(),
        }
    }

    fn pause(&mut self) -> Pause {
        Pause { up: self.once_in(12), down: self.once_in(12) }
    }

    /// What a policy asks for.
    fn proposal(&mut self, limits: &ServiceLimits, replicas: u32) -> Reading {
        let near = self.near(&[replicas, limits.min, limits.max, limits.share, 0]);
        let value = if self.once_in(20) { 1 << 32 } else { u64::from(near) };
        self.reading(value, limits.stale_after_ms)
    }

    /// Room on up to three nodes, if it is known.
    fn nodes(&mut self) -> Option<Vec<NodeRoom>> {
        if self.once_in(2) {
            return None;
        }
        let nodes = self.upto(3);
        Some(
            (0..nodes)
                .map(|_| NodeRoom { cpu: self.room(), memory: self.room(), pods: self.count() })
                .collect(),
        )
    }

    fn room(&mut self) -> u64 {
        if self.once_in(8) { u64::MAX } else { self.upto(30) }
    }
}
