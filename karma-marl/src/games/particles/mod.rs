//! The multi-particle environments `simple_spread`, `simple_reference` and `simple_speaker_listener`: the games in
//! which MAPPO and its peers were published.
//!
//! Lowe, Wu, Tamar, Harb, Abbeel and Mordatch, *Multi-Agent Actor-Critic for Mixed Cooperative-Competitive
//! Environments*, NeurIPS 2017. Under one name live several games: a [`Convention`] says which, and
//! [`Convention::reference_returns`] makes returns of different ones comparable. The physics is that of the published
//! environments to 10⁻¹² (the tests replay their episodes); what is random is drawn from our own streams.
//!
//! | differs from the published code | because |
//! |---|---|
//! | the horizon always truncates, and is never an end of the game | the value of what follows is not zero |
//! | agents on one spot push each other nowhere | there they divide by zero |
//!
//! A critic sees all observations, one after another. `step_into` and `reset_into` allocate nothing once the step has
//! its sizes; a joint step of three agents takes less than a microsecond.
//!
//! ```
//! use karma_core::{Action, Environment, JointAction, Step};
//! use karma_marl::games::particles::{Convention, Particles, Scenario};
//!
//! let mut game = Particles::new(Scenario::Spread, Convention::MPE2);
//! let mut step = Step::default();
//! game.reset_into(7, &mut step);
//! while !step.is_last() {
//!     game.step_into(&JointAction::filled(Action(0), 3), &mut step)?;
//! }
//! assert!(step.truncated);
//! # Ok::<(), karma_core::ActionError>(())
//! ```

mod convention;
mod features;
mod layout;
mod reference;
mod speaker_listener;
mod spread;
mod world;

pub use convention::{Convention, Distance, Integration, ReferenceReturns, RewardMix};
pub use layout::{Layout, LayoutError};

use karma_core::draw::below;
use karma_core::{
    Action, ActionError, ActionMask, ActionSpace, AgentSpec, Environment, EnvironmentSpec, JointAction,
    PerAgent, SeedTree, Step, StreamRng, Team,
};
use rand::Rng as _;

use world::{LANDMARKS, Particle, Point, World};

/// To stay, and four directions.
const MOVES: u32 = 5;
/// Steps of a published episode.
const HORIZON: usize = 25;

/// What each agent is paid in a step; those that do not exist, nothing.
type Paid = [f64; 3];

/// What an agent of a scenario is.
#[derive(Clone, Copy, Debug)]
struct Role {
    name: &'static str,
    actions: u32,
    features: usize,
}

/// Which of the games.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// `simple_spread`: three agents cover three landmarks without touching. Actions: stay, left, right, down, up.
    Spread,
    /// `simple_reference`: each of two agents knows the other's goal. Actions: move + 5 · word, ten words.
    Reference,
    /// `simple_speaker_listener`: one knows the goal, the other moves. Actions: three words; the five moves.
    SpeakerListener,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Spread, Self::Reference, Self::SpeakerListener];

    /// Its published name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spread => "simple_spread",
            Self::Reference => "simple_reference",
            Self::SpeakerListener => "simple_speaker_listener",
        }
    }

    const fn roles(self) -> &'static [Role] {
        match self {
            Self::Spread => &spread::ROLES,
            Self::Reference => &reference::ROLES,
            Self::SpeakerListener => &speaker_listener::ROLES,
        }
    }

    const fn goals(self) -> usize {
        match self {
            Self::Spread => 0,
            Self::Reference => 2,
            Self::SpeakerListener => 1,
        }
    }

    /// The move and the word of an agent's action.
    const fn decode(self, agent: usize, Action(action): Action) -> (u32, Option<u32>) {
        match self {
            Self::Reference => (action % MOVES, Some(action / MOVES)),
            Self::SpeakerListener if agent == 0 => (0, Some(action)),
            Self::SpeakerListener | Self::Spread => (action, None),
        }
    }
}

/// One of the games under one of the conventions.
#[derive(Clone, Debug)]
pub struct Particles {
    scenario: Scenario,
    convention: Convention,
    spec: EnvironmentSpec,
    /// Everything is always allowed.
    masks: PerAgent<ActionMask>,
    world: World,
    played: usize,
    over: bool,
}

impl Particles {
    /// A game of 25 steps, as published.
    pub fn new(scenario: Scenario, convention: Convention) -> Self {
        Self::with_horizon(scenario, convention, HORIZON)
    }

    /// A game that is truncated after `horizon` steps (at least 1).
    pub fn with_horizon(scenario: Scenario, convention: Convention, horizon: usize) -> Self {
        let roles = scenario.roles();
        let agent = |role: &Role| AgentSpec {
            name: role.name.to_owned(),
            team: Team::Defender,
            action_space: ActionSpace::Discrete { actions: role.actions },
            observation_size: role.features,
            parts: 1,
        };
        let agents: PerAgent<AgentSpec> = roles.iter().map(agent).collect();
        let global_size = roles.iter().map(|role| role.features).sum();
        let masks = agents.map(|agent| ActionMask::all(agent.action_space));
        let world = World {
            agents: vec![Particle::default(); roles.len()],
            landmarks: [[0.0; 2]; LANDMARKS],
            goals: vec![0; scenario.goals()],
            radius: (scenario == Scenario::Spread).then_some(spread::RADIUS),
        };
        let spec = EnvironmentSpec { agents, global_size, horizon: horizon.max(1) };
        Self { scenario, convention, spec, masks, world, played: 0, over: true }
    }

    /// Starts an episode from given positions, at rest and in silence.
    ///
    /// # Errors
    /// If the layout does not fit the scenario. Then nothing has changed.
    pub fn reset_to(&mut self, layout: &Layout, step: &mut Step) -> Result<(), LayoutError> {
        layout.check(self.scenario)?;
        self.world.landmarks = layout.landmarks;
        self.world.goals.copy_from_slice(&layout.goals);
        for (agent, position) in self.world.agents.iter_mut().zip(&layout.agents) {
            *agent = Particle { position: *position, ..Particle::default() };
        }
        self.begin(step);
        Ok(())
    }

    /// Where everything is now.
    pub fn layout(&self) -> Layout {
        Layout {
            agents: self.world.agents.iter().map(|agent| agent.position).collect(),
            landmarks: self.world.landmarks,
            goals: self.world.goals.clone(),
        }
    }

    fn begin(&mut self, step: &mut Step) {
        (self.played, self.over) = (0, false);
        self.show([0.0; 3], step);
    }

    /// Writes all of `step`, whatever stood there.
    #[expect(clippy::cast_possible_truncation, reason = "a learner reads f32")]
    fn show(&self, paid: Paid, step: &mut Step) {
        let agents = self.spec.agents.len();
        if step.masks != self.masks {
            step.masks = self.masks.clone();
        }
        if step.observations.len() != agents || step.rewards.len() != agents {
            step.observations = PerAgent::filled(karma_core::Observation::default(), agents);
            step.rewards = PerAgent::filled(0.0, agents);
        }
        step.global.clear();
        for (agent, observation) in step.observations.iter_mut().enumerate() {
            let features = &mut observation.0;
            features.clear();
            match self.scenario {
                Scenario::Spread => spread::observe(&self.world, agent, features),
                Scenario::Reference => reference::observe(&self.world, agent, features),
                Scenario::SpeakerListener => speaker_listener::observe(&self.world, agent, features),
            }
            step.global.extend_from_slice(features);
        }
        let sum: f64 = paid.iter().take(agents).sum();
        for (reward, paid) in step.rewards.iter_mut().zip(paid) {
            *reward = if self.convention.team_sum { sum } else { paid } as f32;
        }
        (step.terminated, step.truncated, step.corrected) = (false, self.over, None);
        step.alive = PerAgent::default();
    }
}

/// A point within ±`scale`, uniformly.
fn uniform(rng: &mut StreamRng, scale: f64) -> Point {
    let unit = (-53.0_f64).exp2();
    [0; 2].map(|_| scale * (2.0 * unit * (rng.next_u64() >> 11) as f64 - 1.0))
}

impl Environment for Particles {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) -> Step {
        let mut step = Step::default();
        self.reset_into(seed, &mut step);
        step
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        let mut step = Step::default();
        self.step_into(action, &mut step)?;
        Ok(step)
    }

    fn reset_into(&mut self, seed: u64, step: &mut Step) {
        let mut rng = SeedTree::new(seed).child("particles").rng();
        let scale = match self.scenario {
            Scenario::Spread | Scenario::Reference => self.convention.landmark_scale,
            Scenario::SpeakerListener => 1.0,
        };
        self.world.goals.fill_with(|| below(&mut rng, LANDMARKS));
        for agent in &mut self.world.agents {
            *agent = Particle { position: uniform(&mut rng, 1.0), ..Particle::default() };
        }
        self.world.landmarks = [(); LANDMARKS].map(|()| uniform(&mut rng, scale));
        self.begin(step);
    }

    fn step_into(&mut self, action: &JointAction, step: &mut Step) -> Result<(), ActionError> {
        if self.over {
            return Err(ActionError::EpisodeOver);
        }
        self.spec.check(action)?;
        for (index, (agent, action)) in self.world.agents.iter_mut().zip(action).enumerate() {
            let (direction, word) = self.scenario.decode(index, *action);
            agent.push(direction);
            agent.said = word;
        }
        self.world.advance(self.convention.integration);
        let paid = match self.scenario {
            Scenario::Spread => spread::pay(&self.world, &self.convention),
            Scenario::Reference => reference::pay(&self.world, &self.convention),
            Scenario::SpeakerListener => speaker_listener::pay(&self.world, &self.convention),
        };
        self.played += 1;
        self.over = self.played == self.spec.horizon;
        self.show(paid, step);
        Ok(())
    }
}
