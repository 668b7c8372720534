//! The twin behind the [`Environment`] seam: a batch of one.

use std::sync::Arc;

use karma_core::{
    ActionError, Environment, EnvironmentSpec, GuideFactory, History, JointAction, SafeguardFactory, State,
    Step,
};

use super::{ReplayError, TwinBatch, TwinSetup};

/// A team of defenders in a twin that replays a recorded window, drawn anew in each episode.
///
/// An episode never terminates: the end of the recording truncates it.
#[derive(Debug)]
pub struct TwinEnvironment(TwinBatch);

impl TwinEnvironment {
    /// An environment of this twin.
    ///
    /// # Errors
    /// If there is no script, or scripts or team are for another cluster than the model.
    pub fn new(setup: Arc<TwinSetup>) -> Result<Self, ReplayError> {
        TwinBatch::new(setup, 1).map(Self)
    }

    /// The same environment under an organisation: its guides restrict masks and shape rewards.
    #[must_use]
    pub fn with_guide(self, guide: GuideFactory) -> Self {
        Self(self.0.with_guide(guide))
    }

    /// The same environment behind a safeguard: it masks what it would not let pass, and reviews what the agents ask for
    /// together.
    #[must_use]
    pub fn with_safeguard(self, safeguard: SafeguardFactory) -> Self {
        Self(self.0.with_safeguard(safeguard))
    }
}

impl Environment for TwinEnvironment {
    fn spec(&self) -> &EnvironmentSpec {
        self.0.spec()
    }

    fn reset(&mut self, seed: u64) -> Step {
        self.0.restart(0, seed)
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        let mut steps = self.0.step(std::slice::from_ref(action))?;
        Ok(steps.swap_remove(0))
    }

    fn state(&self) -> Option<&State> {
        self.0.history(0).map(History::now)
    }
}
