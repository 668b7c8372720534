//! One that knows better: an autoscaler whose decisions a team may imitate in training.

use std::fmt;
use std::sync::Arc;

use karma_core::{ActionMask, Autoscaler, DefenderTeam, Foresight, PerAgent, SeedTree, Snapshot, StreamRng};

type Make = dyn Fn(&Foresight) -> Box<dyn Autoscaler> + Send + Sync;

/// Makes the teacher of an episode. Training is the one place where it may be given the foresight: what it knows and a
/// policy cannot see does not outlive training.
#[derive(Clone)]
pub struct TeacherFactory(Arc<Make>);

impl TeacherFactory {
    /// A factory.
    pub fn new(make: impl Fn(&Foresight) -> Box<dyn Autoscaler> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }
}

impl fmt::Debug for TeacherFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TeacherFactory").finish_non_exhaustive()
    }
}

/// The teacher of the episode under way.
pub(super) struct RunningTeacher {
    autoscaler: Box<dyn Autoscaler>,
    rng: StreamRng,
}

impl RunningTeacher {
    /// The teacher of the episode of `seed`.
    pub(super) fn begin(factory: &TeacherFactory, foresight: &Foresight, seed: u64) -> Self {
        let mut autoscaler = (factory.0)(foresight);
        autoscaler.reset();
        Self { autoscaler, rng: SeedTree::new(seed).child("teacher").rng() }
    }

    /// What each agent would do under its mask for the team to do what the teacher would.
    pub(super) fn advise(
        &mut self,
        team: &DefenderTeam,
        snapshot: &Snapshot,
        masks: &PerAgent<ActionMask>,
    ) -> PerAgent<ActionMask> {
        let wanted = self.autoscaler.decide(snapshot, &mut self.rng).targets.map(|target| target.replicas);
        team.advise(&snapshot.services.map(|service| service.desired), &wanted, masks)
    }
}

impl fmt::Debug for RunningTeacher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningTeacher").field("autoscaler", &self.autoscaler.name()).finish_non_exhaustive()
    }
}
