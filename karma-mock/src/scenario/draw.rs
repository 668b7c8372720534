//! From a scenario, a topology and a seed to a timeline.

use karma_core::{Seconds, SeedTree, Topology};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::effect::Disturbance;
use super::params::{Arrangement, ScenarioParams};
use crate::Timeline;
use crate::workload::{Span, Split, Workload};

/// Draws an episode of a checked scenario.
pub(super) fn timeline(
    params: &ScenarioParams,
    topology: &Topology,
    workload: &Workload,
    split: Split,
    seed: u64,
) -> Timeline {
    let seconds = params.episode.warm_up + params.episode.measured;
    let rates = |rate| workload.rates(rate, seconds, split, seed);
    let mut timeline = Timeline {
        warm_up: params.episode.warm_up,
        measured: params.episode.measured,
        legitimate: topology.entry_points.map(|entry| rates(entry.nominal_rate)),
        malicious: topology.entry_points.map(|_| vec![0.0; seconds as usize]),
        events: Vec::new(),
        disturbance: None,
    };
    disturb(&mut timeline, params, topology, split.seeds(seed).child("scenario"));
    timeline
}

fn disturb(timeline: &mut Timeline, params: &ScenarioParams, topology: &Topology, seeds: SeedTree) {
    let parts = arranged(params, topology, seeds);
    let Some(length) = parts.iter().map(|(offset, part)| offset + part.length).max() else { return };
    let earliest = params.episode.warm_up + params.episode.calm_before;
    let slack = params.episode.room().unwrap_or(0).saturating_sub(length);
    let start = earliest + seeds.child("onset").rng().random_range(0..=slack);
    for (offset, part) in &parts {
        part.apply(start + offset, timeline);
    }
    timeline.events.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
    timeline.disturbance = Some((Seconds(f64::from(start)), Seconds(f64::from(start + length))));
}

/// The episode's disturbances with the seconds at which they begin, counted from the first.
fn arranged(params: &ScenarioParams, topology: &Topology, seeds: SeedTree) -> Vec<(u32, Disturbance)> {
    let draw = |one| Disturbance::draw(one, topology, seeds);
    match params.arrangement {
        Arrangement::Together { stagger } => {
            staggered(params.disturbances.iter().map(draw).collect(), stagger, seeds)
        }
        Arrangement::Choice { least, most, stagger } => {
            let mut rng = seeds.child("choice").rng();
            let mut order: Vec<_> = params.disturbances.iter().collect();
            order.shuffle(&mut rng);
            order.truncate(rng.random_range(least..=most));
            staggered(order.into_iter().map(draw).collect(), stagger, seeds)
        }
        Arrangement::InTurn { overlap } => {
            in_turn(params.disturbances.iter().map(draw).collect(), overlap, seeds)
        }
    }
}

fn staggered(parts: Vec<Disturbance>, stagger: Span, seeds: SeedTree) -> Vec<(u32, Disturbance)> {
    let mut rng = seeds.child("stagger").rng();
    let offset = |index| if index == 0 { 0 } else { stagger.draw_whole(&mut rng) };
    let offsets: Vec<u32> = (0..parts.len()).map(offset).collect();
    offsets.into_iter().zip(parts).collect()
}

fn in_turn(parts: Vec<Disturbance>, overlap: Span, seeds: SeedTree) -> Vec<(u32, Disturbance)> {
    let mut rng = seeds.child("overlap").rng();
    let mut next = 0;
    let place = |part: Disturbance| {
        let offset = next;
        next = offset + part.length - overlap.draw_whole(&mut rng).min(part.length);
        (offset, part)
    };
    parts.into_iter().map(place).collect()
}
