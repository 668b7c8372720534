//! One disturbance of one episode: drawn from a seed, then written into a timeline.
//!
//! Every quantity has a stream of its own. So two scenarios that differ in one range only (`ddos:1` and `ddos:8`) give,
//! for the same seed, episodes that differ in that quantity only: differences between them are paired.

use karma_core::{EntryPointId, Seconds, SeedTree, ServiceId, StreamRng, Topology};
use rand::RngExt as _;

use super::disturbance::{
    Background, BottleneckParams, ContentionParams, DdosParams, DisturbanceParams, FailuresParams,
};
use crate::{Event, EventKind, Timeline};

/// Highest share of a node's CPU that other tenants use.
const BUSIEST: f64 = 0.95;

/// A disturbance with its magnitude and length, but not yet a moment.
#[derive(Clone, Debug)]
pub(super) struct Disturbance {
    /// Seconds.
    pub(super) length: u32,
    effect: Effect,
}

#[derive(Clone, Debug)]
enum Effect {
    Slow {
        service: ServiceId,
        factor: f64,
    },
    /// `rates`: malicious requests per second in each second.
    Flood {
        entry: EntryPointId,
        rates: Vec<f64>,
        alteration: f64,
        work: f64,
    },
    /// `times`: seconds after the start.
    Crashes {
        probability: f64,
        times: Vec<f64>,
    },
    Contention {
        share: f64,
    },
}

impl Disturbance {
    pub(super) fn draw(params: &DisturbanceParams, topology: &Topology, seeds: SeedTree) -> Self {
        let seeds = seeds.child(params.kind());
        let length = params.duration().draw_whole(&mut seeds.child("duration").rng());
        let effect = match params {
            DisturbanceParams::Bottleneck(params) => slow(*params, topology, seeds),
            DisturbanceParams::Ddos(params) => flood(params, topology, length, seeds),
            DisturbanceParams::Failures(params) => crashes(params, length, seeds),
            DisturbanceParams::Contention(params) => contention(*params, topology, seeds),
        };
        Self { length, effect }
    }

    /// Writes this disturbance into a timeline, from second `start`.
    pub(super) fn apply(&self, start: u32, timeline: &mut Timeline) {
        let end = start + self.length;
        let mut at = |second: u32, kind| timeline.events.push(Event { at: Seconds(f64::from(second)), kind });
        match &self.effect {
            Effect::Slow { service, factor } => {
                at(start, EventKind::Speed { service: *service, factor: *factor });
                at(end, EventKind::Speed { service: *service, factor: 1.0 });
            }
            Effect::Contention { share } => {
                at(start, EventKind::Background { share: *share });
                at(end, EventKind::Background { share: 0.0 });
            }
            Effect::Crashes { probability, times } => {
                let kind = EventKind::Crash { probability: *probability };
                let crash = |time: &f64| Event { at: Seconds(f64::from(start) + time), kind };
                timeline.events.extend(times.iter().map(crash));
            }
            Effect::Flood { entry, rates, alteration, work } => {
                if *alteration > 0.0 {
                    at(start, EventKind::Alteration { probability: *alteration });
                    at(end, EventKind::Alteration { probability: 0.0 });
                }
                if *work != 1.0 {
                    at(start, EventKind::MaliciousWork { factor: *work });
                }
                let seconds = timeline.malicious[*entry].iter_mut().skip(start as usize);
                seconds.zip(rates).for_each(|(second, rate)| *second += rate);
            }
        }
    }
}

fn slow(params: BottleneckParams, topology: &Topology, seeds: SeedTree) -> Effect {
    Effect::Slow {
        service: busy_service(topology, &mut seeds.child("service").rng()),
        factor: params.speed.draw(&mut seeds.child("speed").rng()),
    }
}

/// A service behind the entry points that is at least half as busy as the busiest of them; an entry point if
/// there is no other service.
fn busy_service(topology: &Topology, rng: &mut StreamRng) -> ServiceId {
    let visits = topology.nominal_visits();
    let busy = |id: ServiceId| {
        let service = &topology.services[id];
        visits[id] / (f64::from(service.initial_replicas.0.max(1)) * service.pod_capacity().0)
    };
    let is_entry = |id: &ServiceId| topology.entry_points.iter().any(|entry| entry.service == *id);
    let mut behind: Vec<ServiceId> = topology.services.ids().filter(|id| !is_entry(id)).collect();
    if behind.is_empty() {
        behind = topology.services.ids().collect();
    }
    let busiest = behind.iter().map(|id| busy(*id)).fold(0.0, f64::max);
    behind.retain(|id| busy(*id) >= 0.5 * busiest);
    one_of(&behind, rng)
}

fn flood(params: &DdosParams, topology: &Topology, length: u32, seeds: SeedTree) -> Effect {
    let entries: Vec<EntryPointId> = topology.entry_points.ids().collect();
    let change = one_of(&params.data_changes, &mut seeds.child("data change").rng());
    let intensity = one_of(&params.intensities, &mut seeds.child("intensity").rng());
    let ramp = params.ramp.draw(&mut seeds.child("ramp").rng());
    let mut rates: Vec<f64> = (0..length).map(|second| ramp_at(second, length, ramp)).collect();
    if let Some(pauses) = &params.on_off {
        let mut rng = seeds.child("pauses").rng();
        let mut from = 0;
        while from < rates.len() {
            let pause = from + pauses.on.draw_whole(&mut rng) as usize;
            from = pause + pauses.off.draw_whole(&mut rng) as usize;
            rates.iter_mut().take(from).skip(pause).for_each(|rate| *rate = 0.0);
        }
    }
    let full = intensity * topology.nominal_rate().0;
    for rate in &mut rates {
        *rate *= full;
    }
    Effect::Flood {
        entry: one_of(&entries, &mut seeds.child("entry").rng()),
        rates,
        alteration: f64::from(change) / params.sigma,
        work: params.work,
    }
}

/// Share of the full rate in the middle of a second: up, level, down.
fn ramp_at(second: u32, length: u32, ramp: f64) -> f64 {
    let middle = f64::from(second) + 0.5;
    let edge = middle.min(f64::from(length) - middle);
    if ramp > 0.0 { (edge / ramp).min(1.0) } else { 1.0 }
}

fn crashes(params: &FailuresParams, length: u32, seeds: SeedTree) -> Effect {
    let mut rng = seeds.child("times").rng();
    let next = |time: &f64| Some(time + params.every.draw(&mut rng));
    let times = std::iter::successors(Some(0.0), next).take_while(|time| *time < f64::from(length));
    Effect::Crashes {
        times: times.collect(),
        probability: one_of(&params.shares, &mut seeds.child("share").rng()),
    }
}

fn contention(params: ContentionParams, topology: &Topology, seeds: SeedTree) -> Effect {
    let mut rng = seeds.child("background").rng();
    let share = match params.background {
        Background::Share(span) => span.draw(&mut rng),
        Background::Headroom(span) => 1.0 - span.draw(&mut rng) * nominal_use(topology),
    };
    Effect::Contention { share: share.clamp(0.0, BUSIEST) }
}

/// Share of all nodes' CPU that the nominal load uses.
fn nominal_use(topology: &Topology) -> f64 {
    let visits = topology.nominal_visits();
    let used: f64 = topology.services.iter_enumerated().map(|(id, s)| visits[id] * s.mean_work()).sum();
    let cores: f64 = topology.nodes.iter().map(|pool| f64::from(pool.count) * pool.cpu.cores()).sum();
    used / cores
}

/// One of a list that is not empty, uniformly.
fn one_of<T: Copy>(list: &[T], rng: &mut StreamRng) -> T {
    list[rng.random_range(0..list.len())]
}
