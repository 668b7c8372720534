//! The simulated cluster as a game for a team of defenders.

mod episode;
mod observer;

use std::sync::Arc;

use karma_core::{
    ActionError, AgentSpec, DefenderTeam, Environment, EnvironmentSpec, History, JointAction, Observer as _,
    PerAgent, SeedTree, State, Step, Team,
};

pub use episode::{Episode, Setup, evaluate};
pub use observer::ClusterObserver;

use crate::scenario::Scenario;
use crate::workload::Split;

/// A team of defenders in a cluster that meets a scenario drawn anew in each episode.
///
/// All defenders share one reward ([`karma_core::RewardParams::defender`]). An episode never terminates: its horizon
/// truncates it. The seed of `reset` decides scenario, load, disturbances and every draw of the cluster.
#[derive(Clone, Debug)]
pub struct ClusterEnvironment {
    setup: Arc<Setup>,
    scenarios: Arc<[Scenario]>,
    split: Split,
    team: DefenderTeam,
    observer: ClusterObserver,
    spec: EnvironmentSpec,
    running: Option<Running>,
}

/// The episode under way.
#[derive(Clone, Debug)]
struct Running {
    episode: Episode,
    history: History,
    steps: usize,
    horizon: usize,
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
        Ok(Self { setup, scenarios, split, team, observer, spec, running: None })
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

    fn view(&self, running: &Running, reward: f32) -> Step {
        let agents = self.spec.agents.len();
        let mask = self.team.mask(&episode::desired(&running.episode.snapshot()));
        Step {
            observations: self
                .spec
                .agents
                .ids()
                .map(|id| self.observer.observe(&running.history, id))
                .collect(),
            masks: PerAgent::filled(mask, agents),
            global: self.observer.shared_features(&running.history),
            rewards: PerAgent::filled(reward, agents),
            terminated: false,
            truncated: running.steps >= running.horizon,
        }
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
        let history = History::starting(State::from(&episode.snapshot()), self.observer.depth());
        let horizon = Episode::decisions(scenario.params().episode.measured, self.setup.decision_period);
        let running = Running { episode, history, steps: 0, horizon };
        let step = self.view(&running, 0.0);
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
        running.history.push(action.clone(), State::from(&running.episode.snapshot()));
        let step = self.view(&running, reward);
        self.running = Some(running);
        Ok(step)
    }
}
