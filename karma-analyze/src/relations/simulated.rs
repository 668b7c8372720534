//! Data sets of agents of whom we know what is true.

use karma_core::draw::below;
use karma_core::{SeedTree, StreamRng};

use super::Deeds;

const EPISODES: usize = 24;
const STEPS: usize = 30;
const SYMBOLS: u32 = 3;

fn any(rng: &mut StreamRng) -> u32 {
    u32::try_from(below(rng, SYMBOLS as usize)).unwrap()
}

fn chance(rng: &mut StreamRng, probability: f64) -> bool {
    (below(rng, 1 << 30) as f64) < probability * f64::from(1 << 30)
}

/// A series that keeps its symbol with a probability.
fn keeping(steps: usize, keep: f64, rng: &mut StreamRng) -> Vec<u32> {
    let mut now = any(rng);
    let step = |_| {
        now = if chance(rng, keep) { now } else { any(rng) };
        now
    };
    (0..steps).map(step).collect()
}

/// Data sets of which each episode is made by a function.
fn episodes(
    agents: usize,
    seed: u64,
    make: impl Fn(&mut StreamRng) -> (Vec<Vec<u32>>, Option<Vec<u32>>),
) -> Deeds {
    let mut rng = SeedTree::new(seed).child("simulated").rng();
    let mut deeds = Deeds::new(agents);
    for _ in 0..EPISODES {
        let (series, context) = make(&mut rng);
        deeds.push(&series, context.as_deref()).unwrap();
    }
    deeds
}

/// Agents that have nothing to do with each other.
pub(super) fn independent(agents: usize, keep: f64, seed: u64) -> Deeds {
    episodes(agents, seed, |rng| ((0..agents).map(|_| keeping(STEPS, keep, rng)).collect(), None))
}

/// A few long episodes, so that series are turned round instead of exchanged.
pub(super) fn few_and_long(seed: u64) -> Deeds {
    let mut rng = SeedTree::new(seed).child("long").rng();
    let mut deeds = Deeds::new(3);
    for _ in 0..3 {
        let series: Vec<Vec<u32>> = (0..3).map(|_| keeping(240, 0.9, &mut rng)).collect();
        deeds.push(&series, None).unwrap();
    }
    deeds
}

/// Agents that all do more of one thing as an episode goes on.
pub(super) fn with_a_common_course(seed: u64) -> Deeds {
    let course = |rng: &mut StreamRng| {
        let step = |t: usize| if chance(rng, t as f64 / STEPS as f64) { 0 } else { any(rng) };
        (0..STEPS).map(step).collect()
    };
    episodes(3, seed, |rng| ((0..3).map(|_| course(rng)).collect(), None))
}

/// With a probability, agent 1 does what agent 0 did `lag` steps before; agent 2 is for itself.
pub(super) fn planted(lag: usize, strength: f64, seed: u64) -> Deeds {
    episodes(3, seed, |rng| {
        let leader = keeping(STEPS + lag, 0.4, rng);
        let follow = |before: &u32| if chance(rng, strength) { *before } else { any(rng) };
        let follower: Vec<u32> = leader[..STEPS].iter().map(follow).collect();
        (vec![leader[lag..].to_vec(), follower, keeping(STEPS, 0.4, rng)], None)
    })
}

/// With a probability, agents 0 and 1 agree on what to do now.
pub(super) fn in_step(strength: f64, seed: u64) -> Deeds {
    episodes(3, seed, |rng| {
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for _ in 0..STEPS {
            one.push(any(rng));
            other.push(if chance(rng, strength) { one[one.len() - 1] } else { any(rng) });
        }
        (vec![one, other, keeping(STEPS, 0.4, rng)], None)
    })
}

/// In the second half of an episode, agent 1 often repeats agent 0.
pub(super) fn in_the_second_half(seed: u64) -> Deeds {
    episodes(2, seed, |rng| {
        let leader = keeping(STEPS, 0.0, rng);
        let follow = |t: usize| if t >= STEPS / 2 && chance(rng, 0.5) { leader[t - 1] } else { any(rng) };
        let follower = (0..STEPS).map(follow).collect();
        (vec![leader, follower], None)
    })
}

/// Each of two agents repeats, with a probability, what the other did two steps before.
pub(super) fn mutual(seed: u64) -> Deeds {
    episodes(2, seed, |rng| {
        let mut both = [keeping(2, 0.0, rng), keeping(2, 0.0, rng)];
        for t in 2..STEPS {
            let before = [both[1][t - 2], both[0][t - 2]];
            for (series, other) in both.iter_mut().zip(before) {
                series.push(if chance(rng, 0.4) { other } else { any(rng) });
            }
        }
        (both.to_vec(), None)
    })
}

/// Agents 0 and 1 mostly do what the load calls for, which differs between episodes, and never look at each other.
pub(super) fn with_a_common_cause(is_known: bool, seed: u64) -> Deeds {
    episodes(2, seed, |rng| {
        let load = keeping(STEPS, 0.7, rng);
        let mut follow = || load.iter().map(|l| if chance(rng, 0.6) { *l } else { any(rng) }).collect();
        (vec![follow(), follow()], is_known.then_some(load))
    })
}
