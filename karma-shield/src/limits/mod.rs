//! What the shield holds a cluster to: [`LimitParams`] as someone wrote them, [`Limits`] once checked.

mod check;
mod error;

use alloc::vec::Vec;

pub use error::LimitError;

use crate::amounts::{Amounts, Budget};

/// Most reversals that a service may be granted: so many are remembered.
pub const MOST_REVERSALS: u32 = 8;

/// Everything that holds, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitParams {
    /// One entry for each service, in the order of every slice that the kernel is given.
    pub services: Vec<ServiceLimits>,
    /// What all of them together may take (P4).
    pub budget: Budget,
}

/// What holds for one service. The defaults are those of the Kubernetes HPA where it has any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceLimits {
    /// Fewest replicas (P1).
    pub min: u32,
    /// Most replicas (P1).
    pub max: u32,
    /// How many replicas may be added within a window (P2); 4 or 100 % in 15 s.
    pub up: Rate,
    /// How many replicas may be removed within a window (P2); 100 % in 15 s.
    pub down: Rate,
    /// After replicas were added, none is removed for so long (P3), ms; 0.
    pub cooldown_ms: u64,
    /// A scale-down goes no lower than the highest wish of so long before (P3), ms; 300 000.
    pub stabilize_down_ms: u64,
    /// A scale-up goes no higher than the lowest wish of so long before (P3), ms; 0.
    pub stabilize_up_ms: u64,
    /// What one replica takes of the budget and of a node (P4).
    pub each: Amounts,
    /// Replicas that are kept free for this service in the budget, whether it uses them or not: its guarantee (P4).
    /// It is at least `min`.
    pub share: u32,
    /// Who is served first when not all can be: lower comes first, equals in the order of the services (P4).
    pub rank: u32,
    /// Ready pods that a scale-down leaves, as a `PodDisruptionBudget`'s `minAvailable` (P5); 0.
    pub min_available: u32,
    /// Pods that may be unavailable, as its `maxUnavailable`: removed at a decision or not ready (P5); absent: no limit.
    pub max_unavailable: Option<u32>,
    /// What demand is and how it may grow (P5, P10); absent: demand holds nothing back and raises nothing.
    pub demand: Option<DemandLimits>,
    /// A reading or a proposal older than this is of no use (P6), ms; 60 000.
    pub stale_after_ms: u64,
    /// Most changes of direction within a window (P9), 2 to [`MOST_REVERSALS`]; 4.
    pub reversals: u32,
    /// That window, ms; 600 000.
    pub reversal_window_ms: u64,
    /// CPU utilisation that the fallback aims at (P6), percent of the request; 80.
    pub target_percent: u32,
    /// How far from its target the fallback does nothing, thousandths of it; 100.
    pub tolerance_permille: u32,
}

/// Replicas that may be moved in one direction within a window: `pods`, or `percent` of those that were there at its
/// beginning, whichever is more (`selectPolicy: Max` of two policies of the HPA's `behavior`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So many replicas in any case.
    pub pods: u32,
    /// Percent of the replicas at the beginning of the window, rounded up; at most 100 downwards.
    pub percent: u32,
    /// Length of the window, ms.
    pub window_ms: u64,
}

/// Demand, in any unit: thousandths of a request per second, milli-cores, queued jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemandLimits {
    /// What one ready pod carries.
    pub per_replica: u64,
    /// More is not plausible, and no reading (P6).
    pub most: u64,
    /// How fast it may grow; absent: the shield raises nothing by itself.
    pub growth: Option<Growth>,
}

/// The assumption under which a service never has fewer ready pods than its demand needs (P10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Demand grows by at most this in a second.
    pub per_second: u64,
    /// From a decision to the moment from which its pods are ready and the next decision's could be: start-up delay
    /// plus decision period, ms.
    pub lead_ms: u64,
    /// Demand that is still promised for; the share pays for it.
    pub peak: u64,
}

impl ServiceLimits {
    /// The defaults: one to ten replicas that cost nothing, and the HPA's `behavior`.
    pub const DEFAULT: Self = Self {
        min: 1,
        max: 10,
        up: Rate { pods: 4, percent: 100, window_ms: 15_000 },
        down: Rate { pods: 0, percent: 100, window_ms: 15_000 },
        cooldown_ms: 0,
        stabilize_down_ms: 300_000,
        stabilize_up_ms: 0,
        each: Amounts { cpu: 0, memory: 0, price: 0 },
        share: 1,
        rank: 0,
        min_available: 0,
        max_unavailable: None,
        demand: None,
        stale_after_ms: 60_000,
        reversals: 4,
        reversal_window_ms: 600_000,
        target_percent: 80,
        tolerance_permille: 100,
    };
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Rate {
    /// No limit of the rate.
    pub const UNLIMITED: Self = Self { pods: u32::MAX, percent: 0, window_ms: 1 };

    /// Replicas that may be moved within a window which began with `start`.
    pub(crate) fn allowance(self, start: u32) -> u32 {
        let share = (u64::from(start) * u64::from(self.percent)).div_ceil(100);
        self.pods.max(u32::try_from(share).unwrap_or(u32::MAX))
    }
}

impl DemandLimits {
    /// Pods that carry a demand which was measured `age_ms` ago, `ahead_ms` from now, growing as fast as it may.
    pub(crate) fn needs(&self, demand: u64, age_ms: u64, ahead_ms: u64) -> u32 {
        let per_second = self.growth.map_or(0, |growth| growth.per_second);
        let grown = (u128::from(per_second) * (u128::from(age_ms) + u128::from(ahead_ms))).div_ceil(1000);
        let pods = (u128::from(demand) + grown).div_ceil(u128::from(self.per_replica));
        u32::try_from(pods).unwrap_or(u32::MAX)
    }
}

/// Limits that can all hold at once: with them a safe action always exists (P7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    services: Vec<ServiceLimits>,
    budget: Budget,
    /// Services by rank, equals in their own order.
    order: Vec<u32>,
}

impl Limits {
    /// One entry for each service.
    pub fn services(&self) -> &[ServiceLimits] {
        &self.services
    }

    /// What all together may take.
    pub const fn budget(&self) -> Budget {
        self.budget
    }

    /// Positions of the services in the order in which they are served.
    pub(crate) fn order(&self) -> &[u32] {
        &self.order
    }
}
