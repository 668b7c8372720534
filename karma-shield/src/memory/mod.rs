//! What the kernel must remember of the past to keep its promises about windows of time.

mod bytes;
mod clock;
mod reversals;
mod window;

use alloc::vec;
use alloc::vec::Vec;

pub use bytes::MemoryError;

pub(crate) use clock::Clock;
pub(crate) use reversals::Reversals;
pub(crate) use window::{Highest, Lowest, Window};

use crate::limits::ServiceLimits;

/// The memory of a kernel: a constant number of bytes for each service, whatever happened.
///
/// It survives a restart as bytes ([`Memory::to_bytes`], [`Memory::from_bytes`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    pub(crate) clock: Clock,
    pub(crate) services: Vec<ServiceMemory>,
}

impl Memory {
    /// The memory of `services` services to which nothing has happened.
    pub fn new(services: usize) -> Self {
        Self { clock: Clock::default(), services: vec![ServiceMemory::EMPTY; services] }
    }

    /// The memory of someone who woke up without it at `now_ms`, where `replicas` are running: it takes all of them for
    /// just added and wished for, so that nothing is removed before every window has passed.
    pub fn cautious(replicas: &[u32], now_ms: u64) -> Self {
        let mut memory = Self::new(replicas.len());
        let now = memory.clock.advance(now_ms);
        for (service, replicas) in memory.services.iter_mut().zip(replicas) {
            service.last_up = Some(now);
            service.wishes_high.push(now, u64::MAX, *replicas);
            service.levels_low.push(now, u64::MAX, *replicas);
        }
        memory
    }

    /// Services that it remembers.
    pub const fn len(&self) -> usize {
        self.services.len()
    }

    /// Whether it remembers no service.
    pub const fn is_empty(&self) -> bool {
        self.services.is_empty()
    }
}

/// A direction of scaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// What is remembered of one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServiceMemory {
    /// Lowest replicas within the window of P2 upwards.
    pub(crate) levels_low: Window<Lowest>,
    /// Highest replicas within the window of P2 downwards.
    pub(crate) levels_high: Window<Highest>,
    /// Highest wish within the stabilisation window downwards (P3).
    pub(crate) wishes_high: Window<Highest>,
    /// Lowest wish within the stabilisation window upwards (P3).
    pub(crate) wishes_low: Window<Lowest>,
    /// When replicas were last added (P3).
    pub(crate) last_up: Option<u64>,
    /// Changes of direction (P9).
    pub(crate) reversals: Reversals,
}

/// What a decision did to a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deed {
    pub(crate) now: u64,
    /// What was wished for; `None` if nobody wished anything.
    pub(crate) wish: Option<u32>,
    pub(crate) before: u32,
    pub(crate) after: u32,
    /// What would have come of the wish if neither bounds nor budget nor a pause had forced anything.
    pub(crate) unforced: u32,
}

impl ServiceMemory {
    const EMPTY: Self = Self {
        levels_low: Window::EMPTY,
        levels_high: Window::EMPTY,
        wishes_high: Window::EMPTY,
        wishes_low: Window::EMPTY,
        last_up: None,
        reversals: Reversals::EMPTY,
    };

    pub(crate) fn remember(&mut self, limits: &ServiceLimits, deed: Deed) {
        let Deed { now, wish, before, after, unforced } = deed;
        if let Some(wish) = wish {
            self.wishes_high.push(now, limits.stabilize_down_ms, wish);
            self.wishes_low.push(now, limits.stabilize_up_ms, wish);
        }
        for level in [before, after] {
            self.levels_low.push(now, limits.up.window_ms, level);
            self.levels_high.push(now, limits.down.window_ms, level);
        }
        if after > before {
            self.last_up = Some(now);
            if unforced > before {
                self.reversals.turn(Direction::Up, now, limits.reversal_window_ms);
            }
        }
        if after < before && unforced < before {
            self.reversals.turn(Direction::Down, now, limits.reversal_window_ms);
        }
    }
}
