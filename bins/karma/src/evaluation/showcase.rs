//! One evaluation episode second by second: what came in, how many pods were asked for, how it went.

use karma_core::{Decision, EpisodeReport, SeedTree, Snapshot};
use karma_mock::{Episode, Scenario, Timeline};
use serde::{Deserialize, Serialize};

use super::rows::Row;
use crate::config::RunConfig;

/// An episode as some rows played it. Times are seconds since the end of the warm-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Showcase {
    /// The scenario.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Legitimate requests per second over all entry points, for each second.
    pub legitimate: Vec<f64>,
    /// Malicious ones.
    pub malicious: Vec<f64>,
    /// Start and end of what recovery is counted from.
    pub disturbance: Option<(f64, f64)>,
    /// One for each row that was asked for.
    pub plays: Vec<Play>,
}

/// The episode as one row played it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Play {
    /// The row.
    pub row: String,
    /// Time of each decision, and the replicas of all services that it asked for.
    pub replicas: Vec<(f64, u32)>,
    /// Success of legitimate requests in each second.
    pub success: Vec<f64>,
    /// What the episode amounted to.
    pub report: EpisodeReport,
}

/// Plays the first evaluation episode of the first scenario with an attack (or of the first scenario at all) with
/// each of `rows`.
pub(super) fn play<'a>(
    config: &RunConfig,
    seed: u64,
    rows: impl Iterator<Item = &'a Row>,
) -> Option<Showcase> {
    let scenarios = config.scenarios();
    let scenario =
        scenarios.iter().find(|scenario| scenario.name().starts_with("ddos")).or(scenarios.first())?;
    let setup = config.setup();
    let timeline = scenario.draw(&setup.topology, &setup.workload, config.params().evaluation.split, seed);
    let warm_up = f64::from(timeline.warm_up);
    Some(Showcase {
        scenario: scenario.name().to_owned(),
        seed,
        legitimate: measured(&timeline, &timeline.legitimate),
        malicious: measured(&timeline, &timeline.malicious),
        disturbance: timeline.disturbance.map(|(start, end)| (start.0 - warm_up, end.0 - warm_up)),
        plays: rows.map(|row| play_row(config, scenario, seed, row)).collect(),
    })
}

/// Total rates in the measured seconds.
pub(crate) fn measured(timeline: &Timeline, rates: &karma_core::PerEntryPoint<Vec<f64>>) -> Vec<f64> {
    let seconds = timeline.warm_up as usize..timeline.seconds() as usize;
    seconds.map(|second| rates.iter().filter_map(|entry| entry.get(second)).sum()).collect()
}

fn play_row(config: &RunConfig, scenario: &Scenario, seed: u64, row: &Row) -> Play {
    let mut replicas = Vec::new();
    let watched = watch(config, (scenario, seed), row, |time, _, decision| {
        replicas.push((time, decision.targets.iter().map(|target| target.replicas.0).sum()));
    });
    Play { row: row.name.clone(), replicas, success: watched.success, report: watched.report }
}

/// What is left of an episode that was watched.
pub(crate) struct Watched {
    /// Success of legitimate requests in each measured second.
    pub(crate) success: Vec<f64>,
    /// What the episode amounted to.
    pub(crate) report: EpisodeReport,
}

/// Plays the same episode as [`karma_mock::evaluate`], and tells of each decision: seconds since the end of the warm-up, what
/// was seen, what was decided.
pub(crate) fn watch(
    config: &RunConfig,
    (scenario, seed): (&Scenario, u64),
    row: &Row,
    mut note: impl FnMut(f64, &Snapshot, &Decision),
) -> Watched {
    let mut episode = Episode::new(config.setup(), scenario, config.params().evaluation.split, seed);
    let warm_up = f64::from(scenario.params().episode.warm_up);
    let mut scaler = row.guarded(config, &episode.foresight());
    scaler.reset();
    let mut rng = SeedTree::new(seed).child("autoscaler").child(scaler.name()).rng();
    while !episode.is_over() {
        let snapshot = episode.snapshot();
        let decision = scaler.decide(&snapshot, &mut rng);
        note(episode.cluster().now().0 - warm_up, &snapshot, &decision);
        episode.play(&decision);
    }
    let success = episode.cluster().success_by_second().to_vec();
    let report = EpisodeReport {
        conduct: scaler.conduct(),
        interventions: scaler.interventions(),
        ..episode.report()
    };
    Watched { success, report }
}
