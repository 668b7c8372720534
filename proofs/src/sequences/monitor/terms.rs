//! What holds for one service at one decision, as the history has it.

use karma_shield::{Defect, DemandLimits, Pause, Rate, Reading, ServiceLimits};

/// What holds for one service at one decision, reckoned from the history.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) ready: Result<u64, Defect>,
    pub(super) demand: Result<Option<(u64, u64)>, Defect>,
    pub(super) pause: Pause,
    pub(super) lowest: u32,
    pub(super) highest: u32,
    pub(super) up_cap: i128,
    pub(super) down_floor: i128,
    pub(super) wishes: Option<(u32, u32)>,
    pub(super) up_wishes: Option<u32>,
    pub(super) cooling: bool,
    /// What P10 raises to, before the rate.
    pub(super) growth: i128,
    /// Reversals within the window.
    pub(super) turns: usize,
    pub(super) may_fall: bool,
    pub(super) exact: bool,
}

pub(super) fn fresh(reading: Reading, limits: &ServiceLimits, most: u64) -> Result<(u64, u64), Defect> {
    match reading {
        Reading::Missing => Err(Defect::Missing),
        Reading::Invalid => Err(Defect::Invalid),
        Reading::Value { value, .. } if value > most => Err(Defect::Invalid),
        Reading::Value { age_ms, .. } if age_ms > limits.stale_after_ms => Err(Defect::Stale),
        Reading::Value { value, age_ms } => Ok((value, age_ms)),
    }
}

pub(super) fn ceil(a: i128, b: i128) -> i128 {
    (a + b - 1).div_euclid(b)
}

pub(super) fn allowance(rate: Rate, level: u32) -> i128 {
    i128::from(rate.pods).max(ceil(i128::from(level) * i128::from(rate.percent), 100))
}

/// Pods that a demand needs `ahead` ms from now.
pub(super) fn needs(limits: &DemandLimits, (demand, age): (u64, u64), ahead: u64) -> i128 {
    let per_second = limits.growth.map_or(0, |growth| growth.per_second);
    let grown = ceil(i128::from(per_second) * (i128::from(age) + i128::from(ahead)), 1000);
    ceil(i128::from(demand) + grown, i128::from(limits.per_replica))
}
