//! A coordination game: play what the signal says, both of you.

use karma_core::{ActionError, Environment, EnvironmentSpec, JointAction, SeedTree, Step, StreamRng};

use super::{both, shared_step, two_defenders};
use karma_core::draw::below;

const SIGNALS: usize = 3;

/// A repeated matrix game. In each step one of three signals is drawn and seen by both agents; if both play
/// the action of the signal they earn 1, if both play the same other action 0.3, otherwise nothing.
///
/// Knowing nothing earns 1/9 + 0.3 · 2/9 = 0.18 a step, agreeing without looking 1/3 + 0.3 · 2/3 = 0.53,
/// and the optimum is 1: an average above 0.53 proves that observations are used.
#[derive(Clone, Debug)]
pub struct Signals {
    spec: EnvironmentSpec,
    rng: StreamRng,
    signal: usize,
    played: usize,
    over: bool,
}

impl Signals {
    /// A game that is truncated after `horizon` steps (at least 1).
    pub fn new(horizon: usize) -> Self {
        let spec = two_defenders(3, SIGNALS, horizon);
        Self { spec, rng: SeedTree::new(0).rng(), signal: 0, played: 0, over: true }
    }

    fn show(&mut self, reward: f32) -> Step {
        self.signal = below(&mut self.rng, SIGNALS);
        let features = (0..SIGNALS).map(|signal| f32::from(u8::from(signal == self.signal))).collect();
        Step { truncated: self.over, ..shared_step(&self.spec, features, reward) }
    }
}

impl Environment for Signals {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) -> Step {
        (self.rng, self.played, self.over) = (SeedTree::new(seed).child("signals").rng(), 0, false);
        self.show(0.0)
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        let [first, second] = both(&self.spec, action, self.over)?;
        let reward = match (first == second, first.0 as usize == self.signal) {
            (true, true) => 1.0,
            (true, false) => 0.3,
            (false, _) => 0.0,
        };
        self.played += 1;
        self.over = self.played == self.spec.horizon;
        Ok(self.show(reward))
    }
}
