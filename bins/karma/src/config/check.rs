//! From settings as written to settings to run with.

use std::fmt::Display;
use std::fs::File;
use std::num::NonZeroUsize;
use std::sync::Arc;

use karma_core::team::default_roles;
use karma_core::{DefenderTeam, Digest, Environment, EnvironmentSpec, PerAgent, Policy, Seconds, Topology};
use karma_marl::stats::{Bootstrap, BootstrapParams};
use karma_marl::{MappoConfig, TeamAutoscaler, TeamError};
use karma_mock::environment::NoScenario;
use karma_mock::sim::SimulationConfig;
use karma_mock::workload::ReplayParams;
use karma_mock::{
    ClusterEnvironment, ClusterObserver, Episode, Scenario, Setup, Split, WorkloadParams, topologies,
};

use super::choice::{Choice, ScenarioChoice};
use super::error::ConfigError;
use super::identity::Identity;
use super::params::RunParams;
use super::read::is_path;
use super::sources::Sources;
use super::{ranges, workload};
use crate::{run_dir, topology_json};

/// Most numbers of one kind that a run keeps in memory: 4 GiB of them.
const MOST_NUMBERS: usize = 1 << 30;

/// Settings to run with; made by [`Written::check`](super::Written::check) only.
#[derive(Clone, Debug)]
pub struct RunConfig {
    params: RunParams,
    setup: Arc<Setup>,
    trace: Option<Vec<u8>>,
    scenarios: Arc<[Scenario]>,
    learner: MappoConfig,
    bootstrap: Bootstrap,
    threads: NonZeroUsize,
}

pub(super) fn check(params: &RunParams, sources: &Sources) -> Result<RunConfig, ConfigError> {
    ranges::check(params, sources)?;
    let (workload, trace) = workload::check(&params.workload, sources)?;
    let setup = Setup {
        topology: Arc::new(topology(&params.topology, sources)?),
        workload: Arc::new(workload),
        simulation: simulation(params, sources)?,
        reward: params.reward,
        decision_period: Seconds(params.decision_period),
        alpha: params.alpha,
    };
    let config = RunConfig {
        setup: Arc::new(setup),
        trace,
        scenarios: scenarios(&params.scenarios, sources)?,
        learner: learner(params, sources)?,
        bootstrap: bootstrap(params, sources)?,
        threads: threads(params),
        params: params.clone(),
    };
    config.check_rollout(sources)?;
    Ok(config)
}

fn topology(name: &str, sources: &Sources) -> Result<Topology, ConfigError> {
    if !is_path(name) {
        return topologies::by_name(name).map_err(|error| sources.refuse("topology", &chain(&error)));
    }
    let file = File::open(name).map_err(|error| sources.refuse("topology", &format!("{name}: {error}")))?;
    Topology::read(file).map_err(|error| sources.refuse("topology", &format!("{name}: {}", chain(&error))))
}

fn simulation(params: &RunParams, sources: &Sources) -> Result<SimulationConfig, ConfigError> {
    SimulationConfig::try_from(params.simulation)
        .map_err(|error| sources.refuse(&format!("simulation.{}", error.field), &error))
}

fn learner(params: &RunParams, sources: &Sources) -> Result<MappoConfig, ConfigError> {
    let refuse = |error: karma_nn::ConfigError| {
        let field = format!("learner.{}", error.field);
        sources.refuse(&field, &format!("learner.{error}"))
    };
    params.learner.check().map_err(refuse)
}

fn bootstrap(params: &RunParams, sources: &Sources) -> Result<Bootstrap, ConfigError> {
    let refuse = |error: karma_nn::ConfigError| {
        let field = format!("evaluation.{}", error.field);
        sources.refuse(&field, &format!("evaluation.{error}"))
    };
    let super::params::EvaluationParams { resamples, confidence, .. } = params.evaluation;
    BootstrapParams { resamples, confidence }.check().map_err(refuse)
}

fn scenarios(choices: &[ScenarioChoice], sources: &Sources) -> Result<Arc<[Scenario]>, ConfigError> {
    if choices.is_empty() {
        return Err(
            sources.refuse("scenarios", &"scenarios is an empty list; allowed: at least one scenario")
        );
    }
    let mut checked: Vec<Scenario> = Vec::new();
    for (index, choice) in choices.iter().enumerate() {
        let place = format!("scenarios.{index}");
        let scenario = match choice {
            Choice::Name(name) => Scenario::by_name(name).map_err(|error| error.to_string()),
            Choice::Table(table) => {
                let told = |error| format!("scenario \"{}\": {error}", table.name.escape_debug());
                Scenario::new((**table).clone()).map_err(told)
            }
        };
        let scenario = scenario.map_err(|message| sources.refuse(&place, &message))?;
        if checked.iter().any(|other| other.name() == scenario.name()) {
            let message =
                format!("the scenario \"{}\" is given twice; allowed: each name once", scenario.name());
            return Err(sources.refuse(&place, &message));
        }
        checked.push(scenario);
    }
    Ok(checked.into())
}

fn threads(params: &RunParams) -> NonZeroUsize {
    let given = params.threads.and_then(NonZeroUsize::new);
    given.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// An error with all that is underneath it.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl RunConfig {
    /// Settings of the learner that do not fit the environments.
    fn check_rollout(&self, sources: &Sources) -> Result<(), ConfigError> {
        let (horizon, learner) = (self.horizon(), self.learner.params());
        let length = self.learner.rollout_length(horizon);
        let refuse = |setting: &str, value: &dyn Display, allowed: String| {
            Err(sources.refuse(setting, &format!("{setting} is {value}; allowed: {allowed}")))
        };
        if !length.is_multiple_of(horizon) {
            let allowed = format!("a multiple of {horizon}, the decisions of the longest episode");
            return refuse("learner.rollout_length", &length, allowed);
        }
        let rows = length.saturating_mul(learner.num_envs);
        if learner.num_minibatches > rows {
            let allowed = format!("at most {rows}, the rows of an iteration");
            return refuse("learner.num_minibatches", &learner.num_minibatches, allowed);
        }
        let most = MOST_NUMBERS / self.numbers_in_a_row();
        if rows > most {
            let value = format!("{} with {length} decisions each", learner.num_envs);
            return refuse(
                "learner.num_envs",
                &value,
                format!("at most {most} decisions in all, for memory"),
            );
        }
        if self.weights() > MOST_NUMBERS / 8 {
            let allowed = format!("narrower or fewer layers, at most {} weights in all", MOST_NUMBERS / 8);
            return refuse("learner.hidden", &format!("{:?}", learner.hidden), allowed);
        }
        Ok(())
    }

    /// Numbers that a rollout keeps of one step: observations and masks of all agents, and the critic's input.
    fn numbers_in_a_row(&self) -> usize {
        let (team, observer) = (self.team(), self.observer());
        let (agents, actions, global) =
            (team.roles().len(), team.action_space().len(), observer.shared_size());
        global + agents * (global + 2 * actions)
    }

    /// Weights of all networks.
    fn weights(&self) -> usize {
        let (team, observer) = (self.team(), self.observer());
        let (agents, actions, global) =
            (team.roles().len(), team.action_space().len(), observer.shared_size());
        let hidden = &self.learner.params().hidden;
        let network = |inputs: usize, outputs: usize| {
            let from = std::iter::once(&inputs).chain(hidden);
            let layers = from.zip(hidden.iter().chain([&outputs]));
            layers.fold(0_usize, |sum, (from, to)| sum.saturating_add(from.saturating_mul(*to)))
        };
        network(global, 1).saturating_add(network(global + actions, actions).saturating_mul(agents))
    }

    /// Decisions of the longest episode.
    fn horizon(&self) -> usize {
        let measured = self.scenarios.iter().map(|scenario| scenario.params().episode.measured);
        Episode::decisions(measured.max().unwrap_or(1), self.setup.decision_period)
    }

    /// The settings as written.
    pub const fn params(&self) -> &RunParams {
        &self.params
    }

    /// What all episodes share.
    pub const fn setup(&self) -> &Arc<Setup> {
        &self.setup
    }

    /// The scenarios, in the order of the table.
    pub fn scenarios(&self) -> &[Scenario] {
        &self.scenarios
    }

    /// The learner's settings.
    pub const fn learner(&self) -> &MappoConfig {
        &self.learner
    }

    /// How intervals are made.
    pub const fn bootstrap(&self) -> &Bootstrap {
        &self.bootstrap
    }

    /// Threads for episodes.
    pub const fn threads(&self) -> NonZeroUsize {
        self.threads
    }

    /// The bytes of the workload's file, if it is one's own.
    pub(crate) fn trace(&self) -> Option<&[u8]> {
        self.trace.as_deref()
    }

    /// The defenders.
    pub fn team(&self) -> DefenderTeam {
        DefenderTeam::new(Arc::clone(&self.setup.topology), default_roles(), self.params.alpha)
    }

    /// What the defenders see.
    pub fn observer(&self) -> ClusterObserver {
        let topology = Arc::clone(&self.setup.topology);
        ClusterObserver::new(topology, self.team().action_space(), self.params.history)
    }

    /// The environments of training.
    ///
    /// # Errors
    /// [`NoScenario`], which no checked configuration gives.
    pub fn environments(&self) -> Result<Vec<Box<dyn Environment>>, NoScenario> {
        let boxed = |environment| Box::new(environment) as Box<dyn Environment>;
        (0..self.learner.params().num_envs).map(|_| self.environment(Split::Train).map(boxed)).collect()
    }

    fn environment(&self, split: Split) -> Result<ClusterEnvironment, NoScenario> {
        let (setup, scenarios) = (Arc::clone(&self.setup), Arc::clone(&self.scenarios));
        ClusterEnvironment::new(setup, scenarios, split, self.team(), self.observer())
    }

    /// Agents, sizes and horizon of the environments.
    pub(crate) fn environment_spec(&self) -> Result<EnvironmentSpec, NoScenario> {
        self.environment(Split::Train).map(|environment| environment.spec().clone())
    }

    /// Policies as an autoscaler.
    ///
    /// # Errors
    /// If there is not one policy for each role.
    pub fn team_autoscaler<P: Policy>(&self, policies: PerAgent<P>) -> Result<TeamAutoscaler<P>, TeamError> {
        let observer = Arc::new(self.observer());
        let depth = observer.depth();
        TeamAutoscaler::new("karma", self.team(), (observer, depth), policies)
    }

    /// The workload's settings. A trace of one's own has the name under which a run keeps it, wherever it came from.
    fn workload(&self) -> WorkloadParams {
        match (self.setup.workload.params(), &self.trace) {
            (WorkloadParams::Trace(replay), Some(_)) => {
                WorkloadParams::Trace(ReplayParams { trace: run_dir::TRACE.to_owned(), ..replay })
            }
            (params, _) => params,
        }
    }

    /// The settings as a file in a run's directory, which has the topology and the trace beside it.
    #[expect(clippy::expect_used, reason = "checked settings have a TOML form: their numbers fit it")]
    pub(crate) fn to_toml(&self) -> String {
        let mut params = self.params.clone();
        if is_path(&params.topology) {
            run_dir::TOPOLOGY.clone_into(&mut params.topology);
        }
        if self.trace.is_some() {
            params.workload = Choice::Table(Box::new(self.workload()));
        }
        toml::to_string(&params).expect("a TOML form")
    }

    /// Digest of the topology, in its normal form.
    pub fn topology_digest(&self) -> Digest {
        Digest::of(topology_json::write(&self.setup.topology).as_bytes())
    }

    /// All settings on which results depend, as JSON.
    #[expect(clippy::expect_used, reason = "texts and numbers under keys of text always have a JSON form")]
    pub(crate) fn identity(&self) -> serde_json::Value {
        let params = &self.params;
        let identity = Identity {
            topology: self.topology_digest().to_string(),
            workload: self.workload(),
            workload_file: self.trace().map(|bytes| Digest::of(bytes).to_string()),
            scenarios: self.scenarios.iter().map(Scenario::params).collect(),
            seed: params.seed,
            decision_period: params.decision_period,
            alpha: params.alpha,
            history: params.history,
            simulation: &params.simulation,
            reward: &params.reward,
            learner: &params.learner,
            evaluation: &params.evaluation,
        };
        // By way of text, in which a single-precision number is as short as it was written.
        let text = serde_json::to_string(&identity);
        text.and_then(|text| serde_json::from_str(&text)).expect("a JSON form")
    }

    /// Digest of [`RunConfig::identity`].
    pub fn digest(&self) -> Digest {
        Digest::of(self.identity().to_string().as_bytes())
    }
}
