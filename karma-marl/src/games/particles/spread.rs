//! `simple_spread`: three agents cover three landmarks and keep off each other.
//!
//! The team loses, for each landmark, the distance of the agent that is nearest to it; an agent loses 1 for each agent
//! it overlaps. Nobody speaks, yet each observation ends in the silence of the others: four zeros, as published.

use super::convention::{Convention, RewardMix};
use super::features::{push_point, push_word};
use super::world::{World, difference, distance, square};
use super::{Paid, Role};

pub(super) const ROLES: [Role; 3] = [
    Role { name: "agent_0", actions: 5, features: 18 },
    Role { name: "agent_1", actions: 5, features: 18 },
    Role { name: "agent_2", actions: 5, features: 18 },
];
pub(super) const RADIUS: f64 = 0.15;
const WORDS: u32 = 2;

/// Own velocity and position, the landmarks and the other agents from here, and what the others said.
pub(super) fn observe(world: &World, agent: usize, features: &mut Vec<f32>) {
    let own = &world.agents[agent];
    push_point(features, own.velocity);
    push_point(features, own.position);
    for landmark in world.landmarks {
        push_point(features, difference(landmark, own.position));
    }
    let others =
        || world.agents.iter().enumerate().filter(move |(other, _)| *other != agent).map(|(_, other)| other);
    for other in others() {
        push_point(features, difference(other.position, own.position));
    }
    for _ in others() {
        push_word(features, None, WORDS);
    }
}

pub(super) fn pay(world: &World, convention: &Convention) -> Paid {
    let cover: f64 = world.landmarks.iter().map(|landmark| nearest(world, *landmark)).sum();
    let mut collisions = [f64::from(u8::from(convention.self_collision)); 3];
    for second in 1..world.agents.len() {
        for first in 0..second {
            let apart = distance(world.agents[first].position, world.agents[second].position);
            if apart < 2.0 * RADIUS {
                collisions[first] += 1.0;
                collisions[second] += 1.0;
            }
        }
    }
    match convention.rewards {
        RewardMix::SharedSum => [-collisions.iter().map(|collisions| cover + collisions).sum::<f64>(); 3],
        RewardMix::HalfLocal => collisions.map(|collisions| -0.5 * cover - 0.5 * collisions),
    }
}

/// Distance of the agent that is nearest to a landmark.
fn nearest(world: &World, landmark: [f64; 2]) -> f64 {
    let squares = world.agents.iter().map(|agent| square(difference(agent.position, landmark)));
    squares.fold(f64::INFINITY, f64::min).sqrt()
}
