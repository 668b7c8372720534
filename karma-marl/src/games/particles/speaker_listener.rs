//! `simple_speaker_listener`: the speaker sees the goal and cannot move, the listener moves and does not know it.
//!
//! Both lose the square of the listener's distance to the goal. The speaker has three words, and sees nothing but the
//! colour of the goal.

use super::convention::{Convention, RewardMix};
use super::features::{push_color, push_point, push_word};
use super::world::{World, difference, square};
use super::{MOVES, Paid, Role};

pub(super) const ROLES: [Role; 2] = [
    Role { name: "speaker_0", actions: WORDS, features: 3 },
    Role { name: "listener_0", actions: MOVES, features: 11 },
];
const WORDS: u32 = 3;

/// The speaker: the colour of the goal. The listener: its velocity, the landmarks from here, and what was said.
pub(super) fn observe(world: &World, agent: usize, features: &mut Vec<f32>) {
    if agent == 0 {
        return push_color(features, world.goals[0], [0.15, 0.65]);
    }
    let own = &world.agents[1];
    push_point(features, own.velocity);
    for landmark in world.landmarks {
        push_point(features, difference(landmark, own.position));
    }
    push_word(features, world.agents[0].said, WORDS);
}

pub(super) fn pay(world: &World, convention: &Convention) -> Paid {
    let own = -square(difference(world.agents[1].position, world.landmarks[world.goals[0]]));
    let paid = match convention.rewards {
        RewardMix::SharedSum => own + own,
        RewardMix::HalfLocal => own,
    };
    [paid, paid, 0.0]
}
