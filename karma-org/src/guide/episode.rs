//! Guides of one environment, behind the seam that environments know.

use std::sync::Arc;

use karma_core::{Guidance, Guide, GuideFactory, JointAction, State};

use super::{GuideBatch, Guides};

/// The guides of a team in one environment: a [`GuideBatch`] of one.
#[derive(Clone, Debug)]
pub struct EpisodeGuide(GuideBatch);

impl EpisodeGuide {
    /// Guides that have seen nothing yet.
    pub fn new(guides: Arc<Guides>) -> Self {
        Self(GuideBatch::new(guides, 1))
    }

    /// The batch of one environment.
    pub const fn batch(&self) -> &GuideBatch {
        &self.0
    }

    fn guidance(&mut self) -> Guidance {
        self.0.shape();
        self.0.restrict();
        self.0.guidance(0)
    }
}

impl Guide for EpisodeGuide {
    fn begin(&mut self, state: &State) -> Guidance {
        self.0.begin(0, state);
        self.guidance()
    }

    fn advance(&mut self, joint: &JointAction, next: &State) -> Guidance {
        self.0.advance(0, joint, next);
        self.guidance()
    }
}

impl Guides {
    /// A factory of guides for single environments, which share these.
    pub fn factory(self: &Arc<Self>) -> GuideFactory {
        let guides = Arc::clone(self);
        GuideFactory::new(move || Box::new(EpisodeGuide::new(Arc::clone(&guides))))
    }
}
