//! The simulated cluster as a game for a team of defenders.

mod ahead;
mod episode;
mod lookahead;
mod observer;
mod prospect;
mod siege;
mod teacher;

use std::sync::Arc;

use karma_core::{
    ActionError, DefenderTeam, Environment, EnvironmentSpec, EpisodeReport, Foresight, GuideFactory, History,
    JointAction, RunningGuide, RunningSafeguard, SafeguardFactory, SeedTree, State, Step, TeamView, Topology,
};

pub use ahead::{AheadParams, evaluate_ahead};
pub use episode::{Episode, Setup, evaluate};
pub use lookahead::{Lookahead, LookaheadConfig, LookaheadError, LookaheadParams};
pub use observer::ClusterObserver;
pub use siege::{Assault, Defence, Siege, SiegeConfig, SiegeParams, SiegeParamsError};
pub use teacher::TeacherFactory;

use crate::scenario::Scenario;
use crate::sim::Simulation;
use crate::workload::Split;
use teacher::RunningTeacher;

/// A team of defenders in a cluster that meets a scenario drawn anew in each episode.
///
/// All defenders share one reward ([`karma_core::RewardParams::defender`]), to which an organisation's guides may add
/// for each of them ([`ClusterEnvironment::with_guide`]). A safeguard may stand between them and the cluster
/// ([`ClusterEnvironment::with_safeguard`]). An episode never terminates: its horizon truncates it. The
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
    safeguard: Option<SafeguardFactory>,
    teacher: Option<TeacherFactory>,
    /// Whether a critic is told what is to come.
    informed: bool,
    running: Option<Running>,
}

/// The episode under way.
#[derive(Debug)]
struct Running {
    episode: Episode,
    history: History,
    guide: Option<RunningGuide>,
    safeguard: Option<RunningSafeguard>,
    teacher: Option<RunningTeacher>,
    /// For an informed critic.
    foresight: Option<Foresight>,
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
        let horizon = Episode::decisions(longest, setup.decision_period);
        let spec = EnvironmentSpec::of_team(&team, &observer, horizon);
        Ok(Self {
            setup,
            scenarios,
            split,
            team,
            observer,
            spec,
            guide: None,
            safeguard: None,
            teacher: None,
            informed: false,
            running: None,
        })
    }

    /// The same environment under an organisation: its guides restrict masks and shape rewards.
    #[must_use]
    pub fn with_guide(self, guide: GuideFactory) -> Self {
        Self { guide: Some(guide), running: None, ..self }
    }

    /// The same environment behind a safeguard: it masks what it would not let pass, and reviews what the agents ask for
    /// together. Guides are told what the agents asked for, not what became of it.
    #[must_use]
    pub fn with_safeguard(self, safeguard: SafeguardFactory) -> Self {
        Self { safeguard: Some(safeguard), running: None, ..self }
    }

    /// The same environment with a teacher, who says after each step what each agent would better do next
    /// ([`Step::advice`]). It changes nothing else.
    #[must_use]
    pub fn with_teacher(self, teacher: TeacherFactory) -> Self {
        Self { teacher: Some(teacher), running: None, ..self }
    }

    /// The same environment, in which a critic is told of the coming load and speeds ([`Step::global`] goes on with them).
    /// What agents see is as before.
    #[must_use]
    pub fn with_informed_critic(mut self) -> Self {
        if !self.informed {
            self.spec.global_size += prospect::size(&self.setup.topology);
        }
        Self { informed: true, running: None, ..self }
    }

    /// The report of the episode so far; `None` before the first.
    pub fn report(&self) -> Option<EpisodeReport> {
        self.running.as_ref().map(|running| running.episode.report())
    }

    /// The services.
    fn topology(&self) -> &Arc<Topology> {
        &self.setup.topology
    }

    /// Seconds between two decisions.
    fn period(&self) -> f64 {
        self.setup.decision_period.0
    }

    /// What an attacker earned by the last decision; 0 before the first.
    fn attacker_reward(&self) -> f32 {
        self.running.as_ref().map_or(0.0, |running| running.episode.attacker_reward())
    }

    /// Whether no decision can be taken any more, or not yet.
    fn is_over(&self) -> bool {
        self.running.as_ref().is_none_or(|running| running.steps >= running.horizon)
    }

    fn cluster_mut(&mut self) -> Option<&mut Simulation> {
        self.running.as_mut().map(|running| running.episode.cluster_mut())
    }

    fn view(&self, running: &mut Running, reward: f32) -> Step {
        let safeguard = running.safeguard.as_ref();
        let view = TeamView { team: &self.team, observer: &self.observer, safeguard };
        let truncated = running.steps >= running.horizon;
        let mut step = view.step(&running.history, running.guide.as_mut(), reward, truncated);
        if let Some(foresight) = &running.foresight {
            let moment = (running.history.now().time, self.setup.decision_period);
            prospect::extend(&mut step.global, self.topology(), foresight, moment);
        }
        if let Some(teacher) = running.teacher.as_mut().filter(|_| !truncated) {
            step.advice = teacher.advise(&self.team, &running.episode.snapshot(), &step.masks);
        }
        step
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
        let guide = self.guide.as_ref().map(|factory| RunningGuide::begin(factory, &state, seed));
        let safeguard = self.safeguard.as_ref().map(RunningSafeguard::begin);
        let begin = |factory| RunningTeacher::begin(factory, &episode.foresight(), seed);
        let teacher = self.teacher.as_ref().map(begin);
        let foresight = self.informed.then(|| episode.foresight());
        let history = History::starting(state, self.observer.depth());
        let horizon = Episode::decisions(scenario.params().episode.measured, self.setup.decision_period);
        let mut running =
            Running { episode, history, guide, safeguard, teacher, foresight, steps: 0, horizon };
        let step = self.view(&mut running, 0.0);
        self.running = Some(running);
        step
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        self.spec.check(action)?;
        let Some(mut running) = self.running.take().filter(|running| running.steps < running.horizon) else {
            return Err(ActionError::EpisodeOver);
        };
        let mut decision = self.team.decide(&running.episode.snapshot(), action);
        if let Some(safeguard) = &mut running.safeguard {
            decision = safeguard.review(running.history.now(), decision);
        }
        let reward = running.episode.play(&decision);
        running.steps += 1;
        let state = State::from(&running.episode.snapshot());
        if let Some(guide) = &mut running.guide {
            guide.advance(action, &state);
        }
        running.history.push(action.clone(), state);
        let step = self.view(&mut running, reward);
        self.running = Some(running);
        Ok(step)
    }

    fn state(&self) -> Option<&State> {
        self.running.as_ref().map(|running| running.history.now())
    }
}
