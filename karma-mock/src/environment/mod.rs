//! The simulated cluster as a game for a team of defenders.

mod episode;
mod observer;

use std::sync::Arc;

use karma_core::{
    ActionError, ActionMask, AgentSpec, DefenderTeam, Environment, EnvironmentSpec, Guidance, Guide,
    GuideFactory, History, JointAction, Observer as _, PerAgent, SeedTree, State, Step, StreamRng, Team,
};

pub use episode::{Episode, Setup, evaluate};
pub use observer::ClusterObserver;

use crate::scenario::Scenario;
use crate::workload::Split;

/// A team of defenders in a cluster that meets a scenario drawn anew in each episode.
///
/// All defenders share one reward ([`karma_core::RewardParams::defender`]), to which an organisation's guides may add
/// for each of them ([`ClusterEnvironment::with_guide`]). An episode never terminates: its horizon truncates it. The
/// seed of `reset` decides scenario, load, disturbances and every draw of the cluster and of a guide's hardness.
#[derive(Debug)]
pub struct ClusterEnvironment {
    setup: Arc<Setup>,
    scenarios: Arc<[Scenario]>,
    split: Split,
    team: DefenderTeam,
    observer: ClusterObserver,
    spec: EnvironmentSpec,
    guide: Option<GuideFactory>,
    running: Option<Running>,
}

/// The episode under way.
#[derive(Debug)]
struct Running {
    episode: Episode,
    history: History,
    guided: Option<Guided>,
    steps: usize,
    horizon: usize,
}

/// The guides of the episode under way, and what they ask now.
struct Guided {
    guide: Box<dyn Guide>,
    asks: Guidance,
    rng: StreamRng,
}

impl Guided {
    fn begin(factory: &GuideFactory, state: &State, seed: u64) -> Self {
        let mut guide = factory.make();
        let asks = guide.begin(state);
        Self { guide, asks, rng: SeedTree::new(seed).child("guide").rng() }
    }

    fn advance(&mut self, joint: &JointAction, next: &State) {
        self.asks = self.guide.advance(joint, next);
    }
}

impl std::fmt::Debug for Guided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guided").field("asks", &self.asks).finish_non_exhaustive()
    }
}

impl ClusterEnvironment {
    /// An environment for `team` that draws its scenarios from `scenarios`, in a split of seeds and traces.
    ///
    /// # Errors
    /// [`NoScenario`] if there is no scenario to draw.
    pub fn new(
        setup: Arc<Setup>,
        scenarios: Arc<[Scenario]>,
        split: Split,
        team: DefenderTeam,
        observer: ClusterObserver,
    ) -> Result<Self, NoScenario> {
        let longest =
            scenarios.iter().map(|scenario| scenario.params().episode.measured).max().ok_or(NoScenario)?;
        let agent = |(id, role): (karma_core::AgentId, &karma_core::Role)| AgentSpec {
            name: role.name.clone(),
            team: Team::Defender,
            action_space: team.action_space(),
            observation_size: observer.observation_size(id),
        };
        let spec = EnvironmentSpec {
            agents: team.roles().iter_enumerated().map(agent).collect(),
            global_size: observer.shared_size(),
            horizon: Episode::decisions(longest, setup.decision_period),
        };
        Ok(Self { setup, scenarios, split, team, observer, spec, guide: None, running: None })
    }

    /// The same environment under an organisation: its guides restrict masks and shape rewards.
    #[must_use]
    pub fn with_guide(self, guide: GuideFactory) -> Self {
        Self { guide: Some(guide), running: None, ..self }
    }

    fn check(&self, action: &JointAction) -> Result<(), ActionError> {
        let (got, expected) = (action.len(), self.spec.agents.len());
        if got != expected {
            return Err(ActionError::WrongAgents { got, expected });
        }
        for (agent, (action, spec)) in action.iter().zip(&self.spec.agents).enumerate() {
            if action.0 as usize >= spec.action_space.len() {
                let last = spec.action_space.len() - 1;
                return Err(ActionError::OutOfRange { agent, action: action.0, last });
            }
        }
        Ok(())
    }

    fn view(&self, running: &mut Running, reward: f32) -> Step {
        let agents = self.spec.agents.len();
        let legal = self.team.mask(&episode::desired(&running.episode.snapshot()));
        let mut rewards = PerAgent::filled(reward, agents);
        let masks = match &mut running.guided {
            None => PerAgent::filled(legal, agents),
            Some(guided) => {
                let shaping = guided.asks.shaping.iter();
                rewards.iter_mut().zip(shaping).for_each(|(reward, shaping)| *reward += shaping);
                self.restricted(&legal, guided)
            }
        };
        let seen = |id| self.observer.observe(&running.history, id);
        Step {
            observations: self.spec.agents.ids().map(seen).collect(),
            masks,
            global: self.observer.shared_features(&running.history),
            rewards,
            terminated: false,
            truncated: running.steps >= running.horizon,
        }
    }

    fn restricted(&self, legal: &ActionMask, guided: &mut Guided) -> PerAgent<ActionMask> {
        let space = self.team.action_space();
        guided.asks.allowed.iter().map(|asked| asked.bind(legal, space, &mut guided.rng).mask).collect()
    }
}

/// An environment needs a scenario to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no scenario to play: give at least one")]
pub struct NoScenario;

impl Environment for ClusterEnvironment {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) -> Step {
        let draw = SeedTree::new(seed).child("scenario").seed() % self.scenarios.len() as u64;
        let scenario = &self.scenarios[usize::try_from(draw).unwrap_or(0)];
        let episode = Episode::new(&self.setup, scenario, self.split, seed);
        let state = State::from(&episode.snapshot());
        let guided = self.guide.as_ref().map(|factory| Guided::begin(factory, &state, seed));
        let history = History::starting(state, self.observer.depth());
        let horizon = Episode::decisions(scenario.params().episode.measured, self.setup.decision_period);
        let mut running = Running { episode, history, guided, steps: 0, horizon };
        let step = self.view(&mut running, 0.0);
        self.running = Some(running);
        step
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        self.check(action)?;
        let Some(mut running) = self.running.take().filter(|running| running.steps < running.horizon) else {
            return Err(ActionError::EpisodeOver);
        };
        let decision = self.team.decide(&running.episode.snapshot(), action);
        let reward = running.episode.play(&decision);
        running.steps += 1;
        let state = State::from(&running.episode.snapshot());
        if let Some(guided) = &mut running.guided {
            guided.advance(action, &state);
        }
        running.history.push(action.clone(), state);
        let step = self.view(&mut running, reward);
        self.running = Some(running);
        Ok(step)
    }
}
