//! A game of memory: what was shown first is asked last.

use karma_core::{ActionError, Environment, EnvironmentSpec, JointAction, SeedTree, Step, draw::below};

use super::{both, shared_step, two_defenders};

const SIGNALS: usize = 3;

/// One of three signals is shown in the first step, and never again. In the last step, which is announced, both earn the
/// share of them that play it; nothing else is paid.
///
/// The optimum is 1. Whoever remembers nothing sees the same in every last step, and earns 1/3 on average, whatever it
/// plays.
#[derive(Clone, Debug)]
pub struct Recall {
    spec: EnvironmentSpec,
    signal: usize,
    played: usize,
    over: bool,
}

impl Recall {
    /// A game that ends after `horizon` steps (at least 2: in a game of one step there is nothing to remember).
    pub fn new(horizon: usize) -> Self {
        let spec = two_defenders(3, SIGNALS + 1, horizon.max(2));
        Self { spec, signal: 0, played: 0, over: true }
    }

    /// The signal in the first step, and whether this is the last.
    fn show(&self, reward: f32) -> Step {
        let flag = |holds: bool| f32::from(u8::from(holds));
        let signals = (0..SIGNALS).map(|signal| flag(self.played == 0 && signal == self.signal));
        let last = flag(self.played + 1 == self.spec.horizon);
        let step = shared_step(&self.spec, signals.chain([last]).collect(), reward);
        Step { terminated: self.over, ..step }
    }
}

impl Environment for Recall {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) -> Step {
        self.signal = below(&mut SeedTree::new(seed).child("recall").rng(), SIGNALS);
        (self.played, self.over) = (0, false);
        self.show(0.0)
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        let actions = both(&self.spec, action, self.over)?;
        self.played += 1;
        self.over = self.played == self.spec.horizon;
        let right = actions.iter().filter(|action| action.0 as usize == self.signal).count();
        let share = right as f32 / actions.len() as f32;
        Ok(self.show(if self.over { share } else { 0.0 }))
    }
}
