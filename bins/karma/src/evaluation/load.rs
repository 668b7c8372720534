//! The load of the episodes beside the ceiling of the topology.

use karma_core::Topology;
use karma_core::topology::Ceiling;
use karma_mock::{LoadSummary, Scenario};
use serde::{Deserialize, Serialize};

use crate::config::RunConfig;

/// A scenario with the load of its evaluation episodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioLoad {
    /// Name.
    pub name: String,
    /// Version of drawing.
    pub version: u32,
    /// What happens, in one sentence.
    pub description: String,
    /// Highest load of a second over all episodes, in requests per second.
    pub peak_rate: f64,
    /// Share of the seconds in which the load is above the ceiling: no scaling can carry them.
    pub above_ceiling: f64,
}

/// The load that the evaluation episodes of a scenario bring.
pub(super) fn of(config: &RunConfig, scenario: &Scenario, seeds: &[u64]) -> ScenarioLoad {
    let (setup, split) = (config.setup(), config.params().evaluation.split);
    let draw = |seed: &u64| scenario.draw(&setup.topology, &setup.workload, split, *seed);
    let timelines: Vec<_> = seeds.iter().map(draw).collect();
    let loads: Vec<LoadSummary> =
        timelines.iter().map(|timeline| LoadSummary::of(&setup.topology, timeline)).collect();
    let seconds: u32 = timelines.iter().map(karma_mock::Timeline::seconds).sum();
    let above: u32 = loads.iter().map(|load| load.seconds_above).sum();
    ScenarioLoad {
        name: scenario.name().to_owned(),
        version: scenario.version(),
        description: scenario.description().to_owned(),
        peak_rate: loads.iter().map(|load| load.peak.0).fold(0.0, f64::max),
        above_ceiling: f64::from(above) / f64::from(seconds.max(1)),
    }
}

/// The ceiling of a topology in words.
pub(super) fn ceiling(topology: &Topology) -> String {
    let Ceiling { rate, factor, limit } = topology.ceiling();
    format!("{rate:.0}, {factor:.1} × the nominal load, limited by {}", topology.describe_limit(limit))
}
