//! Many episodes of a twin side by side: one forecast for all of them in each step.
//!
//! Environments meet nowhere else, and a row's forecast does not depend on the other rows, so a batch of N gives the
//! same numbers as N batches of one, bit for bit.

use std::sync::Arc;

use karma_core::{ActionError, EnvironmentSpec, GuideFactory, History, JointAction, SafeguardFactory, Step};

use super::dynamics::Dynamics;
use super::player::Player;
use super::script::Script;
use super::{ReplayError, TwinSetup};

/// Environments of one twin that advance together.
///
/// All defenders share one reward ([`karma_core::RewardParams::defender`]): the resilience of the period, which is
/// forecast, less the prices of the replicas that were asked for and of the change. (The simulated cluster also
/// charges for pods while they terminate.) The seed of an episode decides its script, its faults and every draw of a
/// guide's hardness.
#[derive(Debug)]
pub struct TwinBatch {
    setup: Arc<TwinSetup>,
    spec: EnvironmentSpec,
    guide: Option<GuideFactory>,
    safeguard: Option<SafeguardFactory>,
    pub(super) dynamics: Dynamics,
    pub(super) players: Vec<Option<Player>>,
}

impl TwinBatch {
    /// A batch of `environments` environments, none of which has begun an episode.
    ///
    /// # Errors
    /// If there is no script, or scripts or team are for another cluster than the model.
    pub fn new(setup: Arc<TwinSetup>, environments: usize) -> Result<Self, ReplayError> {
        check(&setup)?;
        let horizon = setup.scripts.iter().map(Script::steps).max().unwrap_or(0);
        let spec = EnvironmentSpec::of_team(&setup.team, &*setup.observer, horizon);
        let dynamics = Dynamics::new(&setup.model, environments);
        let players = (0..environments).map(|_| None).collect();
        Ok(Self { setup, spec, guide: None, safeguard: None, dynamics, players })
    }

    /// The same batch under an organisation: its guides restrict masks and shape rewards.
    #[must_use]
    pub fn with_guide(mut self, guide: GuideFactory) -> Self {
        self.guide = Some(guide);
        self.players.fill_with(|| None);
        self
    }

    /// The same batch behind safeguards, one for each environment: they mask what they would not let pass, and review what
    /// the agents ask for together.
    #[must_use]
    pub fn with_safeguard(mut self, safeguard: SafeguardFactory) -> Self {
        self.safeguard = Some(safeguard);
        self.players.fill_with(|| None);
        self
    }

    /// Agents, sizes and the longest episode, the same for every environment.
    pub const fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    /// Number of environments.
    pub const fn len(&self) -> usize {
        self.players.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.players.is_empty()
    }

    /// What the team has seen in the environment at `place`, once an episode has begun.
    pub fn history(&self, place: usize) -> Option<&History> {
        self.players.get(place)?.as_ref().map(Player::history)
    }

    /// Starts an episode in every environment, each with its seed.
    ///
    /// # Panics
    /// If there is not one seed for each environment: a bug of the caller.
    pub fn reset(&mut self, seeds: &[u64]) -> Vec<Step> {
        assert_eq!(seeds.len(), self.len(), "one seed for each environment");
        seeds.iter().enumerate().map(|(place, seed)| self.restart(place, *seed)).collect()
    }

    /// Starts the episode of `seed` in the environment at `place`; the others go on where they are.
    ///
    /// # Panics
    /// If there is no such environment: a bug of the caller.
    pub fn restart(&mut self, place: usize, seed: u64) -> Step {
        let Self { setup, guide, safeguard, dynamics, players, .. } = self;
        let restraints = (guide.as_ref(), safeguard.as_ref());
        let player = players[place].insert(Player::begin(setup, restraints, (dynamics, place), seed));
        let mut step = Step::default();
        player.view(setup, &mut step);
        step
    }

    /// Plays one joint action in every environment.
    ///
    /// # Errors
    /// If a joint action does not fit the specification, or an episode is over or has not begun. No environment is
    /// changed.
    ///
    /// # Panics
    /// If there is not one joint action for each environment: a bug of the caller.
    pub fn step(&mut self, joints: &[JointAction]) -> Result<Vec<Step>, ActionError> {
        let mut steps = Vec::new();
        self.step_into(joints, &mut steps)?;
        Ok(steps)
    }

    /// [`TwinBatch::step`] over the steps before, whose memory is used again: with thousands of environments, fresh
    /// memory for what they show costs as much as the forecast.
    ///
    /// # Errors
    /// As [`TwinBatch::step`]; then `steps` is unchanged, too.
    ///
    /// # Panics
    /// If there is not one joint action for each environment: a bug of the caller.
    pub fn step_into(&mut self, joints: &[JointAction], steps: &mut Vec<Step>) -> Result<(), ActionError> {
        assert_eq!(joints.len(), self.len(), "one joint action for each environment");
        joints.iter().try_for_each(|joint| self.spec.check(joint))?;
        let Self { setup, dynamics, players, .. } = self;
        let play = |player: &Option<Player>| player.as_ref().is_some_and(|player| !player.is_over(setup));
        if !players.iter().all(play) {
            return Err(ActionError::EpisodeOver);
        }
        for ((place, player), joint) in players.iter_mut().flatten().enumerate().zip(joints) {
            player.decide(setup, joint, dynamics.given_mut(place));
            dynamics.encode(&setup.model, place, player.stalls(setup));
        }
        dynamics.forecast(&setup.model);
        steps.resize_with(joints.len(), Step::default);
        let of_places = players.iter_mut().flatten().enumerate().zip(joints).zip(steps);
        for (((place, player), joint), step) in of_places {
            player.advance(setup, (dynamics, place), joint);
            player.view(setup, step);
        }
        Ok(())
    }
}

pub(super) fn check(setup: &TwinSetup) -> Result<(), ReplayError> {
    let table = setup.model.table();
    let (found, expected) = (setup.team.topology().services.len(), table.topology().services.len());
    if found != expected {
        return Err(ReplayError::Team { found, expected });
    }
    let expected = (table.schema().width(), setup.model.encoder().memory());
    for (script, found) in setup.scripts.iter().map(Script::sizes).enumerate() {
        if found != expected {
            return Err(ReplayError::Script { script, found, expected });
        }
    }
    if setup.scripts.is_empty() { Err(ReplayError::NoScript) } else { Ok(()) }
}
