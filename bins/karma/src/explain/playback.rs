//! Evaluation episodes as every policy played them, decision by decision.

use karma_core::{Decision, Id as _, Metric, Snapshot, Topology};
use karma_mock::timeline::{Event, EventKind};
use karma_mock::{Scenario, Timeline};

use super::view::{Playback, Played, PlayedDecision, Span};
use crate::config::RunConfig;
use crate::evaluation::Row;
use crate::evaluation::parallel;
use crate::evaluation::showcase::{measured, watch};
use crate::progress::Progress;

/// Seed of the episodes: the first of every table.
const SEED: u64 = 1;

/// The first episode of every scenario with all `rows`; `None` if it was interrupted.
pub(super) fn play(config: &RunConfig, rows: &[Row], progress: &mut dyn Progress) -> Option<Vec<Playback>> {
    let scenarios = config.scenarios();
    let total = scenarios.len() * rows.len();
    let job = |job: usize| play_row(config, &scenarios[job / rows.len()], &rows[job % rows.len()]);
    let mut played = parallel::run_all(total, config.threads(), job, |done| {
        progress.evaluated(done, total);
        !progress.interrupted()
    })?;
    let mut playbacks: Vec<Playback> = scenarios.iter().map(|scenario| outside(config, scenario)).collect();
    for playback in playbacks.iter_mut().rev() {
        playback.plays = played.split_off(played.len() - rows.len());
    }
    Some(playbacks)
}

/// What comes from outside, the same for all rows.
fn outside(config: &RunConfig, scenario: &Scenario) -> Playback {
    let setup = config.setup();
    let timeline = scenario.draw(&setup.topology, &setup.workload, config.params().evaluation.split, SEED);
    Playback {
        scenario: scenario.name().to_owned(),
        seed: SEED,
        period: setup.decision_period.0,
        legitimate: measured(&timeline, &timeline.legitimate),
        malicious: measured(&timeline, &timeline.malicious),
        attack: attack(&timeline),
        faults: faults(&timeline, &setup.topology),
        services: setup.topology.services.iter().map(|service| service.name.clone()).collect(),
        plays: Vec::new(),
    }
}

/// From the first second with malicious requests to the last.
fn attack(timeline: &Timeline) -> Option<(f64, f64)> {
    let rates = measured(timeline, &timeline.malicious);
    let first = rates.iter().position(|rate| *rate > 0.0)?;
    let last = rates.iter().rposition(|rate| *rate > 0.0)?;
    Some((first as f64, last as f64 + 1.0))
}

/// Each disturbance from its begin to the event of its kind that ends it, or to the end of the episode.
fn faults(timeline: &Timeline, topology: &Topology) -> Vec<Span> {
    let (warm_up, end) = (f64::from(timeline.warm_up), f64::from(timeline.measured));
    let begun = timeline
        .events
        .iter()
        .enumerate()
        .filter_map(|(at, event)| Some((at, event, label(event, topology)?)));
    let span = |(at, event, label): (usize, &Event, String)| {
        let later = timeline.events[at + 1..].iter().find(|later| is_next(event, later));
        let until = match event.kind {
            EventKind::Crash { .. } => event.at.0 - warm_up + MOMENT,
            _ => later.map_or(end, |later| later.at.0 - warm_up),
        };
        Span { from: (event.at.0 - warm_up).max(0.0), to: until.clamp(0.0, end), label }
    };
    begun.map(span).filter(|span| span.to > span.from).collect()
}

/// Seconds for which a moment is shown.
const MOMENT: f64 = 4.0;

/// What a disturbance is called; nothing if it ends one.
fn label(event: &Event, topology: &Topology) -> Option<String> {
    match event.kind {
        EventKind::Speed { service, factor } if factor < 1.0 => {
            let name = topology.services.get(service).map_or("?", |service| service.name.as_str());
            Some(format!("{name} at {:.0} % speed", 100.0 * factor))
        }
        EventKind::Background { share } if share > 0.0 => {
            Some(format!("{:.0} % of CPU taken", 100.0 * share))
        }
        EventKind::Crash { probability } if probability > 0.0 => {
            Some(format!("crash of {:.0} %", 100.0 * probability))
        }
        EventKind::Alteration { probability } if probability > 0.0 => Some("altered data".to_owned()),
        _ => None,
    }
}

/// Whether an event changes what an earlier one did.
fn is_next(event: &Event, later: &Event) -> bool {
    match (event.kind, later.kind) {
        (EventKind::Speed { service, .. }, EventKind::Speed { service: other, .. }) => {
            service.index() == other.index()
        }
        (EventKind::Background { .. }, EventKind::Background { .. })
        | (EventKind::Alteration { .. }, EventKind::Alteration { .. }) => true,
        _ => false,
    }
}

fn play_row(config: &RunConfig, scenario: &Scenario, row: &Row) -> Played {
    let mut decisions = Vec::new();
    let watched = watch(config, (scenario, SEED), row, |time, seen, decided| {
        decisions.push(noted(time, seen, decided));
    });
    Played { row: row.name.clone(), success: watched.success, decisions }
}

fn noted(time: f64, seen: &Snapshot, decided: &Decision) -> PlayedDecision {
    let latencies = seen.services.iter().filter_map(|service| service.metrics.get(Metric::LatencyMean));
    PlayedDecision {
        time,
        replicas: decided.targets.iter().map(|target| target.replicas.0).collect(),
        queue: seen.services.iter().map(|service| service.metrics.get(Metric::PendingRequests)).collect(),
        latency: latencies.reduce(f32::max),
        reasons: decided.targets.iter().map(|target| target.reason.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::{PerEntryPoint, Seconds, ServiceId};

    fn at(second: f64, kind: EventKind) -> Event {
        Event { at: Seconds(second), kind }
    }

    #[test]
    fn disturbances_last_until_they_are_undone_and_count_from_the_end_of_the_warm_up() {
        let topology = karma_mock::topologies::by_name("chain4").unwrap();
        let mut timeline = Timeline::constant(&PerEntryPoint::filled(10.0, 1), 60, 300);
        let auth = ServiceId::from_index(1);
        timeline.events = vec![
            at(100.0, EventKind::Speed { service: auth, factor: 0.5 }),
            at(110.0, EventKind::Background { share: 0.3 }),
            at(120.0, EventKind::Crash { probability: 0.2 }),
            at(160.0, EventKind::Speed { service: auth, factor: 1.0 }),
        ];
        let found = faults(&timeline, &topology);
        let spans: Vec<(f64, f64, &str)> =
            found.iter().map(|span| (span.from, span.to, span.label.as_str())).collect();
        assert_eq!(
            spans,
            [
                (40.0, 100.0, "auth at 50 % speed"),
                (50.0, 300.0, "30 % of CPU taken"),
                (60.0, 64.0, "crash of 20 %")
            ]
        );
    }

    #[test]
    fn an_attack_lasts_from_its_first_malicious_second_to_its_last() {
        let mut timeline = Timeline::constant(&PerEntryPoint::filled(10.0, 1), 2, 5);
        assert_eq!(attack(&timeline), None);
        timeline.malicious.as_mut_slice()[0][3] = 7.0;
        timeline.malicious.as_mut_slice()[0][5] = 7.0;
        assert_eq!(attack(&timeline), Some((1.0, 4.0)));
    }
}
