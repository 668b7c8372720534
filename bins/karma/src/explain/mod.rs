//! Phase 3: what a trained team does, in numbers, words and pictures; and as an organisation that the next team is trained
//! under.
//!
//! | you look for | open |
//! |---|---|
//! | all of it for a run | [`explain`], [`Explanation`] |
//! | episodes with what was seen, allowed and decided | [`Recorder`] |
//! | what the page shows, as plain data | [`View`] |
//! | the page itself, its charts as files, the same in a terminal | [`page()`], [`pictures`], [`summary`] |

pub mod cli;
mod decisions;
mod error;
mod facts;
mod page;
mod playback;
mod record;
mod request;
mod sections;
mod view;

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use karma_analyze::agreement::stability;
use karma_analyze::cluster::Partition;
use karma_analyze::fit::{ConductReport, conduct};
use karma_analyze::roles::{Roles, RolesParams};
use karma_analyze::{Analysis, Recordings};
use karma_core::PerAgent;
use karma_marl::TrainedPolicy;
use karma_org::xml;

pub use error::ExplainError;
pub use page::{page, pictures, summary};
pub use record::{Moment, PlayedEpisode, Recorder, SUCCESS, recordings};
pub use request::Request;
pub use view::{
    Contribution, DecisionView, Dot, FidelityRow, FidelityView, FitRow, FitView, GoalView, Honesty, LinkView,
    MergeView, Playback, Played, PlayedDecision, RelationsView, RoleGroup, RolesView, RulesView, Span, Tie,
    Topic, TreeView, View, WindowView,
};

use crate::config::RunConfig;
use crate::evaluation::{rivals, team_row};
use crate::policy::load_policies;
use crate::progress::Progress;
use crate::run_dir::{self, Manifest, RunDirError, atomic};
use decisions::Team;
use sections::Sections;

/// Name of the page.
const PAGE: &str = "report.html";
/// Name of the inferred organisation, and of its files.
const INFERRED: &str = "inferred";

/// What there is to say about a run.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Where it goes.
    pub directory: PathBuf,
    /// What the page shows.
    pub view: View,
    /// What was analysed.
    pub recordings: Recordings,
    /// The inferred organisation as MOISE XML.
    pub specification: String,
    /// What it means on a cluster.
    pub guides: String,
}

/// A run with its team.
struct Subject<'a> {
    path: &'a Path,
    config: RunConfig,
    policies: PerAgent<TrainedPolicy>,
    manifest: Manifest,
}

impl<'a> Subject<'a> {
    fn load(path: &'a Path) -> Result<Self, ExplainError> {
        let manifest = run_dir::read_manifest(path)?;
        let (policies, config) = load_policies(path)?;
        Ok(Self { path, config, policies, manifest })
    }

    fn recorder(&self) -> Result<Recorder<'_>, ExplainError> {
        Ok(Recorder::new(&self.config, self.policies.clone())?)
    }

    fn threads(&self) -> NonZeroUsize {
        self.config.threads()
    }
}

/// Explains a run; `None` if `progress` said stop. Nothing is written.
///
/// # Errors
/// If a run or a file cannot be read, there is too little to analyse, or a decision that was asked for does not exist.
pub fn explain(request: &Request, progress: &mut dyn Progress) -> Result<Option<Explanation>, ExplainError> {
    let subject = Subject::load(&request.run)?;
    progress.note(&format!("explains {}: {}", request.run.display(), subject.config));
    let Some((recorded, episodes)) = observed(request, &subject, progress)? else { return Ok(None) };
    progress.note("looks for roles, goals, relations and rules");
    let params = request.analysis(subject.config.params().decision_period);
    let analysis = Analysis::of(&recorded, INFERRED, &params, subject.threads())?;
    let Some(partitions) = roles_of_runs(request, &analysis, progress)? else { return Ok(None) };
    let stability = if partitions.len() > 1 { Some(stability(&partitions)?) } else { None };
    let mut rows = vec![team_row(&subject.config, subject.policies.clone())?];
    rows.extend(rivals(&subject.config)?);
    let Some(playback) = playback::play(&subject.config, &rows, progress) else { return Ok(None) };
    let sections = Sections { recordings: &recorded, analysis: &analysis, stability };
    let conduct = conduct_of(&subject, &recorded);
    let cast = recorded.cast();
    let team = Team { config: &subject.config, policies: &subject.policies, cast, episodes: &episodes };
    let mut view = facts::view(request, &subject, &recorded, &analysis)?;
    view.playback = playback;
    view.roles = Some(sections.roles());
    view.relations = Some(sections.relations());
    view.goals = sections.goals();
    view.rules = sections.rules();
    view.fit = Some(sections.fit(Some((subject.config.charter().name(), &conduct))));
    view.decisions = team.explained(&request.decisions)?;
    let organization = &analysis.organization;
    Ok(Some(Explanation {
        directory: request.out.clone(),
        view,
        specification: xml::write(&organization.specification())
            .map_err(|findings| ExplainError::Organization(findings.to_string()))?,
        guides: organization.guides(request.hardness, request.mission_weight),
        recordings: recorded,
    }))
}

/// Trajectories from a file, or of episodes that the team plays now.
fn observed(
    request: &Request,
    subject: &Subject<'_>,
    progress: &mut dyn Progress,
) -> Result<Option<(Recordings, Vec<PlayedEpisode>)>, ExplainError> {
    let recorder = subject.recorder()?;
    let Some(path) = &request.trajectories else {
        let Some(episodes) = recorder.record(request.episodes, progress) else { return Ok(None) };
        return Ok(Some((recordings(recorder.cast(), &episodes)?, episodes)));
    };
    let file = fs::File::open(path).map_err(file_error(path, "read"))?;
    let read = Recordings::read(file)
        .map_err(|source| ExplainError::Trajectories { path: path.clone(), source: Box::new(source) })?;
    let (found, expected) = (read.cast(), recorder.cast());
    if *found != expected {
        return Err(ExplainError::Cast { path: path.clone(), found: told(found), expected: told(&expected) });
    }
    Ok(Some((read, Vec::new())))
}

fn told(cast: &karma_analyze::Cast) -> String {
    format!(
        "agents {} on services {}, {} actions each",
        cast.agents.as_slice().join(", "),
        cast.services.as_slice().join(", "),
        cast.action_space.len()
    )
}

/// The roles of all runs, on the same episodes; only those of `analysis` if trajectories come from a file. `None` if it was
/// interrupted.
fn roles_of_runs(
    request: &Request,
    analysis: &Analysis,
    progress: &mut dyn Progress,
) -> Result<Option<Vec<Partition>>, ExplainError> {
    let mut partitions = vec![analysis.roles.partition.clone()];
    let others = if request.trajectories.is_some() { &[][..] } else { &request.others };
    for path in others {
        let other = Subject::load(path)?;
        let recorder = other.recorder()?;
        let Some(episodes) = recorder.record(request.episodes, progress) else { return Ok(None) };
        let recorded = recordings(recorder.cast(), &episodes)?;
        let config = RolesParams::default().check()?;
        partitions.push(Roles::find(&recorded, &config, other.threads())?.partition);
    }
    Ok(Some(partitions))
}

/// How what was recorded keeps to the run's organisation; for a run without one, to the built-in one.
fn conduct_of(subject: &Subject<'_>, recorded: &Recordings) -> ConductReport {
    let charter = subject.config.charter();
    let ranks: Vec<u32> = charter.team().iter().map(|role| role.authority).collect();
    conduct(recorded, &charter.in_evaluation(), &ranks)
}

impl Explanation {
    /// Writes the page, its pictures, the trajectories and the inferred organisation.
    ///
    /// # Errors
    /// If a file cannot be written; each is written whole or not at all.
    pub fn write(&self) -> Result<(), ExplainError> {
        let pictures_directory = self.directory.join("pictures");
        fs::create_dir_all(&pictures_directory).map_err(file_error(&pictures_directory, "created"))?;
        let mut trajectories = Vec::new();
        let path = self.directory.join("trajectories.jsonl");
        self.recordings.write(&mut trajectories).map_err(file_error(&path, "written"))?;
        write(&path, &trajectories)?;
        write(&self.directory.join(PAGE), page(&self.view).as_bytes())?;
        write(&self.directory.join("summary.txt"), summary(&self.view).as_bytes())?;
        write(&self.directory.join(format!("{INFERRED}.xml")), self.specification.as_bytes())?;
        write(&self.directory.join(format!("{INFERRED}.guides.yaml")), self.guides.as_bytes())?;
        pictures(&self.view)
            .iter()
            .try_for_each(|(name, svg)| write(&pictures_directory.join(name), svg.as_bytes()))
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ExplainError> {
    atomic::write(path, bytes).map_err(file_error(path, "written"))
}

fn file_error(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> ExplainError {
    let path = path.to_owned();
    move |source| RunDirError::File { path, action, source }.into()
}
