//! Recordings as the analyses take them: what agents did as symbols, what they may have seen as named features.

use karma_core::{AgentId, Metric, State};

use crate::distill::{Feature, Table, TableError};
use crate::recordings::{Cast, RecordedEpisode, Recordings};
use crate::relations::{Deeds, DeedsError};
use crate::roles::Kind;

/// Levels of the load that relations are told apart from.
const LEVELS: usize = 3;

/// Metrics of each service that a person would look at.
const METRICS: [Metric; 6] = [
    Metric::CpuUtilization,
    Metric::PendingRequests,
    Metric::DesiredReplicas,
    Metric::PodsFailed,
    Metric::ErrorRate,
    Metric::LatencyMean,
];

/// What the agents did, for the relations between them: kinds of actions ([`Kind`]) as symbols. The context that all share is
/// the level of the load and that of the replicas (low, middle, high in equal parts each), and whether requests fail: agents
/// that answer the same situation are not related by that.
///
/// # Errors
/// Never for recordings, whose episodes have all agents at every step.
pub fn deeds(recordings: &Recordings) -> Result<Deeds, DeedsError> {
    let cast = recordings.cast();
    let levels = Levels::of(recordings);
    let mut deeds = Deeds::new(cast.agents.len());
    for episode in recordings.episodes() {
        let steps = &episode.trajectory.transitions;
        let series: Vec<Vec<u32>> = cast.agents.ids().map(|agent| symbols(cast, episode, agent)).collect();
        let context: Vec<u32> = steps.iter().map(|step| levels.context(&step.state)).collect();
        deeds.push(&series, Some(&context))?;
    }
    Ok(deeds)
}

fn symbols(cast: &Cast, episode: &RecordedEpisode, agent: AgentId) -> Vec<u32> {
    let symbol = |action: karma_core::Action| match Kind::of(cast, action) {
        Kind::Hold => 0,
        Kind::Grow(service) => 1 + 2 * number(service),
        Kind::Shrink(service) => 2 + 2 * number(service),
        Kind::Other(action) => action.0,
    };
    episode.letters(agent).map(|letter| symbol(karma_core::Action(letter))).collect()
}

fn number(service: karma_core::ServiceId) -> u32 {
    u32::try_from(karma_core::Id::index(service)).unwrap_or(u32::MAX / 4)
}

fn load(state: &State) -> Option<f32> {
    state.entry_rates.iter().copied().sum()
}

fn replicas(state: &State) -> Option<f32> {
    state.services.iter().map(|row| row.get(Metric::DesiredReplicas)).sum()
}

/// Numbers of a state that are parted into levels.
const NUMBERS: [fn(&State) -> Option<f32>; 2] = [load, replicas];

/// What parts each of the numbers, over all decisions, into equal shares.
struct Levels([Vec<f32>; 2]);

impl Levels {
    fn of(recordings: &Recordings) -> Self {
        let states = || {
            let steps = recordings.episodes().iter().flat_map(|episode| &episode.trajectory.transitions);
            steps.map(|step| &step.state)
        };
        Self(NUMBERS.map(|number| {
            let mut values: Vec<f32> = states().filter_map(number).collect();
            values.sort_by(f32::total_cmp);
            (1..LEVELS).filter_map(|level| values.get(level * values.len() / LEVELS).copied()).collect()
        }))
    }

    fn context(&self, state: &State) -> u32 {
        let failing = state.resilience.is_some_and(|resilience| resilience.success_rate < 0.99);
        let levels = NUMBERS.iter().zip(&self.0).map(|(number, bounds)| match number(state) {
            Some(value) => 1 + bounds.iter().filter(|bound| value > **bound).count(),
            None => 0,
        });
        let code = levels.fold(usize::from(failing), |code, level| code * (LEVELS + 1) + level);
        u32::try_from(code).unwrap_or(u32::MAX)
    }
}

/// What an agent did and what it may have seen, for the rules that stand for its policy: one row for each decision, the kind of
/// its action as class, the episode as group.
///
/// # Errors
/// Never for recordings, whose numbers are finite.
pub fn table(recordings: &Recordings, agent: AgentId) -> Result<Table, TableError> {
    let cast = recordings.cast();
    let classes = kinds(recordings, agent);
    let names: Vec<String> = classes.iter().map(|kind| kind.words(cast)).collect();
    let mut table = Table::new(features(cast), names);
    for (group, episode) in recordings.episodes().iter().enumerate() {
        for step in &episode.trajectory.transitions {
            let kind = Kind::of(cast, step.actions[agent]);
            let class = classes.binary_search(&kind).unwrap_or(0);
            table.push(&values(cast, &step.state), class, group)?;
        }
    }
    Ok(table)
}

/// Kinds of actions that an agent ever took, in order.
fn kinds(recordings: &Recordings, agent: AgentId) -> Vec<Kind> {
    let steps = recordings.episodes().iter().flat_map(|episode| &episode.trajectory.transitions);
    let kinds = steps.map(|step| Kind::of(recordings.cast(), step.actions[agent]));
    kinds.collect::<std::collections::BTreeSet<Kind>>().into_iter().collect()
}

fn features(cast: &Cast) -> Vec<Feature> {
    let of_service = |service: &String| {
        METRICS.map(|metric| Feature::new(format!("{} of {service}", metric.name()), metric.unit()))
    };
    let system = [("entry_rate", "1/s"), ("success_rate", ""), ("latency_ratio", "")];
    let system = system.map(|(name, unit)| Feature::new(name, unit));
    cast.services.iter().flat_map(of_service).chain(system).collect()
}

fn values(cast: &Cast, state: &State) -> Vec<f64> {
    let known = |value: Option<f32>| value.map_or(f64::NAN, f64::from);
    let of_service = |service| METRICS.map(|metric| known(state.get(service, metric)));
    let term = |place: usize| known(state.resilience.map(|resilience| resilience.terms()[place]));
    cast.services.ids().flat_map(of_service).chain([known(load(state)), term(0), term(2)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recordings::testing::{cast, episode};
    use karma_core::Id as _;

    #[test]
    fn kinds_are_symbols_and_classes_whatever_the_amount() {
        let mut recordings = Recordings::new(cast());
        recordings.push(episode("ddos", &[[3, 4], [6, 0], [2, 3]])).unwrap();
        let agent = AgentId::from_index(0);
        assert_eq!(symbols(recordings.cast(), &recordings.episodes()[0], agent), [0, 1, 2]);
        let deeds = deeds(&recordings).unwrap();
        assert_eq!((deeds.agents(), deeds.episodes(), deeds.longest()), (2, 1, 3));
        let table = table(&recordings, agent).unwrap();
        assert_eq!(table.len(), 3);
        assert!(table.row(0).iter().all(|value| value.is_nan()), "nothing was measured");
    }

    #[test]
    fn the_context_parts_loads_into_equal_shares_and_tells_failure_apart() {
        let mut recordings = Recordings::new(cast());
        let mut recorded = episode("ddos", &[[3, 3]; 6]);
        for (at, step) in recorded.trajectory.transitions.iter_mut().enumerate() {
            step.state.entry_rates.as_mut_slice()[0] = Some(at as f32);
        }
        recordings.push(recorded).unwrap();
        let levels = Levels::of(&recordings);
        let steps = &recordings.episodes()[0].trajectory.transitions;
        let contexts: Vec<u32> = steps.iter().map(|step| levels.context(&step.state)).collect();
        assert_eq!(contexts, [4, 4, 4, 8, 8, 12], "four levels of the load, each with four of the replicas");
        let mut failing = steps[0].state.clone();
        let half = karma_core::OperationalResilience {
            success_rate: 0.5,
            ..karma_core::OperationalResilience::PERFECT
        };
        failing.resilience = Some(half);
        assert_eq!(levels.context(&failing), 4 + 16);
    }
}
