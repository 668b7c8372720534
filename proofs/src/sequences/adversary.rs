//! The adversary: limits, states, proposals and clocks, drawn so that edges come often.

use karma_shield::{
    Amounts, Budget, DemandLimits, Growth, LimitParams, Limits, NodeRoom, Pause, Rate, Reading,
    ServiceLimits, ServiceState,
};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

/// How proposals are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Anything,
    Edges,
    Oscillating,
    Upwards,
    Downwards,
    Walking,
}

/// One adversary, the same whenever its sequence is played.
#[derive(Clone, Debug)]
pub(super) struct Adversary {
    rng: Xoshiro256PlusPlus,
    style: Style,
    /// In one of so many decisions something hostile happens to the data; 1 is always.
    noise: u64,
    nodes: bool,
    clock: u64,
}

impl Adversary {
    pub(super) fn new(sequence: u64) -> Self {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(sequence);
        let styles = [
            Style::Anything,
            Style::Edges,
            Style::Oscillating,
            Style::Upwards,
            Style::Downwards,
            Style::Walking,
            Style::Walking,
        ];
        let style = pick(&mut rng, &styles);
        let noise = pick(&mut rng, &[1, 3, 10, 1_000]);
        let nodes = below(&mut rng, 4) == 0;
        let clock = pick(&mut rng, &[0, 1_700_000_000_000, u64::MAX - 50_000]);
        Self { rng, style, noise, nodes, clock }
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        below(&mut self.rng, bound)
    }

    pub(super) fn few(&mut self, bound: u32) -> u32 {
        u32::try_from(self.below(bound.into())).unwrap_or(0)
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        pick(&mut self.rng, of)
    }

    fn rarely(&mut self) -> bool {
        self.below(self.noise) == 0 && self.below(3) == 0
    }

    /// Limits that can all hold.
    pub(super) fn limits(&mut self) -> Limits {
        loop {
            let services = (0..=self.below(4)).map(|_| self.service()).collect::<Vec<_>>();
            let budget = self.budget(&services);
            if let Ok(limits) = (LimitParams { services, budget }).check() {
                return limits;
            }
        }
    }

    fn service(&mut self) -> ServiceLimits {
        let min = self.pick(&[0, 1, 1, 2, 3]);
        let max = min + self.pick(&[0, 1, 4, 7, 12, 30]);
        let max = if self.below(40) == 0 { u32::MAX } else { max };
        let share = min + self.few((max - min).min(8) + 1);
        let times = [0, 1, 15_000, 15_001, 30_000, 60_000, 300_000];
        let up = Rate {
            pods: self.pick(&[0, 1, 2, 4, 4, 9, u32::MAX]),
            percent: self.pick(&[0, 50, 100, 100, 300]),
            window_ms: self.pick(&times),
        };
        let down = Rate {
            pods: self.pick(&[0, 1, 2, u32::MAX]),
            percent: self.pick(&[0, 10, 50, 100]),
            window_ms: self.pick(&times),
        };
        let demand = if self.below(3) == 0 { None } else { Some(self.demand(share)) };
        ServiceLimits {
            min,
            max,
            up,
            down,
            cooldown_ms: self.pick(&times),
            stabilize_down_ms: self.pick(&times),
            stabilize_up_ms: self.pick(&[0, 0, 0, 15_001, 60_000]),
            each: Amounts {
                cpu: self.pick(&[0, 1, 100, 250, 1_000]),
                memory: self.pick(&[0, 1, 64, 512]),
                price: self.pick(&[0, 0, 3, u32::MAX]),
            },
            share,
            rank: self.pick(&[0, 1, 2]),
            min_available: self.pick(&[0, 0, 1, 3]),
            max_unavailable: self.pick(&[Some(0), Some(1), Some(2), None, None, None]),
            demand,
            stale_after_ms: self.pick(&[0, 15_000, 60_000]),
            reversals: 2 + self.few(7),
            reversal_window_ms: self.pick(&[0, 30_001, 120_000, 600_000, 1 << 40]),
            target_percent: self.pick(&[1, 50, 80, u32::MAX]),
            tolerance_permille: self.pick(&[0, 100, 1_000]),
        }
    }

    fn demand(&mut self, share: u32) -> DemandLimits {
        let per_replica = self.pick(&[1, 7, 100, 1_000]);
        let growth = (self.below(2) == 0).then(|| Growth {
            per_second: self.pick(&[0, 1, 5, 30]),
            lead_ms: self.pick(&[0, 15_000, 30_000]),
            peak: self.below(u64::from(share) * per_replica + 2),
        });
        DemandLimits { per_replica, most: self.pick(&[per_replica * 20, u64::MAX]), growth }
    }

    fn budget(&mut self, services: &[ServiceLimits]) -> Budget {
        if self.below(3) == 0 {
            return Budget::UNLIMITED;
        }
        let sum = |kind: fn(&Amounts) -> u32| -> u64 {
            services.iter().map(|limits| u64::from(limits.share) * u64::from(kind(&limits.each))).sum()
        };
        let slack = self.pick(&[0, 1, 500, 3_000]);
        Budget {
            cpu: sum(|each| each.cpu).saturating_add(slack),
            memory: sum(|each| each.memory).saturating_add(slack),
            price: sum(|each| each.price).saturating_add(slack),
        }
    }

    /// The next moment: mostly a decision period later.
    pub(super) fn tick(&mut self) -> u64 {
        let steps = if self.rarely() { 7 } else { 1 };
        self.clock = match self.below(steps) {
            0 => self.clock.saturating_add(15_000),
            1 => self.clock,
            2 => self.clock.saturating_add(1),
            3 => self.clock.saturating_sub(40_000),
            4 => self.clock.saturating_add(600_000),
            5 => u64::MAX,
            _ => 0,
        };
        self.clock
    }

    /// What a service shows; `before` is what it was told last.
    pub(super) fn state(&mut self, limits: &ServiceLimits, before: Option<u32>) -> ServiceState {
        let drawn = self.replicas(limits);
        let replicas = before.filter(|_| !self.rarely()).unwrap_or(drawn);
        let ready = replicas.saturating_sub(self.pick(&[0, 0, 0, 1, 2]));
        let demand = limits.demand.map_or(Reading::Missing, |demand| {
            let value = self.below(demand.per_replica.saturating_mul(u64::from(replicas.min(40)) + 2));
            self.reading(value, limits.stale_after_ms)
        });
        let request = u64::from(ready) * u64::from(limits.each.cpu.max(1));
        let usage = self.below(request.saturating_mul(2).max(1));
        ServiceState {
            replicas,
            ready: self.reading(u64::from(ready), limits.stale_after_ms),
            demand,
            usage: self.reading(usage, limits.stale_after_ms),
            request: self.reading(request, limits.stale_after_ms),
            waiting: self.pick(&[0, 0, 0, 1, 3]),
            pause: self.pause(),
        }
    }

    pub(super) fn pause(&mut self) -> Pause {
        match self.below(24) {
            0 => Pause::ALL,
            1 => Pause { up: true, down: false },
            2 => Pause { up: false, down: true },
            _ => Pause::default(),
        }
    }

    pub(super) fn trusted(&mut self) -> bool {
        self.below(12) != 0
    }

    /// Room on the nodes, if it is known in this sequence.
    pub(super) fn rooms(&mut self, rooms: &mut Vec<NodeRoom>) -> bool {
        rooms.clear();
        if self.nodes {
            for _ in 0..self.below(4) {
                rooms.push(NodeRoom {
                    cpu: self.pick(&[0, 99, 250, 1_000, 5_000, u64::MAX]),
                    memory: self.pick(&[0, 64, 600, 5_000, u64::MAX]),
                    pods: self.pick(&[0, 1, 3, 110, u32::MAX]),
                });
            }
        }
        self.nodes
    }

    /// What the policy asks for.
    pub(super) fn proposal(&mut self, limits: &ServiceLimits, replicas: u32, step: u32) -> Reading {
        let value = match self.style {
            Style::Anything => self.below(u64::from(limits.max.min(50)) + 3),
            Style::Edges => u64::from(self.replicas(limits)),
            Style::Oscillating => u64::from(if step.is_multiple_of(2) { limits.max } else { limits.min }),
            Style::Upwards => u64::from(replicas) + self.below(9),
            Style::Downwards => u64::from(replicas).saturating_sub(self.below(4)),
            Style::Walking => (u64::from(replicas) + self.below(7)).saturating_sub(3),
        };
        self.reading(value, limits.stale_after_ms)
    }

    fn replicas(&mut self, limits: &ServiceLimits) -> u32 {
        let around = limits.min.saturating_add(self.few(9));
        self.pick(&[
            around,
            around,
            around,
            limits.min,
            limits.max,
            limits.max.saturating_add(1),
            limits.min.saturating_sub(1),
            0,
            u32::MAX,
        ])
    }

    /// A reading of `value`, unless something happens to it on the way.
    fn reading(&mut self, value: u64, stale_after_ms: u64) -> Reading {
        if !self.rarely() {
            return Reading::Value { value, age_ms: self.pick(&[0, 0, stale_after_ms / 2, stale_after_ms]) };
        }
        let odd =
            [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -0.0, 0.3, 1e300, 4_294_967_296.0];
        match self.below(7) {
            0 => Reading::Missing,
            1 => Reading::Invalid,
            2 => Reading::Value { value, age_ms: stale_after_ms + 1 },
            3 => Reading::Value { value: u64::MAX, age_ms: 0 },
            4 => Reading::Value { value, age_ms: u64::MAX },
            5 => Reading::at(value, self.clock.saturating_add(1), self.clock),
            _ => {
                let double = self.pick(&odd);
                Reading::of_bits(double.to_bits(), self.pick(&[1, 1_000]), 0)
            }
        }
    }
}

/// A number below `bound`, which is not 0 (Lemire's multiplication, without the rejection: a bias of 2⁻⁵⁰ is nothing here).
fn below(rng: &mut Xoshiro256PlusPlus, bound: u64) -> u64 {
    u64::try_from((u128::from(rng.next_u64()) * u128::from(bound)) >> 64).unwrap_or(0)
}

fn pick<T: Copy>(rng: &mut Xoshiro256PlusPlus, of: &[T]) -> T {
    of[usize::try_from(below(rng, of.len() as u64)).unwrap_or(0)]
}
