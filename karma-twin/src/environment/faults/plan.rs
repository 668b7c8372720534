//! The faults of one episode, and how they are laid over it.

use std::ops::Range;

use karma_core::metric::Absence;
use karma_core::{Id as _, Metric, SeedTree, ServiceId, State, StreamRng};
use rand::RngExt as _;

use super::FaultConfig;
use super::params::FaultParams;
use crate::cluster::layout::Layout;

/// First delay of `CrashLoopBackOff`, in seconds; it doubles with each crash.
const BACK_OFF: f64 = 10.0;
/// Longest delay of `CrashLoopBackOff`, in seconds.
const LONGEST_BACK_OFF: f64 = 300.0;

/// Pods of a service that crash and come back.
#[derive(Clone, Debug, PartialEq)]
struct Crash {
    service: usize,
    share: f32,
    while_down: Range<f64>,
    /// How many are down; `None` before the crash, 0 after it.
    pods: Option<f32>,
    /// The desired replicas of the step before.
    desired: Option<f32>,
}

/// The faults of one episode.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::environment) struct Faults {
    crashes: Vec<Crash>,
    /// Service, share of its capacity, when.
    stalls: Vec<(usize, f32, Range<f64>)>,
    /// Entry point, factor − 1 at its height, when it is high.
    surges: Vec<(usize, f64, Range<f64>)>,
    /// Service, when.
    losses: Vec<(usize, Range<f64>)>,
    ramp: f64,
}

impl Faults {
    /// Draws the faults of the episode of `seed` that lasts over `span`, in seconds.
    pub(in crate::environment) fn draw(
        config: &FaultConfig,
        (services, entries): (usize, usize),
        span: &Range<f64>,
        seed: u64,
    ) -> Self {
        let params = config.params();
        let struck = |kind: &str, places: usize, probability: f64| -> Vec<(usize, StreamRng)> {
            let streams = SeedTree::new(seed).child("faults").child(kind);
            let rngs = (0..places).map(|place| (place, streams.index(place as u64).rng()));
            rngs.filter_map(|(place, mut rng)| (rng.random::<f64>() < probability).then_some((place, rng)))
                .collect()
        };
        Self {
            crashes: struck("crash", services, params.crash_probability)
                .into_iter()
                .map(|(service, mut rng)| crash(params, service, span, &mut rng))
                .collect(),
            stalls: struck("stall", services, params.stall_probability)
                .into_iter()
                .map(|(service, mut rng)| {
                    let share = 1.0 - (1.0 - params.stall_share) * rng.random::<f64>();
                    (service, single(share), stretch(span, params.stall_seconds, &mut rng))
                })
                .collect(),
            surges: struck("surge", entries, params.surge_probability)
                .into_iter()
                .map(|(entry, mut rng)| {
                    let factor = params.surge_factor.powf(rng.random::<f64>());
                    (entry, factor - 1.0, stretch(span, params.surge_seconds, &mut rng))
                })
                .collect(),
            losses: struck("loss", services, params.loss_probability)
                .into_iter()
                .map(|(service, mut rng)| (service, stretch(span, params.loss_seconds, &mut rng)))
                .collect(),
            ramp: params.surge_ramp,
        }
    }

    /// Whether some fault that changes the cluster has begun by `time`. Losing a sample changes nothing.
    pub(in crate::environment) fn have_begun(&self, time: f64) -> bool {
        let crashes = self.crashes.iter().map(|crash| crash.while_down.start);
        let stalls = self.stalls.iter().map(|(_, _, when)| when.start);
        let surges = self.surges.iter().map(|(_, _, when)| when.start - self.ramp);
        crashes.chain(stalls).chain(surges).any(|start| start < time)
    }

    /// By how much the rate at an entry point is multiplied: from 1 up a ramp, along the top and down again.
    pub(in crate::environment) fn surge(&self, entry: usize, time: f64) -> f32 {
        let height = |(at, rise, when): &(usize, f64, Range<f64>)| {
            let outside = (when.start - time).max(time - when.end).max(0.0);
            let level = if outside <= 0.0 { 1.0 } else { (1.0 - outside / self.ramp).max(0.0) };
            if *at == entry { rise * level } else { 0.0 }
        };
        single(1.0 + self.surges.iter().map(height).sum::<f64>())
    }

    /// The services that stall at some time of a step, with the share of their capacity that is left.
    pub(in crate::environment) fn stalls(&self, step: Range<f64>) -> impl Iterator<Item = (usize, f32)> {
        let meets = move |when: &Range<f64>| when.start < step.end && when.end > step.start;
        self.stalls.iter().filter(move |(.., when)| meets(when)).map(|(service, share, _)| (*service, *share))
    }

    /// Lays the crashes over a row that was forecast for `time`. Crashed pods are failed until their back-off ends;
    /// then they start again, and the model says how fast they become healthy. The ratio of failed pods, which the
    /// reward reads, moves with them.
    pub(in crate::environment) fn strike(&mut self, time: f64, layout: &Layout, row: &mut [f32]) {
        let desired: f32 = row[layout.controlled..layout.exogenous].iter().sum();
        for crash in &mut self.crashes {
            let before = row[layout.services[crash.service].failed];
            crash.strike(time, layout, row);
            let change = row[layout.services[crash.service].failed] - before;
            let ratio = &mut row[layout.terms + 1];
            if change != 0.0 && desired > 0.0 {
                *ratio = (*ratio + change / desired).clamp(0.0, 1.0);
            }
        }
    }

    /// Takes from a state the samples that are lost at `time`.
    pub(in crate::environment) fn lose(&self, time: f64, state: &mut State) {
        for (service, when) in &self.losses {
            if when.contains(&time) {
                let row = &mut state.services[ServiceId::from_index(*service)];
                let sampled = Metric::ALL.iter().filter(|metric| metric.absence() != Absence::Never);
                sampled.for_each(|metric| row.clear(*metric));
            }
        }
    }
}

impl Crash {
    fn strike(&mut self, time: f64, layout: &Layout, row: &mut [f32]) {
        let columns = layout.services[self.service];
        let (healthy, failed, desired) = (row[columns.healthy], row[columns.failed], row[columns.desired]);
        // A ReplicaSet that scales down deletes failed pods before healthy ones.
        let deleted = (self.desired.replace(desired).unwrap_or(desired) - desired).max(0.0);
        let failed = match &mut self.pods {
            None if time >= self.while_down.start && healthy >= 1.0 => {
                let pods = (self.share * healthy).ceil().clamp(1.0, healthy);
                self.pods = Some(pods);
                failed + pods
            }
            Some(pods) if *pods > 0.0 => {
                *pods = (*pods - deleted).max(0.0);
                let down = *pods;
                if time < self.while_down.end {
                    failed.max(down)
                } else {
                    *pods = 0.0;
                    (failed - down).max(0.0)
                }
            }
            _ => return,
        };
        row[columns.failed] = failed.min(desired);
        row[columns.healthy] = healthy.min(desired - row[columns.failed]);
    }
}

fn crash(params: &FaultParams, service: usize, span: &Range<f64>, rng: &mut StreamRng) -> Crash {
    let share = single(params.crash_share * rng.random::<f64>());
    let crashes = rng.random_range(0..=params.crash_restarts);
    let delay = (BACK_OFF * f64::from(1u32 << crashes.min(5))).min(LONGEST_BACK_OFF);
    let start = moment(span, rng);
    Crash { service, share, while_down: start..start + delay, pods: None, desired: None }
}

/// A moment of an episode.
fn moment(span: &Range<f64>, rng: &mut StreamRng) -> f64 {
    span.start + (span.end - span.start) * rng.random::<f64>()
}

/// A stretch of an episode that lasts from half of `longest` to all of it.
fn stretch(span: &Range<f64>, longest: f64, rng: &mut StreamRng) -> Range<f64> {
    let length = longest * (0.5 + 0.5 * rng.random::<f64>());
    let start = moment(span, rng);
    start..start + length
}

#[expect(clippy::cast_possible_truncation, reason = "rows are single precision")]
const fn single(x: f64) -> f32 {
    x as f32
}

#[cfg(test)]
mod tests;
