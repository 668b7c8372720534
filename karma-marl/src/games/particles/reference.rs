//! `simple_reference`: each of two agents knows where the *other* should go, and can only say so.
//!
//! An action is a move and one of ten words: `move + 5 · word`, as PettingZoo flattens them.

use super::convention::{Convention, Distance, RewardMix};
use super::features::{push_color, push_point, push_word};
use super::world::{World, difference, distance};
use super::{MOVES, Paid, Role};

pub(super) const ROLES: [Role; 2] = [
    Role { name: "agent_0", actions: MOVES * WORDS, features: 21 },
    Role { name: "agent_1", actions: MOVES * WORDS, features: 21 },
];
const WORDS: u32 = 10;

/// Own velocity, the landmarks from here, the colour of the other's goal, and what the other said.
pub(super) fn observe(world: &World, agent: usize, features: &mut Vec<f32>) {
    let own = &world.agents[agent];
    push_point(features, own.velocity);
    for landmark in world.landmarks {
        push_point(features, difference(landmark, own.position));
    }
    push_color(features, world.goals[agent], [0.25, 0.75]);
    push_word(features, world.agents[1 - agent].said, WORDS);
}

pub(super) fn pay(world: &World, convention: &Convention) -> Paid {
    let costs = [0, 1].map(|agent| {
        let apart = distance(world.agents[1 - agent].position, world.landmarks[world.goals[agent]]);
        match convention.reference_distance {
            Distance::Plain => apart,
            Distance::Squared => apart * apart,
        }
    });
    let sum = costs[0] + costs[1];
    let paid = |cost: f64| match convention.rewards {
        RewardMix::SharedSum => -sum,
        RewardMix::HalfLocal => -0.5 * (sum / 2.0) - 0.5 * cost,
    };
    [paid(costs[0]), paid(costs[1]), 0.0]
}
