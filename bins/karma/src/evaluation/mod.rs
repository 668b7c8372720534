//! The comparison: every row plays the same episodes, and figures are made of them.

mod column;
mod load;
pub(crate) mod parallel;
mod rows;
pub(crate) mod showcase;
mod summary;
#[cfg(test)]
mod tests;

use karma_core::{Conduct, EpisodeReport, Interventions};
use karma_mock::{Scenario, Split};
use serde::{Deserialize, Serialize};

pub use column::{Better, COLUMNS, Column, Unit};
pub use load::ScenarioLoad;
#[cfg(feature = "lab")]
pub(crate) use rows::{Ahead, oracle};
pub use rows::{Factory, Row, rivals};
pub(crate) use rows::{Oracles, oracles};
pub use showcase::{Play, Showcase};
pub use summary::{Comparison, Difference, Summary};

use crate::config::RunConfig;
use crate::error::RunError;
use crate::progress::Progress;
use summary::Statistician;

/// One episode of one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeRecord {
    /// The scenario.
    pub scenario: String,
    /// The seed, within the evaluation's split.
    pub seed: u64,
    /// What the episode amounted to.
    pub report: EpisodeReport,
}

impl EpisodeRecord {
    fn place(&self) -> (&str, u64) {
        (&self.scenario, self.seed)
    }
}

/// How a team kept to its organisation, over all its episodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConductReport {
    /// Its name; `none` is measured against the built-in one.
    pub organization: String,
    /// Share of the actions inside the guides.
    pub alignment: Option<f64>,
    /// The same over the steps whose guide left a choice.
    pub informative_alignment: Option<f64>,
    /// What was counted.
    pub conduct: Conduct,
}

/// Everything about one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowReport {
    /// As in the table.
    pub name: String,
    /// What it does.
    pub about: String,
    /// Figures over all episodes.
    pub summary: Summary,
    /// Figures over the episodes of each scenario, in the order of [`Evaluation::scenarios`].
    pub by_scenario: Vec<Summary>,
    /// How often the shield changed its decisions, over all episodes; `None` without a shield.
    pub interventions: Option<Interventions>,
    /// The episodes, scenario by scenario.
    pub episodes: Vec<EpisodeRecord>,
}

/// The whole comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Which part of the randomness and of a recorded trace was played.
    pub split: Split,
    /// Seeds of the episodes of each scenario.
    pub seeds: Vec<u64>,
    /// Probability that an interval is meant to cover.
    pub confidence: f64,
    /// The ceiling of the topology, in words.
    pub ceiling: String,
    /// The scenarios with their load.
    pub scenarios: Vec<ScenarioLoad>,
    /// The rows of the table.
    pub rows: Vec<RowReport>,
    /// The first row against each of the others.
    pub comparisons: Vec<Comparison>,
    /// How the team kept to its organisation.
    pub conduct: Option<ConductReport>,
    /// One episode second by second, as the first two rows played it.
    pub showcase: Option<Showcase>,
}

/// Plays all episodes of all rows on the threads of the configuration; `None` if it was interrupted.
///
/// Episode seeds are 1, 2, 3 and so on within the split, whatever the seed of training: the tables of two runs
/// compare. Results do not depend on the number of threads.
pub fn evaluate(config: &RunConfig, rows: &[Row], progress: &mut dyn Progress) -> Option<Evaluation> {
    let (split, seeds) = (config.params().evaluation.split, seeds(config));
    let (scenarios, per_row) = (config.scenarios(), config.scenarios().len() * seeds.len());
    let play = |job: usize| {
        let (row, scenario, seed) =
            (&rows[job / per_row], &scenarios[job % per_row / seeds.len()], seeds[job % seeds.len()]);
        episode(config, row, scenario, (split, seed))
    };
    let total = rows.len() * per_row;
    let episodes = parallel::run_all(total, config.threads(), play, |done| {
        progress.evaluated(done, total);
        !progress.interrupted()
    })?;
    let statistician = Statistician { bootstrap: config.bootstrap() };
    let reports = rows.iter().zip(episodes.chunks(per_row));
    let reports: Vec<RowReport> =
        reports.map(|(row, played)| report(statistician, (&row.name, row.about), played)).collect();
    Some(Evaluation {
        split,
        ceiling: load::ceiling(&config.setup().topology),
        scenarios: scenarios.iter().map(|scenario| load::of(config, scenario, &seeds)).collect(),
        confidence: config.params().evaluation.confidence,
        comparisons: compare(statistician, &reports),
        conduct: reports.first().and_then(|row| conduct(config, row)),
        showcase: seeds.first().and_then(|seed| showcase::play(config, *seed, rows.iter().take(2))),
        rows: reports,
        seeds,
    })
}

/// Plays the evaluation episodes of one row, scenario by scenario; `None` if it was interrupted.
#[cfg(feature = "lab")]
pub(crate) fn play(config: &RunConfig, row: &Row, progress: &mut dyn Progress) -> Option<Vec<EpisodeRecord>> {
    play_on(config, config.params().evaluation.split, &seeds(config), row, progress)
}

/// The same of any split and seeds.
#[cfg(feature = "lab")]
pub(crate) fn play_on(
    config: &RunConfig,
    split: Split,
    seeds: &[u64],
    row: &Row,
    progress: &mut dyn Progress,
) -> Option<Vec<EpisodeRecord>> {
    let total = config.scenarios().len() * seeds.len();
    let job = |job: usize| {
        let scenario = &config.scenarios()[job / seeds.len()];
        episode(config, row, scenario, (split, seeds[job % seeds.len()]))
    };
    parallel::run_all(total, config.threads(), job, |done| {
        progress.evaluated(done, total);
        !progress.interrupted()
    })
}

/// One episode of one row.
fn episode(config: &RunConfig, row: &Row, scenario: &Scenario, (split, seed): (Split, u64)) -> EpisodeRecord {
    let report = row.play(config, scenario, (split, seed));
    EpisodeRecord { scenario: scenario.name().to_owned(), seed, report }
}

/// The team of `policies` as a row.
///
/// # Errors
/// If there is not one policy for each role.
pub fn team_row(
    config: &RunConfig,
    policies: karma_core::PerAgent<karma_marl::TrainedPolicy>,
) -> Result<Row, RunError> {
    let team = config.team_autoscaler(policies)?;
    Ok(Row::of("karma", "our team, each agent taking its most probable action", team).with_shield_inside())
}

/// The sum over all episodes; `None` if nothing was counted.
fn conduct(config: &RunConfig, row: &RowReport) -> Option<ConductReport> {
    let mut counted = row.episodes.iter().filter_map(|episode| episode.report.conduct).peekable();
    counted.peek()?;
    let mut conduct = Conduct::default();
    counted.for_each(|episode| conduct += episode);
    Some(ConductReport {
        organization: config.charter().name().to_owned(),
        alignment: conduct.alignment(),
        informative_alignment: conduct.informative_alignment(),
        conduct,
    })
}

fn seeds(config: &RunConfig) -> Vec<u64> {
    (1..=config.params().evaluation.seeds as u64).collect()
}

/// Episodes as a row.
pub(crate) fn summarized(config: &RunConfig, names: (&str, &str), episodes: &[EpisodeRecord]) -> RowReport {
    report(Statistician { bootstrap: config.bootstrap() }, names, episodes)
}

fn report(
    statistician: Statistician<'_>,
    (name, about): (&str, &str),
    episodes: &[EpisodeRecord],
) -> RowReport {
    let by_scenario = episodes.chunk_by(|a, b| a.scenario == b.scenario);
    RowReport {
        name: name.to_owned(),
        about: about.to_owned(),
        summary: statistician.summary(episodes),
        by_scenario: by_scenario.map(|played| statistician.summary(played)).collect(),
        interventions: interventions(episodes),
        episodes: episodes.to_vec(),
    }
}

/// The sum over all episodes; `None` if nothing was reviewed.
fn interventions(episodes: &[EpisodeRecord]) -> Option<Interventions> {
    let mut counted = episodes.iter().filter_map(|episode| episode.report.interventions.as_ref()).peekable();
    counted.peek()?;
    let mut sum = Interventions::default();
    counted.for_each(|episode| sum += episode);
    Some(sum)
}

fn compare(statistician: Statistician<'_>, rows: &[RowReport]) -> Vec<Comparison> {
    let Some((first, others)) = rows.split_first() else { return Vec::new() };
    others.iter().map(|other| statistician.comparison(first, other)).collect()
}
