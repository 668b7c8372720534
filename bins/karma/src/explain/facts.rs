//! What the figures of a page rest on, and what must not be concluded from them.

use std::collections::BTreeMap;

use karma_analyze::{Analysis, Recordings};

use super::view::{Honesty, Topic, View};
use super::{ExplainError, Request, SUCCESS, Subject};
use crate::run_dir;

/// The page without its figures: configuration, honesty box, comparison, learning curve, notes.
pub(super) fn view(
    request: &Request,
    subject: &Subject<'_>,
    recorded: &Recordings,
    analysis: &Analysis,
) -> Result<View, ExplainError> {
    let evaluation = run_dir::read_evaluation(subject.path)?;
    let log = run_dir::read_metrics(subject.path)?;
    let honesty = Honesty {
        measured: measured(request, recorded, analysis),
        not_measured: not_measured(request, subject, evaluation.is_none()),
    };
    Ok(View {
        title: format!("What the team of {} learned", subject.path.display()),
        facts: facts(subject),
        honesty,
        notes: notes(request, subject, analysis, evaluation.is_none()),
        evaluation,
        log,
        ..View::default()
    })
}

fn facts(subject: &Subject<'_>) -> Vec<(String, String)> {
    let manifest = &subject.manifest;
    let commit = manifest.commit.clone().unwrap_or_else(|| "not recorded".to_owned());
    let facts = [
        ("run", subject.config.to_string()),
        ("training seed", manifest.seed.to_string()),
        ("iterations", manifest.iterations.to_string()),
        ("training", format!("{:.0} s", manifest.train_seconds)),
        ("begun", manifest.started_at.clone()),
        ("configuration", manifest.config_digest.clone()),
        ("version", format!("{}, commit {commit}", manifest.crate_version)),
    ];
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn measured(request: &Request, recorded: &Recordings, analysis: &Analysis) -> Vec<String> {
    let episodes = recorded.episodes().len();
    let decisions: usize =
        recorded.episodes().iter().map(|episode| episode.trajectory.transitions.len()).sum();
    let source = match &request.trajectories {
        Some(path) => format!("read from {}", path.display()),
        None => format!("played by the team on the calibration split, {} of each scenario", request.episodes),
    };
    let successes = recorded.successes().into_iter().filter(|success| *success).count();
    vec![
        format!(
            "Roles, goals, relations, rules and fit: {episodes} episodes with {decisions} decisions of {} agents, {source}.",
            recorded.cast().agents.len()
        ),
        format!(
            "Success: {successes} of these episodes went well (at least {:.0} % of the legitimate requests answered; where all or \
             none did, the better half of each scenario).",
            100.0 * SUCCESS
        ),
        format!(
            "Relations: {} permutation tests, corrected together so that the probability of any false link is at most {:.0} %.",
            analysis.relations.tests.len(),
            100.0 * analysis.relations.alpha
        ),
        "Rules: fidelity on episodes that they were not grown on.".to_owned(),
        "Comparison and playback: evaluation episodes, the same for every policy.".to_owned(),
    ]
}

fn not_measured(request: &Request, subject: &Subject<'_>, without_evaluation: bool) -> Vec<String> {
    let mut told = vec![
        "One training seed: intervals are over episodes, not over training runs.".to_owned(),
        "A relation is dependence beyond the load and an agent's own past; what a third agent caused is not told apart."
            .to_owned(),
        "Contributions tell what moved the network away from its mean observation, not what caused the situation.".to_owned(),
        "All clusters here are simulated unless trajectories of a live one were given.".to_owned(),
    ];
    if request.others.is_empty() {
        told.push("Stability of the roles over seeds: give more than one run.".to_owned());
    }
    if without_evaluation {
        told.push("The comparison: the run has not finished.".to_owned());
    }
    if subject.config.twin().is_some() {
        told.push("Fidelity of the twin: karma-model validate measures it.".to_owned());
    }
    told
}

fn notes(
    request: &Request,
    subject: &Subject<'_>,
    analysis: &Analysis,
    without_evaluation: bool,
) -> BTreeMap<Topic, String> {
    let mut notes = BTreeMap::new();
    if request.trajectories.is_some() {
        let told = "Single decisions are explained for episodes that are played here, not for trajectories from a file.";
        notes.insert(Topic::Decisions, told.to_owned());
    }
    if analysis.goals.groups == 0 {
        let told = "Success and latency were not measured in these trajectories, so there is nothing to tell goals by.";
        notes.insert(Topic::Goals, told.to_owned());
    }
    if without_evaluation {
        notes.insert(Topic::Comparison, "The run has not finished: there is no comparison yet.".to_owned());
    }
    let twin = if subject.config.twin().is_some() {
        "The team was trained in a twin; karma-model validate measures how true it is."
    } else {
        "The team was trained in the simulated cluster itself, without a twin."
    };
    notes.insert(Topic::Fidelity, twin.to_owned());
    notes
}
