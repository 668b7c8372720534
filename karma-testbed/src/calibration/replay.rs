//! A run of the real cluster, played by the simulated one.

use std::borrow::Cow;
use std::sync::Arc;

use karma_core::topology::Topology;
use karma_core::{Decision, Replicas, Seconds, SeedTree, Target};
use karma_mock::sim::{Completed, Outcome, Simulation};
use karma_mock::{Event, EventKind, Timeline};

use super::{Action, ActionKind, CalibrationError, Model, Run, Series, Study};

/// What the simulated cluster made of a run, once for each replication.
#[derive(Clone, Debug)]
pub struct Replay {
    /// One for each replication.
    pub series: Vec<Series>,
}

/// Plays `run` under `model`, `replications` times with seeds that depend on `seed` and the replication alone, so that two
/// models meet the same requests: those that were sent, where the run has a [seed](Run::seed), else others at the same
/// rates. A replication goes on for the timeout after the last second, until every fate is known.
///
/// # Errors
/// A setting of the simulation is refused, or the rates of a run with a seed.
pub fn replay(
    study: &Study,
    model: &Model,
    run: &Run,
    (seed, replications): (u64, u32),
) -> Result<Replay, CalibrationError> {
    let config = model.config(study)?;
    let mut topology = model.topology(study);
    for (name, replicas) in &run.replicas {
        if let Some(id) = topology.service_named(name) {
            topology.services[id].initial_replicas = Replicas(*replicas);
        }
    }
    let topology = Arc::new(topology);
    let timeline = Arc::new(timeline(&topology, model, run));
    let moments = run.moments()?;
    let series = (0..replications).map(|replication| {
        let seed = SeedTree::new(seed).child("calibration").index(u64::from(replication)).seed();
        let mut cluster = Simulation::new(Arc::clone(&topology), config, Arc::clone(&timeline), seed);
        if let Some((entry, moments)) = topology.entry_points.ids().next().zip(moments.as_ref()) {
            cluster.follow(entry, moments.iter().copied());
        }
        play(cluster, run)
    });
    Ok(Replay { series: series.collect() })
}

/// Plays repetitions of one run: all of their replications.
///
/// # Errors
/// As [`replay`].
pub(super) fn replay_all(
    study: &Study,
    model: &Model,
    runs: &[&Run],
    (seed, replications): (u64, u32),
) -> Result<Replay, CalibrationError> {
    let mut series = Vec::new();
    for (run, repetition) in runs.iter().zip(0..) {
        // Repetitions whose moments are not known would be the same run again.
        let seed = SeedTree::new(seed).index(repetition).seed();
        series.extend(replay(study, model, run, (seed, replications))?.series);
    }
    Ok(Replay { series })
}

/// Offered rates, kills and crashes; the time after the last second is quiet.
fn timeline(topology: &Topology, model: &Model, run: &Run) -> Timeline {
    let quiet = topology.timeout.0.clamp(0.0, 3600.0).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most an hour")]
    let mut rates = vec![0.0; run.offered.len() + quiet as usize];
    rates[..run.offered.len()].copy_from_slice(&run.offered);
    let seconds = u32::try_from(rates.len()).unwrap_or(u32::MAX);
    let mut timeline = Timeline::constant(&vec![0.0].into(), run.warm_up, seconds - run.warm_up);
    timeline.legitimate = vec![rates].into();
    if model.background > 0.0 {
        let kind = EventKind::Background { share: model.background };
        timeline.events.push(Event { at: Seconds(0.0), kind });
    }
    timeline.events.extend(run.actions.iter().filter_map(|action| event(topology, action)));
    timeline
}

/// What strikes by itself; a change of scale is a decision.
fn event(topology: &Topology, action: &Action) -> Option<Event> {
    let service = topology.service_named(&action.service)?;
    let kind = match action.kind {
        ActionKind::Kill(pods) => EventKind::Kill { service, pods },
        ActionKind::Crash(pods) => EventKind::CrashPods { service, pods },
        ActionKind::Scale(_) => return None,
    };
    Some(Event { at: Seconds(action.at), kind })
}

/// One replication.
fn play(mut cluster: Simulation, run: &Run) -> Series {
    let mut series = Series::new(run.offered.len());
    let mut watch = |completed: Completed| note(&mut series, completed);
    let mut desired = cluster.topology().services.map(|service| service.initial_replicas);
    for action in &run.actions {
        let ActionKind::Scale(replicas) = action.kind else { continue };
        let Some(id) = cluster.topology().service_named(&action.service) else { continue };
        cluster.run_until_with(Seconds(action.at), &mut watch);
        desired[id] = Replicas(replicas);
        cluster.scale(&decision(&desired));
    }
    let end = Seconds(f64::from(cluster.timeline().seconds()));
    cluster.run_until_with(end, &mut watch);
    series
}

fn decision(desired: &karma_core::PerService<Replicas>) -> Decision {
    let target = |replicas: &Replicas| Target { replicas: *replicas, reason: Cow::Borrowed("as measured") };
    Decision { targets: desired.map(target) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a moment within the run")]
fn note(series: &mut Series, completed: Completed) {
    let second = completed.arrived.0 as usize;
    match completed.outcome {
        Outcome::Answered => series.answered(second, completed.latency()),
        Outcome::Failed => series.failed(second),
        Outcome::TimedOut => series.timed_out(second),
    }
}
