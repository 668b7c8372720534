//! One replay for an autoscaler: the twin in the place of a simulated or a live cluster.

use std::sync::Arc;

use karma_core::{Decision, PerService, Replicas, Snapshot};

use super::batch::check;
use super::dynamics::Dynamics;
use super::replay::Replay;
use super::{ReplayError, TwinSetup};
use crate::cluster::PodBook;

/// A recorded window that an [`Autoscaler`](karma_core::Autoscaler) plays again, decision by decision.
///
/// What the autoscaler reads is the twin's state with pods that a [`PodBook`] makes up. Rewards are those of a
/// [`TwinBatch`](super::TwinBatch): a decision and a joint action with the same targets lead to the same numbers. Of
/// the setup's team only α counts, which scales the price of churn.
#[derive(Debug)]
pub struct TwinEpisode {
    setup: Arc<TwinSetup>,
    dynamics: Dynamics,
    replay: Replay,
    book: PodBook,
    snapshot: Snapshot,
}

impl TwinEpisode {
    /// The replay of the script at `script`, with the faults of `seed`.
    ///
    /// # Errors
    /// If there is no such script, or scripts or team are for another cluster than the model.
    pub fn new(setup: Arc<TwinSetup>, script: usize, seed: u64) -> Result<Self, ReplayError> {
        check(&setup)?;
        let scripts = setup.scripts.len();
        if script >= scripts {
            return Err(ReplayError::NoSuchScript { script, scripts });
        }
        let mut dynamics = Dynamics::new(&setup.model, 1);
        let replay = Replay::begin(&setup, (&mut dynamics, 0), script, seed);
        let mut book = PodBook::new(setup.model.table(), replay.period(&setup));
        let snapshot = book.look(&replay.state(&setup, dynamics.row(0)));
        Ok(Self { setup, dynamics, replay, book, snapshot })
    }

    /// What an autoscaler may see now.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot.clone()
    }

    /// Whether the script is played to its end.
    pub fn is_over(&self) -> bool {
        self.replay.is_over(&self.setup)
    }

    /// Carries out a decision, its targets kept within the topology's bounds, and gives the defenders' reward for the
    /// period that follows. A service without a target keeps its replicas.
    ///
    /// # Panics
    /// If the episode is over: a bug of the caller.
    pub fn play(&mut self, decision: &Decision) -> f32 {
        assert!(!self.is_over(), "nothing follows the end of a recording");
        let Self { setup, dynamics, replay, book, snapshot } = self;
        let kept: PerService<Replicas> = replay.desired().clone();
        let target =
            |(id, kept): (_, &Replicas)| decision.targets.get(id).map_or(*kept, |target| target.replicas);
        replay.decide(setup, kept.iter_enumerated().map(target), dynamics.given_mut(0));
        dynamics.encode(&setup.model, 0, replay.stalls(setup));
        dynamics.forecast(&setup.model);
        let reward = replay.advance(setup, (dynamics, 0));
        *snapshot = book.look(&replay.state(setup, dynamics.row(0)));
        reward
    }
}
