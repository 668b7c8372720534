//! A policy artefact: what a trained team needs to act on a cluster, and nothing else.
//!
//! | entry | what it holds |
//! |---|---|
//! | `config.toml` | the run's settings |
//! | `topology.json` | the topology in its normal form |
//! | `organization.xml`, `organization.guides.yaml` | the organisation, if there is one |
//! | `policy.json` | what the policies observe and do |
//! | `actors.safetensors` | the actors, without critics, optimisers and streams |
//! | `twin.safetensors` | a twin of the cluster, if one was given: what it calls novel is unknown to the agents |

use std::path::Path;
use std::sync::Arc;

use karma_core::{Autoscaler, Conduct, Decision, Seconds, Snapshot, StreamRng, Topology};
use karma_k8s::decide::Alarm;
use karma_k8s::resource::digest_of;
use karma_marl::{MappoError, Mode, TeamAutoscaler, TeamError, TrainedPolicy, export_actors};
use karma_mock::environment::NoScenario;
use thiserror::Error;

use super::alarm::{NoveltyAlarm, NoveltyAlarmError};
use super::container::{self, ContainerError, Files};
use crate::config::{ConfigError, RunConfig, Written};
use crate::error::RunError;
use crate::policy::{self, PolicyCard};
use crate::run_dir::{CHECKPOINT, CONFIG, ORGANIZATION, ORGANIZATION_GUIDES, RunDirError, TOPOLOGY};
use crate::topology_json;
use crate::twin_file::{TwinFile, TwinFileError, TwinProblem};

const POLICY_CARD: &str = "policy.json";
const ACTORS: &str = "actors.safetensors";
const TWIN: &str = "twin.safetensors";
const ALL: [&str; 7] = [CONFIG, TOPOLOGY, ORGANIZATION, ORGANIZATION_GUIDES, POLICY_CARD, ACTORS, TWIN];

/// A trained team, ready to be asked.
pub struct LivePolicy {
    /// The pin: digest of the artefact.
    pub digest: String,
    /// The services that it scales.
    pub topology: Arc<Topology>,
    /// Time between two decisions.
    pub period: Seconds,
    /// The team under its organisation and behind its shield, as in training.
    pub agents: Box<dyn Autoscaler>,
    /// What tells that the team does not know a situation; none without a twin in the artefact.
    pub alarm: Option<Box<dyn Alarm>>,
    /// The settings of the run that trained it.
    pub config: RunConfig,
}

impl std::fmt::Debug for LivePolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { digest, period, alarm, .. } = self;
        let mut debug = f.debug_struct("LivePolicy");
        debug.field("digest", digest).field("period", period).field("alarm", &alarm.is_some());
        debug.finish_non_exhaustive()
    }
}

/// Why a policy artefact cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArtefactError {
    /// It is none, or damaged.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// A part is missing, too many, or does not fit the others.
    #[error("its {entry} {reason}; package the run again")]
    Entry {
        /// The part.
        entry: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Its settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is nothing to act in.
    #[error(transparent)]
    Scenario(#[from] NoScenario),
    /// Its actors.
    #[error("its {ACTORS} cannot be used")]
    Actors(#[from] MappoError),
    /// Its actors make no team.
    #[error(transparent)]
    Team(#[from] TeamError),
    /// Its twin.
    #[error("its {TWIN} cannot be used")]
    Twin(#[from] TwinProblem),
    /// Its twin is of another cluster.
    #[error("its {TWIN} cannot tell what the agents know")]
    Alarm(#[from] NoveltyAlarmError),
}

/// Why a run cannot be packaged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The run cannot be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The twin cannot be read.
    #[error(transparent)]
    TwinFile(#[from] TwinFileError),
    /// The twin is of another cluster.
    #[error("{}: {problem}", path.display())]
    Twin {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        #[source]
        problem: NoveltyAlarmError,
    },
    /// The artefact cannot be made.
    #[error(transparent)]
    Artefact(#[from] ArtefactError),
}

impl PackageError {
    /// Whether the user's settings or arguments are to blame.
    pub(crate) const fn is_usage(&self) -> bool {
        match self {
            Self::Run(error) => error.is_usage(),
            Self::Twin { .. } => true,
            Self::TwinFile(_) | Self::Artefact(_) => false,
        }
    }
}

/// The artefact of the team that `run` has trained so far, with a twin of the same cluster if one is given. The same run and
/// the same twin give the same bytes.
///
/// # Errors
/// If `run` is no run or has been changed, or the twin is of another cluster.
pub fn package(run: &Path, twin: Option<&Path>) -> Result<Vec<u8>, PackageError> {
    let (_, config) = policy::load_policies(run)?;
    let path = run.join(CHECKPOINT);
    let checkpoint = std::fs::read(&path)
        .map_err(|source| RunError::from(RunDirError::File { path: path.clone(), action: "read", source }))?;
    let spec = config.environment_spec().map_err(RunError::from)?;
    let actors = export_actors(&checkpoint, &spec).map_err(|source| RunError::Checkpoint { path, source })?;
    let mut files = settings(&config)?;
    files.insert(ACTORS.to_owned(), actors);
    if let Some(path) = twin {
        let twin = TwinFile::read(path)?;
        let told = |problem| PackageError::Twin { path: path.to_owned(), problem };
        NoveltyAlarm::check(&twin, &config.setup().topology, config.setup().decision_period).map_err(told)?;
        files.insert(TWIN.to_owned(), twin.to_bytes().map_err(ArtefactError::from)?);
    }
    Ok(container::write(&files).map_err(ArtefactError::from)?)
}

/// All that is not learned.
fn settings(config: &RunConfig) -> Result<Files, ArtefactError> {
    let card = serde_json::to_vec_pretty(&PolicyCard::of(config))
        .map_err(|error| ArtefactError::Entry { entry: POLICY_CARD, reason: error.to_string() })?;
    let mut files = Files::from([
        (CONFIG.to_owned(), config.to_live_toml().into_bytes()),
        (TOPOLOGY.to_owned(), topology_json::write(&config.setup().topology).into_bytes()),
        (POLICY_CARD.to_owned(), card),
    ]);
    if let Some(organization) = config.charter().files() {
        files.insert(ORGANIZATION.to_owned(), organization.specification.clone().into_bytes());
        files.insert(ORGANIZATION_GUIDES.to_owned(), organization.guides.clone().into_bytes());
    }
    Ok(files)
}

impl LivePolicy {
    /// The team in an artefact.
    ///
    /// # Errors
    /// If it is no artefact, a later program's, damaged, or its parts do not fit each other. No bytes make it panic.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArtefactError> {
        let mut files = container::read(bytes)?;
        if let Some(name) = files.keys().find(|name| !ALL.contains(&name.as_str())) {
            let reason = format!("is not all: there is \"{}\" as well", name.escape_debug());
            return Err(ArtefactError::Entry { entry: "content", reason });
        }
        let (text, card) = (text(&mut files, CONFIG)?, take(&mut files, POLICY_CARD)?);
        let (actors, twin) = (take(&mut files, ACTORS)?, files.remove(TWIN));
        let config = Written::held(CONFIG, &text, files)?.check()?;
        check_card(&card, &config)?;
        let policies = TrainedPolicy::load(&actors, &config.environment_spec()?, Mode::Greedy)?;
        let agents = config.team_autoscaler(config.defenders(&policies))?;
        let (topology, period) = (Arc::clone(&config.setup().topology), config.setup().decision_period);
        let alarm = |twin: Vec<u8>| -> Result<Box<dyn Alarm>, ArtefactError> {
            let twin = TwinFile::from_bytes(&twin)?;
            Ok(Box::new(NoveltyAlarm::new(twin, &topology, period)?))
        };
        Ok(Self {
            digest: digest_of(bytes),
            alarm: twin.map(alarm).transpose()?,
            agents: Box::new(Asking(agents)),
            topology,
            period,
            config,
        })
    }
}

/// A team that answers with what it asks for. Its own shield says what it may ask, as in training; what may be done of that,
/// whoever listens to it decides, with a shield that knows what was really done.
pub(super) struct Asking(pub(super) TeamAutoscaler<TrainedPolicy>);

impl Autoscaler for Asking {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn reset(&mut self) {
        self.0.reset();
    }

    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision {
        self.0.deliberate(snapshot, rng).asked
    }

    fn conduct(&self) -> Option<Conduct> {
        self.0.conduct()
    }
}

fn take(files: &mut Files, entry: &'static str) -> Result<Vec<u8>, ArtefactError> {
    files.remove(entry).ok_or_else(|| ArtefactError::Entry { entry, reason: "is missing".to_owned() })
}

fn text(files: &mut Files, entry: &'static str) -> Result<String, ArtefactError> {
    String::from_utf8(take(files, entry)?)
        .map_err(|_| ArtefactError::Entry { entry, reason: "is no text".to_owned() })
}

fn check_card(bytes: &[u8], config: &RunConfig) -> Result<(), ArtefactError> {
    let entry = POLICY_CARD;
    let card: PolicyCard = serde_json::from_slice(bytes)
        .map_err(|error| ArtefactError::Entry { entry, reason: format!("is damaged ({error})") })?;
    if card == PolicyCard::of(config) {
        Ok(())
    } else {
        let reason = "does not fit its settings and topology".to_owned();
        Err(ArtefactError::Entry { entry, reason })
    }
}
