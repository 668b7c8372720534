//! The settings to run with, and what is made of them.

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;

use karma_core::{
    AdviserFactory, DefenderTeam, Digest, Environment, EnvironmentSpec, PerAgent, Policy, SafeguardFactory,
};
use karma_guard::SafetyConfig;
use karma_marl::stats::Bootstrap;
use karma_marl::{MappoConfig, StopConfig, TeamAutoscaler, TeamError};
use karma_mock::environment::{Lookahead, LookaheadConfig, NoScenario, Siege, SiegeConfig, TeacherFactory};
use karma_mock::workload::ReplayParams;
use karma_mock::{ClusterEnvironment, ClusterObserver, Episode, Scenario, Setup, Split, WorkloadParams};

use super::choice::Choice;
use super::identity::Identity;
use super::params::{ObservationForm, RunParams};
use super::read::is_path;
use super::twin::TrainingTwin;
use crate::error::RunError;
use crate::organization::Charter;
use crate::{run_dir, teacher, topology_json};

/// Settings to run with; made by [`Written::check`](super::Written::check) only.
#[derive(Clone, Debug)]
pub struct RunConfig {
    pub(super) params: RunParams,
    pub(super) charter: Charter,
    pub(super) attacker: Option<SiegeConfig>,
    pub(super) lookahead: Option<LookaheadConfig>,
    pub(super) safety: Option<SafetyConfig>,
    pub(super) setup: Arc<Setup>,
    pub(super) trace: Option<Vec<u8>>,
    pub(super) scenarios: Arc<[Scenario]>,
    pub(super) learner: MappoConfig,
    pub(super) stop: StopConfig,
    pub(super) bootstrap: Bootstrap,
    pub(super) threads: NonZeroUsize,
    pub(super) twin: Option<Arc<TrainingTwin>>,
}

impl RunConfig {
    /// Decisions of the longest episode: of the longest recorded window where the team is trained in a twin, unless the
    /// scenarios' are shorter.
    pub(super) fn horizon(&self) -> usize {
        if let Some(twin) = &self.twin {
            return twin.horizon();
        }
        let measured = self.scenarios.iter().map(|scenario| scenario.params().episode.measured);
        Episode::decisions(measured.max().unwrap_or(1), self.setup.decision_period)
    }

    /// The settings as written.
    pub const fn params(&self) -> &RunParams {
        &self.params
    }

    /// The organisation.
    pub const fn charter(&self) -> &Charter {
        &self.charter
    }

    /// What the shield holds every policy to; `None` without a shield.
    pub const fn safety(&self) -> Option<&SafetyConfig> {
        self.safety.as_ref()
    }

    /// Makes shields, one for each episode; `None` without.
    pub fn safeguard(&self) -> Option<SafeguardFactory> {
        self.safety.as_ref().map(SafetyConfig::factory)
    }

    /// Makes advisers that look ahead, one for each episode; `None` where a trained team does not.
    pub fn advisers(&self) -> Option<AdviserFactory> {
        let follower = teacher::rule(&self.setup.topology);
        Some(Lookahead::factory(Arc::clone(&self.setup), self.lookahead?, follower))
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

    /// Reasons to stop before the budget is spent.
    pub const fn stop(&self) -> &StopConfig {
        &self.stop
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
        DefenderTeam::new(Arc::clone(&self.setup.topology), self.charter.team().clone(), self.params.alpha)
    }

    /// What the defenders see.
    pub fn observer(&self) -> ClusterObserver {
        let topology = Arc::clone(&self.setup.topology);
        let observer = ClusterObserver::new(topology, self.team().action_space(), self.params.history);
        match self.params.observation {
            ObservationForm::Parts => observer.in_parts(),
            ObservationForm::Whole => observer,
        }
    }

    /// The environments of training: of the twin if there is one, of the simulated cluster otherwise.
    ///
    /// # Errors
    /// What no checked configuration gives: no scenario, or parts of a twin that do not fit each other.
    pub fn environments(&self) -> Result<Vec<Box<dyn Environment>>, RunError> {
        self.environments_at(0..self.learner.params().num_envs)
    }

    /// The environments of these places only.
    pub(crate) fn environments_at(
        &self,
        places: Range<usize>,
    ) -> Result<Vec<Box<dyn Environment>>, RunError> {
        self.environments_in(Split::Train, places)
    }

    /// The environments of training at these places, in a split of seeds and traces. A twin replays what it recorded and has
    /// no splits.
    ///
    /// # Errors
    /// As [`RunConfig::environments`].
    pub fn environments_in(
        &self,
        split: Split,
        places: Range<usize>,
    ) -> Result<Vec<Box<dyn Environment>>, RunError> {
        let teacher = if self.twin.is_some() { None } else { teacher::factory(self)? };
        let environment = |place| match &self.twin {
            Some(twin) => Ok(twin.environment(self, place)?),
            None => Ok(self.game(split, teacher.clone())?),
        };
        places.map(environment).collect()
    }

    /// The twin that the team is trained in.
    pub(crate) fn twin(&self) -> Option<&TrainingTwin> {
        self.twin.as_deref()
    }

    /// The game of training in the simulated cluster.
    fn game(
        &self,
        split: Split,
        teacher: Option<TeacherFactory>,
    ) -> Result<Box<dyn Environment>, NoScenario> {
        let (setup, scenarios) = (Arc::clone(&self.setup), Arc::clone(&self.scenarios));
        let environment = ClusterEnvironment::new(setup, scenarios, split, self.team(), self.observer())?;
        let environment = match self.charter.in_training() {
            Some(guide) => environment.with_guide(guide),
            None => environment,
        };
        let environment = match self.safeguard() {
            Some(safeguard) => environment.with_safeguard(safeguard),
            None => environment,
        };
        let informed = self.params.informed_critic && self.twin.is_none();
        let environment = if informed { environment.with_informed_critic() } else { environment };
        let environment = match teacher {
            Some(teacher) => environment.with_teacher(teacher),
            None => environment,
        };
        Ok(match self.attacker {
            Some(attacker) => Box::new(Siege::new(environment, attacker)),
            None => Box::new(environment),
        })
    }

    /// Agents, sizes and horizon of the environments.
    pub(crate) fn environment_spec(&self) -> Result<EnvironmentSpec, NoScenario> {
        self.game(Split::Train, None).map(|game| game.spec().clone())
    }

    /// The defenders among the policies of a game, in which they come first.
    pub(crate) fn defenders<P: Clone>(&self, policies: &PerAgent<P>) -> PerAgent<P> {
        policies.iter().take(self.charter.team().len()).cloned().collect()
    }

    /// Policies as an autoscaler.
    ///
    /// # Errors
    /// If there is not one policy for each role.
    pub fn team_autoscaler<P: Policy>(&self, policies: PerAgent<P>) -> Result<TeamAutoscaler<P>, TeamError> {
        let observer = Arc::new(self.observer());
        let depth = observer.depth();
        let team = TeamAutoscaler::new("karma", self.team(), (observer, depth), policies)?;
        let team = team.with_guide(self.charter.in_evaluation());
        let team = match self.params.rounds.and_then(NonZeroUsize::new) {
            Some(rounds) => team.with_rounds(rounds),
            None => team,
        };
        let team = match self.advisers() {
            Some(advisers) => team.with_adviser(advisers),
            None => team,
        };
        Ok(match self.safeguard() {
            Some(safeguard) => team.with_safeguard(safeguard),
            None => team,
        })
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
        if self.twin.is_some() {
            params.twin = Some(run_dir::TWIN.to_owned());
        }
        if self.charter.is_own() {
            run_dir::ORGANIZATION.clone_into(&mut params.organization);
        }
        if self.trace.is_some() {
            params.workload = Choice::Table(Box::new(self.workload()));
        }
        toml::to_string(&params).expect("a TOML form")
    }

    /// The settings as a policy artefact holds them, which has the topology and the organisation beside them and nothing
    /// of how the team was trained. In place of a trace of one's own, which stays behind, stands the default workload.
    #[cfg(feature = "transfer")]
    #[expect(clippy::expect_used, reason = "checked settings have a TOML form: their numbers fit it")]
    pub(crate) fn to_live_toml(&self) -> String {
        let default = RunParams::default();
        let mut params = RunParams {
            topology: run_dir::TOPOLOGY.to_owned(),
            twin: None,
            faults: default.faults,
            threads: None,
            lookahead: None,
            ..self.params.clone()
        };
        if self.charter.files().is_some() {
            if params.organization == crate::organization::SOFT {
                params.hardness = Some(0.0);
            }
            run_dir::ORGANIZATION.clone_into(&mut params.organization);
        }
        if self.trace.is_some() {
            params.workload = default.workload;
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
            twin: self.twin.as_ref().map(|twin| twin.digest().to_string()),
            faults: self.twin.as_ref().map(|_| &params.faults),
            organization: self.charter.digest().map(|digest| digest.to_string()),
            hardness: params.hardness,
            attacker: self.attacker.map(|attacker| *attacker.params()),
            lookahead: params.lookahead,
            safety: params.shield.then_some(&params.safety),
            seed: params.seed,
            decision_period: params.decision_period,
            alpha: params.alpha,
            history: params.history,
            rounds: params.rounds,
            observation: params.observation,
            teacher: params.teacher,
            informed_critic: params.informed_critic,
            simulation: &params.simulation,
            reward: &params.reward,
            learner: &params.learner,
            evaluation: &params.evaluation,
        };
        // By way of text, in which a single-precision number is as short as it was written.
        let text = serde_json::to_string(&identity);
        text.and_then(|text| serde_json::from_str(&text)).expect("a JSON form")
    }

    /// Digest of the settings on which an episode depends, whoever plays it: nothing of how a team is made.
    #[cfg(feature = "lab")]
    pub(crate) fn stage_digest(&self) -> Digest {
        const OF_A_TEAM: [&str; 12] = [
            "rounds",
            "organization",
            "hardness",
            "attacker",
            "lookahead",
            "seed",
            "observation",
            "teacher",
            "informed_critic",
            "learner",
            "twin",
            "faults",
        ];
        let mut identity = self.identity();
        if let Some(settings) = identity.as_object_mut() {
            settings.retain(|setting, _| !OF_A_TEAM.contains(&setting.as_str()));
        }
        Digest::of(identity.to_string().as_bytes())
    }

    /// Digest of all settings on which results depend.
    pub fn digest(&self) -> Digest {
        Digest::of(self.identity().to_string().as_bytes())
    }
}

impl fmt::Display for RunConfig {
    /// What a run is about, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RunParams { topology, seed, budget, .. } = &self.params;
        let scenarios: Vec<&str> = self.scenarios.iter().map(Scenario::name).collect();
        let (workload, scenarios, threads) = (&self.setup.workload, scenarios.join(", "), self.threads);
        let organization = self.charter.name();
        let shield = if self.safety.is_some() { "" } else { "no shield, " };
        let place = if self.twin.is_some() { "; trained in a twin" } else { "" };
        write!(f, "{topology} under {workload}; {scenarios}{place}; organisation {organization}, {shield}")?;
        write!(f, "seed {seed}, budget {budget}, threads {threads}")
    }
}
