//! One episode of a batch: a replay with a team that decides, and what it is shown.

use karma_core::{
    GuideFactory, History, JointAction, RunningGuide, RunningSafeguard, SafeguardFactory, SeedTree, Step,
    TeamView,
};

use super::TwinSetup;
use super::dynamics::Dynamics;
use super::replay::Replay;

/// An episode under way.
#[derive(Debug)]
pub(super) struct Player {
    pub(super) replay: Replay,
    history: History,
    guide: Option<RunningGuide>,
    safeguard: Option<RunningSafeguard>,
    reward: f32,
}

impl Player {
    /// Begins the episode of `seed` at a place of the batch.
    pub(super) fn begin(
        setup: &TwinSetup,
        (guide, safeguard): (Option<&GuideFactory>, Option<&SafeguardFactory>),
        (dynamics, place): (&mut Dynamics, usize),
        seed: u64,
    ) -> Self {
        let draw = SeedTree::new(seed).child("script").seed() % setup.scripts.len() as u64;
        let script = usize::try_from(draw).unwrap_or(0);
        let replay = Replay::begin(setup, (dynamics, place), script, seed);
        let state = replay.state(setup, dynamics.row(place));
        let guide = guide.map(|factory| RunningGuide::begin(factory, &state, seed));
        let safeguard = safeguard.map(RunningSafeguard::begin);
        Self { replay, guide, safeguard, history: History::starting(state, setup.depth), reward: 0.0 }
    }

    /// Whether the script is played to its end.
    pub(super) fn is_over(&self, setup: &TwinSetup) -> bool {
        self.replay.is_over(setup)
    }

    /// What the team has seen.
    pub(super) const fn history(&self) -> &History {
        &self.history
    }

    /// Carries out a joint action.
    pub(super) fn decide(&mut self, setup: &TwinSetup, joint: &JointAction, given: &mut [f32]) {
        let mut decision = setup.team.decide_from(self.replay.desired(), joint);
        if let Some(safeguard) = &mut self.safeguard {
            decision = safeguard.review(self.history.now(), decision);
        }
        self.replay.decide(setup, decision.targets.iter().map(|target| target.replicas), given);
    }

    /// The services that stall during the step that is decided, with the share of capacity that is left.
    pub(super) fn stalls(&self, setup: &TwinSetup) -> impl Iterator<Item = (usize, f32)> {
        self.replay.stalls(setup)
    }

    /// Goes on to the next row, once it is forecast.
    pub(super) fn advance(
        &mut self,
        setup: &TwinSetup,
        (dynamics, place): (&mut Dynamics, usize),
        joint: &JointAction,
    ) {
        self.reward = self.replay.advance(setup, (dynamics, place));
        let state = self.replay.state(setup, dynamics.row(place));
        if let Some(guide) = &mut self.guide {
            guide.advance(joint, &state);
        }
        self.history.push(joint.clone(), state);
    }

    /// Writes what the team is shown over a step.
    pub(super) fn view(&mut self, setup: &TwinSetup, step: &mut Step) {
        let safeguard = self.safeguard.as_ref();
        let view = TeamView { team: &setup.team, observer: &*setup.observer, safeguard };
        let over = self.is_over(setup);
        view.write(&self.history, self.guide.as_mut(), (self.reward, over), step);
    }
}
