//! What holds of any episode, checked against the formulas of `docs/safety.md` and a history that is kept in full.

use karma_core::{Metric, Seconds};
use proptest::prelude::*;

use super::*;
use crate::testing::{chain, state};
use crate::{RateParams, SafetyParams, Timing};

/// One decision about both services.
#[derive(Clone, Debug)]
struct Moment {
    /// Seconds since the one before.
    step: u32,
    proposals: [u32; 2],
    /// Pods that are not ready, `None` where nobody knows.
    unready: [Option<u32>; 2],
    rate: Option<f32>,
    age: u32,
    pause: Pause,
    trusted: bool,
}

prop_compose! {
    fn moment()(
        step in 1u32..40,
        proposals in [0u32..12, 0u32..12],
        unready in [prop::option::weighted(0.9, 0u32..3), prop::option::weighted(0.9, 0u32..3)],
        rate in prop::option::weighted(0.9, prop_oneof![0f32..500.0, Just(f32::NAN), Just(-1.0), Just(1e30)]),
        age in prop_oneof![9 => 0u32..20, 1 => 50u32..80],
        pause in (prop::bool::weighted(0.1), prop::bool::weighted(0.1)),
        trusted in prop::bool::weighted(0.9),
    ) -> Moment {
        let (up, down) = pause;
        Moment { step, proposals, unready, rate, age, pause: Pause { up, down }, trusted }
    }
}

prop_compose! {
    fn params()(
        up in (0u32..5, 0u32..150, 0u32..60),
        down in (0u32..5, 0u32..=100, 0u32..90),
        times in [0u32..60, 0u32..60, 0u32..90],
        reversals in 2u32..=8,
        availability in (0u32..4, prop::option::of(1u32..5)),
    ) -> SafetyParams {
        let rate = |(pods, percent, window): (u32, u32, u32)| {
            RateParams { pods, percent, window_seconds: f64::from(window) }
        };
        let [cooldown, stabilize_up, stabilize_down] = times.map(f64::from);
        SafetyParams {
            up: rate(up),
            down: rate(down),
            cooldown_seconds: cooldown,
            stabilize_up_seconds: stabilize_up,
            stabilize_down_seconds: stabilize_down,
            reversals,
            min_available: availability.0,
            max_unavailable: availability.1,
            ..SafetyParams::default()
        }
    }
}

impl Moment {
    fn state(&self, time: u32, replicas: [u32; 2]) -> State {
        let row = |service: usize| {
            let count = replicas[service];
            let ready = self.unready[service].map(|unready| count.saturating_sub(unready) as f32);
            let rate = self.rate.map(|rate| (Metric::RequestRate, rate));
            let known = [(Metric::DesiredReplicas, count as f32)].into_iter();
            known.chain(ready.map(|ready| (Metric::PodsHealthy, ready))).chain(rate).collect::<Vec<_>>()
        };
        State { age: Some(Seconds(f64::from(self.age))), ..state(f64::from(time), &[&row(0), &row(1)]) }
    }

    fn decision(&self) -> Decision {
        Decision { targets: self.proposals.map(|to| Target::new(Replicas(to), "random")).to_vec().into() }
    }

    /// Ready pods and the pods that demand needs at `per_replica`, if both are known.
    fn supply(&self, service: usize, replicas: u32, per_replica: f32) -> Option<(u32, u32)> {
        let ready = replicas.saturating_sub(self.unready[service]?);
        let rate = self.rate.filter(|rate| (0.0..=1e6).contains(rate)).filter(|_| self.age <= 60)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "few pods")]
        Some((ready, (rate / per_replica).ceil() as u32))
    }
}

/// What happened to one service: (moment, before, after).
type Past = Vec<(u32, u32, u32)>;

fn most(rate: RateParams, start: u32) -> u32 {
    rate.pods.max((start * rate.percent).div_ceil(100))
}

/// P2: the moved replicas of each direction are within the rate.
fn within_rate(params: &SafetyParams, past: &Past, (now, before, after): (u32, u32, u32)) -> bool {
    let levels = |window: f64| {
        let young = past.iter().filter(move |(then, ..)| f64::from(now - then) < window);
        young.flat_map(|(_, before, after)| [*before, *after]).chain([before])
    };
    let lowest = levels(params.up.window_seconds).min().unwrap_or(before);
    let highest = levels(params.down.window_seconds).max().unwrap_or(before);
    (after <= before || after <= lowest + most(params.up, lowest))
        && (after >= before || after + most(params.down, highest) >= highest)
}

/// P9: no more changes of direction within the window than allowed.
fn within_reversals(params: &SafetyParams, past: &Past) -> bool {
    let moves: Vec<_> = past.iter().filter(|(_, before, after)| before != after).collect();
    let turns = moves.windows(2).filter(|pair| (pair[0].1 < pair[0].2) != (pair[1].1 < pair[1].2));
    let times: Vec<u32> = turns.map(|pair| pair[1].0).collect();
    let window = params.reversal_window_seconds;
    let young =
        |now: u32| times.iter().filter(|then| **then <= now && f64::from(now - **then) < window).count();
    times.iter().all(|now| young(*now) <= params.reversals as usize)
}

proptest! {
    /// Replicas are changed by nobody else and begin within bounds, so nothing is ever forced.
    #[test]
    fn what_leaves_a_review_satisfies_the_properties(
        params in params(), moments in prop::collection::vec(moment(), 1..60), start in [1u32..=8, 2u32..=9],
    ) {
        let topology = chain();
        let mut shield = Shield::new(params.check(&topology, Timing::default()).unwrap());
        let (mut now, mut replicas, mut past) = (0, start, [Past::new(), Past::new()]);
        for moment in &moments {
            now += moment.step;
            shield.trust(moment.trusted);
            topology.services.ids().for_each(|id| shield.pause(id, moment.pause));
            let state = moment.state(now, replicas);
            let admitted = shield.admit(&state);
            let reviewed = shield.review(&state, moment.decision());
            let mut changed = false;
            for (id, service) in topology.services.iter_enumerated() {
                let at = id.index();
                let (before, target) = (replicas[at], &reviewed.decision.targets[id]);
                let after = target.replicas.0;
                prop_assert!(admitted[id].contains(&Replicas(before)));
                prop_assert!((service.min_replicas..=service.max_replicas).contains(&target.replicas), "P1");
                prop_assert!(within_rate(&params, &past[at], (now, before, after)), "P2 {past:?} {before} {after}");
                prop_assert!(!moment.pause.up || after <= before, "P11");
                prop_assert!(!moment.pause.down || after >= before, "P11");
                if after < before {
                    let raised = past[at].iter().rfind(|(_, before, after)| before < after);
                    prop_assert!(raised.is_none_or(|(then, ..)| f64::from(now - then) >= params.cooldown_seconds), "P3");
                    #[expect(clippy::cast_possible_truncation, reason = "a rate for people")]
                    let supply = moment.supply(at, before, service.throughput.0 as f32);
                    let (ready, needed) = supply.ok_or_else(|| TestCaseError::fail("P5: blind"))?;
                    let floor = needed.max(params.min_available);
                    prop_assert!(ready >= floor && after >= floor, "P5 {ready} {after} {floor}");
                    let missing = (before - after) + before.saturating_sub(ready);
                    prop_assert!(params.max_unavailable.is_none_or(|most| missing <= most), "P5");
                }
                changed |= after != moment.proposals[at];
                prop_assert!(target.reason != "random" || after == moment.proposals[at], "a change is told");
                past[at].push((now, before, after));
                prop_assert!(within_reversals(&params, &past[at]), "P9");
                replicas[at] = after;
            }
            prop_assert_eq!(changed, !reviewed.changed_by.is_empty());
        }
    }

    /// Whoever asks for what is admitted, without earlier wishes in the way, gets it.
    #[test]
    fn what_is_admitted_passes_unchanged_but_for_stabilization(
        params in params(), moments in prop::collection::vec(moment(), 1..40), start in [1u32..=8, 2u32..=9], pick in 0f64..1.0,
    ) {
        let params = SafetyParams { stabilize_up_seconds: 0.0, stabilize_down_seconds: 0.0, ..params };
        let mut shield = Shield::new(params.check(&chain(), Timing::default()).unwrap());
        let (mut now, mut replicas) = (0, start);
        for moment in &moments {
            now += moment.step;
            let state = moment.state(now, replicas);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "few pods")]
            let chosen = shield.admit(&state).map(|interval| {
                let (low, high) = (interval.start().0, interval.end().0);
                low + (f64::from(high - low) * pick).round() as u32
            });
            let asked = Decision { targets: chosen.map(|to| Target::new(Replicas(*to), "admitted")) };
            let reviewed = shield.review(&state, asked);
            let given: Vec<u32> = reviewed.decision.targets.iter().map(|target| target.replicas.0).collect();
            prop_assert_eq!(&given, chosen.as_slice());
            prop_assert!(reviewed.changed_by.is_empty());
            replicas = [given[0], given[1]];
        }
    }
}
