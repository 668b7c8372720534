//! What one service may be changed to at one decision, and uniform steps within.

use karma_core::{Replicas, StreamRng};
use rand::RngExt as _;

use crate::bounds::Bounds;

/// The safe set of one service at one decision: `lowest ..= highest`, which holds `at`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    pub(super) at: Replicas,
    lowest: u32,
    highest: u32,
}

impl Reach {
    /// What lies within the bounds and at most `alpha` from `at`, which lies within the bounds.
    pub(super) fn new(at: Replicas, bounds: Bounds, alpha: u32) -> Self {
        let lowest = at.get().saturating_sub(alpha).max(bounds.min.get());
        let highest = at.get().saturating_add(alpha).min(bounds.max.get());
        Self { at, lowest, highest }
    }

    /// Number of changes that are not 0.
    pub(super) const fn steps(self) -> u32 {
        self.highest - self.lowest
    }

    pub(super) fn allows(self, replicas: Replicas) -> bool {
        (self.lowest..=self.highest).contains(&replicas.get())
    }

    /// As near to `level` as is allowed.
    pub(super) fn toward(self, level: Replicas) -> Replicas {
        Replicas(level.get().clamp(self.lowest, self.highest))
    }

    /// A uniform draw of the changes that are not 0; no change if there is none.
    pub(super) fn step(self, rng: &mut StreamRng) -> Replicas {
        if self.steps() == 0 {
            return self.at;
        }
        let drawn = self.lowest + rng.random_range(0..self.steps());
        Replicas(drawn + u32::from(drawn >= self.at.get()))
    }

    /// With probability `moves` a step.
    pub(super) fn walk(self, moves: f64, rng: &mut StreamRng) -> Replicas {
        if rng.random::<f64>() < moves { self.step(rng) } else { self.at }
    }

    /// The probability that [`Reach::walk`] gives `to`.
    pub(super) fn walk_probability(self, moves: f64, to: Replicas) -> f64 {
        if !self.allows(to) {
            0.0
        } else if self.steps() == 0 {
            1.0
        } else if to == self.at {
            1.0 - moves
        } else {
            moves / f64::from(self.steps())
        }
    }
}
