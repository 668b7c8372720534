//! A trained team as files: the checkpoint, and a card that says what its policies observe and do.

mod attack;
pub(crate) mod cli;
mod export;

use std::fs;
use std::path::Path;

use karma_core::{ActionSpace, AgentId, Digest, Id as _, Metric, Observer as _, PerAgent, Role};
use karma_marl::{Mode, TeamAutoscaler, TrainedPolicy};
use serde::{Deserialize, Serialize};

pub use attack::{AttackArgs, AttackReport, attack_policy};
pub use cli::{PolicyArgs, PolicyCommand};
pub use export::{ExportArgs, PolicyExportError, export_policy};

use crate::config::{RunConfig, Written};
use crate::error::RunError;
use crate::run_dir::{self, CHECKPOINT, POLICY_CARD, RunDirError};

const FORMAT: &str = "karma-policy";
const FORMAT_VERSION: u32 = 1;
/// What features mean, to be raised when one comes to mean something else. 2: CPU is of the limit.
const OBSERVATION: u32 = 2;

/// `policy/policy.json`: what the networks of a checkpoint are for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyCard {
    /// Always `karma-policy`.
    pub format: String,
    /// Version of this card.
    pub format_version: u32,
    /// The agents, in the order of every joint action.
    pub roles: PerAgent<Role>,
    /// The services, in the order of the action space.
    pub services: Vec<String>,
    /// The actions of each agent.
    pub action_space: ActionSpace,
    /// Seconds between two decisions.
    pub decision_period: f64,
    /// States that an observation shows.
    pub history: usize,
    /// Features of an observation, normalised by what the topology knows; no statistics are kept beside it.
    pub observation_size: usize,
    /// Digest of the metrics' schema, what features mean, the sizes and the topology: other ones need other policies.
    pub observation_schema: String,
    /// Digest of the topology's normal form.
    pub topology: String,
}

impl PolicyCard {
    /// The card of the policies that a run with these settings trains.
    pub(crate) fn of(config: &RunConfig) -> Self {
        let (team, observer, topology) =
            (config.team(), config.observer(), config.topology_digest().to_string());
        let observation_size = observer.observation_size(AgentId::from_index(0));
        let metrics: Vec<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        let (depth, parts) = (observer.depth(), observer.parts());
        let schema = serde_json::json!([OBSERVATION, metrics, depth, parts, observation_size, topology]);
        Self {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            roles: team.roles().clone(),
            services: team.topology().services.iter().map(|service| service.name.clone()).collect(),
            action_space: team.action_space(),
            decision_period: config.params().decision_period,
            history: observer.depth(),
            observation_size,
            observation_schema: Digest::of(schema.to_string().as_bytes()).to_string(),
            topology,
        }
    }
}

/// The team that a run has trained so far, each agent taking its most probable action; and the run's settings.
///
/// The run may be at work meanwhile: its files are whole at any moment.
///
/// # Errors
/// If `run` is no run, its settings or its topology have been changed, or the checkpoint is damaged.
pub fn load_team(run: &Path) -> Result<(TeamAutoscaler<TrainedPolicy>, RunConfig), RunError> {
    let (policies, config) = load_policies(run)?;
    Ok((config.team_autoscaler(policies)?, config))
}

/// The same agents by themselves.
///
/// # Errors
/// As [`load_team`].
pub fn load_policies(run: &Path) -> Result<(PerAgent<TrainedPolicy>, RunConfig), RunError> {
    run_dir::read_manifest(run)?;
    let config = Written::read(Some(&run.join(run_dir::CONFIG)))?.check()?;
    let card = run.join(POLICY_CARD);
    let found: PolicyCard = serde_json::from_slice(&read(&card)?)
        .map_err(|error| RunDirError::Damaged { path: card.clone(), reason: error.to_string() })?;
    if found != PolicyCard::of(&config) {
        let reason = "it does not fit the run's settings and topology".to_owned();
        return Err(RunDirError::Damaged { path: card, reason }.into());
    }
    let checkpoint = run.join(CHECKPOINT);
    let policies = TrainedPolicy::load(&read(&checkpoint)?, &config.environment_spec()?, Mode::Greedy)
        .map_err(|source| RunError::Checkpoint { path: checkpoint, source })?;
    Ok((config.defenders(&policies), config))
}

fn read(path: &Path) -> Result<Vec<u8>, RunDirError> {
    fs::read(path).map_err(|source| RunDirError::File { path: path.to_owned(), action: "read", source })
}
